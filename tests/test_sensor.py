"""Tests of the sensors."""

from collections.abc import Iterable, Sequence

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    async_wait_recording_done,
    do_adhoc_statistics,
    get_start_time,
    statistics_during_period,
)

from custom_components.anavi_weather.const import (
    ATTR_CHIP,
    CONF_ALTITUDE,
    CONF_INTERVAL,
    CONF_TEMPERATURE_OFFSET,
    DOMAIN,
)
from custom_components.anavi_weather.meteorology import Forecast, humidity_at, sea_level_pressure
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import PassTime, is_loaded, number, value

STATION = "sensor.simulated_phat_"
TEMPERATURE = f"{STATION}temperature"
HUMIDITY = f"{STATION}humidity"
DEW_POINT = f"{STATION}dew_point"
ABSOLUTE_HUMIDITY = f"{STATION}absolute_humidity"
PRESSURE = f"{STATION}atmospheric_pressure"
SEA_LEVEL_PRESSURE = f"{STATION}sea_level_pressure"
TENDENCY = f"{STATION}pressure_tendency"
FORECAST = f"{STATION}forecast"
ILLUMINANCE = f"{STATION}illuminance"

BH1750 = ChipId("BH1750", 0x23)
OTHER_BH1750 = ChipId("BH1750", 0x5C)
BME280 = ChipId("BME280", 0x76)
BMP180 = ChipId("BMP180", 0x77)
HTU21D = ChipId("HTU21D", 0x40)

HOUR = 3600


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return TEMPERATURE, PRESSURE


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up a station."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


# Within the chips' resolution: the dew point is from DIN 4108-3, the absolute humidity at saturation is 17.3 g/m³
@pytest.mark.parametrize("air", [Air(temperature=20, humidity=50)])
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_values_derived_from_temperature_and_humidity(hass: HomeAssistant) -> None:
    assert number(hass, DEW_POINT) == pytest.approx(9.3, abs=0.1)
    assert number(hass, ABSOLUTE_HUMIDITY) == pytest.approx(17.3 / 2, abs=0.1)
    assert number(hass, f"{STATION}feels_like") == pytest.approx(19.85, abs=0.1)
    assert number(hass, f"{STATION}wet_bulb_temperature") == pytest.approx(13.8, abs=0.1)
    assert value(hass, f"{STATION}frost_point") == STATE_UNKNOWN


@pytest.mark.parametrize("air", [Air(temperature=-10, humidity=90.72)])
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_the_frost_point_of_cold_air(hass: HomeAssistant) -> None:
    assert number(hass, f"{STATION}frost_point") == pytest.approx(-10, abs=0.1)


@pytest.mark.parametrize("chips", [(HTU21D,)])
@pytest.mark.parametrize("air", [Air(temperature=20, humidity=50, pressure=700)])
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_the_wet_bulb_temperature_without_a_barometer_is_that_at_sea_level(hass: HomeAssistant) -> None:
    assert number(hass, f"{STATION}wet_bulb_temperature") == pytest.approx(13.8, abs=0.1)


@pytest.mark.parametrize("air", [Air(humidity=-1)])
@pytest.mark.usefixtures("station")
async def test_dry_air_has_no_dew_point(hass: HomeAssistant) -> None:
    assert number(hass, HUMIDITY) == 0
    assert value(hass, DEW_POINT) == STATE_UNKNOWN


@pytest.mark.parametrize("air", [Air(temperature=25, humidity=humidity_at(50, 20, 25))])
@pytest.mark.parametrize("options", [{CONF_TEMPERATURE_OFFSET: -5}])
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_the_temperature_offset_corrects_temperature_and_humidity(hass: HomeAssistant) -> None:
    assert number(hass, TEMPERATURE) == pytest.approx(20, abs=0.02)
    assert number(hass, f"{STATION}temperature_bmp180") == pytest.approx(20, abs=0.1)
    assert number(hass, HUMIDITY) == pytest.approx(50, abs=0.1)
    assert number(hass, DEW_POINT) == pytest.approx(9.3, abs=0.1)
    assert number(hass, ABSOLUTE_HUMIDITY) == pytest.approx(17.3 / 2, abs=0.1)
    assert number(hass, PRESSURE) == pytest.approx(1013.25, abs=0.03)


