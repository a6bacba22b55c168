"""Climate entities: air conditioners that are controlled by infrared."""

import asyncio
from collections.abc import Collection
from typing import Any, override

from homeassistant.components.climate import ATTR_HVAC_MODE, PRESET_NONE, ClimateEntity, ClimateEntityFeature, HVACMode
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .command_sender import CommandSender
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InvalidActionError, InvalidCodeError
from .handsets import Handsets
from .infrared_devices import device_identifiers, stored_name
from .ir_codes import CodeError, parse
from .ir_codes.climate import Power
from .ir_codes.climate_control import ClimateControl
from .room_climate import RoomClimate
from .unique_ids import climate_unique_id

PARALLEL_UPDATES = 0

PAUSE = 0.5  # seconds between two commands that switch on, as in SmartIR
# In a unit that is not the air conditioner's
CELSIUS_STEP = 0.5
FAHRENHEIT_STEP = 1.0


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the air conditioners, which come and go without a reload."""
    sender, keys = entry.runtime_data.sender, entry.runtime_data.keys
    if sender is None or keys is None or entry.runtime_data.codes.error is not None:
        return

    @callback
    def create(subentry: ConfigSubentry) -> AnaviWeatherClimate:
        climate = AnaviWeatherClimate(entry, subentry, sender)
        async_add_entities([climate], config_subentry_id=subentry.subentry_id)
        return climate

    entry.async_on_unload(Handsets(hass, entry, sender, keys, create).async_start())


class _StoredState(ExtraStoredData):
    """What an air conditioner is set to, which outlives a restart."""

    def __init__(self, control: ClimateControl) -> None:
        """Initialize the stored state."""
        self._control = control

    @override
    def as_dict(self) -> dict[str, Any]:
        return self._control.as_dict()


class AnaviWeatherClimate(ClimateEntity, RestoreEntity):
    """An air conditioner. Its state is what was sent last, or what its handset sent.

    It offers what the present mode has, and is set to the nearest state that there is a command for.
    """

    _attr_has_entity_name = True
    _attr_name = None
    _attr_should_poll = False
    _attr_assumed_state = True
    _attr_translation_key = "air_conditioner"

    def __init__(self, entry: AnaviWeatherConfigEntry, subentry: ConfigSubentry, sender: CommandSender) -> None:
        """Initialize the air conditioner, which is off."""
        self._station = entry.runtime_data
        self._subentry = subentry
        self._sender = sender
        self._commands = self._station.devices.commands(subentry)
        self._control = ClimateControl(self._commands)
        self._lock = asyncio.Lock()
        self._room = RoomClimate(self._station.coordinator, subentry.data)
        self._unsubscribe_room: CALLBACK_TYPE | None = None
        self._attr_unique_id = climate_unique_id(subentry.subentry_id)
        self._attr_device_info = DeviceInfo(identifiers=device_identifiers(subentry))

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the state, and follow the emitter and the room."""
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._control.restore(stored.as_dict())
        self.async_on_remove(self._sender.transceiver.async_subscribe_state(self.async_write_ha_state))
        self.async_on_remove(self._unfollow_room)
        self._follow_room()

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return _StoredState(self._control)

    @callback
    def async_follow(self) -> None:
        """Follow a change of the stored commands or of the room's sensors."""
        commands = self._station.devices.commands(self._subentry)
        if commands != self._commands:
            self._commands = commands
            self._control.use_commands(commands)
        if self._is_added:
            self._follow_room()
            self.async_write_ha_state()

    @callback
    def async_receive(self, names: Collection[str]) -> None:
        """Follow a message that one of these commands sends, which may be our own."""
        if self._control.receive(names) and self._is_added:
            self.async_write_ha_state()

    @property
    def _is_added(self) -> bool:
        """Whether the entity has a state: not before it is added, nor while a user has disabled it."""
        return self._unsubscribe_room is not None

    @callback
    def _follow_room(self) -> None:
        self._unfollow_room()
        self._room = RoomClimate(self._station.coordinator, self._subentry.data)
        self._unsubscribe_room = self._room.async_subscribe(self.async_write_ha_state)

    @callback
    def _unfollow_room(self) -> None:
        if self._unsubscribe_room:
            self._unsubscribe_room()
            self._unsubscribe_room = None

    @property
    @override
    def available(self) -> bool:
        return self._sender.transceiver.can_send and bool(self._control.model.commands)

    @property
    def _unit(self) -> UnitOfTemperature:
        return UnitOfTemperature.FAHRENHEIT if self._control.model.is_fahrenheit else UnitOfTemperature.CELSIUS

    @property
    @override
    def supported_features(self) -> ClimateEntityFeature:
        features = ClimateEntityFeature(0)
        if self._control.can_turn_off:
            features |= ClimateEntityFeature.TURN_OFF | ClimateEntityFeature.TURN_ON
        if self._control.model.temperatures(self._control.set_to.mode):
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        for options, feature in (
            (self.fan_modes, ClimateEntityFeature.FAN_MODE),
            (self.swing_modes, ClimateEntityFeature.SWING_MODE),
            (self.preset_modes, ClimateEntityFeature.PRESET_MODE),
        ):
            if options:
                features |= feature
        return features

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        return [*([HVACMode.OFF] if self._control.can_turn_off else []), *map(HVACMode, self._control.model.modes)]

    @property
    @override
    def fan_modes(self) -> list[str]:
        return self._control.model.options("fan", self._control.set_to.mode)

    @property
    @override
    def swing_modes(self) -> list[str]:
        return self._control.model.options("swing", self._control.set_to.mode)

    @property
    @override
    def preset_modes(self) -> list[str]:
        if not (presets := self._control.model.options("preset", self._control.set_to.mode)):
            return []
        return [*([PRESET_NONE] if self._control.has_plain_states else []), *presets]

    @property
    @override
    def min_temp(self) -> float:
        return min(self._control.model.temperatures(self._control.set_to.mode), default=super().min_temp)

    @property
    @override
    def max_temp(self) -> float:
        return max(self._control.model.temperatures(self._control.set_to.mode), default=super().max_temp)

    @property
    @override
    def target_temperature_step(self) -> float | None:
        """The step in the unit of the user, which Home Assistant does not convert."""
        if self.hass.config.units.temperature_unit != self._unit:
            return CELSIUS_STEP if self._control.model.is_fahrenheit else FAHRENHEIT_STEP
        return self._control.model.temperature_step(self._control.set_to.mode)

    # Home Assistant 2026.10 has the names without native
    @property
    def native_temperature_unit(self) -> str:
        """The unit of the air conditioner's temperatures."""
        return self._unit

    @property
    @override
    def temperature_unit(self) -> str:
        return self.native_temperature_unit

    @property
    def native_target_temperature(self) -> float | None:
        """The temperature that the air conditioner is set to."""
        return self._control.set_to.temperature

    @property
    @override
    def target_temperature(self) -> float | None:
        return self.native_target_temperature

    @property
    def native_current_temperature(self) -> float | None:
        """The temperature of the room."""
        return self._room.temperature(self._unit)

    @property
    @override
    def current_temperature(self) -> float | None:
        return self.native_current_temperature

    @property
    @override
    def current_humidity(self) -> float | None:
        # The thermostat card shows all decimals
        return None if (humidity := self._room.humidity) is None else round(humidity)

    @property
    @override
    def hvac_mode(self) -> HVACMode:
        return HVACMode(self._control.set_to.mode) if self._control.is_on else HVACMode.OFF

    @property
    @override
    def fan_mode(self) -> str | None:
        return self._control.set_to.fan

    @property
    @override
    def swing_mode(self) -> str | None:
        return self._control.set_to.swing

    @property
    @override
    def preset_mode(self) -> str | None:
        return self._control.set_to.preset or PRESET_NONE

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        if hvac_mode is HVACMode.OFF:
            await self.async_turn_off()
        else:
            await self._async_change("mode", turn_on=True, mode=hvac_mode.value)

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        changes = {"temperature": kwargs[ATTR_TEMPERATURE]}
        if (hvac_mode := kwargs.get(ATTR_HVAC_MODE)) is None:
            await self._async_change("temperature", **changes)
            return
        self._valid_mode_or_raise("hvac", hvac_mode, self.hvac_modes)
        if hvac_mode is HVACMode.OFF:
            await self.async_turn_off()
            await self._async_change("temperature", **changes)
        else:
            await self._async_change("temperature", turn_on=True, mode=hvac_mode.value, **changes)

    @override
    async def async_set_fan_mode(self, fan_mode: str) -> None:
        await self._async_change("fan", fan=fan_mode)

    @override
    async def async_set_swing_mode(self, swing_mode: str) -> None:
        await self._async_change("swing", swing=swing_mode)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        await self._async_change("preset", preset=None if preset_mode == PRESET_NONE else preset_mode)

    @override
    async def async_turn_on(self) -> None:
        await self._async_change("mode", turn_on=True)

    @override
    async def async_turn_off(self) -> None:
        async with self._lock:
            if name := self._control.off_command():
                await self._async_send(name)
            self._control.use(Power.OFF)
        self.async_write_ha_state()

    async def _async_change(self, setting: str, *, turn_on: bool = False, **changes: Any) -> None:
        """Set the nearest state that there is a command for. While the air conditioner is off, only remember it.

        Args:
            setting: The setting that matters most, if not all changes are possible together.
            turn_on: Whether to send the state although the air conditioner is off.
            changes: New values of settings.
        """
        async with self._lock:
            self._check_mode(changes.get("mode", self._control.set_to.mode))
            state = self._control.nearest(setting, changes)
            if turn_on or self._control.is_on:
                for place, name in enumerate(self._control.commands(state)):
                    if place:
                        await asyncio.sleep(PAUSE)
                    await self._async_send(name)
                self._control.is_on = True
            self._control.use(state)
        self.async_write_ha_state()

    def _check_mode(self, mode: str) -> None:
        """Check that the mode still has commands, which may have been deleted while the action waited.

        Raises:
            InvalidActionError: if it has none.
        """
        if mode not in self._control.model.modes:
            raise self._unknown(mode)

    def _unknown(self, command: str) -> InvalidActionError:
        return InvalidActionError("command_unknown", device=stored_name(self._subentry), command=command)

    async def _async_send(self, name: str) -> None:
        if name not in self._commands:  # deleted during the pause
            raise self._unknown(name)
        try:
            alternatives = {text: parse(text) for text in self._commands[name]}
        except CodeError as err:
            raise InvalidCodeError(err) from err
        await self._sender.async_send(alternatives, self._context)
