"""Tests of the migration of a station of version 1.0.0, with its entity registry as that version wrote it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.const import CONF_BUS, CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulator import SIMULATED, Simulator
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import is_loaded, number, value

USER = er.RegistryEntryDisabler.USER
INTEGRATION = er.RegistryEntryDisabler.INTEGRATION

HOUR = 3600


class Registered(NamedTuple):
    """A sensor in the registry of 1.0.0."""

    name: str
    is_main: bool = True
    disabled_by: er.RegistryEntryDisabler | None = None


def other(name: str) -> Registered:
    """Return the sensor of a chip that another one surpasses."""
    return Registered(name, is_main=False, disabled_by=INTEGRATION)


OFFICIAL = {
    "bmp180_77_temperature": other("temperature_bmp180"),
    "bmp180_77_pressure": Registered("atmospheric_pressure"),
    "htu21d_40_temperature": Registered("temperature"),
    "htu21d_40_humidity": Registered("humidity"),
    "bh1750_23_illuminance": Registered("illuminance"),
    "dew_point": Registered("dew_point"),
    "sea_level_pressure": Registered("sea_level_pressure"),
    "pressure_tendency": Registered("pressure_tendency"),
}
# A BMP180 was pulled and a BME280 plugged in, which is a case that 1.0.0 did not handle well.
UPGRADED = {
    "bmp180_77_temperature": other("temperature_bmp180"),
    "bmp180_77_pressure": Registered("atmospheric_pressure", is_main=False),
    "bme280_76_temperature": other("temperature_bme280"),
    "bme280_76_humidity": other("humidity_bme280"),
    "bme280_76_pressure": Registered("atmospheric_pressure_2"),
    "htu21d_40_temperature": Registered("temperature"),
    "htu21d_40_humidity": Registered("humidity"),
}


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which a test reads."""
    return ("*",)


@pytest.fixture
def entry(hass: HomeAssistant, chips: tuple[ChipId, ...]) -> MockConfigEntry:
    """Return an entry of version 1.0.0."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Simulated pHAT",
        unique_id=SIMULATED,
        data={CONF_BUS: SIMULATED, CONF_CHIPS: [str(chip) for chip in chips]},
        entry_id="01STATION",
        version=1,
        minor_version=1,
    )
    entry.add_to_hass(hass)
    return entry


def register(hass: HomeAssistant, entry: MockConfigEntry, sensors: Mapping[str, Registered]) -> dict[str, str]:
    """Fill the registry, and return the registry's id of each sensor."""
    registry = er.async_get(hass)
    return {
        key: registry.async_get_or_create(
            "sensor",
            DOMAIN,
            f"01STATION_{key}",
            config_entry=entry,
            disabled_by=sensor.disabled_by,
            entity_category=None if sensor.is_main else EntityCategory.DIAGNOSTIC,
            suggested_object_id=f"simulated_phat_{sensor.name}",
        ).id
        for key, sensor in sensors.items()
    }


