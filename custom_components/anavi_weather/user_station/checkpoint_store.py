"""Storage of checkpoints, which may be those of version 1.0.0, or damaged."""

from collections.abc import Iterable
from typing import NotRequired, TypedDict

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..storage import DAMAGES  # noqa: TID252
from .breaker import Breaker, Held
from .checkpoint import Checkpoint
from .names import UNKNOWN, Name, Names
from .ranges import Range, Ranges
from .recorder_log import Position, Waiting
from .text import one_line

VERSION = 1


type _StoredPosition = tuple[str, int, float | None]
type _StoredRange = tuple[int, int, int] | tuple[int, int, int, int]
"""Those that are doubtful were not always stored."""


class _StoredBreaker(TypedDict):
    """Stored form of the breaker."""

    counts: dict[str, int]
    held: dict[str, tuple[str, str]]
    skipped: list[str]
    affected: NotRequired[dict[str, str]]


class _Stored(TypedDict):
    """Stored form, version 1 (since 1.0.0). Older versions ignore what they do not know."""

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
    names: NotRequired[list[tuple[str, str, float | None, float | None, str | None, bool | None, bool]]]
    dropped: NotRequired[int]
    dropped_noted: NotRequired[int]
    foreign: NotRequired[int]
    foreign_noted: NotRequired[int]
    maybe_purged: NotRequired[int]
    maybe_purged_noted: NotRequired[int]
    waiting: NotRequired[tuple[int, _StoredPosition] | tuple[int, _StoredPosition, _StoredPosition | None] | None]
    stream: NotRequired[dict[str, str]]
    is_recreated: NotRequired[bool]
    aside: NotRequired[list[_StoredRange]]
    breaker: NotRequired[_StoredBreaker]
    rejected: NotRequired[list[_StoredRange]]
    again: NotRequired[list[_StoredRange]]


def _names(data: _Stored) -> list[Name]:
    """Return the names. Those that only version 1.0.0 stored are of unknown entities."""
    names = [Name(*name) for name in data.get("names", ())]
    known = {name.entity_id for name in names}
    return names + [Name(UNKNOWN, entity_id) for entity_id in data["entity_ids"] if entity_id not in known]


_TIME = vol.Any(None, float, int)
_POSITION = vol.ExactSequence([str, int, _TIME])
_RANGE = vol.Any(vol.ExactSequence([int, int, int]), vol.ExactSequence([int, int, int, int]))
_STORED = vol.Schema(
    {
        vol.Required("task"): str,
        vol.Required("position"): vol.Any(None, _POSITION),
        vol.Required("since"): vol.Any(None, _POSITION),
        **{vol.Required(count): int for count in ("stored", "refused", "purged", "refused_noted", "purged_noted")},
        vol.Required("last_refused"): vol.Any(None, vol.ExactSequence([str, str])),
        vol.Required("last_stored_ts"): _TIME,
        vol.Required("entity_ids"): [str],
        "names": [vol.ExactSequence([str, str, _TIME, _TIME, vol.Any(None, str), vol.Any(None, bool), bool])],
        **{
            vol.Optional(count): int
            for name in ("dropped", "foreign", "maybe_purged")
            for count in (name, f"{name}_noted")
        },
        "stream": {str: str},
        "is_recreated": bool,
        "waiting": vol.Any(
            None,
            vol.ExactSequence([int, _POSITION]),  # the first row that waits was not always stored
            vol.ExactSequence([int, _POSITION, vol.Any(None, _POSITION)]),
        ),
        **{vol.Optional(ranges): [_RANGE] for ranges in ("aside", "rejected", "again")},
        "breaker": {
            "counts": {str: int},
            "held": {str: vol.ExactSequence([str, str])},
            "skipped": [str],
            "affected": {str: str},
        },
    },
    extra=vol.ALLOW_EXTRA,
)


class CheckpointDamagedError(Exception):
    """The stored file cannot be read, or is not a checkpoint."""


