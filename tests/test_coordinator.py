"""Tests of scheduled readings and of their failures."""

from dataclasses import replace
import errno
import logging
import os
import threading
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from smbus2 import i2c_msg

from custom_components.anavi_weather.chip_issues import FAILURE_LASTS
from custom_components.anavi_weather.const import ATTR_CHIP, CONF_CHIPS, CONF_INTERVAL, CONF_TEMPERATURE_OFFSET, DOMAIN
from custom_components.anavi_weather.meteorology import dew_point, humidity_at
from custom_components.anavi_weather.phat import ChipId, Measurement, Phat, Quantity, Reading
from custom_components.anavi_weather.phat.simulated_bh1750 import Mode, SimulatedBH1750
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBMP280
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import OFFICIAL_CHIPS, NackFault, Simulator
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .conftest import Machine, PassTime, is_loaded, number

TEMPERATURE = "sensor.simulated_phat_temperature"
HYGROMETER = {f"sensor.simulated_phat_{key}" for key in ("humidity", "dew_point", "feels_like")}
BAROMETER = {
    "sensor.simulated_phat_atmospheric_pressure",
    "sensor.simulated_phat_forecast",
    "sensor.simulated_phat_rain_probability",
    "sensor.simulated_phat_pressure_tendency",
    "sensor.simulated_phat_sea_level_pressure",
}
PHOTOMETER = {"binary_sensor.simulated_phat_light_above_range", "sensor.simulated_phat_illuminance"}


