"""The board's infrared pair on the event loop: half-duplex, and picked up again when it comes back."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from infrared_protocols.commands import Command

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .const import CONF_BUS, DOMAIN, LOGGER
from .exceptions import InfraredError
from .ir_codes.command import duty_cycle_of
from .ir_codes.decode import is_whole
from .phat.lirc import (
    HEARD_AFTER_SENDING,
    DeviceBusyError,
    DeviceGoneError,
    DevicePermissionError,
    Feature,
    FrameReceiver,
    LircError,
    Ports,
    Transmitter,
    find,
)
from .phat.simulator import is_simulated

LOOK_INTERVAL = timedelta(seconds=10)


@callback
def infrared_pair_owner(hass: HomeAssistant) -> ConfigEntry | None:
    """Return the entry that has the machine's infrared pair, of which there is one for all buses."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    return next((entry for entry in entries if not is_simulated(entry.data[CONF_BUS])), None)


def has_infrared_pair(ports: Ports) -> bool:
    """Return whether there is a transmitter or a receiver; runs in an executor."""
    for feature in (Feature.CAN_SEND_PULSE, Feature.CAN_REC_MODE2):
        try:
            find(ports, feature).close()
        except DeviceBusyError:
            pass  # it may be this station that has it open
        except DeviceGoneError:
            continue
        return True
    return False


class Transceiver:
    """Sends commands, and hands on the frames that are received."""

    def __init__(self, hass: HomeAssistant, ports: Ports) -> None:
        """Use the devices that there are; nothing is opened yet."""
        self.can_send = False
        self.can_receive = False
        self._hass = hass
        self._transmitter = Transmitter(ports)
        self._receiver = FrameReceiver(hass.loop, self._on_frame, self._on_gone, ports, is_whole)
        self._frame_listeners: set[Callable[[list[int]], None]] = set()
        self._state_listeners: set[CALLBACK_TYPE] = set()
        self._lock = asyncio.Lock()
        self._told: set[str] = set()
        self._stopped = False
        self._listen_again: asyncio.TimerHandle | None = None
        self._stop_looking: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Open what is there, and go on looking for what is not."""
        await self._async_look()
        self._stop_looking = async_track_time_interval(
            self._hass, self._async_look, LOOK_INTERVAL, cancel_on_shutdown=True
        )

    async def async_stop(self) -> None:
        """Close the devices; neither who waits to send nor who is looking opens them again."""
        self._stopped = True
        if self._stop_looking:
            self._stop_looking()
        async with self._lock:
            if self._listen_again:
                self._listen_again.cancel()
            self._receiver.close()
            await self._hass.async_add_executor_job(self._transmitter.close)

    @callback
    def async_subscribe_frames(self, listener: Callable[[list[int]], None]) -> CALLBACK_TYPE:
        """Call a listener with each frame, in signed µs; return what ends that."""
        self._frame_listeners.add(listener)
        return lambda: self._frame_listeners.discard(listener)

    @callback
    def async_subscribe_state(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener when a device has come or gone; return what ends that."""
        self._state_listeners.add(listener)
        return lambda: self._state_listeners.discard(listener)

    async def async_send(self, command: Command) -> None:
        """Send a command; raises InfraredError. What is heard meanwhile is not handed on.

        Whoever is cancelled waits no longer, but what is being sent cannot be recalled.
        """
        await asyncio.shield(self._hass.async_create_task(self._async_send(command), "Infrared command"))

    async def _async_send(self, command: Command) -> None:
        async with self._lock:
            if self._stopped:
                raise InfraredError(DeviceGoneError.key, error="the station was unloaded")
            if self._listen_again:
                self._listen_again.cancel()
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
                    self._set(can_send=False)
                raise InfraredError(err.key, error=str(err)) from err
            else:
                LOGGER.debug("Sent with %d Hz: %s", command.modulation, command.get_raw_timings())
            finally:
                self._listen_again = self._hass.loop.call_later(HEARD_AFTER_SENDING, self._listen)

    @callback
    def _listen(self) -> None:
        self._receiver.deaf = False

    @callback
    def _on_frame(self, timings: list[int]) -> None:
        for listener in tuple(self._frame_listeners):
            listener(timings)

    @callback
    def _on_gone(self) -> None:
        self._set(can_receive=False)

    async def _async_look(self, now: datetime | None = None) -> None:
        if self.can_send and self.can_receive:
            return
        async with self._lock:
            if not self.can_send and await self._async_open(self._transmitter.open):
                self._set(can_send=True)
            if not self.can_receive and await self._async_open(self._receiver.open):
                self._receiver.start()
                self._set(can_receive=True)

    async def _async_open(self, open_device: Callable[[], None]) -> bool:
        if self._stopped:
            return False
        try:
            await self._hass.async_add_executor_job(open_device)
        except (DevicePermissionError, DeviceBusyError) as err:
            if str(err) not in self._told:
                self._told.add(str(err))
                LOGGER.warning("Infrared cannot be used: %s", err)
            return False
        except DeviceGoneError as err:
            LOGGER.debug("%s", err)
            return False
        return True

    @callback
    def _set(self, *, can_send: bool | None = None, can_receive: bool | None = None) -> None:
        if can_send is not None and can_send != self.can_send:
            self.can_send = can_send
            LOGGER.info("The infrared transmitter is %s", "there" if can_send else "gone")
        if can_receive is not None and can_receive != self.can_receive:
            self.can_receive = can_receive
            LOGGER.info("The infrared receiver is %s", "there" if can_receive else "gone")
        for listener in tuple(self._state_listeners):
            listener()
