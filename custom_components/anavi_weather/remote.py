"""Remote entity that learns, sends and deletes infrared commands."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, override

from infrared_protocols.commands import Command

from homeassistant.components.remote import (
    ATTR_ALTERNATIVE,
    ATTR_COMMAND,
    ATTR_COMMAND_TYPE,
    ATTR_DELAY_SECS,
    ATTR_DEVICE,
    ATTR_HOLD_SECS,
    ATTR_NUM_REPEATS,
    ATTR_TIMEOUT,
    DEFAULT_DELAY_SECS,
    RemoteEntity,
    RemoteEntityFeature,
)
from homeassistant.const import STATE_OFF
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .code_store import check_name
from .command_sender import CommandSender
from .common_keys import REPEATED_KEYS, common_keys
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .entity import InfraredPairEntity, async_add_pair_entities
from .exceptions import InfraredError, InvalidActionError, InvalidCodeError
from .installation import NO_RECEIVER, async_error_key
from .ir_codes import CodeError, parse
from .ir_codes.hold import Hold, hold_for, hold_of
from .learning import Learner
from .transceiver import Transceiver
from .unique_ids import REMOTE

PARALLEL_UPDATES = 0

LEARN_TIMEOUT = 30.0  # seconds per command
COMMAND_TYPE_INFRARED = "ir"


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the remote control."""
    if sender := entry.runtime_data.sender:
        async_add_pair_entities(hass, entry, async_add_entities, partial(AnaviWeatherRemote, hass, sender))


class AnaviWeatherRemote(InfraredPairEntity, RemoteEntity, RestoreEntity):
    """The remote control of the infrared pair."""

    _attr_name = None
    _attr_is_on = True
    _attr_supported_features = RemoteEntityFeature.LEARN_COMMAND | RemoteEntityFeature.DELETE_COMMAND

    def __init__(
        self, hass: HomeAssistant, sender: CommandSender, entry: AnaviWeatherConfigEntry, transceiver: Transceiver
    ) -> None:
        """Initialize the remote."""
        super().__init__(entry, transceiver, REMOTE)
        self._sender = sender
        self._learner = Learner(hass, transceiver, f"{DOMAIN}_{entry.entry_id}_learn")
        self._off = asyncio.Event()

    @property
    @override
    def available(self) -> bool:
        return self.transceiver.can_send or self.transceiver.can_receive

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (state := await self.async_get_last_state()) is not None:
            self._set_on(state.state != STATE_OFF)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._set_on(True)
        self.async_write_ha_state()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn off, which ends repetitions after the command or repeat that is being sent."""
        self._set_on(False)
        self.async_write_ha_state()

    def _set_on(self, is_on: bool) -> None:
        self._attr_is_on = is_on
        if not is_on:
            self._off.set()
        elif self._off.is_set():
            self._off = asyncio.Event()  # commands that still wait for the old one end

    @override
    async def async_send_command(self, command: Iterable[str], **kwargs: Any) -> None:
        """Send commands in order, each a name of a stored command or a code in any form."""
        self._check_on()
        hold = kwargs.get(ATTR_HOLD_SECS, 0.0)
        try:
            wanted = [self._find(kwargs.get(ATTR_DEVICE), name) for name in command]
            for parsed in chain.from_iterable(alternatives.values() for alternatives in wanted) if hold else ():
                hold_for(parsed, hold)  # which raises an error before anything is sent
        except CodeError as err:
            raise InvalidCodeError(err) from err
        any_sent, off = False, self._off
        for _ in range(kwargs.get(ATTR_NUM_REPEATS, 1)):
            for alternatives in wanted:
                if any_sent and await _async_is_set(off, kwargs.get(ATTR_DELAY_SECS, DEFAULT_DELAY_SECS)):
                    return
                any_sent = True
                sent = await self._sender.async_send(alternatives, self._context)
                if hold and (held := hold_for(sent, hold)) is not None:
                    await self.async_repeat(held, off)

    async def async_press(self, device: str, name: str, context: Context) -> Hold | None:
        """Send a stored command, and return what follows while its key is held, or None if nothing does.

        Raises:
            InvalidActionError: if the remote is off, or the device or the command is unknown.
            InfraredError: if it could not be sent.
        """
        self._check_on()
        try:
            alternatives = self._find(device, name)
            sent = await self._sender.async_send(alternatives, context)
            key = common_keys(self.codes.codes.get(device, ())).get(name)
            return hold_of(sent, repeat_whole=key in REPEATED_KEYS)
        except CodeError as err:
            raise InvalidCodeError(err) from err

    async def async_repeat(self, held: Hold, released: asyncio.Event) -> None:
        """Send what follows a press while the key is held.

        Raises:
            InfraredError: if it could not be sent.
        """
        pause = held.first_pause
        for _ in range(held.pieces):
            if await _async_is_set(released, pause) or not self.is_on:
                return
            await self.transceiver.async_send(held.piece)
            pause = held.pause

    def _find(self, device: str | None, name: str) -> dict[str, Command]:
        """Return the alternatives of a device's command, or the command of a code, by their texts.

        Raises:
            InvalidActionError: if the device or the command is unknown.
            StorageError: if the file of the commands cannot be opened.
            CodeError: if a code cannot be read.
        """
        if device is not None:
            self.codes.check_readable()
            commands = self.codes.codes.get(device)
            if commands is None:
                raise InvalidActionError("device_unknown", device=device)
            if name in commands:
                return {text: parse(text) for text in commands[name]}
        try:
            return {name: parse(name)}
        except CodeError as err:
            if device is not None or ":" not in name:
                raise InvalidActionError("command_unknown", device=device or "–", command=name) from err
            raise

    @override
    async def async_learn_command(self, **kwargs: Any) -> None:
        """Learn commands from another remote control, each from several presses."""
        self._check_on()
        device = kwargs.get(ATTR_DEVICE)
        names = kwargs.get(ATTR_COMMAND)
        if not device or not names:
            raise InvalidActionError("learn_what")
        if kwargs.get(ATTR_COMMAND_TYPE, COMMAND_TYPE_INFRARED) != COMMAND_TYPE_INFRARED:
            raise InvalidActionError("learn_infrared_only")
        if not self.transceiver.can_receive:
            raise InfraredError(await async_error_key(self.hass, NO_RECEIVER))
        self.codes.check_readable()
        self._check_names(device, names)
        timeout = float(kwargs.get(ATTR_TIMEOUT) or LEARN_TIMEOUT)

        async def store(name: str, commands: Sequence[Command]) -> None:
            await self.codes.async_add({device: {name: commands}})

        await self._learner.async_learn(names, timeout, store, alternative=bool(kwargs.get(ATTR_ALTERNATIVE)))

    def _check_names(self, device: str, names: Iterable[str]) -> None:
        """Check the names of what is learned. Those that are stored may be any, as in version 1.0.0.

        Raises:
            InvalidActionError: if one cannot be a name.
        """
        known = self.codes.codes.get(device)
        if known is None:
            check_name(device)
        for name in names:
            if known is None or name not in known:
                check_name(name)

    @override
    async def async_delete_command(self, **kwargs: Any) -> None:
        """Delete stored commands of a device."""
        device = kwargs.get(ATTR_DEVICE) or ""
        names: Sequence[str] = kwargs[ATTR_COMMAND]
        await self.codes.async_delete(device, names)
        if device not in self.codes.codes:
            self.entry.runtime_data.devices.async_remove(device)

    def _check_on(self) -> None:
        if not self.is_on:
            raise InvalidActionError("remote_off", entity=self.entity_id)


async def _async_is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait, and return early if an event is set meanwhile, or was."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
