"""The commands that a station has learned or imported, by device and name."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER
from .ir_codes import CodeError, Command, parse, to_text
from .ir_codes.capture import alike
from .ir_codes.decode import Decoded, decode, frames

VERSION = 1

type Codes = dict[str, dict[str, list[str]]]
"""Device → command → the texts of what successive presses send in turn."""


class Match(NamedTuple):
    """A stored command that a received frame is."""

    device: str
    name: str


type Signature = tuple[Decoded | None, list[int]]
"""What a command is recognized by: its first frame, decoded and in signed µs."""


class _Index(NamedTuple):
    """Finds a stored command by what is received."""

    signatures: dict[str, Signature]  # by text
    by_key: dict[tuple[object, ...], Match]
    unknown: list[tuple[list[int], Match]]  # by their first frame


class CodeStore:
    """Keeps commands in Home Assistant's storage, each in its portable text form."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Belong to an entry."""
        self._hass = hass
        self._store = Store[Codes](hass, VERSION, f"{DOMAIN}.{entry_id}.codes", atomic_writes=True)
        self._codes: Codes = {}
        self._index = _Index({}, {}, [])
        self._lock = asyncio.Lock()

    @property
    def codes(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Return all commands."""
        return self._codes

    async def async_load(self) -> None:
        """Read them."""
        await self._async_use(await self._store.async_load() or {}, {})

    async def async_remove(self) -> None:
        """Delete them."""
        await self._store.async_remove()

    async def async_add(self, devices: Mapping[str, Mapping[str, Sequence[Command]]]) -> None:
        """Add commands to devices, in place of those that they have of the same names, and save."""
        async with self._lock:
            added, signatures = await self._hass.async_add_executor_job(_encode, devices)
            codes = self._codes | {device: self._codes.get(device, {}) | commands for device, commands in added.items()}
            await self._async_save(codes, self._index.signatures | signatures)

    async def async_delete(self, device: str, names: Sequence[str]) -> None:
        """Delete commands of a device, and the device with its last one, and save; KeyError if one is not there."""
        async with self._lock:
            commands = dict(self._codes[device])
            for name in dict.fromkeys(names):
                del commands[name]
            codes = {key: value for key, value in self._codes.items() if key != device}
            await self._async_save(codes | ({device: commands} if commands else {}), self._index.signatures)

    def match(self, decoded: Decoded | None, timings: list[int]) -> Match | None:
        """Return the command that was received."""
        if decoded is not None and (match := self._index.by_key.get(decoded.key)) is not None:
            return match
        frame = frames(timings)[0]
        return next((match for known, match in self._index.unknown if alike(known, frame)), None)

    async def _async_save(self, codes: Codes, signatures: Mapping[str, Signature]) -> None:
        await self._store.async_save(codes)
        await self._async_use(codes, signatures)

    async def _async_use(self, codes: Codes, signatures: Mapping[str, Signature]) -> None:
        self._index = await self._hass.async_add_executor_job(_index, codes, signatures)
        self._codes = codes


def _encode(devices: Mapping[str, Mapping[str, Sequence[Command]]]) -> tuple[Codes, dict[str, Signature]]:
    """Return commands as texts, and the signatures of these texts."""
    signatures: dict[str, Signature] = {}

    def encode(command: Command) -> str:
        text = to_text(command)
        signatures[text] = _signature(command)
        return text

    codes = {
        device: {name: [encode(command) for command in alternatives] for name, alternatives in commands.items()}
        for device, commands in devices.items()
    }
    return codes, signatures


def _index(codes: Codes, known: Mapping[str, Signature]) -> _Index:
    """Return the index of codes. Known signatures are reused because computing thousands takes seconds."""
    index = _Index({}, {}, [])
    for device, commands in codes.items():
        for name, texts in commands.items():
            for text in texts:
                try:
                    decoded, frame = index.signatures[text] = known.get(text) or _signature(parse(text))
                except CodeError as err:
                    # Kept, but another version of Home Assistant had a protocol that this one does not have
                    LOGGER.warning("The command %s of %s cannot be read: %s", name, device, err)
                    continue
                if decoded is None:
                    index.unknown.append((frame, Match(device, name)))
                else:
                    index.by_key.setdefault(decoded.key, Match(device, name))
    return index


def _signature(command: Command) -> Signature:
    timings = command.get_raw_timings()
    return decode(timings), frames(timings)[0]
