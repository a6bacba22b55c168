"""Fixtures and helpers for the tests of the integration."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
import errno
from functools import partial
import gc
import logging
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from smbus2 import i2c_msg
from syrupy.assertion import SnapshotAssertion

from custom_components.anavi_weather.chip_issues import FAILURE_LASTS
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import (
    CONF_BUS,
    CONF_CHIPS,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_STATION_NAME,
    DEFAULT_INTERVAL,
    DOMAIN,
    SUBENTRY_FLEET,
    SUBENTRY_USER_STATION,
)
from custom_components.anavi_weather.fleet_coordinator import FleetCoordinator
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat import Bus, ChipId, board, nodes
from custom_components.anavi_weather.phat.lirc import Transmitter
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import OFFICIAL_CHIPS, SIMULATED, Simulator, VirtualClock
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.errors import ElasticsearchError
from custom_components.anavi_weather.user_station.settle import RefusedState
from custom_components.anavi_weather.user_station.statistics_forwarder import StatisticsForwarder
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import ATTR_ENTITY_ID, CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .phat.sysfs import Sysfs
from .remote_actions import Call
from .user_station.harness import until
from .user_station.server import API_KEY, Server
from .user_station.summaries import answer, source

# The time of an example depends more on the machine than on the code.
settings.register_profile("anavi_weather", deadline=None)
settings.load_profile("anavi_weather")

# The plugin logs every SQL statement and all logs go to the terminal. pytest already shows the logs of failed tests.
# Home Assistant logs each start in dozens of lines; tests that read them use caplog, which sets the level.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
logging.getLogger().setLevel(logging.WARNING)
for handler in logging.root.handlers[:]:
    if type(handler) is logging.StreamHandler:
        logging.root.removeHandler(handler)


# The heap is large, and the plugin collects garbage after each module.
gc.set_threshold(20_000, 50, 1_000)


pytest_plugins = ["tests.overhead", "tests.quick"]

# The modules that take longest, and mostly wait, start after this part of the other tests: the first three at once, the rest
# one after another, so that other tests compute meanwhile.
LONGEST = {
    "end_to_end/test_outages.py": -3.0,
    "end_to_end/test_forwarding.py": -2.0,
    "kernel/test_kernel.py": -1.0,
    "end_to_end/test_dashboard.py": 0.1,
    "end_to_end/test_answers.py": 0.2,
    "docker/test_remote_station.py": 0.3,
    "end_to_end/test_screenshots.py": 0.4,
    "end_to_end/test_api.py": 0.5,
}
# Each event that the recorder stores costs a commit, which takes longer than most tests. Nothing reads these.
UNRECORDED = (
    "area_registry_updated",
    "call_service",
    "component_loaded",
    "core_config_updated",
    "data_entry_flow_progress_update",
    "data_entry_flow_progressed",
    "device_registry_updated",
    "entity_registry_updated",
    "homeassistant_final_write",
    "homeassistant_stop",
    "label_registry_updated",
    "panels_updated",
    "repairs_issue_registry_updated",
    "service_registered",
    "user_added",
    "user_updated",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the longest modules forward."""
    parts = {Path(__file__).parent / name: part for name, part in LONGEST.items()}
    places = {item: number / len(items) for number, item in enumerate(items)}
    items.sort(key=lambda item: parts.get(item.path, places[item]))


class PassTime(Protocol):
    """Function that advances the time by some seconds, or by an interval, and runs what is due."""

    async def __call__(self, seconds: float = DEFAULT_INTERVAL + 1) -> None:
        """Advance the time."""