class CheckpointStore:
    """Storage of a checkpoint. It is replaced as a whole, so that a power cut leaves either the old or the new one."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize the store with its key in Home Assistant's storage."""
        self._store = Store[_Stored](hass, VERSION, key, atomic_writes=True)

    async def async_load(self) -> Checkpoint | None:
        """Return the stored checkpoint, if any. Home Assistant itself reports and moves a file that is not JSON.

        Raises:
            CheckpointDamagedError: if it cannot be read, or is something else.
        """
        try:
            if (data := await self._store.async_load()) is None:
                return None
            _STORED(data)
        except (OSError, *DAMAGES) as err:
            raise CheckpointDamagedError(one_line(f"{type(err).__name__}: {err}")) from err
        position, since, last_refused = data["position"], data["since"], data["last_refused"]
        return Checkpoint(
            data["task"],
            position=Position(*position) if position else None,
            since=Position(*since) if since else None,
            stored_count=data["stored"],
            refused_count=data["refused"],
            purged_count=data["purged"],
            refused_acknowledged=data["refused_noted"],
            purged_acknowledged=data["purged_noted"],
            last_refused=(last_refused[0], one_line(last_refused[1])) if last_refused else None,
            last_stored_ts=data["last_stored_ts"],
            names=Names(_names(data)),
            dropped_count=data.get("dropped", 0),
            dropped_acknowledged=data.get("dropped_noted", 0),
            foreign_count=data.get("foreign", 0),
            foreign_acknowledged=data.get("foreign_noted", 0),
            maybe_purged_count=data.get("maybe_purged", 0),
            maybe_purged_acknowledged=data.get("maybe_purged_noted", 0),
            stream=data.get("stream", {}),
            is_recreated=data.get("is_recreated", False),
            waiting=_waiting(data.get("waiting")),
            aside=_ranges(data.get("aside", ())),
            breaker=_breaker(data.get("breaker")),
            rejected=_ranges(data.get("rejected", ())),
            again=_ranges(data.get("again", ())),
        )

    async def async_save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint.

        It is on the disk when this returns, with two exceptions: while Home Assistant is stopping, it is written last of
        all, and an error such as a full disk is only logged. Neither does harm: with an older checkpoint, states are sent
        again, and Elasticsearch recognizes them.
        """
        breaker = checkpoint.breaker
        waiting = checkpoint.waiting
        await self._store.async_save(
            _Stored(
                task=checkpoint.task,
                position=checkpoint.position,
                since=checkpoint.since,
                stored=checkpoint.stored_count,
                refused=checkpoint.refused_count,
                purged=checkpoint.purged_count,
                refused_noted=checkpoint.refused_acknowledged,
                purged_noted=checkpoint.purged_acknowledged,
                last_refused=checkpoint.last_refused,
                last_stored_ts=checkpoint.last_stored_ts,
                entity_ids=sorted({name.entity_id for name in checkpoint.names}),
                names=list(checkpoint.names),
                dropped=checkpoint.dropped_count,
                dropped_noted=checkpoint.dropped_acknowledged,
                foreign=checkpoint.foreign_count,
                foreign_noted=checkpoint.foreign_acknowledged,
                maybe_purged=checkpoint.maybe_purged_count,
                maybe_purged_noted=checkpoint.maybe_purged_acknowledged,
                stream=dict(checkpoint.stream),
                is_recreated=checkpoint.is_recreated,
                waiting=(waiting.count, waiting.newest, waiting.first) if waiting else None,
                aside=list(checkpoint.aside),
                breaker=_StoredBreaker(
                    counts=dict(breaker.counts),
                    held=dict(breaker.held),
                    skipped=list(breaker.skipped),
                    affected=dict(breaker.skipped),
                ),
                rejected=list(checkpoint.rejected),
                again=list(checkpoint.again),
            )
        )

    async def async_remove(self) -> None:
        """Delete the stored checkpoint."""
        await self._store.async_remove()


def _waiting(
    data: tuple[int, _StoredPosition] | tuple[int, _StoredPosition, _StoredPosition | None] | None,
) -> Waiting | None:
    if data is None:
        return None
    count, newest, *first = data
    return Waiting(count, Position(*newest), *(Position(*row) for row in first if row))


def _ranges(data: Iterable[_StoredRange]) -> Ranges:
    return tuple(Range(*part) for part in data)


def _breaker(data: _StoredBreaker | None) -> Breaker:
    if data is None:
        return Breaker()
    held = {mistake: Held(*state) for mistake, state in data["held"].items()}
    affected = data.get("affected", {})  # the entities were not always stored
    return Breaker(data["counts"], held, {mistake: affected.get(mistake, "") for mistake in data["skipped"]})
