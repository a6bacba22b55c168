"""Tests of the options of a remote station, in the user's units."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_schema_suggested_value

from custom_components.anavi_weather.const import (
    CONF_ALTITUDE,
    CONF_CALIBRATED,
    CONF_CALIBRATED_BEFORE,
    CONF_CORRECTIONS,
    CONF_INTERVAL,
    CONF_TEMPERATURE_OFFSET,
)
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .conftest import number

DEFAULT_OPTIONS = {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: 0.0}


@pytest.fixture
def us_units(hass: HomeAssistant) -> None:
    """Use US units."""
    hass.config.units = US_CUSTOMARY_SYSTEM


async def open_settings(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form of the settings."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["menu_options"] == ["settings", "calibrate"]
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "settings"})


async def submit(hass: HomeAssistant, entry: MockConfigEntry, user_input: dict[str, Any]) -> ConfigFlowResult:
    """Open the options and submit them."""
    form = await open_settings(hass, entry)
    result = await hass.config_entries.options.async_configure(form["flow_id"], user_input)
    await hass.async_block_till_done()
    return result


async def suggested(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Return the values that the form shows."""
    form = await open_settings(hass, entry)
    assert form["data_schema"]
    keys = (CONF_INTERVAL, CONF_TEMPERATURE_OFFSET, CONF_ALTITUDE)
    return {key: get_schema_suggested_value(form["data_schema"].schema, key) for key in keys}


def without_dates(entry: MockConfigEntry) -> dict[str, Any]:
    """Return the options that are settings."""
    return {
        key: value
        for key, value in entry.options.items()
        if key not in (CONF_CALIBRATED, CONF_CALIBRATED_BEFORE, CONF_CORRECTIONS)
    }


async def test_the_options_have_defaults(hass: HomeAssistant, station: MockConfigEntry) -> None:
    hass.config.elevation = 760

    form = await open_settings(hass, station)

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "settings")
    assert form["description_placeholders"] == {"altitude": "760 m"}
    result = await hass.config_entries.options.async_configure(form["flow_id"], {})
    assert (result["type"], result["data"]) == (FlowResultType.CREATE_ENTRY, DEFAULT_OPTIONS)


async def test_options_take_effect_at_once(hass: HomeAssistant, station: MockConfigEntry) -> None:
    before = station.runtime_data.coordinator

    await submit(hass, station, {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: -5, CONF_ALTITUDE: 760})

    assert without_dates(station) == {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: -5, CONF_ALTITUDE: 760}
    assert station.runtime_data.coordinator is not before
    assert station.runtime_data.coordinator.update_interval.total_seconds() == 60
    assert station.runtime_data.coordinator.altitude == 760
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(16, abs=0.02)


@pytest.mark.parametrize("options", [DEFAULT_OPTIONS | {CONF_ALTITUDE: 760, CONF_INTERVAL: 60}])
async def test_the_altitude_can_be_cleared(hass: HomeAssistant, station: MockConfigEntry) -> None:
    hass.config.elevation = 100
    shown = {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: 0, CONF_ALTITUDE: 760}
    assert await suggested(hass, station) == shown

    await submit(hass, station, DEFAULT_OPTIONS)

    assert station.options == DEFAULT_OPTIONS
    assert station.runtime_data.coordinator.altitude == 100


@pytest.mark.parametrize(
    ("option", "value", "is_valid"),
    [
        (CONF_INTERVAL, 4, False),
        (CONF_INTERVAL, 5, True),
        (CONF_INTERVAL, 3600, True),
        (CONF_INTERVAL, 3601, False),
        (CONF_TEMPERATURE_OFFSET, -15.1, False),
        (CONF_TEMPERATURE_OFFSET, 15.1, False),
        (CONF_ALTITUDE, -431, False),
        (CONF_ALTITUDE, 8849, False),
    ],
)
async def test_options_have_limits(
    hass: HomeAssistant, entry: MockConfigEntry, option: str, value: float, is_valid: bool
) -> None:
    options = DEFAULT_OPTIONS | {option: value}

    if is_valid:
        assert (await submit(hass, entry, options))["data"] == options
    else:
        with pytest.raises(InvalidData):
            await submit(hass, entry, options)


