"""Tests of the blueprints in every unit: as installed, with typed thresholds, and with a station in US units."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_INTERVAL
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_conversion import PressureConverter, TemperatureConverter
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
from tests.conftest import PassTime, entity_of, store_codes

from .conftest import Automate, Wait, measure, minutes
from .test_blueprints import load

TENDENCY = "sensor.tendency"
AIR = "sensor.temperature"
DEW = "sensor.dew_point"
ROOM = "sensor.room"
PRESSURES = sorted(map(str, PressureConverter.VALID_UNITS))
TEMPERATURES = ["°C", "°F", "K"]
COOL = "nec:0x04,0x08"
STOP = "nec:0x04,0x09"


def pressure(hectopascals: float, unit: str) -> float:
    """Return a pressure, or a change of it, in a unit."""
    return PressureConverter.convert(hectopascals, "hPa", unit)


def temperature(celsius: float, unit: str) -> float:
    """Return a temperature in a unit."""
    return TemperatureConverter.convert(celsius, "°C", unit)


def offered(path: str) -> list[str]:
    """Return the units that a blueprint offers for its thresholds."""
    options = load(path)["blueprint"]["input"]["unit"]["selector"]["select"]["options"]
    return [option["value"] for option in options if option["value"] != "sensor"]


async def falls(hass: HomeAssistant, wait: Wait, hectopascals: float, unit: str) -> None:
    """Let the tendency be steady, and then at a value for long enough."""
    await measure(hass, TENDENCY, pressure(0, unit), unit)
    await measure(hass, TENDENCY, pressure(hectopascals, unit), unit)
    await wait(minutes(10))


async def test_the_threshold_of_the_storm_warning_as_installed(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await automate("storm_warning", tendency=TENDENCY, quiet=0)

    for unit in PRESSURES:
        await falls(hass, wait, -2.9, unit)
        assert not warnings
        await falls(hass, wait, -3.1, unit)
        assert unit in warnings.pop().data["message"]


@pytest.mark.parametrize("unit", PRESSURES)
async def test_a_storm_warning_of_version_1_0_has_its_threshold_in_the_unit_of_the_sensor(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall], unit: str
) -> None:
    await automate("storm_warning", tendency=TENDENCY, below=pressure(-6, unit))

    await falls(hass, wait, -5.9, unit)
    assert not warnings

    await falls(hass, wait, -6.1, unit)
    assert len(warnings) == 1


@pytest.mark.parametrize("typed", offered("anavi_weather/storm_warning.yaml"))
async def test_the_threshold_of_the_storm_warning_stays_when_the_unit_of_the_sensor_changes(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall], typed: str
) -> None:
    await automate("storm_warning", tendency=TENDENCY, below=pressure(-6, typed), unit=typed, quiet=0)

    for unit in PRESSURES:
        await falls(hass, wait, -5.9, unit)
        assert not warnings
        await falls(hass, wait, -6.1, unit)
        assert warnings.pop()


async def test_an_unknown_tendency_is_no_storm(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await automate("storm_warning", tendency=TENDENCY)

    await measure(hass, TENDENCY, STATE_UNKNOWN, "inHg")
    await wait(minutes(10))

    assert not warnings


async def freezes(hass: HomeAssistant, wait: Wait, air: float, dew: float, units: tuple[str, str]) -> None:
    """Let it be warm, and then cold for long enough, in °C."""
    await measure(hass, AIR, temperature(10, units[0]), units[0])
    await measure(hass, DEW, temperature(dew, units[1]), units[1])
    await measure(hass, AIR, temperature(air, units[0]), units[0])
    await wait(minutes(10))


async def test_the_thresholds_of_the_frost_warning_as_installed(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await automate("frost_warning", temperature=AIR, dew_point=DEW, quiet=0)

    for units in product(TEMPERATURES, TEMPERATURES):
        for air, dew in ((3.1, -1), (2, 0.1), (20, 10)):
            await freezes(hass, wait, air, dew, units)
        assert not warnings
        await freezes(hass, wait, 2.9, -0.1, units)
        assert warnings.pop()


@pytest.mark.parametrize("unit", TEMPERATURES)
async def test_a_frost_warning_of_version_1_0_has_its_thresholds_in_the_unit_of_the_sensor(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall], unit: str
) -> None:
    thresholds = {"temperature_below": temperature(5, unit), "dew_point_below": temperature(2, unit)}
    await automate("frost_warning", temperature=AIR, dew_point=DEW, **thresholds)

    for air, dew in ((5.1, 1), (4, 2.1)):
        await freezes(hass, wait, air, dew, (unit, unit))
    assert not warnings

    await freezes(hass, wait, 4.9, 1.9, (unit, unit))
    assert len(warnings) == 1


@pytest.mark.parametrize("typed", offered("anavi_weather/frost_warning.yaml"))
async def test_the_thresholds_of_the_frost_warning_stay_when_the_unit_of_the_sensor_changes(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall], typed: str
) -> None:
    thresholds = {"temperature_below": temperature(5, typed), "dew_point_below": temperature(2, typed)}
    await automate("frost_warning", temperature=AIR, dew_point=DEW, **thresholds, unit=typed, quiet=0)

    for unit in TEMPERATURES:
        await freezes(hass, wait, 5.1, 2.1, (unit, unit))
        assert not warnings
        await freezes(hass, wait, 4.9, 1.9, (unit, unit))
        assert warnings.pop()


@pytest.fixture
async def cool(hass: HomeAssistant, automate: Automate, station: MockConfigEntry) -> Automate:
    """Return a function that creates the automation of an air conditioner that is off and needs no pause."""
    await store_codes(station.runtime_data.codes, {"air conditioner": {"cool_24": [COOL], "off": [STOP]}})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"air_conditioner": None}})

    async def cool(**inputs: Any) -> None:
        await automate(
            "air_conditioner",
            remote=entity_of(hass, "remote", "remote"),
            device="air conditioner",
            on_command="cool_24",
            memory="input_boolean.air_conditioner",
            pause=0,
            **inputs,
        )

    return cool


async def switches(hass: HomeAssistant, pair: SimulatedLirc, celsius: float, unit: str) -> int:
    """Return how many commands a temperature sends."""
    pair.sent.clear()
    await measure(hass, ROOM, temperature(celsius, unit), unit)
    return len(pair.sent)


async def test_the_air_conditioner_as_installed(hass: HomeAssistant, cool: Automate, pair: SimulatedLirc) -> None:
    await cool(temperature=ROOM)

    for unit in TEMPERATURES:
        switched = [await switches(hass, pair, celsius, unit) for celsius in (15, 26.9, 27.1, 24.1, 23.9, 15)]
        assert switched == [0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("unit", TEMPERATURES)
async def test_an_air_conditioner_of_version_1_0_has_its_thresholds_in_the_unit_of_the_sensor(
    hass: HomeAssistant, cool: Automate, pair: SimulatedLirc, unit: str
) -> None:
    await cool(temperature=ROOM, on_above=temperature(30, unit), off_below=temperature(22, unit))

    switched = [await switches(hass, pair, celsius, unit) for celsius in (29.9, 30.1, 22.1, 21.9)]

    assert switched == [0, 1, 0, 1]


@pytest.mark.parametrize("typed", offered("anavi_weather/air_conditioner.yaml"))
async def test_the_thresholds_of_the_air_conditioner_stay_when_the_unit_of_the_sensor_changes(
    hass: HomeAssistant, cool: Automate, pair: SimulatedLirc, typed: str
) -> None:
    await cool(temperature=ROOM, on_above=temperature(30, typed), off_below=temperature(22, typed), unit=typed)

    for unit in TEMPERATURES:
        switched = [await switches(hass, pair, celsius, unit) for celsius in (29.9, 30.1, 22.1, 21.9)]
        assert switched == [0, 1, 0, 1]


STATION = "sensor.simulated_phat_"
# Unit system, and the units that the user chooses in it: None is the default
SYSTEMS: list[tuple[UnitSystem, str | None, str | None]] = [
    (METRIC_SYSTEM, None, None),
    (METRIC_SYSTEM, "mmHg", "K"),
    (METRIC_SYSTEM, "kPa", "°F"),
    (METRIC_SYSTEM, "Pa", None),
    (US_CUSTOMARY_SYSTEM, None, None),
    (US_CUSTOMARY_SYSTEM, "psi", "°C"),
]

type Choose = Callable[[], None]


@pytest.fixture
def choose_units(hass: HomeAssistant, entity_registry: er.EntityRegistry, request: pytest.FixtureRequest) -> Choose:
    """Use a unit system, and return a function that chooses the units of the station's temperature and pressure."""
    hass.config.units, pressure_unit, temperature_unit = request.param

    def choose() -> None:
        for key, unit in (("atmospheric_pressure", pressure_unit), ("temperature", temperature_unit)):
            if unit:
                options = {ATTR_UNIT_OF_MEASUREMENT: unit}
                entity_registry.async_update_entity_options(f"{STATION}{key}", "sensor", options)

    return choose


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
@pytest.mark.parametrize("choose_units", SYSTEMS, indirect=True)
async def test_the_storm_warning_of_a_station(
    hass: HomeAssistant,
    choose_units: Choose,
    station: MockConfigEntry,
    air: Air,
    automate: Automate,
    pass_time: PassTime,
    warnings: list[ServiceCall],
) -> None:
    choose_units()
    await automate("storm_warning", tendency=f"{STATION}pressure_tendency")
    for _ in range(18):
        await pass_time(601)

    for fall, expected in ((2.8, 0), (0.4, 1)):
        air.pressure -= fall
        await pass_time(601)
        await pass_time(601)
        assert len(warnings) == expected


