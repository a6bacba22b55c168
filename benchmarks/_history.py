"""History for a recorder's database that Home Assistant has created."""

from collections.abc import Iterable
from contextlib import closing
import os
from pathlib import Path
import sqlite3

from custom_components.anavi_weather.user_station.recorder_rows import Row
from homeassistant.components.recorder.db_schema import StateAttributes


def fill(database: Path, rows: Iterable[Row]) -> int:
    """Replace all states with these, and return the number of entities."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM states")
        entities = dict(connection.execute("SELECT entity_id, metadata_id FROM states_meta"))
        attributes = dict(connection.execute("SELECT shared_attrs, attributes_id FROM state_attributes"))
        before: dict[str, int] = {}
        for row in rows:
            entity_id, text = row.entity_id or "", row.attributes or "{}"
            if entity_id not in entities:
                cursor = connection.execute("INSERT INTO states_meta (entity_id) VALUES (?)", (entity_id,))
                entities[entity_id] = cursor.lastrowid
            if text not in attributes:
                cursor = connection.execute(
                    "INSERT INTO state_attributes (hash, shared_attrs) VALUES (?, ?)",
                    (StateAttributes.hash_shared_attrs_bytes(text.encode()), text),
                )
                attributes[text] = cursor.lastrowid
            cursor = connection.execute(
                "INSERT INTO states (state, last_updated_ts, last_reported_ts, old_state_id, attributes_id, origin_idx,"
                " context_id_bin, metadata_id) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
                (
                    row.state,
                    row.last_updated_ts,
                    row.last_updated_ts,
                    before.get(entity_id),
                    attributes[text],
                    os.urandom(16),
                    entities[entity_id],
                ),
            )
            before[entity_id] = cursor.lastrowid or 0
        return len(before)
