"""Storage of the commands that a station has learned or imported."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .ir_codes import CodeError, Command, parse, to_text
from .ir_codes.capture import alike
from .ir_codes.decode import Decoded, decode, frames
from .storage import DAMAGES

VERSION = 1
SCHEMA = vol.Schema({str: {str: [str]}})

type Codes = dict[str, dict[str, list[str]]]
"""Device → command → texts of the codes that successive presses send in turn."""


class Match(NamedTuple):
    """The stored command that a received frame matches."""

    device: str
    name: str


type Signature = tuple[Decoded | None, list[int]]
"""A command's first frame, decoded and in signed µs, by which it is recognized."""


class _Index(NamedTuple):
    """Lookup of stored commands by received frames."""

    signatures: dict[str, Signature]  # by text
    by_key: dict[tuple[object, ...], Match]
    unknown: list[tuple[list[int], Match]]  # by their first frame, in signed µs


class CodeStore:
    """The stored commands of one station, each in its portable text form."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store for a config entry."""
        self._hass = hass
        self._store = Store[Codes](hass, VERSION, f"{DOMAIN}.{entry_id}.codes", atomic_writes=True)
        self._codes: Codes = {}
        self._index = _Index({}, {}, [])
        self._lock = asyncio.Lock()

    @property
    def codes(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """All stored commands."""
        return self._codes

    async def async_load(self) -> str | None:
        """Load the commands.

        Returns:
            The name under which a damaged file was kept; None: the file is not damaged.
        """
        kept = None
        try:
            codes: Codes = SCHEMA(await self._store.async_load() or {})
        except DAMAGES as err:
            codes = {}
            path = Path(self._store.path)
            kept = f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}"
            LOGGER.error("Cannot read %s, which is kept as %s: %s: %s", path, kept, type(err).__name__, err)
            with suppress(OSError):
                await self._hass.async_add_executor_job(path.rename, path.with_name(kept))
        await self._async_use(codes, {})
        return kept

    async def async_remove(self) -> None:
        """Delete the stored commands."""
        await self._store.async_remove()

    async def async_add(self, devices: Mapping[str, Mapping[str, Sequence[Command]]]) -> None:
        """Add commands to devices, replacing commands with the same names, and save."""
        async with self._lock:
            added, signatures = await self._hass.async_add_executor_job(_encode, devices)
            codes = self._codes | {device: self._codes.get(device, {}) | commands for device, commands in added.items()}
            await self._async_save(codes, self._index.signatures | signatures)

    async def async_delete(self, device: str, names: Sequence[str]) -> None:
        """Delete commands of a device, and the device if none is left, and save.

        Raises:
            KeyError: if the device or a command does not exist.
        """
        async with self._lock:
            commands = dict(self._codes[device])
            for name in dict.fromkeys(names):
                del commands[name]
            codes = {key: value for key, value in self._codes.items() if key != device}
            await self._async_save(codes | ({device: commands} if commands else {}), self._index.signatures)

    def match(self, decoded: Decoded | None, timings: list[int]) -> Match | None:
        """Return the stored command that a received frame matches, or None."""
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
    """Return commands as texts, and the signatures of the texts."""
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
                    # The command stays stored: another version of Home Assistant may support its protocol
                    LOGGER.warning("Cannot read the command %s of %s: %s", name, device, err)
                    continue
                if decoded is None:
                    index.unknown.append((frame, Match(device, name)))
                else:
                    index.by_key.setdefault(decoded.key, Match(device, name))
    return index


def _signature(command: Command) -> Signature:
    timings = command.get_raw_timings()
    return decode(timings), frames(timings)[0]
