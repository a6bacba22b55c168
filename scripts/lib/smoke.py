"""Checks of the smoke test: every entity has a state, and the log has no error of the integration."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any, NamedTuple

from instance import DOMAIN, LOG_RECORD

# Their state is the time of their last event, unknown until the first.
MOMENT_DOMAINS = {"button", "event", "infrared"}
# They need three hours of pressure, and the last one a place that its model fits.
SLOW_READINGS = ("_pressure_tendency", "_forecast", "_rain_probability")
ERROR_LEVELS = {"ERROR", "CRITICAL"}
# By module, file or name, but not a folder that happens to have the same name
OURS_IN_LOG = re.compile(rf"custom_components[./]{DOMAIN}|(?<![\w./-]){DOMAIN}(?![\w/-])")


class Entity(NamedTuple):
    """An entity of the integration."""

    entity_id: str
    unique_id: str


@dataclass(frozen=True)
class Row:
    """An entity with its state, and the problem with it."""

    entity_id: str
    state: str
    unit: str
    problem: str


def rows(entities: Iterable[Entity], states: dict[str, dict[str, Any]]) -> list[Row]:
    """Return a row for each entity."""
    return [_row(entity, states.get(entity.entity_id)) for entity in entities]


def _row(entity: Entity, state: dict[str, Any] | None) -> Row:
    if state is None:
        return Row(entity.entity_id, "", "", "missing")
    attributes = state["attributes"]
    problem = ""
    if attributes.get("restored"):
        problem = "left over from an earlier run"
    elif state["state"] == "unavailable":
        problem = "unavailable"
    elif state["state"] == "unknown" and not _may_be_unknown(entity):
        problem = "unknown"
    unit = attributes.get("unit_of_measurement") or ""
    return Row(entity.entity_id, state["state"], unit, problem)


def _may_be_unknown(entity: Entity) -> bool:
    return entity.unique_id.endswith(SLOW_READINGS) or entity.entity_id.partition(".")[0] in MOMENT_DOMAINS


def table(content: list[Row]) -> str:
    """Return the rows as aligned text."""
    header = Row("entity", "state", "unit", "problem")
    lines = [(r.entity_id, r.state, r.unit, r.problem) for r in (header, *content)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def errors_of_ours(log: Path) -> list[str]:
    """Return the log's errors and tracebacks that name the integration."""
    return [record for record in _records(log) if _is_error(record) and OURS_IN_LOG.search(record)]


def _is_error(record: str) -> bool:
    start = LOG_RECORD.match(record)
    is_error = start is not None and start["level"] in ERROR_LEVELS
    return is_error or "Traceback (most recent call last)" in record


def _records(log: Path) -> Iterator[str]:
    """Yield the log's records, each with all its lines."""
    record = ""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        if LOG_RECORD.match(line):
            yield record
            record = ""
        record += line
    yield record
