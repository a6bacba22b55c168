"""How far a station's states have been sent: the only thing that is kept beside the recorder."""

from dataclasses import dataclass, field
from typing import TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .recorder_log import Position

VERSION = 1


@dataclass(slots=True)
class Checkpoint:
    """Every state up to the position is stored, or was refused and counted."""

    task: str
    """What is sent where: for another task, all is sent again."""
    position: Position | None = None
    """None: before the first row."""
    since: Position | None = None
    """What was there before is not wanted; None: all is."""
    stored: int = 0
    refused: int = 0
    purged: int = 0
    """States that the recorder purged before they were sent."""
    last_stored_ts: float | None = None
    entity_ids: set[str] = field(default_factory=set)
    """Entities that were of the station at some time."""
    refused_noted: int = 0
    purged_noted: int = 0
    """How many a user has taken note of."""
    last_refused: tuple[str, str] | None = None
    """The entity, and the reason."""

    def begin_again(self) -> None:
        """Send everything again: what was stored before is counted when it is recognised."""
        self.position = None
        self.stored = self.refused = self.refused_noted = 0


type _StoredPosition = tuple[str, int, float | None]


class _Stored(TypedDict):
    task: str
    position: _StoredPosition | None
    since: _StoredPosition | None
    stored: int
    refused: int
    purged: int
    refused_noted: int
    purged_noted: int
    last_refused: tuple[str, str] | None
    last_stored_ts: float | None
    entity_ids: list[str]


class CheckpointStore:
    """Keeps a checkpoint in Home Assistant's storage: replaced as a whole, so a power cut leaves the old or the new."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Have a key in the storage."""
        self._store = Store[_Stored](hass, VERSION, key, atomic_writes=True)

    async def async_load(self) -> Checkpoint | None:
        """Read it, if there is one."""
        if (data := await self._store.async_load()) is None:
            return None
        position, since, last_refused = data["position"], data["since"], data["last_refused"]
        return Checkpoint(
            data["task"],
            position=Position(*position) if position else None,
            since=Position(*since) if since else None,
            stored=data["stored"],
            refused=data["refused"],
            purged=data["purged"],
            refused_noted=data["refused_noted"],
            purged_noted=data["purged_noted"],
            last_refused=(last_refused[0], last_refused[1]) if last_refused else None,
            last_stored_ts=data["last_stored_ts"],
            entity_ids=set(data["entity_ids"]),
        )

    async def async_save(self, checkpoint: Checkpoint) -> None:
        """Write it.

        It is on the disk when this returns, except that a Home Assistant which is stopping writes it last of all, and that
        a full disk is logged: an older checkpoint only sends again what is then recognised.
        """
        await self._store.async_save(
            _Stored(
                task=checkpoint.task,
                position=checkpoint.position,
                since=checkpoint.since,
                stored=checkpoint.stored,
                refused=checkpoint.refused,
                purged=checkpoint.purged,
                refused_noted=checkpoint.refused_noted,
                purged_noted=checkpoint.purged_noted,
                last_refused=checkpoint.last_refused,
                last_stored_ts=checkpoint.last_stored_ts,
                entity_ids=sorted(checkpoint.entity_ids),
            )
        )

    async def async_remove(self) -> None:
        """Forget it."""
        await self._store.async_remove()
