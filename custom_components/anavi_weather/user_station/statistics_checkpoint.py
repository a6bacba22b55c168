"""Checkpoint of a station's statistics: which of them the user station has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..storage import DAMAGES  # noqa: TID252
from .recorder_statistics import EMPTY, Anchor, Fingerprint, Overview, StatisticsRow

VERSION = 1
ACTIVE = 7200.0  # seconds; statistics with rows as new as this are compiled every hour
STALE = -1  # hours of a part whose documents have to be sent again


class About(NamedTuple):
    """A statistic, as its documents describe it."""

    statistic_id: str
    unit: str | None
    name: str | None
    platform: str | None
    key: str | None
    """Language-independent name of the entity within its integration."""


class Statistic(NamedTuple):
    """A statistic that is sent."""

    key: str
    """Id of its entity in the registry, which remains when the entity is renamed, or the statistic's own id."""
    metadata_id: int
    about: About


@dataclass(slots=True)
class Known:
    """A statistic that was sent."""

    metadata_id: int
    about: About
    parts: dict[int, Fingerprint] = field(default_factory=dict)
    """The rows that the user station has."""
    newest: Anchor | None = None
    """The newest row."""


@dataclass(slots=True)
class StatisticsCheckpoint:
    """Which statistics are stored. If the checkpoint is lost, all are sent again, which overwrites the same documents.

    Only the methods below change a checkpoint.
    """

    target: str = ""
    """Which statistics are sent where. Another target gets all of them."""
    recorder: str = ""
    position: int = 0
    """Id of the newest row that was sent."""
    known: dict[str, Known] = field(default_factory=dict)
    """Statistics by key."""
    stored_count: int = 0
    """Number of hours that were stored. Corrected hours count again."""

    @property
    def anchors(self) -> list[Anchor]:
        """Return the newest row of each active statistic.

        A restored database lacks all of them. If a user deletes statistics, it lacks only those.
        """
        newest = [known.newest for known in self.known.values() if known.newest]
        last_ts = max((anchor.created_ts or 0 for anchor in newest), default=0)
        return [anchor for anchor in newest if (anchor.created_ts or 0) >= last_ts - ACTIVE]

    def begin(self, target: str) -> None:
        """Begin again if statistics go to another place, or others are selected."""
        if self.target != target:
            self.target = target
            self._start_over()

    def use_database(self, overview: Overview) -> bool:
        """Begin again if the recorder's database was replaced or restored; return whether it was.

        What such a database lacks was not deleted by a user, so it stays on the user station.
        """
        has_changed = self.position > 0 and (overview.recorder != self.recorder or not overview.has_anchor)
        if has_changed:
            self._start_over()
        self.recorder = overview.recorder
        # SQLite uses the ids of deleted rows again
        self.position = min(self.position, overview.newest_id)
        return has_changed

    def describe(self, statistic: Statistic) -> bool:
        """Remember a statistic; return whether it is new or described differently, so that it has to be compared."""
        known = self.known.setdefault(statistic.key, Known(statistic.metadata_id, statistic.about))
        if known.about != statistic.about:
            known.parts = {part: found._replace(hours=STALE) for part, found in known.parts.items()}
        elif known.metadata_id == statistic.metadata_id and known.parts:
            return False
        known.metadata_id = statistic.metadata_id
        known.about = statistic.about
        return self.position > 0

    def record_new(self, rows: Sequence[tuple[str, StatisticsRow, bool]]) -> None:
        """Move past new rows, each with the key of its statistic, and whether it is stored."""
        for key, row, is_stored in rows:
            known = self.known[key]
            known.newest = Anchor(row.row_id, row.created_ts)
            if is_stored:
                known.parts[row.part] = known.parts.get(row.part, EMPTY).plus(row)
                self.stored_count += 1
        self.position = rows[-1][1].row_id

    def record_part(self, key: str, part: int, found: Fingerprint) -> None:
        """Record that a part is stored as the recorder has it."""
        self.stored_count += found.hours
        if found.hours:
            self.known[key].parts[part] = found
        else:
            self.known[key].parts.pop(part, None)

    def forget(self, key: str) -> None:
        """Forget a statistic that was deleted."""
        del self.known[key]

    def _start_over(self) -> None:
        self.position = 0
        self.known = {}


class _StoredStatistic(TypedDict):
    """Stored form of a statistic."""

    id: int
    about: tuple[str, str | None, str | None, str | None, str | None]
    parts: list[tuple[int, float, float, int, float]]
    newest: Anchor | None


class _Stored(TypedDict):
    """Stored form."""

    target: str
    recorder: str
    position: int
    stored: int
    known: dict[str, _StoredStatistic]


class StatisticsStore:
    """Storage of a checkpoint. It is replaced as a whole."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize the store with its key in Home Assistant's storage."""
        self._store = Store[_Stored](hass, VERSION, key, atomic_writes=True)

    async def async_load(self) -> StatisticsCheckpoint:
        """Return the stored checkpoint, or an empty one if it is missing or damaged."""
        try:
            data = await self._store.async_load()
            return _checkpoint(data) if data else StatisticsCheckpoint()
        except (OSError, ValueError, *DAMAGES):
            return StatisticsCheckpoint()

    async def async_save(self, checkpoint: StatisticsCheckpoint) -> None:
        """Write a checkpoint."""
        await self._store.async_save(
            _Stored(
                target=checkpoint.target,
                recorder=checkpoint.recorder,
                position=checkpoint.position,
                stored=checkpoint.stored_count,
                known={
                    key: _StoredStatistic(
                        id=known.metadata_id,
                        about=known.about,
                        parts=[(part, *found) for part, found in known.parts.items()],
                        newest=known.newest,
                    )
                    for key, known in checkpoint.known.items()
                },
            )
        )

    async def async_remove(self) -> None:
        """Delete the stored checkpoint."""
        await self._store.async_remove()


def _checkpoint(data: _Stored) -> StatisticsCheckpoint:
    return StatisticsCheckpoint(
        data["target"],
        data["recorder"],
        int(data["position"]),
        {
            key: Known(
                known["id"],
                About(*known["about"]),
                {part[0]: Fingerprint(*part[1:]) for part in known["parts"]},
                Anchor(*known["newest"]) if known["newest"] else None,
            )
            for key, known in data["known"].items()
        },
        data["stored"],
    )
