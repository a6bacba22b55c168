"""Steps of the options flow that compare a reading with a reference and store a correction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import voluptuous as vol

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfTime
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from .calibration import Calibration, Target
from .comparison import Means, async_means, state_number
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .phat import ChipId, Quantity, quantities
from .unique_ids import chip_sensor_key, station_unique_id
from .user_units import QUANTITY_UNITS, correction_unit, reading_unit

CONF_CHIP = "chip"
CONF_CORRECTION = "correction"
CONF_HOURS = "hours"
CONF_QUANTITY = "quantity"
CONF_REFERENCE_ENTITY = "reference_entity"
CONF_REFERENCE_UNIT = "reference_unit"
CONF_REFERENCE_VALUE = "reference_value"
STATION = "station"
SAME_UNIT = "same"
# Readings of a thermometer, barometer or weather report that Home Assistant does not have
REFERENCE_UNITS = ["°C", "°F", "K", "hPa", "kPa", "inHg", "mmHg", "psi", "%", "lx"]
DEFAULT_HOURS = 6
NOT_KNOWN = "–"
REFERENCE_CLASSES: list[str] = [
    SensorDeviceClass.TEMPERATURE,
    SensorDeviceClass.HUMIDITY,
    SensorDeviceClass.ATMOSPHERIC_PRESSURE,
    SensorDeviceClass.PRESSURE,
    SensorDeviceClass.ILLUMINANCE,
]
# In the units of QUANTITY_UNITS. Larger corrections hide a broken chip or a wrong reference.
LIMITS = {
    Quantity.TEMPERATURE: (-15.0, 15.0),
    Quantity.HUMIDITY: (-30.0, 30.0),
    Quantity.PRESSURE: (-50.0, 50.0),
    Quantity.ILLUMINANCE: (0.1, 10.0),
}


class CompareError(Exception):
    """A comparison that the user must change. The message is the key of the error's translation."""

    def __init__(self, key: str, field: str = "base") -> None:
        """Initialize the error of a field."""
        super().__init__(key)
        self.key = key
        self.field = field


@dataclass(frozen=True, slots=True)
class Comparison:
    """A reading and its reference, in the unit of the quantity."""

    target: Target
    reading: float
    reference: float | None
    means: Means | None

    def suggestion(self, correction: float) -> float:
        """Return the correction with which the reading would match the reference, from the present correction."""
        if self.reference is None:
            return correction
        reading, reference = self.reading, self.reference
        if self.means:
            reading, reference = self.means.reading, self.means.reference
        if not self.target.is_factor:
            return correction + reference - reading
        if reading <= 0 or reference <= 0:
            raise CompareError("too_dark")
        return correction * reference / reading


