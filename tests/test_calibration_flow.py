"""Tests of the steps that compare a reading with a reference and store a correction."""

from collections.abc import Sequence
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_schema_suggested_value
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.const import CONF_CALIBRATED, CONF_CORRECTIONS, CONF_TEMPERATURE_OFFSET
from custom_components.anavi_weather.phat.simulated_chips import Air
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PressureConverter
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .conftest import PassTime, number
from .test_sensor import BMP180, HTU21D, HUMIDITY, ILLUMINANCE, PRESSURE, TEMPERATURE, TENDENCY

REFERENCE = "sensor.reference"


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return REFERENCE, TEMPERATURE, PRESSURE


async def open_form(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form that asks what to compare."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "calibrate"})


async def compare(hass: HomeAssistant, entry: MockConfigEntry, quantity: str, **user_input: Any) -> ConfigFlowResult:
    """Compare a quantity."""
    form = await open_form(hass, entry)
    return await hass.config_entries.options.async_configure(form["flow_id"], {"quantity": quantity, **user_input})


async def submit(hass: HomeAssistant, form: ConfigFlowResult, correction: float) -> ConfigFlowResult:
    """Submit a correction."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], {"correction": correction})
    await hass.async_block_till_done()
    return result


def suggestion(form: ConfigFlowResult) -> Any:
    """Return the correction that a form suggests."""
    assert form["data_schema"]
    return get_schema_suggested_value(form["data_schema"].schema, "correction")


def shown(form: ConfigFlowResult, *keys: str) -> tuple[str, ...]:
    """Return the numbers that a form shows."""
    assert form["description_placeholders"]
    return tuple(form["description_placeholders"][key] for key in keys)


def measure(hass: HomeAssistant, state: float | str, unit: str) -> None:
    """Set the state of the reference."""
    hass.states.async_set(REFERENCE, str(state), {ATTR_UNIT_OF_MEASUREMENT: unit})


@pytest.mark.parametrize(("state", "unit"), [(18.5, "°C"), (65.3, "°F"), (291.65, "K")])
async def test_a_temperature_is_compared_with_an_entity_in_any_unit(
    hass: HomeAssistant, station: MockConfigEntry, freezer: FrozenDateTimeFactory, state: float, unit: str
) -> None:
    freezer.move_to("2026-11-29 12:00:00+00:00")
    measure(hass, state, unit)

    form = await compare(hass, station, "temperature", reference_entity=REFERENCE)

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "offset")
    assert shown(form, "reading", "reference", "difference") == ("21 °C", "18.5 °C", "-2.5 °C")
    assert shown(form, "present", "changed", "minimum", "maximum") == ("0 °C", "–", "-15 °C", "15 °C")
    assert suggestion(form) == -2.5
    result = await submit(hass, form, -2.5)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert station.options == {
        CONF_TEMPERATURE_OFFSET: -2.5,
        CONF_CORRECTIONS: {},
        CONF_CALIBRATED: {"temperature": dt_util.utcnow().isoformat()},
    }
    assert number(hass, TEMPERATURE) == pytest.approx(18.5, abs=0.02)
    assert number(hass, HUMIDITY) > 60  # it was 55 %

    freezer.tick(60)
    form = await compare(hass, station, "temperature", reference_entity=REFERENCE)
    assert shown(form, "difference", "present", "changed") == ("0 °C", "-2.5 °C", "2026-11-29")
    assert suggestion(form) == -2.5


@pytest.mark.parametrize("options", [{CONF_TEMPERATURE_OFFSET: -1.0}])
async def test_the_mean_over_hours_is_suggested(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: object, air: Air, pass_time: PassTime
) -> None:
    measure(hass, 17, "°C")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    for temperature in (21, 23):
        air.temperature = temperature
        await pass_time()
        await pass_time(3600)
    await async_wait_recording_done(hass)

    form = await compare(hass, entry, "temperature", reference_entity=REFERENCE, hours=12)

    assert shown(form, "reading", "difference") == ("22 °C", "-5 °C")
    assert shown(form, "mean_difference", "hours") == ("-4 °C", "2.0")
    assert suggestion(form) == -5  # −1 and −4


@pytest.mark.usefixtures("pass_time")
async def test_only_the_time_since_the_last_correction_is_compared(
    hass: HomeAssistant, station: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    measure(hass, 20, "°C")
    freezer.tick(3600)
    form = await compare(hass, station, "temperature")
    freezer.tick(1)
    await submit(hass, form, -1)
    await async_wait_recording_done(hass)
    freezer.tick(1800)

    form = await compare(hass, station, "temperature", reference_entity=REFERENCE)

    assert shown(form, "mean_difference", "hours") == ("0 °C", "0.5")
    measure(hass, 50, "%")
    form = await compare(hass, station, "humidity", reference_entity=REFERENCE)
    assert float(shown(form, "hours")[0].replace("–", "0")) <= 0.5  # humidity followed the temperature


async def test_a_value_is_compared_in_the_unit_of_the_entity(hass: HomeAssistant, station: MockConfigEntry) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    er.async_get(hass).async_update_entity_options(TEMPERATURE, "sensor", {ATTR_UNIT_OF_MEASUREMENT: "°F"})
    await hass.async_block_till_done()

    form = await compare(hass, station, "temperature", reference_value=60.8)

    assert shown(form, "reading", "reference", "difference") == ("69.8 °F", "60.8 °F", "-9 °F")
    assert shown(form, "mean_difference", "hours", "minimum", "maximum") == ("–", "–", "-27 °F", "27 °F")
    assert suggestion(form) == -9
    await submit(hass, form, -9)
    assert station.options[CONF_TEMPERATURE_OFFSET] == -5  # °C
    assert number(hass, TEMPERATURE) == pytest.approx(60.8, abs=0.05)


@pytest.mark.parametrize(("value", "unit"), [(1015.25, "hPa"), (101.525, "kPa"), (29.980, "inHg"), (761.5, "mmHg")])
async def test_a_pressure_is_compared_with_a_value_in_any_unit(
    hass: HomeAssistant, station: MockConfigEntry, value: float, unit: str
) -> None:
    form = await compare(hass, station, "pressure", reference_value=value, reference_unit=unit)

    assert suggestion(form) == pytest.approx(2, abs=0.05)
    await submit(hass, form, 2)
    assert station.options[CONF_CORRECTIONS] == {"pressure": 2}
    assert number(hass, PRESSURE) == pytest.approx(1015.25, abs=0.05)


async def test_an_offset_of_pressure_is_entered_in_the_unit_of_the_entity(
    hass: HomeAssistant, station: MockConfigEntry
) -> None:
    er.async_get(hass).async_update_entity_options(PRESSURE, "sensor", {ATTR_UNIT_OF_MEASUREMENT: "inHg"})
    await hass.async_block_till_done()

    form = await compare(hass, station, "pressure", reference_value=29.98)

    assert shown(form, "reading", "reference", "difference") == ("29.921 inHg", "29.98 inHg", "0.059 inHg")
    await submit(hass, form, 0.059)
    assert station.options[CONF_CORRECTIONS]["pressure"] == pytest.approx(
        PressureConverter.convert(0.059, "inHg", "hPa")
    )


async def test_an_offset_of_humidity(hass: HomeAssistant, station: MockConfigEntry) -> None:
    measure(hass, 60, "%")

    form = await compare(hass, station, "humidity", reference_entity=REFERENCE)

    assert shown(form, "reading", "reference", "difference") == ("55 %", "60 %", "5 %")
    await submit(hass, form, suggestion(form))
    assert station.options[CONF_CORRECTIONS] == {"humidity": 5}
    assert number(hass, HUMIDITY) == pytest.approx(60, abs=0.05)


async def test_a_factor_of_light(hass: HomeAssistant, station: MockConfigEntry) -> None:
    measure(hass, 450, "lx")

    form = await compare(hass, station, "illuminance", reference_entity=REFERENCE)

    assert form["step_id"] == "factor"
    assert shown(form, "reading", "difference", "present", "minimum") == ("300 lx", "150 lx", "1", "0.1")
    assert suggestion(form) == pytest.approx(1.5, rel=0.001)
    await submit(hass, form, 1.5)
    assert number(hass, ILLUMINANCE) == pytest.approx(450, rel=0.001)

    form = await compare(hass, station, "illuminance", reference_value=900)
    assert suggestion(form) == pytest.approx(3, rel=0.001)
    await submit(hass, form, 1)
    assert station.options[CONF_CORRECTIONS] == {}
    assert number(hass, ILLUMINANCE) == pytest.approx(300, rel=0.001)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_an_offset_of_one_chip(hass: HomeAssistant, station: MockConfigEntry) -> None:
    form = await compare(hass, station, "temperature", chip=str(BMP180), reference_value=20)

    assert suggestion(form) == pytest.approx(-1, abs=0.1)
    await submit(hass, form, -1)
    assert station.options[CONF_CORRECTIONS] == {"temperature BMP180 0x77": -1}
    assert number(hass, f"{TEMPERATURE}_bmp180") == pytest.approx(20, abs=0.1)
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)


async def test_a_chip_without_an_entity_is_compared_now_only(hass: HomeAssistant, station: MockConfigEntry) -> None:
    measure(hass, 20, "°C")
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", "anavi_weather", "01STATION_bmp180_77_temperature")
    assert entity_id
    registry.async_remove(entity_id)

    form = await compare(hass, station, "temperature", chip=str(BMP180), reference_entity=REFERENCE)

    assert shown(form, "reference", "mean_difference") == ("20 °C", "–")


@pytest.mark.parametrize("options", [{CONF_TEMPERATURE_OFFSET: -3.3}])
async def test_a_correction_that_is_entered_without_a_reference(hass: HomeAssistant, station: MockConfigEntry) -> None:
    form = await compare(hass, station, "temperature")

    assert shown(form, "reading", "reference", "difference", "mean_difference") == ("17.7 °C", "–", "–", "–")
    assert suggestion(form) == -3.3
    await submit(hass, form, -4)
    assert station.options[CONF_TEMPERATURE_OFFSET] == -4


IMPOSSIBLE_REFERENCES: list[tuple[float | str, str, dict[str, Any], dict[str, str]]] = [
    (20, "°C", {"reference_value": 20}, {"base": "two_references"}),
    (STATE_UNAVAILABLE, "°C", {}, {"reference_entity": "reference_not_a_number"}),
    ("inf", "°C", {}, {"reference_entity": "reference_not_a_number"}),
    (20, "°C", {"reference_entity": "sensor.missing"}, {"reference_entity": "reference_not_a_number"}),
    (50, "%", {}, {"reference_entity": "unit_does_not_fit"}),
    (36.5, "°C", {}, {"base": "difference_too_large"}),
    (5.5, "°C", {}, {"base": "difference_too_large"}),
    (20, "°C", {"quantity": "humidity"}, {"reference_entity": "unit_does_not_fit"}),
    (20, "°C", {"quantity": "pressure", "chip": str(HTU21D)}, {"chip": "chip_lacks_quantity"}),
    (0, "lx", {"quantity": "illuminance"}, {"base": "too_dark"}),
    (20, "lx", {"quantity": "illuminance"}, {"base": "difference_too_large"}),
]


@pytest.mark.parametrize("recorded_entities", [()])
@pytest.mark.usefixtures("recorded_entities")
async def test_a_reference_that_cannot_be_compared_changes_nothing(
    hass: HomeAssistant, station: MockConfigEntry, subtests: pytest.Subtests
) -> None:
    """None of these references is recorded, or the next would be compared by its mean."""
    for state, unit, user_input, errors in IMPOSSIBLE_REFERENCES:
        with subtests.test(state=state, unit=unit, user_input=user_input):
            measure(hass, state, unit)

            form = await compare(
                hass, station, **{"quantity": "temperature", "reference_entity": REFERENCE, **user_input}
            )

            assert (form["step_id"], form["errors"]) == ("calibrate", errors)
            assert station.options == {}
            # The form keeps what the user entered
            assert form["data_schema"]
            assert get_schema_suggested_value(form["data_schema"].schema, "reference_entity") == user_input.get(
                "reference_entity", REFERENCE
            )


async def test_a_value_in_a_unit_of_another_quantity_is_an_error(hass: HomeAssistant, station: MockConfigEntry) -> None:
    form = await compare(hass, station, "temperature", reference_value=1013, reference_unit="hPa")

    assert form["errors"] == {"reference_unit": "unit_does_not_fit"}


async def test_the_hours_are_limited(hass: HomeAssistant, station: MockConfigEntry) -> None:
    for hours in (0, 73):
        with pytest.raises(InvalidData):
            await compare(hass, station, "temperature", reference_value=20, hours=hours)
    for hours in (1, 72):
        assert (await compare(hass, station, "temperature", reference_value=20, hours=hours))["step_id"] == "offset"


async def test_darkness_has_no_factor(
    hass: HomeAssistant, station: MockConfigEntry, air: Air, pass_time: PassTime
) -> None:
    air.illuminance = 0
    await pass_time()

    form = await compare(hass, station, "illuminance", reference_value=5)

    assert form["errors"] == {"base": "too_dark"}


@pytest.mark.parametrize(("quantity", "chip"), [("humidity", "station"), ("humidity", str(HTU21D))])
async def test_a_quantity_without_a_reading_is_an_error(
    hass: HomeAssistant, station: MockConfigEntry, pass_time: PassTime, quantity: str, chip: str
) -> None:
    station.runtime_data.coordinator.simulator.unplug(HTU21D.address)
    await pass_time()

    form = await compare(hass, station, quantity, chip=chip)

    assert form["errors"] == {"quantity": "no_reading"}


@pytest.mark.parametrize("correction", [-15.1, 15.1])
async def test_a_correction_out_of_range_changes_nothing(
    hass: HomeAssistant, station: MockConfigEntry, correction: float
) -> None:
    form = await submit(hass, await compare(hass, station, "temperature"), correction)

    assert (form["step_id"], form["errors"]) == ("offset", {"correction": "correction_out_of_range"})
    assert suggestion(form) == correction
    assert station.options == {}


async def test_a_station_that_is_not_loaded_is_not_calibrated(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    result = await open_form(hass, entry)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_a_changed_offset_of_pressure_is_no_tendency(
    hass: HomeAssistant, station: MockConfigEntry, air: Air, pass_time: PassTime, freezer: FrozenDateTimeFactory
) -> None:
    for _ in range(38):
        air.pressure -= 0.1
        await pass_time(300)
    before = number(hass, TENDENCY)
    assert before == pytest.approx(-3.6, abs=0.1)
    await async_wait_recording_done(hass)

    form = await compare(hass, station, "pressure")
    freezer.tick(1)
    await submit(hass, form, 5)

    assert number(hass, PRESSURE) == pytest.approx(air.pressure + 5, abs=0.05)
    assert number(hass, TENDENCY) == pytest.approx(before, abs=0.15)
    await async_wait_recording_done(hass)
    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert number(hass, TENDENCY) == pytest.approx(before, abs=0.15)


@pytest.mark.parametrize("second", [0, 4.4, 8])
async def test_an_offset_of_pressure_that_is_changed_twice_is_no_tendency(
    hass: HomeAssistant,
    station: MockConfigEntry,
    air: Air,
    pass_time: PassTime,
    freezer: FrozenDateTimeFactory,
    second: float,
) -> None:
    for _ in range(38):
        air.pressure -= 0.1
        await pass_time(300)
    before = number(hass, TENDENCY)
    for offset in (5, second):
        await async_wait_recording_done(hass)
        form = await compare(hass, station, "pressure")
        freezer.tick(1)
        await submit(hass, form, offset)
        assert number(hass, PRESSURE) == pytest.approx(air.pressure + offset, abs=0.05)
        assert number(hass, TENDENCY) == pytest.approx(before, abs=0.15)
        for _ in range(3):
            air.pressure -= 0.1
            await pass_time(300)
        assert number(hass, TENDENCY) == pytest.approx(before, abs=0.15)