def unavailable(hass: HomeAssistant) -> set[str]:
    """Return the entities that are unavailable."""
    return {state.entity_id for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE}


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return what the integration has logged, except debug messages."""
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "custom_components.anavi_weather" and record.levelno > logging.DEBUG
    ]


@pytest.mark.parametrize(("options", "interval"), [({}, 30), ({CONF_INTERVAL: 5}, 5), ({CONF_INTERVAL: 600}, 600)])
@pytest.mark.usefixtures("station")
async def test_the_chips_are_read_every_interval(
    hass: HomeAssistant, air: Air, pass_time: PassTime, interval: float
) -> None:
    air.temperature = -3

    await pass_time(interval - 2)
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)
    await pass_time(2)
    assert number(hass, TEMPERATURE) == pytest.approx(-3, abs=0.02)


@pytest.mark.usefixtures("station")
async def test_reading_happens_off_the_event_loop(
    hass: HomeAssistant, simulator: Simulator, air: Air, pass_time: PassTime
) -> None:
    threads = set()

    def measured() -> Air:
        threads.add(threading.get_ident())
        return air

    for chip in simulator.chips.values():
        chip.air = measured

    await pass_time()

    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_the_light_sensor_is_left_in_its_coarsest_range(
    hass: HomeAssistant, station: MockConfigEntry, simulator: Simulator, is_stopped: bool
) -> None:
    """A saturated one would not be recognized at the next start."""
    chip = simulator.chips[0x23]
    assert isinstance(chip, SimulatedBH1750)
    assert chip.measurement_time != 31

    if is_stopped:
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
    else:
        assert await hass.config_entries.async_unload(station.entry_id)

    assert (chip.mode, chip.measurement_time) == (Mode.CONTINUOUS_HIGH_RESOLUTION, 31)


@pytest.mark.parametrize(("address", "entities"), [(0x40, HYGROMETER), (0x77, BAROMETER), (0x23, PHOTOMETER)])
@pytest.mark.usefixtures("station")
async def test_a_failing_chip_makes_only_what_no_other_chip_measures_unavailable(
    hass: HomeAssistant, simulator: Simulator, pass_time: PassTime, address: int, entities: set[str]
) -> None:
    simulator.unplug(address)
    await pass_time()
    assert unavailable(hass) == entities

    simulator.plug(address)
    await pass_time()
    assert not unavailable(hass)


@pytest.mark.usefixtures("station")
async def test_a_failing_chip_is_logged_once_and_its_recovery_once(
    simulator: Simulator, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.unplug(0x40)
    for _ in range(3):
        await pass_time()
    simulator.plug(0x40)
    for _ in range(3):
        await pass_time()

    assert logged(caplog) == [
        ("WARNING", "Simulated pHAT: HTU21D 0x40 failed: 0x40: Remote I/O error"),
        ("INFO", "Simulated pHAT: HTU21D 0x40 works again"),
    ]


@pytest.mark.usefixtures("station")
async def test_errors_are_counted(hass: HomeAssistant, simulator: Simulator, pass_time: PassTime) -> None:
    simulator.inject(NackFault(times=1, address=0x40))
    await pass_time()
    assert number(hass, "sensor.simulated_phat_errors") == 0  # the reading was retried

    simulator.unplug(0x40)
    simulator.unplug(0x23)
    await pass_time()
    await pass_time()
    assert number(hass, "sensor.simulated_phat_errors") == 4


@pytest.mark.usefixtures("station")
async def test_a_stuck_bus_makes_all_entities_unavailable_until_it_recovers(
    hass: HomeAssistant, simulator: Simulator, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.stuck = True
    await pass_time()
    await pass_time()
    assert len(unavailable(hass)) == len(hass.states.async_all(("binary_sensor", "sensor", "switch", "weather")))

    simulator.stuck = False
    await pass_time()
    assert not unavailable(hass)
    (error, error_text), *rest = logged(caplog)
    assert error == "ERROR"
    assert error_text.startswith("Error fetching Simulated pHAT data: The bus simulated is stuck")
    assert rest == [("INFO", "Fetching Simulated pHAT data recovered")]


async def test_a_bus_is_reopened_after_it_was_unplugged(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    machine.unplug()
    await pass_time()
    assert len(unavailable(hass)) == len(hass.states.async_all(("binary_sensor", "sensor", "switch", "weather")))
    assert machine.descriptors() == 0

    machine.plug()
    await pass_time()
    assert not unavailable(hass)


async def test_a_bus_is_open_only_during_a_reading(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    """An adapter that is unplugged while it is open keeps the kernel from detecting any other one."""
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    assert machine.descriptors() == 0
    transfer, opened = simulator.i2c_rdwr, set()

    def spy(*messages: i2c_msg) -> None:
        opened.add(machine.descriptors())
        transfer(*messages)

    with patch.object(simulator, "i2c_rdwr", spy):
        await pass_time()
    assert opened == {1}
    assert machine.descriptors() == 0


async def test_values_return_after_an_adapter_was_unplugged_during_a_reading(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    coordinator = board_entry.runtime_data.coordinator

    def pull(*messages: i2c_msg) -> None:
        if machine.is_plugged():
            machine.unplug()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with patch.object(simulator, "i2c_rdwr", pull):
        await pass_time()
    assert len(unavailable(hass)) >= len(HYGROMETER | BAROMETER | PHOTOMETER)
    assert machine.descriptors() == 0
    await pass_time()
    assert not coordinator.last_update_success

    machine.plug()
    await pass_time()

    assert not unavailable(hass)
    assert board_entry.runtime_data.coordinator is coordinator


async def test_a_refresh_after_unloading_does_not_reopen_the_bus(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    coordinator = board_entry.runtime_data.coordinator

    await hass.config_entries.async_unload(board_entry.entry_id)
    await coordinator.async_refresh()

    assert machine.descriptors() == 0


BMP180 = ChipId("BMP180", 0x77)
HTU21D = ChipId("HTU21D", 0x40)
BETTER = ChipId("BME280", 0x76)
ANOTHER = ChipId("BH1750", 0x5C)


async def test_a_chip_that_is_plugged_in_gets_its_entities(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    simulator = machine.plug(chips=(*OFFICIAL_CHIPS, ANOTHER))
    simulator.unplug(ANOTHER.address)
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    assert board_entry.data[CONF_CHIPS] == [str(chip) for chip in OFFICIAL_CHIPS]

    simulator.plug(ANOTHER.address)
    await pass_time()

    assert board_entry.data[CONF_CHIPS] == [str(chip) for chip in (*OFFICIAL_CHIPS, ANOTHER)]
    assert is_loaded(board_entry)
    assert er.async_get(hass).async_get("sensor.anavi_infrared_phat_illuminance_bh1750_0x5c")
    assert logged(caplog) == [("INFO", "ANAVI Infrared pHAT: found BH1750 0x5c")]
    assert machine.descriptors() == 0


async def test_chips_that_are_plugged_in_together_are_logged_together(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new = (BETTER, ANOTHER)
    simulator = machine.plug(chips=(*OFFICIAL_CHIPS, *new))
    for chip in new:
        simulator.unplug(chip.address)
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    for chip in new:
        simulator.plug(chip.address)
    await pass_time()

    assert logged(caplog) == [("INFO", "ANAVI Infrared pHAT: found BH1750 0x5c, BME280 0x76")]
    assert board_entry.data[CONF_CHIPS] == [str(chip) for chip in (*OFFICIAL_CHIPS, *sorted(new))]


async def test_a_new_chip_is_saved_with_its_reading(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    """The entities that follow from saving must have a state."""
    simulator = machine.plug(chips=(*OFFICIAL_CHIPS, ANOTHER))
    simulator.unplug(ANOTHER.address)
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    has_reading = []

    @callback
    def on_change(change: ConfigEntryChange, entry: MockConfigEntry) -> None:
        if change is ConfigEntryChange.UPDATED and str(ANOTHER) in entry.data[CONF_CHIPS]:
            has_reading.append(ANOTHER in coordinator.data.measurements)

    coordinator = board_entry.runtime_data.coordinator
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)
    simulator.plug(ANOTHER.address)
    await pass_time()

    assert has_reading == [True]


PRESSURE = "sensor.anavi_infrared_phat_atmospheric_pressure"


def chip_in_use(hass: HomeAssistant, entity_id: str) -> str:
    """Return the chip that provides a main entity's state."""
    state = hass.states.get(entity_id)
    assert state
    return str(state.attributes[ATTR_CHIP])


