"""Storage of the commands that a station has learned or imported."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import voluptuous as vol

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER
from .exceptions import InvalidActionError, StorageError
from .ir_codes import CodeError, Command, parse, to_text
from .ir_codes.capture import alike
from .ir_codes.decode import Decoded, decode, frames
from .storage import DAMAGES

VERSION = 1
SCHEMA = vol.Schema({str: {str: [str]}})

# Limits of what a Raspberry Pi with 1 GB loads within seconds
MAX_COMMANDS = 20_000
MAX_CHARACTERS = 10_000_000

type Codes = dict[str, dict[str, list[str]]]
"""Device → command → texts of the codes that successive presses send in turn."""


type Names = dict[str, list[str]]
"""Device → names of commands."""


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
    """The stored commands of one station, each in its portable text form. Get it by `async_get_code_store`."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store for a config entry."""
        self._hass = hass
        self._key = f"{DOMAIN}.{entry_id}.codes"
        self._store = self._open()
        self._codes: Codes = {}
        self._index = _Index({}, {}, [])
        self._lock = asyncio.Lock()

    @property
    def codes(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """All stored commands."""
        return self._codes

    async def async_load(self) -> str | None:
        """Load the commands, after a change that is still being saved.

        Returns:
            The name under which a damaged file was kept; None: the file is not damaged.
        """
        async with self._lock:
            return await self._async_load()

    async def _async_load(self) -> str | None:
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
        await self._async_use(codes, self._index.signatures)
        return kept

    async def async_remove(self) -> None:
        """Delete the stored commands, after a change that is still being saved."""
        async with self._lock:
            await self._store.async_remove()

    async def async_add(self, devices: Mapping[str, Mapping[str, Sequence[Command]]]) -> Names:
        """Add commands to devices, and save.

        Returns:
            The commands that were replaced, because they had the same names.

        Raises:
            InvalidActionError: if there would be too many commands.
            StorageError: if they cannot be saved.
        """
        async with self._lock:
            added, signatures = await self._hass.async_add_executor_job(_encode, devices)
            codes = self._codes | {device: self._codes.get(device, {}) | commands for device, commands in added.items()}
            _check_size(codes)
            replaced = {
                device: names
                for device, commands in added.items()
                if (names := sorted(commands.keys() & self._codes.get(device, {})))
            }
            await self._async_save(codes, self._index.signatures | signatures)
            return replaced

    async def async_delete(self, device: str, names: Sequence[str]) -> None:
        """Delete commands of a device, and the device if none is left, and save.

        Raises:
            KeyError: if the device or a command does not exist.
            StorageError: if that cannot be saved.
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
        """Write commands, and use them once they are on the disk.

        Raises:
            StorageError: if they are not.
        """
        if self._hass.is_stopping:  # then the storage writes later
            raise StorageError("codes_stopping")
        await self._store.async_save(codes)
        # The storage only logs that the disk is full or read-only, so read what it has written
        if await self._open().async_load() != codes:
            raise StorageError("codes_not_saved")
        await self._async_use(codes, signatures)

    def _open(self) -> Store[Codes]:
        return Store(self._hass, VERSION, self._key, atomic_writes=True)

    async def _async_use(self, codes: Codes, signatures: Mapping[str, Signature]) -> None:
        self._index = await self._hass.async_add_executor_job(_index, codes, signatures)
        self._codes = codes


STORES: HassKey[dict[str, CodeStore]] = HassKey(f"{DOMAIN}.code_stores")


@callback
def async_get_code_store(hass: HomeAssistant, entry_id: str) -> CodeStore:
    """Return the store of a config entry. It outlives a reload, during which a change may be saved."""
    stores = hass.data.setdefault(STORES, {})
    if entry_id not in stores:
        stores[entry_id] = CodeStore(hass, entry_id)
    return stores[entry_id]


async def async_remove_code_store(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the commands of a config entry."""
    await async_get_code_store(hass, entry_id).async_remove()
    del hass.data[STORES][entry_id]


def _check_size(codes: Codes) -> None:
    """Check the limits of all stored commands.

    Raises:
        InvalidActionError: if they are exceeded.
    """
    if sum(map(len, codes.values())) > MAX_COMMANDS:
        raise InvalidActionError("too_many_commands_stored", maximum=str(MAX_COMMANDS))
    texts = (text for commands in codes.values() for texts in commands.values() for text in texts)
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise InvalidActionError("codes_too_large", maximum=str(MAX_CHARACTERS // 1_000_000))


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