class CalibrationFlow(OptionsFlow):
    """The steps *calibrate*, *offset* and *factor* of the options flow."""

    config_entry: AnaviWeatherConfigEntry
    _comparison: Comparison

    async def async_step_calibrate(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose a quantity and the reference to compare it with."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._comparison = await self._async_compare(user_input)
            except CompareError as err:
                errors[err.field] = err.key
            else:
                if self._comparison.target.is_factor:
                    return await self.async_step_factor()
                return await self.async_step_offset()
        return self.async_show_form(
            step_id="calibrate",
            data_schema=self.add_suggested_values_to_schema(self._compare_schema(), user_input or {}),
            errors=errors,
            last_step=False,
        )

    async def async_step_offset(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the comparison, and set an offset."""
        return self._step_correction("offset", user_input)

    async def async_step_factor(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the comparison, and set a factor."""
        return self._step_correction("factor", user_input)

    def _step_correction(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        target = self._comparison.target
        calibration = Calibration(self.config_entry.options)
        present = calibration.correction(target)
        unit = correction_unit(target.quantity, self._shown_unit(target.quantity))
        minimum, maximum = LIMITS[target.quantity]
        errors = {}
        if user_input is not None:
            correction = unit.store(user_input[CONF_CORRECTION], present)
            if minimum <= correction <= maximum:
                return self.async_create_entry(data=calibration.changed(target, correction))
            errors[CONF_CORRECTION] = "correction_out_of_range"
        suggested = user_input or {CONF_CORRECTION: unit.show(self._comparison.suggestion(present))}
        changed_at = calibration.changed_at(target)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(_correction_schema(unit.shown), suggested),
            description_placeholders={
                **self._numbers(),
                "present": _text(unit.show(present), unit.shown),
                "changed": dt_util.as_local(changed_at).date().isoformat() if changed_at else NOT_KNOWN,
                "minimum": _text(unit.show(minimum), unit.shown),
                "maximum": _text(unit.show(maximum), unit.shown),
            },
            errors=errors,
            last_step=True,
        )

    def _numbers(self) -> dict[str, str]:
        """Return the numbers of the comparison as texts in the user's unit."""
        comparison = self._comparison
        quantity = comparison.target.quantity
        shown = self._shown_unit(quantity)
        reading = reading_unit(quantity, shown)
        offset = reading if comparison.target.is_factor else correction_unit(quantity, shown)
        texts = dict.fromkeys(("reference", "difference", "mean_difference", "hours"), NOT_KNOWN)
        texts["reading"] = _text(reading.show(comparison.reading), shown)
        if comparison.reference is not None:
            texts["reference"] = _text(reading.show(comparison.reference), shown)
            texts["difference"] = _text(offset.show(comparison.reference - comparison.reading), shown)
        if means := comparison.means:
            texts["mean_difference"] = _text(offset.show(means.reference - means.reading), shown)
            texts["hours"] = f"{means.hours:.1f}"
        return texts

    async def _async_compare(self, user_input: dict[str, Any]) -> Comparison:
        """Return the comparison that the user asked for.

        Raises:
            CompareError: if that is impossible.
        """
        quantity = Quantity(user_input[CONF_QUANTITY])
        chip = None if user_input[CONF_CHIP] == STATION else ChipId.parse(user_input[CONF_CHIP])
        target = Target(quantity, chip)
        reading = self._reading(target)
        entity_id, entered = user_input.get(CONF_REFERENCE_ENTITY), user_input.get(CONF_REFERENCE_VALUE)
        if entity_id and entered is not None:
            raise CompareError("two_references")
        reference, means = None, None
        if entered is not None:
            unit = user_input[CONF_REFERENCE_UNIT]
            reference = self._to_native(
                quantity, entered, self._shown_unit(quantity) if unit == SAME_UNIT else unit, CONF_REFERENCE_UNIT
            )
        elif entity_id:
            reference = self._reference(quantity, entity_id)
            means = await self._async_means(target, entity_id, user_input[CONF_HOURS])
        comparison = Comparison(target, reading, reference, means)
        minimum, maximum = LIMITS[quantity]
        if not minimum <= comparison.suggestion(Calibration(self.config_entry.options).correction(target)) <= maximum:
            raise CompareError("difference_too_large")
        return comparison

    def _reading(self, target: Target) -> float:
        data = self.config_entry.runtime_data.coordinator.data
        if target.chip is None:
            reading = data.value(target.quantity)
        else:
            if target.quantity not in quantities(target.chip):
                raise CompareError("chip_lacks_quantity", CONF_CHIP)
            measurement = data.measurements.get(target.chip)
            reading = measurement.values.get(target.quantity) if measurement else None
        if reading is None:
            raise CompareError("no_reading", CONF_QUANTITY)
        return reading

    def _reference(self, quantity: Quantity, entity_id: str) -> float:
        state = self.hass.states.get(entity_id)
        if state is None or (reference := state_number(state)) is None:
            raise CompareError("reference_not_a_number", CONF_REFERENCE_ENTITY)
        return self._to_native(
            quantity, reference, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), CONF_REFERENCE_ENTITY
        )

    def _to_native(self, quantity: Quantity, number: float, unit: str | None, field: str) -> float:
        try:
            return QUANTITY_UNITS[quantity].to_native(number, unit)
        except HomeAssistantError as err:
            raise CompareError("unit_does_not_fit", field) from err

    async def _async_means(self, target: Target, reference_id: str, hours: float) -> Means | None:
        """Return the means of the last hours, as far as the present corrections applied."""
        if (reading_id := self._entity_id(target)) is None:
            return None
        scales = {target.quantity}
        if target.quantity is Quantity.HUMIDITY:
            scales.add(Quantity.TEMPERATURE)  # which humidity follows
        end = dt_util.utcnow()
        return await async_means(
            self.hass,
            reading_id,
            reference_id,
            QUANTITY_UNITS[target.quantity].to_native,
            start=end - timedelta(hours=hours),
            end=end,
            corrected_at=Calibration(self.config_entry.options).last_change(*scales),
        )

    def _entity_id(self, target: Target) -> str | None:
        """Return the entity of a reading, whose states the recorder has unless it is disabled."""
        key = chip_sensor_key(target.chip, target.quantity) if target.chip else target.quantity
        unique_id = station_unique_id(self.config_entry, key)
        return er.async_get(self.hass).async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)

    def _shown_unit(self, quantity: Quantity) -> str:
        """Return the unit in which the station's entity shows a quantity."""
        entity_id = self._entity_id(Target(quantity))
        state = self.hass.states.get(entity_id) if entity_id else None
        shown: str | None = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
        return shown or QUANTITY_UNITS[quantity].native

    def _compare_schema(self) -> vol.Schema:
        """Return the form for the station's quantities and chips."""
        chips = self.config_entry.runtime_data.coordinator.chips
        measured = {quantity for chip in chips for quantity in quantities(chip)}
        return vol.Schema(
            {
                vol.Required(CONF_QUANTITY): _select(
                    [quantity for quantity in Quantity if quantity in measured], "calibration_quantity"
                ),
                vol.Required(CONF_CHIP, default=STATION): _select([STATION, *map(str, chips)], "calibration_chip"),
                vol.Optional(CONF_REFERENCE_ENTITY): EntitySelector(
                    EntitySelectorConfig(domain=SENSOR_DOMAIN, device_class=REFERENCE_CLASSES)
                ),
                vol.Required(CONF_HOURS, default=DEFAULT_HOURS): NumberSelector(
                    NumberSelectorConfig(
                        min=1, max=72, step=1, mode=NumberSelectorMode.BOX, unit_of_measurement=UnitOfTime.HOURS
                    )
                ),
                vol.Optional(CONF_REFERENCE_VALUE): NumberSelector(
                    NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
                ),
                vol.Required(CONF_REFERENCE_UNIT, default=SAME_UNIT): _select(
                    [SAME_UNIT, *REFERENCE_UNITS], "calibration_unit"
                ),
            }
        )


def _select(values: Iterable[str], translation_key: str) -> SelectSelector:
    """Return a list of values. Those without a translation are shown as they are."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=value, label=value) for value in values],
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=translation_key,
        )
    )


def _correction_schema(unit: str) -> vol.Schema:
    config = NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
    if unit:
        config["unit_of_measurement"] = unit
    return vol.Schema({vol.Required(CONF_CORRECTION): NumberSelector(config)})


def _text(number: float, unit: str) -> str:
    return f"{number:g} {unit}" if unit else f"{number:g}"