@pytest.fixture
async def board(hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry) -> MockConfigEntry:
    """Return a loaded station that has a BMP180 and an HTU21D, and an empty slot for a better barometer."""
    machine.plug(chips=(BMP180, HTU21D, BETTER)).unplug(BETTER.address)
    data = {**board_entry.data, CONF_CHIPS: [str(BMP180), str(HTU21D)]}
    hass.config_entries.async_update_entry(board_entry, data=data)
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    return board_entry


async def feel_the_pressure_fall(air: Air, pass_time: PassTime, count: int = 18) -> None:
    """Let the pressure fall by 0.25 hPa in each of some cycles of ten minutes."""
    for _ in range(count):
        air.pressure -= 0.25
        await pass_time(600)


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
async def test_a_better_chip_takes_over_without_a_reload(
    hass: HomeAssistant, machine: Machine, air: Air, board: MockConfigEntry, pass_time: PassTime
) -> None:
    """The offset between the two barometers is no tendency."""
    registry = er.async_get(hass)
    entities = set(registry.entities)
    runtime_data = board.runtime_data
    simulator = machine.simulators[machine.path()]
    simulator.chips[BETTER.address].air = lambda: replace(air, pressure=air.pressure + 1.5)
    await feel_the_pressure_fall(air, pass_time)
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == pytest.approx(-4.5, abs=0.1)
    assert chip_in_use(hass, PRESSURE) == str(BMP180)

    simulator.plug(BETTER.address)
    await feel_the_pressure_fall(air, pass_time, 1)

    assert chip_in_use(hass, PRESSURE) == str(BETTER)
    assert number(hass, PRESSURE) == pytest.approx(air.pressure + 1.5, abs=0.05)
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == pytest.approx(-4.5, abs=0.1)
    assert not hass.states.is_state("sensor.anavi_infrared_phat_forecast", STATE_UNKNOWN)
    assert board.runtime_data is runtime_data
    new = {entry.unique_id for entity_id, entry in registry.entities.items() if entity_id not in entities}
    assert new == {f"01BOARD_bme280_76_{quantity}" for quantity in ("temperature", "humidity", "pressure")}


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
async def test_the_next_best_chip_takes_over_in_the_same_cycle(
    hass: HomeAssistant, machine: Machine, air: Air, board: MockConfigEntry, pass_time: PassTime
) -> None:
    simulator = machine.simulators[machine.path()]
    simulator.chips[BETTER.address].air = lambda: replace(air, pressure=air.pressure + 1.5)
    simulator.plug(BETTER.address)
    await feel_the_pressure_fall(air, pass_time)

    simulator.unplug(BETTER.address)
    await feel_the_pressure_fall(air, pass_time, 1)

    assert not unavailable(hass)
    assert chip_in_use(hass, PRESSURE) == str(BMP180)
    assert number(hass, PRESSURE) == pytest.approx(air.pressure, abs=0.05)
    assert number(hass, "sensor.anavi_infrared_phat_sea_level_pressure") > 0
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == pytest.approx(-4.5, abs=0.1)
    assert chip_in_use(hass, "sensor.anavi_infrared_phat_temperature") == str(HTU21D)

    simulator.unplug(HTU21D.address)
    await pass_time(600)

    assert number(hass, "sensor.anavi_infrared_phat_temperature") == pytest.approx(21, abs=0.1)
    assert chip_in_use(hass, "sensor.anavi_infrared_phat_temperature") == str(BMP180)
    of_hygrometer = {f"sensor.anavi_infrared_phat_{key}" for key in ("humidity", "dew_point", "feels_like")}
    assert unavailable(hass) == of_hygrometer


