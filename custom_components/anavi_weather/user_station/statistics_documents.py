"""Documents of statistics. `docker/user_station/elasticsearch/statistics_index.json` has the same fields.

The id of a document follows from the station, the statistic and the hour, so a correction overwrites it. Nobody could check
whose document a deletion is for, so no key may delete. Instead, the document of a deleted hour is overwritten with one that has
no time and no values, so that no dashboard shows it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
import math

import orjson

from .compression import gzip_compressor
from .documents import Station
from .recorder_statistics import HOUR, StatisticsRow
from .statistics_checkpoint import Statistic

VALUES = ("mean", "min", "max", "state", "sum")


class StatisticsEncoder:
    """Encoder of statistics as documents."""

    def __init__(self, station: Station) -> None:
        """Initialize the encoder with the station that sends the documents."""
        self._id = station.id
        self._station = orjson.Fragment(orjson.dumps({"id": station.id, "name": station.name}))
        self._entities: dict[Statistic, orjson.Fragment] = {}

    def encode(self, statistic: Statistic, row: StatisticsRow) -> bytes:
        """Return the `_bulk` lines of one hour."""
        if (entity := self._entities.get(statistic)) is None:
            entity = self._entities[statistic] = orjson.Fragment(orjson.dumps(_describe(statistic)))
        values = {name: value for name in VALUES if (value := getattr(row, name)) is not None and math.isfinite(value)}
        start = datetime.fromtimestamp(row.start_ts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = {"@timestamp": start, "station": self._station, "entity": entity, "statistics": values}
        return self._action(statistic.key, int(row.start_ts) // HOUR) + orjson.dumps(document) + b"\n"

    def encode_deleted(self, key: str, hour: int) -> bytes:
        """Return the `_bulk` lines that overwrite an hour of a statistic, which is counted since 1970."""
        return (
            self._action(key, hour) + orjson.dumps({"station": self._station, "statistics": {"deleted": True}}) + b"\n"
        )

    def _action(self, key: str, hour: int) -> bytes:
        return orjson.dumps({"index": {"_id": f"{self._id}:{key}:{hour}"}}) + b"\n"


def compress(lines: Sequence[bytes]) -> bytes:
    """Return the gzip-compressed body of a `_bulk`."""
    compressor = gzip_compressor()
    return compressor.compress(b"".join(lines)) + compressor.flush()


def _describe(statistic: Statistic) -> dict[str, str]:
    about = statistic.about
    separator = ":" if ":" in about.statistic_id else "."
    entity = {
        "id": about.statistic_id,
        "domain": about.statistic_id.partition(separator)[0],
        "name": about.name,
        "unit": about.unit,
        "platform": about.platform,
        "key": about.key,
    }
    return {name: value for name, value in entity.items() if value}