@pytest.mark.usefixtures("us_units")
async def test_the_options_are_in_us_units(hass: HomeAssistant, station: MockConfigEntry) -> None:
    hass.config.elevation = 760
    form = await open_settings(hass, station)
    assert form["description_placeholders"] == {"altitude": "2493 ft"}
    assert form["data_schema"]
    selectors = {str(key): selector.config for key, selector in form["data_schema"].schema.items()}
    units = {key: config["unit_of_measurement"] for key, config in selectors.items() if "unit_of_measurement" in config}
    assert units == {
        CONF_INTERVAL: "s",
        CONF_TEMPERATURE_OFFSET: "°F",
        CONF_ALTITUDE: "ft",
    }

    await submit(hass, station, {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: -9, CONF_ALTITUDE: 5000})

    # A difference of 9 °F is 5 °C, and not −12.8 °C
    assert without_dates(station) == {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: -5, CONF_ALTITUDE: 1524}
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(69.8 - 9, abs=0.04)
    assert await suggested(hass, station) == {
        CONF_INTERVAL: 30,
        CONF_TEMPERATURE_OFFSET: -9,
        CONF_ALTITUDE: 5000,
    }


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: -3.3, CONF_ALTITUDE: 760}])
@pytest.mark.usefixtures("us_units")
async def test_options_that_the_user_leaves_alone_stay_exactly_the_same(
    hass: HomeAssistant, station: MockConfigEntry
) -> None:
    shown = await suggested(hass, station)
    assert shown == {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: -5.9, CONF_ALTITUDE: 2493}

    await submit(hass, station, shown | {CONF_INTERVAL: 60})

    assert station.options == {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: -3.3, CONF_ALTITUDE: 760}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (CONF_TEMPERATURE_OFFSET, -27.1),
        (CONF_TEMPERATURE_OFFSET, 27.1),
        (CONF_ALTITUDE, -1412),
        (CONF_ALTITUDE, 29030),
    ],
)
@pytest.mark.usefixtures("us_units")
async def test_options_have_the_same_limits_in_us_units(
    hass: HomeAssistant, entry: MockConfigEntry, option: str, value: float
) -> None:
    with pytest.raises(InvalidData):
        await submit(hass, entry, DEFAULT_OPTIONS | {option: value})


@pytest.mark.parametrize(
    "options",
    [
        DEFAULT_OPTIONS
        | {
            CONF_TEMPERATURE_OFFSET: -5,
            CONF_CORRECTIONS: {"humidity": 2.0},
            CONF_CALIBRATED: {"humidity": "2026-11-01T12:00:00+00:00"},
        }
    ],
)
async def test_the_settings_keep_the_calibration(
    hass: HomeAssistant, station: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    before = dict(station.options)
    await submit(hass, station, {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: -5})
    assert station.options == before | {CONF_INTERVAL: 60}

    await submit(hass, station, {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: -4})
    calibrated = before[CONF_CALIBRATED] | {"temperature": dt_util.utcnow().isoformat()}
    assert station.options == before | {
        CONF_INTERVAL: 60,
        CONF_TEMPERATURE_OFFSET: -4,
        CONF_CALIBRATED: calibrated,
    }


async def test_the_settings_keep_the_earlier_corrections(hass: HomeAssistant, station: MockConfigEntry) -> None:
    for offset in (-5, -4, -3):
        await submit(hass, station, {CONF_INTERVAL: 60, CONF_TEMPERATURE_OFFSET: offset})
    earlier = station.options[CONF_CALIBRATED_BEFORE]
    assert len(earlier["temperature"]) == 2
    await submit(hass, station, {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: -3})
    assert station.options[CONF_CALIBRATED_BEFORE] == earlier