def value(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity."""
    state = hass.states.get(entity_id)
    assert state, f"There is no {entity_id}"
    return state.state


def number(hass: HomeAssistant, entity_id: str) -> float:
    """Return the state of an entity as a number."""
    return float(value(hass, entity_id))


def entity_of(hass: HomeAssistant, domain: str, key: str, entry_id: str = "01STATION") -> str:
    """Return the entity id of an entity of the infrared pair."""
    entity_id = er.async_get(hass).async_get_entity_id(domain, DOMAIN, f"{entry_id}-{key}")
    assert entity_id, f"There is no {domain} {key}"
    return entity_id


async def let_read() -> None:
    """Let the event loop read what a receiver has received."""
    for _ in range(5):
        await asyncio.sleep(0)


async def press(pair: SimulatedLirc, *codes: str) -> None:
    """Press keys in front of the receiver, without pauses."""
    for code in codes:
        command = parse(code)
        pair.press(command.get_raw_timings(), command.modulation)
        await let_read()


async def store_codes(codes: CodeStore, devices: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Store commands given as texts."""
    await codes.async_add(
        {
            device: {name: [parse(text) for text in texts] for name, texts in commands.items()}
            for device, commands in devices.items()
        }
    )


def fail(forwarder: Forwarder, error: ElasticsearchError, times: int = 3) -> None:
    """Record failures, as a forwarder that runs does."""
    for _ in range(times):
        forwarder.status.async_record_failure(error, now=0)


def refuse(forwarder: Forwarder, count: int = 1) -> None:
    """Record refused states, as a forwarder that runs does."""
    for number in range(count):
        state = RefusedState(number, f"sensor.t{number}", 1.5, "odd")
        forwarder.checkpoint.record_refused(state.entity_id, state.reason)
        forwarder.status.record_refused(state)
    forwarder.status.async_notify_listeners()


def is_loaded(entry: ConfigEntry) -> bool:
    """Return whether an entry is loaded. A function, because mypy assumes that an asserted state does not change."""
    return entry.state is ConfigEntryState.LOADED


@pytest.fixture(autouse=True)
def integration(request: pytest.FixtureRequest) -> None:
    """Make the integration available to Home Assistant, after the recorder that it requires.

    Time is frozen first, because the event loop's timers must use the frozen time.
    """
    if "freezer" in request.fixturenames:
        request.getfixturevalue("freezer")
    if "hass" in request.fixturenames:
        request.getfixturevalue("recorder_tables")
        request.getfixturevalue("recorder_mock")
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Return the entities whose states the recorder stores, as patterns; modules whose tests read some override this."""
    return ()


@pytest.fixture
def recorder_config(recorded_entities: Sequence[str]) -> dict[str, Any]:
    """Return a configuration of the recorder that stores no more than the test reads."""
    excluded = [] if recorded_entities else ["*"]
    return {
        "include": {"entity_globs": list(recorded_entities)},
        "exclude": {"event_types": list(UNRECORDED), "entity_globs": excluded},
    }


@pytest.fixture
def air() -> Air:
    """Return the air around the simulated chips, which tests may change."""
    return Air()


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    """Return the chips of the simulator. Tests may parametrize them."""
    return OFFICIAL_CHIPS


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the entry. Tests may parametrize them."""
    return {}


@pytest.fixture
def pair() -> Iterator[SimulatedLirc]:
    """Use and return a simulated infrared pair whose transmissions take no real time."""
    clock = VirtualClock()
    pair = SimulatedLirc(clock)
    with (
        patch("custom_components.anavi_weather.SimulatedLirc", return_value=pair),
        patch("custom_components.anavi_weather.transceiver.Transmitter", partial(Transmitter, clock=clock)),
    ):
        yield pair


@pytest.fixture
def simulator(air: Air, chips: tuple[ChipId, ...], pair: SimulatedLirc) -> Iterator[Simulator]:
    """Use and return a simulated pHAT whose time passes only in sleep calls."""
    simulator = Simulator(chips, lambda: air, VirtualClock())
    with (
        patch("custom_components.anavi_weather.coordinator.Simulator", return_value=simulator),
        patch("custom_components.anavi_weather.config_flow.Simulator", return_value=simulator),
    ):
        yield simulator


@pytest.fixture
def entry(hass: HomeAssistant, chips: tuple[ChipId, ...], options: dict[str, Any]) -> MockConfigEntry:
    """Return an entry of the simulated pHAT."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Simulated pHAT",
        unique_id=SIMULATED,
        data={CONF_BUS: SIMULATED, CONF_CHIPS: [str(chip) for chip in chips]},
        options=options,
        version=2,
        entry_id="01STATION",
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def station(hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator) -> MockConfigEntry:
    """Return the entry of the simulated pHAT, loaded."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
def remote(hass: HomeAssistant, station: MockConfigEntry) -> str:
    """Return the remote control of the simulated pHAT."""
    return entity_of(hass, "remote", "remote")


@pytest.fixture
def codes(station: MockConfigEntry) -> CodeStore:
    """Return the station's commands."""
    codes: CodeStore = station.runtime_data.codes
    return codes


@pytest.fixture
def call(hass: HomeAssistant, remote: str) -> Call:
    """Return a function that calls an action of the remote control."""

    async def call(service: str, **data: Any) -> None:
        await hass.services.async_call("remote", service, {ATTR_ENTITY_ID: remote, **data}, blocking=True)

    return call


@pytest.fixture
def user_station(hass: HomeAssistant, entry: MockConfigEntry, server: Server) -> ConfigSubentry:
    """Add a user station to the simulated pHAT, before its entry is loaded."""
    subentry = ConfigSubentry(
        data=MappingProxyType(
            {
                CONF_URL: server.url,
                CONF_API_KEY: API_KEY,
                CONF_NAMESPACE: "default",
                CONF_STATION_NAME: "Farol",
                CONF_ENTITIES: "station",
                CONF_CHOSEN_ENTITIES: [],
                CONF_SEND_HISTORY: True,
            }
        ),
        subentry_id="01USER",
        subentry_type=SUBENTRY_USER_STATION,
        title="Casa",
        unique_id=f"{server.url} default",
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry


@pytest.fixture
def fleet(hass: HomeAssistant, entry: MockConfigEntry, server: Server) -> ConfigSubentry:
    """Add a fleet of one station to the entry."""
    server.fleet = answer(source())
    data = {
        "url": server.url,
        "api_key": API_KEY,
        "namespace": "default",
        "stations": [],
        "interval": 60,
    }
    subentry = ConfigSubentry(
        data=MappingProxyType(data),
        subentry_type=SUBENTRY_FLEET,
        title="Casa",
        unique_id="fleet x",
        subentry_id="01FLEET",
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry


@pytest.fixture
async def coordinator(
    hass: HomeAssistant, entry: MockConfigEntry, fleet: ConfigSubentry, simulator: Simulator
) -> FleetCoordinator:
    """Return the coordinator of a fleet that was read once."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator: FleetCoordinator = entry.runtime_data.fleets["01FLEET"]
    await until(lambda: coordinator.last_update_success)
    await hass.async_block_till_done()
    return coordinator


@pytest.fixture
async def forwarder(
    user_station: ConfigSubentry, entry: MockConfigEntry, simulator: object, hass: HomeAssistant
) -> Forwarder:
    """Return the forwarder of a loaded station, without its background task and that of the statistics."""
    with patch.object(Forwarder, "async_run"), patch.object(StatisticsForwarder, "async_run"):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    forwarder: Forwarder = entry.runtime_data.forwarders[user_station.subentry_id]
    return forwarder


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[Server]:
    """Return a running user station."""
    server = await Server().start()
    yield server
    await server.stop()


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return the snapshot fixture with Home Assistant's serializer."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable the entities that are disabled by default."""
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", new=True):
        yield


@pytest.fixture
def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> PassTime:
    """Return a function that advances the time."""

    async def pass_time(seconds: float = DEFAULT_INTERVAL + 1) -> None:
        await let_read()  # such as that a device was unplugged before
        freezer.tick(seconds)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    return pass_time


@pytest.fixture
async def chip_issue(station: MockConfigEntry, simulator: Simulator, pass_time: PassTime) -> str:
    """Create the issue of an unplugged hygrometer, and return its id."""
    simulator.unplug(0x40)
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds() + 1)
    return "chip_01STATION_htu21d_40"


class PluggedBus:
    """An open Linux I2C bus with a file descriptor and simulated chips."""

    def __init__(self, simulators: Mapping[str, Simulator], path: str) -> None:
        """Open the bus. Raises OSError if it does not exist."""
        self._descriptor = os.open(path, os.O_RDWR)
        self._path = Path(path)
        self._simulator = simulators[path]

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages. Raises OSError forever after the adapter was unplugged."""
        if not self._path.exists() or os.fstat(self._descriptor).st_nlink == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._simulator.i2c_rdwr(*messages)

    def claim(self, address: int) -> None:
        """Claim an address."""
        self._simulator.claim(address)

    def close(self) -> None:
        """Close the bus."""
        os.close(self._descriptor)


class Machine:
    """A Raspberry Pi into which I2C buses with chips, and an infrared pair, can be plugged."""

    def __init__(self, root: Path, air: Air) -> None:
        """Initialize the machine without a bus and with an unplugged infrared pair."""
        self.devices = root / "dev"
        self.devices.mkdir()
        self.adapters = root / "i2c-dev"
        self.hat = root / "hat"
        self.drivers = Sysfs(root / "sys/i2c-1")
        self.simulators: dict[str, Simulator] = {}
        self.clock = VirtualClock()
        self.pair = SimulatedLirc(self.clock)
        self.pair.unplug()
        self._air = air

    def path(self, number: int = 1) -> str:
        """Return the path of a bus, plugged in or not."""
        return f"{self.devices}/i2c-{number}"

    def plug(self, number: int = 1, chips: tuple[ChipId, ...] = OFFICIAL_CHIPS, name: str | None = None) -> Simulator:
        """Plug in a bus."""
        path = self.path(number)
        Path(path).touch()
        if name:
            (self.adapters / f"i2c-{number}").mkdir(parents=True)
            (self.adapters / f"i2c-{number}" / "name").write_text(f"{name}\n", encoding="utf-8")
        self.simulators[path] = Simulator(chips, lambda: self._air, self.clock)
        return self.simulators[path]

    def adapter_folder(self, path: str) -> Path:
        """Return the folder of the drivers of a bus."""
        return self.drivers.adapter.with_name(Path(path).name)

    def is_plugged(self, number: int = 1) -> bool:
        """Return whether a bus is plugged in."""
        return Path(self.path(number)).exists()

    def unplug(self, number: int = 1) -> None:
        """Unplug a bus."""
        Path(self.path(number)).unlink()

    def descriptors(self) -> int:
        """Return the number of open file descriptors of buses."""
        targets = []
        for link in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                targets.append(link.readlink())
        return sum(target.parent == self.devices for target in targets)


@pytest.fixture(autouse=True, scope="session")
def own_system() -> Iterator[None]:
    """Answer that this is no container, because the tests may run in one."""
    with patch("custom_components.anavi_weather.installation.is_docker_env", return_value=False):
        yield


@pytest.fixture
def machine(tmp_path: Path, air: Air) -> Iterator[Machine]:
    """Return the machine that Home Assistant runs on."""
    machine = Machine(tmp_path, air)
    with (
        patch.object(nodes, "DEVICES", machine.devices),
        patch.multiple(board, ADAPTERS=machine.adapters, HAT=machine.hat),
        patch("custom_components.anavi_weather.phat.kernel.adapter_folder", machine.adapter_folder),
        patch("custom_components.anavi_weather.phat.i2c.LinuxAdapter", partial(PluggedBus, machine.simulators)),
        patch("custom_components.anavi_weather.phat.Bus", partial(Bus, clock=machine.clock)),
        patch("custom_components.anavi_weather.linux_ports", machine.pair.ports),
        patch("custom_components.anavi_weather.config_flow.linux_ports", machine.pair.ports),
        patch("custom_components.anavi_weather.missing_bus.linux_ports", machine.pair.ports),
        patch("custom_components.anavi_weather.transceiver.Transmitter", partial(Transmitter, clock=machine.clock)),
    ):
        yield machine


@pytest.fixture
def board_entry(hass: HomeAssistant, machine: Machine, options: dict[str, Any]) -> MockConfigEntry:
    """Return an entry of a real board on bus 1, which is not plugged in yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=board.PRODUCT,
        unique_id=machine.path(),
        data={CONF_BUS: machine.path(), CONF_CHIPS: [str(chip) for chip in OFFICIAL_CHIPS]},
        options=options,
        version=2,
        entry_id="01BOARD",
    )
    entry.add_to_hass(hass)
    return entry