async def upgrade(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Load the entry with the present version, and return the registry's sensors by their keys."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (entry.version, is_loaded(entry)) == (2, True)
    return {
        registered.unique_id.removeprefix("01STATION_"): registered
        for registered in er.async_get(hass).entities.values()
        if registered.domain == "sensor"
    }


@pytest.mark.usefixtures("simulator")
async def test_the_main_entities_become_those_of_the_station(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    ids = register(hass, entry, OFFICIAL)

    sensors = await upgrade(hass, entry)

    for key, former in {
        "temperature": "htu21d_40_temperature",
        "humidity": "htu21d_40_humidity",
        "pressure": "bmp180_77_pressure",
        "illuminance": "bh1750_23_illuminance",
    }.items():
        assert sensors[key].id == ids[former]
        assert sensors[key].entity_id == f"sensor.simulated_phat_{OFFICIAL[former].name}"
        assert sensors[key].disabled_by is None
        # The chip's own reading is new, and disabled like those of other chips
        assert sensors[former].id not in ids.values()
        assert (sensors[former].entity_category, sensors[former].disabled_by) == (
            EntityCategory.DIAGNOSTIC,
            INTEGRATION,
        )
    for key in ("bmp180_77_temperature", "dew_point", "sea_level_pressure", "pressure_tendency"):
        assert sensors[key].id == ids[key]
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(21, abs=0.02)
    assert number(hass, "sensor.simulated_phat_atmospheric_pressure") == pytest.approx(1013.25, abs=0.03)


@pytest.mark.usefixtures("simulator")
async def test_what_the_user_changed_is_kept(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The user prefers the other thermometer, and has renamed the humidity."""
    ids = register(
        hass,
        entry,
        OFFICIAL
        | {
            "bmp180_77_temperature": Registered("temperature_bmp180", is_main=False),
            "htu21d_40_temperature": Registered("temperature", disabled_by=USER),
        },
    )
    registry = er.async_get(hass)
    registry.async_update_entity(
        "sensor.simulated_phat_humidity", name="Umidade", new_entity_id="sensor.umidade", icon="mdi:water"
    )

    sensors = await upgrade(hass, entry)

    assert sensors["temperature"].id == ids["htu21d_40_temperature"]
    assert sensors["temperature"].disabled_by is USER
    assert sensors["bmp180_77_temperature"].id == ids["bmp180_77_temperature"]
    assert number(hass, "sensor.simulated_phat_temperature_bmp180") == pytest.approx(21, abs=0.1)
    humidity = sensors["humidity"]
    assert (humidity.entity_id, humidity.name, humidity.icon) == ("sensor.umidade", "Umidade", "mdi:water")
    assert number(hass, "sensor.umidade") == pytest.approx(55, abs=0.1)


@pytest.mark.parametrize("chips", [(ChipId("BMP180", 0x77), ChipId("HTU21D", 0x40), ChipId("BME280", 0x76))])
async def test_the_entity_of_the_chip_in_use_is_the_main_one(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator
) -> None:
    simulator.unplug(0x77)
    ids = register(hass, entry, UPGRADED)

    sensors = await upgrade(hass, entry)

    assert sensors["pressure"].id == ids["bme280_76_pressure"]
    assert number(hass, "sensor.simulated_phat_atmospheric_pressure_2") == pytest.approx(1013.25, abs=0.03)
    assert sensors["bmp180_77_pressure"].id == ids["bmp180_77_pressure"]
    assert sensors["temperature"].id == ids["htu21d_40_temperature"]


@pytest.mark.usefixtures("simulator")
async def test_a_migration_that_was_interrupted_is_finished(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The registry was saved, and the entry was not."""
    ids = register(
        hass, entry, {"pressure": Registered("atmospheric_pressure"), "bmp180_77_pressure": Registered("pressure_2")}
    )

    sensors = await upgrade(hass, entry)

    assert sensors["pressure"].id == ids["pressure"]
    assert sensors["bmp180_77_pressure"].id == ids["bmp180_77_pressure"]


@pytest.mark.usefixtures("simulator", "freezer")
async def test_the_tendency_goes_on(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    register(hass, entry, OFFICIAL)
    pressure = "sensor.simulated_phat_atmospheric_pressure"
    now = dt_util.utcnow().timestamp()
    for age, state in ((3 * HOUR, "1011.25"), (1.6 * HOUR, "1012"), (60, "1013")):
        hass.states.async_set(pressure, state, {ATTR_UNIT_OF_MEASUREMENT: "hPa"}, timestamp=now - age)
    hass.states.async_remove(pressure)
    await async_wait_recording_done(hass)

    await upgrade(hass, entry)

    assert number(hass, "sensor.simulated_phat_pressure_tendency") == pytest.approx(2, abs=0.03)


@pytest.mark.usefixtures("simulator")
async def test_a_station_is_migrated_only_once(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    ids = register(hass, entry, OFFICIAL)
    await upgrade(hass, entry)

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    registered = er.async_get(hass).async_get("sensor.simulated_phat_temperature")
    assert registered
    assert registered.id == ids["htu21d_40_temperature"]
    assert value(hass, "sensor.simulated_phat_temperature") != "unavailable"


@pytest.mark.usefixtures("simulator")
async def test_a_station_of_a_newer_minor_version_is_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, version=2, minor_version=9)

    assert await hass.config_entries.async_setup(entry.entry_id)

    assert entry.minor_version == 9


@pytest.mark.usefixtures("simulator")
async def test_a_station_of_a_newer_version_is_not_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, version=3)

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