@pytest.mark.parametrize(
    ("options", "altitude", "temperature"),
    [
        ({}, 300, 21),
        ({CONF_ALTITUDE: 760}, 760, 21),
        ({CONF_ALTITUDE: 0}, 0, 21),
        ({CONF_ALTITUDE: 760, CONF_TEMPERATURE_OFFSET: -10}, 760, 11),
    ],
)
@pytest.mark.usefixtures("simulator")
async def test_the_pressure_is_reduced_to_sea_level(
    hass: HomeAssistant, entry: MockConfigEntry, altitude: float, temperature: float
) -> None:
    hass.config.elevation = 300

    await set_up(hass, entry)

    expected = sea_level_pressure(1013.25, altitude, temperature)
    assert number(hass, SEA_LEVEL_PRESSURE) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 760}])
@pytest.mark.usefixtures("station")
async def test_the_barometers_temperature_is_used_if_the_thermometer_fails(
    hass: HomeAssistant, entry: MockConfigEntry, pass_time: PassTime
) -> None:
    entry.runtime_data.coordinator.simulator.unplug(HTU21D.address)
    await pass_time()

    assert value(hass, HUMIDITY) == STATE_UNAVAILABLE
    assert number(hass, SEA_LEVEL_PRESSURE) == pytest.approx(sea_level_pressure(1013.25, 760, 21), abs=0.1)


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
@pytest.mark.usefixtures("station")
async def test_the_tendency_covers_three_hours(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    for _ in range(17):
        air.pressure -= 0.5
        await pass_time(601)
    assert (value(hass, TENDENCY), value(hass, FORECAST)) == (STATE_UNKNOWN, STATE_UNKNOWN)

    air.pressure -= 0.5
    await pass_time(601)
    assert number(hass, TENDENCY) == pytest.approx(-9, abs=0.06)
    assert value(hass, FORECAST) in list(Forecast)

    for _ in range(12):
        await pass_time(601)
    assert number(hass, TENDENCY) == pytest.approx(-3, abs=0.06)


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
@pytest.mark.usefixtures("station")
async def test_pressures_are_not_mixed_up_when_the_clock_is_set_back(
    hass: HomeAssistant, air: Air, entry: MockConfigEntry, pass_time: PassTime, freezer: FrozenDateTimeFactory
) -> None:
    for _ in range(24):
        await pass_time(601)
    assert number(hass, TENDENCY) == 0

    freezer.tick(-HOUR)
    air.pressure = 1008
    await entry.runtime_data.coordinator.async_refresh()
    assert number(hass, TENDENCY) == pytest.approx(-5.25, abs=0.06)

    # Pressures of the hour that the clock repeats are dropped
    for _ in range(21):
        await pass_time(601)
    assert number(hass, TENDENCY) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("unit", ["hPa", "inHg", "mmHg"])
@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
@pytest.mark.usefixtures("station")
async def test_the_tendency_survives_a_restart(
    hass: HomeAssistant,
    air: Air,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    pass_time: PassTime,
    unit: str,
) -> None:
    entity_registry.async_update_entity_options(PRESSURE, "sensor", {ATTR_UNIT_OF_MEASUREMENT: unit})
    entity_registry.async_update_entity_options(TENDENCY, "sensor", {ATTR_UNIT_OF_MEASUREMENT: "hPa"})
    for _ in range(18):
        air.pressure -= 0.5
        await pass_time(601)
    before = number(hass, TENDENCY)
    await async_wait_recording_done(hass)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert number(hass, TENDENCY) == pytest.approx(before, abs=0.05)
    state = hass.states.get(PRESSURE)
    assert state
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == unit


async def remember(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    states: Iterable[tuple[float, str, str]],
    chip: dict[str, str] | None = None,
) -> None:
    """Record pressures: age in seconds, state, unit. 1.0.0 recorded no chip."""
    er.async_get(hass).async_get_or_create(
        "sensor",
        DOMAIN,
        "01STATION_pressure",
        config_entry=entry,
        suggested_object_id=PRESSURE.removeprefix("sensor."),
    )
    now = dt_util.utcnow().timestamp()
    for age, state, unit in states:
        hass.states.async_set(PRESSURE, state, {ATTR_UNIT_OF_MEASUREMENT: unit, **(chip or {})}, timestamp=now - age)
    hass.states.async_remove(PRESSURE)
    await async_wait_recording_done(hass)


@pytest.mark.usefixtures("simulator", "freezer")
async def test_recorded_states_that_are_no_pressure_are_skipped(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await remember(
        hass,
        entry,
        [
            (3.1 * HOUR, "1010", "hPa"),
            (3.0 * HOUR, "1011.25", "hPa"),
            (2.9 * HOUR, STATE_UNAVAILABLE, "hPa"),
            (2.8 * HOUR, STATE_UNKNOWN, "hPa"),
            (2.7 * HOUR, "30", "of mercury"),
        ],
    )

    await set_up(hass, entry)

    assert is_loaded(entry)
    assert number(hass, TENDENCY) == pytest.approx(2, abs=0.03)


@pytest.mark.usefixtures("simulator", "freezer")
async def test_recorded_pressures_are_loaded_for_three_hours_and_the_longest_gap(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await remember(hass, entry, [(4.4 * HOUR, "1010", "hPa"), (2.95 * HOUR, "1011", "hPa")])

    await set_up(hass, entry)

    # Interpolated between the two
    expected = 1013.25 - (1010 + 1.4 / 1.45)
    assert number(hass, TENDENCY) == pytest.approx(expected, abs=0.03)


@pytest.mark.usefixtures("simulator", "freezer")
async def test_the_offset_of_a_chip_that_was_replaced_while_off_is_not_a_tendency(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    states = [(3 * HOUR + 60, "1016", "hPa"), (1.6 * HOUR, "1015.5", "hPa"), (60, "1015", "hPa")]
    await remember(hass, entry, states, {ATTR_CHIP: "BMP280 0x76"})

    await set_up(hass, entry)

    assert number(hass, TENDENCY) == pytest.approx(-1, abs=0.05)


@pytest.mark.usefixtures("simulator", "freezer")
async def test_an_old_pressure_gives_no_tendency(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await remember(hass, entry, [(40 * HOUR, "990", "hPa")])

    await set_up(hass, entry)

    assert value(hass, TENDENCY) == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("latitude", "forecast"),
    [
        (48.1, Forecast.UNSETTLED_RAIN_LATER),
        (0.0, Forecast.UNSETTLED_RAIN_LATER),
        (-0.1, Forecast.SHOWERY_BECOMING_LESS_SETTLED),
        (-23.5, Forecast.SHOWERY_BECOMING_LESS_SETTLED),
    ],
)
@pytest.mark.usefixtures("simulator")
async def test_the_forecast_depends_on_the_hemisphere(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, latitude: float, forecast: Forecast
) -> None:
    freezer.move_to("2026-07-01 12:00:00+00:00")
    hass.config.elevation = 0
    hass.config.latitude = latitude
    await remember(hass, entry, [(3 * HOUR, "1015.25", "hPa")])

    await set_up(hass, entry)

    assert value(hass, FORECAST) == forecast


@pytest.mark.usefixtures("station")
async def test_light_above_the_range_is_reported(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    above_range = "binary_sensor.simulated_phat_light_above_range"
    assert number(hass, ILLUMINANCE) == pytest.approx(300, abs=0.3)
    assert value(hass, above_range) == "off"

    air.illuminance = 200_000
    await pass_time()
    assert (value(hass, ILLUMINANCE), value(hass, above_range)) == (STATE_UNKNOWN, "on")

    air.illuminance = 100_000
    await pass_time()
    await pass_time()  # the first result is that of a conversion before
    assert number(hass, ILLUMINANCE) == pytest.approx(100_000, rel=0.001)
    assert value(hass, above_range) == "off"


@pytest.mark.parametrize(
    ("chips", "used", "own"),
    [
        (
            (BMP180, HTU21D),
            {"temperature": "HTU21D 0x40", "humidity": "HTU21D 0x40", "pressure": "BMP180 0x77"},
            {
                "bmp180_77_temperature": "Temperature (BMP180)",
                "bmp180_77_pressure": "Atmospheric pressure (BMP180)",
                "htu21d_40_temperature": "Temperature (HTU21D)",
                "htu21d_40_humidity": "Humidity (HTU21D)",
            },
        ),
        (
            (BMP180, BME280),
            {"temperature": "BME280 0x76", "humidity": "BME280 0x76", "pressure": "BME280 0x76"},
            {
                "bmp180_77_temperature": "Temperature (BMP180)",
                "bmp180_77_pressure": "Atmospheric pressure (BMP180)",
                "bme280_76_temperature": "Temperature (BME280)",
                "bme280_76_humidity": "Humidity (BME280)",
                "bme280_76_pressure": "Atmospheric pressure (BME280)",
            },
        ),
        (
            (OTHER_BH1750, BH1750),
            {"illuminance": "BH1750 0x23"},
            {
                "bh1750_23_illuminance": "Illuminance (BH1750 0x23)",
                "bh1750_5c_illuminance": "Illuminance (BH1750 0x5c)",
            },
        ),
    ],
)
@pytest.mark.usefixtures("station")
async def test_each_quantity_has_one_entity_whichever_chip_is_used(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, used: dict[str, str], own: dict[str, str]
) -> None:
    entries = {
        entry.unique_id.removeprefix("01STATION_"): entry
        for entry in entity_registry.entities.values()
        if entry.domain == "sensor"
    }
    for key, chip in used.items():
        entry = entries[key]
        assert (entry.entity_category, entry.disabled_by) == (None, None)
        state = hass.states.get(entry.entity_id)
        assert state
        assert state.attributes[ATTR_CHIP] == chip
    for key, name in own.items():
        entry = entries[key]
        assert entry.original_name == name
        assert entry.entity_category is EntityCategory.DIAGNOSTIC
        assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    quantities = {"temperature", "humidity", "pressure", "illuminance"}
    derived = {"absolute_humidity", "sea_level_pressure"}
    assert {key for key in entries if key.rpartition("_")[2] in quantities} - derived == used.keys() | own.keys()


@pytest.mark.parametrize(
    ("chips", "expected"),
    [
        ((BH1750,), {"illuminance", "bh1750_23_illuminance"}),
        (
            (HTU21D,),
            {
                "temperature",
                "humidity",
                "dew_point",
                "absolute_humidity",
                "feels_like",
                "frost_point",
                "wet_bulb",
                "htu21d_40_temperature",
                "htu21d_40_humidity",
            },
        ),
        (
            (BMP180,),
            {
                "temperature",
                "pressure",
                "sea_level_pressure",
                "pressure_tendency",
                "forecast",
                "bmp180_77_temperature",
                "bmp180_77_pressure",
            },
        ),
    ],
)
@pytest.mark.usefixtures("station")
async def test_quantities_that_no_chip_measures_have_no_entities(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, expected: set[str]
) -> None:
    sensors = {
        entry.unique_id.removeprefix("01STATION_")
        for entry in entity_registry.entities.values()
        if entry.domain == "sensor"
    }
    assert sensors == expected | {"errors", "quality", "read_time"}


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_a_chips_own_reading_is_unavailable_while_it_fails(
    hass: HomeAssistant, simulator: Simulator, air: Air, pass_time: PassTime
) -> None:
    own = f"{STATION}illuminance_bh1750"
    assert number(hass, own) == pytest.approx(300, abs=0.3)

    air.illuminance = 200_000
    await pass_time()
    assert value(hass, own) == STATE_UNKNOWN

    simulator.unplug(BH1750.address)
    await pass_time()
    assert value(hass, own) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "station")
async def test_the_read_time_is_that_of_the_slowest_chip(hass: HomeAssistant) -> None:
    # The slowest chip is the light sensor, whose first reading takes 180 ms, and the one that confirms it 130 ms
    assert 310 <= number(hass, f"{STATION}read_time") < 480


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "simulator", "freezer")
async def test_numbers_have_at_most_two_decimals(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await remember(hass, entry, [(3 * HOUR, "1010", "hPa")])

    await set_up(hass, entry)

    derived = [ABSOLUTE_HUMIDITY, DEW_POINT, SEA_LEVEL_PRESSURE, TENDENCY]
    for entity_id in (*derived, TEMPERATURE, HUMIDITY, PRESSURE, ILLUMINANCE, f"{STATION}read_time"):
        assert value(hass, entity_id) == str(round(number(hass, entity_id), 2))


@pytest.mark.parametrize("recorded_entities", [("*",)])
@pytest.mark.usefixtures("recorded_entities", "entity_registry_enabled_by_default", "station")
async def test_numeric_sensors_have_long_term_statistics(hass: HomeAssistant) -> None:
    await async_recorder_block_till_done(hass)  # the recorder discovers the sensors asynchronously

    statistics = {
        metadata["statistic_id"]: (
            metadata["mean_type"],
            metadata["has_sum"],
            metadata["statistics_unit_of_measurement"],
            metadata["unit_class"],
        )
        for metadata in await async_list_statistic_ids(hass)
    }

    mean = StatisticMeanType.ARITHMETIC
    assert statistics == {
        ABSOLUTE_HUMIDITY: (mean, False, "g/m³", "concentration"),
        DEW_POINT: (mean, False, "°C", "temperature"),
        f"{STATION}feels_like": (mean, False, "°C", "temperature"),
        f"{STATION}rain_probability": (mean, False, "%", "unitless"),
        f"{STATION}frost_point": (mean, False, "°C", "temperature"),
        f"{STATION}wet_bulb_temperature": (mean, False, "°C", "temperature"),
        HUMIDITY: (mean, False, "%", "unitless"),
        ILLUMINANCE: (mean, False, "lx", None),
        PRESSURE: (mean, False, "hPa", "pressure"),
        SEA_LEVEL_PRESSURE: (mean, False, "hPa", "pressure"),
        TEMPERATURE: (mean, False, "°C", "temperature"),
        TENDENCY: (mean, False, "hPa", "pressure"),
        f"{STATION}errors": (StatisticMeanType.NONE, True, None, "unitless"),
        f"{STATION}read_time": (mean, False, "ms", "duration"),
        f"{STATION}atmospheric_pressure_bmp180": (mean, False, "hPa", "pressure"),
        f"{STATION}humidity_htu21d": (mean, False, "%", "unitless"),
        f"{STATION}illuminance_bh1750": (mean, False, "lx", None),
        f"{STATION}temperature_bmp180": (mean, False, "°C", "temperature"),
        f"{STATION}temperature_htu21d": (mean, False, "°C", "temperature"),
    }


@pytest.mark.usefixtures("simulator")
async def test_statistics_are_compiled(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, pass_time: PassTime
) -> None:
    start = get_start_time(dt_util.utcnow())
    freezer.move_to(start)
    await set_up(hass, entry)
    await pass_time(300)
    await async_wait_recording_done(hass)

    do_adhoc_statistics(hass, start=start)
    await async_recorder_block_till_done(hass)

    (statistic,) = statistics_during_period(hass, start, period="5minute", statistic_ids={TEMPERATURE})[TEMPERATURE]
    assert statistic["mean"] == pytest.approx(21, abs=0.02)