@pytest.mark.parametrize("choose_units", SYSTEMS, indirect=True)
async def test_the_frost_warning_of_a_station(
    hass: HomeAssistant,
    choose_units: Choose,
    station: MockConfigEntry,
    air: Air,
    automate: Automate,
    pass_time: PassTime,
    warnings: list[ServiceCall],
) -> None:
    choose_units()
    await automate("frost_warning", temperature=f"{STATION}temperature", dew_point=f"{STATION}dew_point")

    air.humidity = 60
    for celsius, expected in ((3.2, 0), (2.8, 1)):
        air.temperature = celsius
        await pass_time()
        await pass_time(601)
        assert len(warnings) == expected


@pytest.mark.parametrize("choose_units", SYSTEMS, indirect=True)
async def test_the_air_conditioner_of_a_station(
    hass: HomeAssistant,
    choose_units: Choose,
    station: MockConfigEntry,
    air: Air,
    cool: Automate,
    pair: SimulatedLirc,
    pass_time: PassTime,
) -> None:
    choose_units()
    await cool(temperature=f"{STATION}temperature")

    for celsius, expected in ((26.8, 0), (27.2, 1), (24.2, 1), (23.8, 2)):
        air.temperature = celsius
        await pass_time()
        assert len(pair.sent) == expected