@pytest.mark.parametrize("options", [{CONF_INTERVAL: 600}])
async def test_a_replacement_has_the_same_entities(
    hass: HomeAssistant,
    machine: Machine,
    air: Air,
    board: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = er.async_get(hass)
    simulator = machine.simulators[machine.path()]
    runtime_data = board.runtime_data
    before = {entry.entity_id: entry.unique_id for entry in registry.entities.values()}
    await feel_the_pressure_fall(air, pass_time)

    simulator.unplug(BMP180.address)
    simulator.chips[BETTER.address].air = lambda: replace(air, pressure=air.pressure - 2)
    simulator.plug(BETTER.address)
    await feel_the_pressure_fall(air, pass_time, 1)

    assert not unavailable(hass)
    assert number(hass, PRESSURE) == pytest.approx(air.pressure - 2, abs=0.05)
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == pytest.approx(-4.5, abs=0.1)
    after = {entry.entity_id: entry.unique_id for entry in registry.entities.values()}
    assert before.items() <= after.items()
    assert board.runtime_data is runtime_data


async def test_a_chip_that_is_replaced_at_its_address_is_removed(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    simulator = machine.simulators[machine.path()]
    simulator.chips[0x77] = SimulatedBMP280(simulator.chips[0x77].air, machine.clock)
    await pass_time()
    await pass_time()

    assert board.data[CONF_CHIPS] == ["HTU21D 0x40", "BMP280 0x77"]
    assert logged(caplog) == [
        ("INFO", "ANAVI Infrared pHAT: another chip replaced BMP180 0x77"),
        ("INFO", "ANAVI Infrared pHAT: found BMP280 0x77"),
    ]
    assert chip_in_use(hass, PRESSURE) == "BMP280 0x77"
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, "01BOARD_bmp280_77_pressure")
    assert not registry.async_get_entity_id("sensor", DOMAIN, "01BOARD_bmp180_77_pressure")
    await pass_time(FAILURE_LASTS.total_seconds())
    assert not issue_registry.issues


async def test_a_step_of_the_station_is_no_tendency(
    hass: HomeAssistant, air: Air, board: MockConfigEntry, pass_time: PassTime
) -> None:
    """The simulated station is in other air as soon as its altitude is corrected."""
    for _ in range(10):
        await pass_time(1200)
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == 0

    air.pressure -= 600
    await pass_time()

    assert number(hass, PRESSURE) == pytest.approx(413.25, abs=0.1)
    assert number(hass, "sensor.anavi_infrared_phat_pressure_tendency") == 0


async def test_a_broken_thermometer_of_a_hygrometer_is_replaced_by_the_stations(
    hass: HomeAssistant, board: MockConfigEntry
) -> None:
    coordinator = board.runtime_data.coordinator
    hass.config_entries.async_update_entry(board, options={CONF_TEMPERATURE_OFFSET: -5})
    await hass.async_block_till_done()
    coordinator = board.runtime_data.coordinator
    reading = Reading(
        {
            BMP180: Measurement({Quantity.TEMPERATURE: 25.0, Quantity.PRESSURE: 1000.0}),
            HTU21D: Measurement({Quantity.HUMIDITY: 40.0}),
        },
        {},
        0.1,
    )

    with patch.object(Phat, "read", return_value=reading):
        await coordinator.async_refresh()

    assert number(hass, "sensor.anavi_infrared_phat_temperature") == 20
    assert number(hass, "sensor.anavi_infrared_phat_humidity") == pytest.approx(humidity_at(40, 25, 20), abs=0.01)
    expected = dew_point(20, humidity_at(40, 25, 20))
    assert number(hass, "sensor.anavi_infrared_phat_dew_point") == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("hygrometer", [{}, {Quantity.HUMIDITY: 40.0}])
async def test_without_a_temperature_there_is_no_dew_point_nor_sea_level_pressure(
    hass: HomeAssistant, board_entry: MockConfigEntry, machine: Machine, hygrometer: dict[Quantity, float]
) -> None:
    machine.plug()
    reading = Reading({BMP180: Measurement({Quantity.PRESSURE: 1000.0}), HTU21D: Measurement(hygrometer)}, {}, 0.1)
    with patch.object(Phat, "read", return_value=reading):
        assert await hass.config_entries.async_setup(board_entry.entry_id)
        await hass.async_block_till_done()

    assert number(hass, PRESSURE) == 1000
    assert board_entry.runtime_data.coordinator.data.climate is None
    for key in ("sea_level_pressure", "dew_point"):
        state = hass.states.get(f"sensor.anavi_infrared_phat_{key}")
        assert state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
