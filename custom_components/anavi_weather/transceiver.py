"""Half-duplex access to the infrared pair from the event loop, with reconnection."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from infrared_protocols.commands import Command

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .const import CONF_BUS, DOMAIN, LOGGER
from .exceptions import InfraredError
from .installation import async_error_key
from .ir_codes.command import duty_cycle_of
from .ir_codes.decode import whole_message
from .phat.lirc import (
    HEARD_AFTER_SENDING,
    DeviceBusyError,
    DeviceGoneError,
    DevicePermissionError,
    Feature,
    LircError,
    MessageReceiver,
    Ports,
    Transmitter,
    find,
)
from .phat.simulator import is_simulated

OPEN_INTERVAL = timedelta(seconds=10)  # between attempts to open missing devices


@callback
def infrared_pair_owner(hass: HomeAssistant) -> ConfigEntry | None:
    """Return the entry that owns the machine's one infrared pair, or None."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    return next((entry for entry in entries if not is_simulated(entry.data[CONF_BUS])), None)


def has_infrared_pair(ports: Ports) -> bool:
    """Return whether a transmitter or a receiver exists. Blocks, so it runs in the executor."""
    for feature in (Feature.CAN_SEND_PULSE, Feature.CAN_REC_MODE2):
        try:
            find(ports, feature).close()
        except DeviceBusyError:
            pass  # possibly opened by this station itself
        except DeviceGoneError:
            continue
        return True
    return False


class Transceiver:
    """Access to the infrared pair: sends commands and passes received messages to listeners."""

    def __init__(
        self, hass: HomeAssistant, ports: Ports, may_continue: Callable[[Sequence[int]], bool] = lambda _: False
    ) -> None:
        """Initialize the transceiver without opening the devices.

        Args:
            hass: Home Assistant.
            ports: Returns a function to open each device.
            may_continue: Returns whether the message of a key, in signed µs, may be the first part of a longer one.
        """
        self.can_send = False
        self.can_receive = False
        self.is_stopped = False
        self.open_error: DeviceGoneError | None = None
        """Why the last attempt to open a device failed."""
        self.learn_lock = asyncio.Lock()
        """Held while presses are learned, because each of them can be for one command only."""
        self._hass = hass
        self._transmitter = Transmitter(ports)
        self._receiver = MessageReceiver(hass.loop, self._on_message, self._on_disconnect, ports, self._find_whole)
        self._may_continue = may_continue
        self._message_listeners: set[Callable[[list[int]], None]] = set()
        self._state_listeners: set[CALLBACK_TYPE] = set()
        self._lock = asyncio.Lock()
        self._logged_errors: set[str] = set()
        self._listen_timer: asyncio.TimerHandle | None = None
        self._cancel_retries: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Open the devices, and keep looking for those that are missing."""
        await self._async_open_missing()
        self._cancel_retries = async_track_time_interval(
            self._hass, self._async_open_missing, OPEN_INTERVAL, cancel_on_shutdown=True
        )

    async def async_stop(self) -> None:
        """Close the devices. Commands that wait to be sent fail, and nothing opens the devices again."""
        self.is_stopped = True
        if self._cancel_retries:
            self._cancel_retries()
        async with self._lock:
            if self._listen_timer:
                self._listen_timer.cancel()
            self._receiver.close()
            await self._hass.async_add_executor_job(self._transmitter.close)
        self._update_state(can_send=False, can_receive=False)

    @callback
    def async_subscribe_messages(self, listener: Callable[[list[int]], None]) -> CALLBACK_TYPE:
        """Call a listener with each received message, in signed µs. Return a function to unsubscribe."""
        self._message_listeners.add(listener)
        return lambda: self._message_listeners.discard(listener)

    @callback
    def async_subscribe_state(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener when a device connects or disconnects. Return a function to unsubscribe."""
        self._state_listeners.add(listener)
        return lambda: self._state_listeners.discard(listener)

    async def async_send(self, command: Command) -> None:
        """Send a command, and ignore messages that are received meanwhile.

        Canceling only stops waiting: a command that is being sent cannot be stopped.

        Raises:
            InfraredError: if the command could not be sent.
        """
        await asyncio.shield(self._hass.async_create_task(self._async_send(command), "Infrared command"))

    async def _async_send(self, command: Command) -> None:
        async with self._lock:
            if self.is_stopped:
                raise InfraredError("station_not_loaded")
            if self._listen_timer:
                self._listen_timer.cancel()
            self._receiver.deaf = True
            try:
                await self._hass.async_add_executor_job(
                    self._transmitter.send,
                    command.get_raw_timings(),
                    command.modulation,
                    duty_cycle_of(command),
                )
            except LircError as err:
                if isinstance(err, DeviceGoneError):
                    self._update_state(can_send=False)
                raise InfraredError(await async_error_key(self._hass, err.key), error=str(err)) from err
            else:
                LOGGER.debug("Sent at %d Hz: %s", command.modulation, command.get_raw_timings())
            finally:
                self._listen_timer = self._hass.loop.call_later(HEARD_AFTER_SENDING, self._listen)

    @callback
    def _find_whole(self, timings: Sequence[int]) -> Sequence[int] | None:
        message = whole_message(timings)
        return None if message is not None and self._may_continue(message) else message

    @callback
    def _listen(self) -> None:
        self._receiver.deaf = False

    @callback
    def _on_message(self, timings: list[int]) -> None:
        for listener in tuple(self._message_listeners):
            listener(timings)

    @callback
    def _on_disconnect(self) -> None:
        self._update_state(can_receive=False)

    async def _async_open_missing(self, now: datetime | None = None) -> None:
        if self.can_send and self.can_receive:
            return
        async with self._lock:
            if not self.can_send and await self._async_open(self._transmitter.open):
                self._update_state(can_send=True)
            if not self.can_receive and await self._async_open(self._receiver.open):
                self._receiver.start()
                self._update_state(can_receive=True)

    async def _async_open(self, open_device: Callable[[], None]) -> bool:
        if self.is_stopped:
            return False
        try:
            await self._hass.async_add_executor_job(open_device)
        except (DevicePermissionError, DeviceBusyError) as err:
            self.open_error = err
            if str(err) not in self._logged_errors:
                self._logged_errors.add(str(err))
                LOGGER.warning("Cannot use infrared: %s", err)
            return False
        except DeviceGoneError as err:
            self.open_error = err
            LOGGER.debug("%s", err)
            return False
        return True

    @callback
    def _update_state(self, *, can_send: bool | None = None, can_receive: bool | None = None) -> None:
        if can_send is not None and can_send != self.can_send:
            self.can_send = can_send
            LOGGER.info("Infrared transmitter %s", "connected" if can_send else "disconnected")
        if can_receive is not None and can_receive != self.can_receive:
            self.can_receive = can_receive
            LOGGER.info("Infrared receiver %s", "connected" if can_receive else "disconnected")
        for listener in tuple(self._state_listeners):
            listener()
