"""Storage of the commands that a station has learned or imported."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
import re
from typing import Any, override

import voluptuous as vol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .code_index import CodeIndex, Codes, Match, Recognizable, build_index, encode
from .const import DOMAIN
from .exceptions import InvalidActionError, StorageError
from .ir_codes import Command
from .ir_codes.decode import Decoded
from .storage import DAMAGES, async_save, async_set_aside, can_open, unreadable

VERSION = 1
MINOR_VERSION = 2  # 2: the extension of Sharp's protocol is 1, not 0, if a text lacks it
SCHEMA = vol.Schema({str: {str: [str]}})
_SHARP = re.compile(r"\bsharp:\w+,\w+(?!,\w+(?:,|$)|.*extension=)(?=,|$)")

# Limits of what a Raspberry Pi with 1 GB loads within seconds
MAX_COMMANDS = 20_000
MAX_CHARACTERS = 20_000_000
MAX_NAME = 100  # characters of a device or a command
# Seconds that loading waits for the index. Until thousands of commands are decoded, received keys have no names.
INDEX_PATIENCE = 1.0

type Names = dict[str, list[str]]
"""Device → names of commands."""


class _CodeFile(Store[Codes]):
    """The file of the commands."""

    @override
    async def _async_migrate_func(self, old_major_version: int, old_minor_version: int, old_data: Any) -> Any:
        if old_major_version != VERSION:
            raise NotImplementedError
        codes: Codes = SCHEMA(old_data)
        return {
            device: {name: [_with_extension(text) for text in texts] for name, texts in commands.items()}
            for device, commands in codes.items()
        }


class CodeStore:
    """The stored commands of one station, each in its portable text form. Get it by `async_get_code_store`."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store for a config entry."""
        self._hass = hass
        self._key = f"{DOMAIN}.{entry_id}.codes"
        self._store = self._open()
        self._codes: Codes = {}
        self.error: StorageError | None = None
        """Why the file of the commands cannot be opened. Until it can, no command is known, and none can be changed."""
        self._index = CodeIndex()
        self._lock = asyncio.Lock()
        self._indexing: asyncio.Task[None] | None = None
        self._listeners: set[CALLBACK_TYPE] = set()

    @property
    def codes(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """All stored commands."""
        return self._codes

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener after each change that was saved. Return a function to unsubscribe."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def check_readable(self) -> None:
        """Check that the commands are known.

        Raises:
            StorageError: if their file cannot be opened.
        """
        if self.error is not None:
            raise self.error

    async def async_can_open(self) -> bool:
        """Return whether the file of the commands can be opened now."""
        return await self._hass.async_add_executor_job(can_open, Path(self._store.path))

    async def async_load(self) -> str | None:
        """Load the commands, after a change that is still being saved.

        Returns:
            The name under which a damaged file was kept; None: the file is not damaged.
        """
        async with self._lock:
            return await self._async_load()

    async def _async_load(self) -> str | None:
        kept = self.error = None
        try:
            codes: Codes = SCHEMA(await self._store.async_load() or {})
        except (OSError, *DAMAGES) as err:
            codes = {}
            path = Path(self._store.path)
            if (error := unreadable(path, err)) is None:
                kept = await async_set_aside(self._hass, path, err)
            self.error = error
        self._codes = codes
        await self._async_indexed()  # of an earlier load
        self._indexing = self._hass.async_create_background_task(
            self._async_use(codes, self._index.recognizable), f"{DOMAIN} index of commands"
        )
        await asyncio.wait({self._indexing}, timeout=INDEX_PATIENCE)
        return kept

    async def _async_indexed(self) -> None:
        """Wait until the loaded commands are decoded."""
        if self._indexing is not None:
            await self._indexing

    async def async_remove(self) -> None:
        """Delete the stored commands, after a change that is still being saved.

        Raises:
            StorageError: if nobody knows them, because their file cannot be opened.
        """
        async with self._lock:
            self.check_readable()
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
            self.check_readable()
            await self._async_indexed()
            added, recognizable = await self._hass.async_add_executor_job(encode, devices)
            codes = self._codes | {device: self._codes.get(device, {}) | commands for device, commands in added.items()}
            _check_size(codes)
            replaced = {
                device: names
                for device, commands in added.items()
                if (names := sorted(commands.keys() & self._codes.get(device, {})))
            }
            await self._async_save(codes, {**self._index.recognizable, **recognizable})
            return replaced

    async def async_delete(self, device: str, names: Sequence[str]) -> None:
        """Delete commands of a device, and the device if none is left, and save.

        Raises:
            InvalidActionError: if the device or a command does not exist.
            StorageError: if that cannot be saved.
        """
        async with self._lock:
            self.check_readable()
            await self._async_indexed()
            _check_known(self._codes, device, names)
            commands = dict(self._codes[device])
            for name in dict.fromkeys(names):
                del commands[name]
            codes = {key: value for key, value in self._codes.items() if key != device}
            await self._async_save(codes | ({device: commands} if commands else {}), self._index.recognizable)

    async def async_restore(self, device: str, commands: Mapping[str, Sequence[str]]) -> None:
        """Add a device with commands in their text form, including those that cannot be read, and save.

        Raises:
            InvalidActionError: if there would be too many commands, or the device exists.
            StorageError: if they cannot be saved.
        """
        await self._async_change(lambda codes: _with_device(codes, device, commands))

    async def async_rename(self, device: str, name: str) -> None:
        """Rename a device, and save.

        Raises:
            InvalidActionError: if another device has the name, it cannot be a name, or the device does not exist.
            StorageError: if that cannot be saved.
        """

        def renamed(codes: Codes) -> Codes:
            _check_known(codes, device)
            return _renamed(codes, device, name, "device_exists")

        await self._async_change(renamed)

    async def async_rename_command(self, device: str, command: str, name: str) -> None:
        """Rename a command of a device, and save.

        Raises:
            InvalidActionError: if another command of the device has the name, it cannot be a name, or the device or the
                command does not exist.
            StorageError: if that cannot be saved.
        """

        def renamed(codes: Codes) -> Codes:
            _check_known(codes, device, (command,))
            return codes | {device: _renamed(codes[device], command, name, "command_exists")}

        await self._async_change(renamed)

    async def async_set_texts(self, device: str, command: str, texts: Sequence[str]) -> None:
        """Store a command of a device in its text form, and save.

        Raises:
            InvalidActionError: if there would be too many commands.
            StorageError: if that cannot be saved.
        """
        await self._async_change(lambda codes: codes | {device: {**codes.get(device, {}), command: list(texts)}})

    async def _async_change(self, change: Callable[[Codes], Codes]) -> None:
        async with self._lock:
            self.check_readable()
            await self._async_indexed()
            codes = change(self._codes)
            _check_size(codes)
            await self._async_save(codes, self._index.recognizable)

    def match(self, decoded: Decoded | None, timings: Sequence[int]) -> Match | None:
        """Return the stored command that a received message matches, or None if there is none, or it is uncertain which.

        Args:
            decoded: The contents of the whole message; None for an unknown protocol.
            timings: The message, in signed µs.
        """
        return self._index.match(decoded, timings)

    def matches(self, decoded: Decoded | None, timings: Sequence[int]) -> Sequence[Match]:
        """Return the stored command that a received message matches in each device; the arguments are those of `match`."""
        return self._index.matches(decoded, timings)

    def find(self, decoded: Decoded | None, timings: Sequence[int]) -> Sequence[Match]:
        """Return all stored commands that a received message may be; the arguments are those of `match`."""
        return self._index.find(decoded, timings)

    def may_continue(self, timings: Sequence[int]) -> bool:
        """Return whether a key's message in signed µs may be the first part of a stored command's longer message."""
        return self._index.may_continue(timings)

    async def _async_save(self, codes: Codes, recognizable: Mapping[str, Recognizable]) -> None:
        """Write commands, and use them once they are on the disk.

        Raises:
            StorageError: if they are not.
        """
        await async_save(self._hass, self._store, self._open(), codes)
        await self._async_use(codes, recognizable)

    def _open(self) -> Store[Codes]:
        return _CodeFile(self._hass, VERSION, self._key, atomic_writes=True, minor_version=MINOR_VERSION)

    async def _async_use(self, codes: Codes, recognizable: Mapping[str, Recognizable]) -> None:
        self._index = await self._hass.async_add_executor_job(build_index, codes, recognizable)
        self._codes = codes
        for listener in tuple(self._listeners):
            listener()


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


def check_name(name: str) -> None:
    """Check the name of a device or a command.

    Raises:
        InvalidActionError: if it cannot be a name.
    """
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise InvalidActionError("name_invalid", maximum=str(MAX_NAME))


def _check_known(codes: Codes, device: str, commands: Iterable[str] = ()) -> None:
    """Check that a device and commands of it are stored.

    Raises:
        InvalidActionError: if they are not, for example because another user has deleted them meanwhile.
    """
    if device not in codes:
        raise InvalidActionError("device_unknown", device=device)
    for command in commands:
        if command not in codes[device]:
            raise InvalidActionError("command_unknown", device=device, command=command)


def _with_device(codes: Codes, device: str, commands: Mapping[str, Sequence[str]]) -> Codes:
    if device in codes:
        raise InvalidActionError("device_exists", name=device)
    return codes | {device: {name: list(texts) for name, texts in commands.items()}}


def _renamed[T](named: Mapping[str, T], old: str, name: str, exists: str) -> dict[str, T]:
    """Return a mapping in the same order in which one key has a new name.

    Raises:
        InvalidActionError: with the key `exists` if the name is taken, or it cannot be a name.
    """
    check_name(name)
    if name in named and name != old:
        raise InvalidActionError(exists, name=name)
    return {name if key == old else key: value for key, value in named.items()}


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


def _with_extension(text: str) -> str:
    """Return the text of a command with the extension that version 1.0.0 sent."""
    return _SHARP.sub(r"\g<0>,0x00", text)
