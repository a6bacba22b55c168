"""Tests of the blueprints: Home Assistant loads each, and its automation does what it is for, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from infrared_protocols.commands import Command
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
    async_mock_service,
    mock_restore_cache,
)
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.components.automation.const import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.components.blueprint import importer, models
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, ServiceCall, State
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util, yaml as yaml_util

from .conftest import entity_of, let_read, press, value

FOLDER = Path(__file__).parents[1] / "blueprints" / "automation"
PATHS = sorted(str(file.relative_to(FOLDER)) for file in FOLDER.glob("**/*.yaml"))
SOURCE = "https://github.com/anavi-weather/anavi_weather/blob/main/blueprints/automation/"
AUTOMATION = "automation.test"

type Automate = Callable[..., Coroutine[Any, Any, None]]
type Wait = Callable[[timedelta], Coroutine[Any, Any, None]]


@pytest.fixture
async def automate(hass: HomeAssistant) -> AsyncIterator[Automate]:
    """Return what makes an automation of a blueprint and its inputs."""

    async def automate(name: str, /, **inputs: Any) -> None:
        use = {"path": f"anavi_weather/{name}.yaml", "input": inputs}
        config = {AUTOMATION_DOMAIN: {"id": "test", "alias": "Test", "use_blueprint": use}}
        with patch.object(models.DomainBlueprints, "blueprint_folder", PropertyMock(return_value=FOLDER)):
            assert await async_setup_component(hass, AUTOMATION_DOMAIN, config)
        await hass.async_block_till_done()
        assert value(hass, AUTOMATION) == STATE_ON

    yield automate
    # It would go on looking at the clock.
    await hass.services.async_call(AUTOMATION_DOMAIN, "turn_off", {"entity_id": AUTOMATION}, blocking=True)


@pytest.fixture
def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Wait:
    """Return what lets time pass."""

    async def wait(duration: timedelta) -> None:
        freezer.tick(duration)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    return wait


@pytest.fixture
def warnings(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the warnings that are given."""
    calls: list[ServiceCall] = async_mock_service(hass, "persistent_notification", "create")
    return calls


async def measure(hass: HomeAssistant, entity_id: str, state: float | str, unit: str = "") -> None:
    """Let a sensor read something."""
    hass.states.async_set(entity_id, str(state), {"unit_of_measurement": unit} if unit else None)
    await hass.async_block_till_done()


def minutes(number: float) -> timedelta:
    """Return a duration."""
    return timedelta(minutes=number, seconds=1)


# All of them


def load(path: str) -> dict[str, Any]:
    """Return a blueprint's content."""
    return dict(yaml_util.load_yaml_dict(FOLDER / path))


@pytest.mark.parametrize("path", PATHS)
async def test_home_assistant_imports_it_by_its_link(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, path: str
) -> None:
    raw = f"https://raw.githubusercontent.com/anavi-weather/anavi_weather/main/blueprints/automation/{path}"
    aioclient_mock.get(raw, text=(FOLDER / path).read_text(encoding="utf-8"))

    imported = await importer.fetch_blueprint_from_url(hass, SOURCE + path)

    assert imported.suggested_filename == f"anavi-weather/{Path(path).stem}"
    assert imported.blueprint.metadata["name"] == load(path)["blueprint"]["name"]


@pytest.mark.parametrize("path", PATHS)
async def test_home_assistant_loads_it(hass: HomeAssistant, path: str) -> None:
    assert await async_setup_component(hass, AUTOMATION_DOMAIN, {})
    blueprints: models.DomainBlueprints = hass.data["blueprint"][AUTOMATION_DOMAIN]
    with patch.object(models.DomainBlueprints, "blueprint_folder", PropertyMock(return_value=FOLDER)):
        blueprint = await blueprints.async_get_blueprint(path)

    assert blueprint.validate() is None
    assert blueprint.metadata["source_url"] == SOURCE + path
    assert {"name", "description", "author", "homeassistant"} <= blueprint.metadata.keys()
    for input_ in blueprint.inputs.values():
        assert {"name", "selector"} <= input_.keys()


@pytest.mark.parametrize("path", [path for path in PATHS if "/pt-BR/" in path])
def test_the_portuguese_one_differs_in_words_only(path: str) -> None:
    def mute(node: Any) -> Any:
        if isinstance(node, dict):
            words = ("name", "description", "label", "title", "message", "source_url")
            return {key: None if key in words and isinstance(item, str) else mute(item) for key, item in node.items()}
        return [mute(item) for item in node] if isinstance(node, list) else node

    assert mute(load(path)) == mute(load(path.replace("/pt-BR/", "/")))


def test_each_is_there_in_both_languages_and_can_be_imported_from_the_page() -> None:
    english = {Path(path).name for path in PATHS if "/pt-BR/" not in path}
    assert english == {Path(path).name for path in PATHS if "/pt-BR/" in path}
    assert len(english) == 5
    page = (FOLDER.parents[1] / "docs" / "automations.md").read_text(encoding="utf-8")
    for path in PATHS:
        address = (SOURCE + path).replace(":", "%3A").replace("/", "%2F")
        assert f"https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url={address}" in page


# Any key of an old remote control does anything

POWER = "samsung32:0x07,0x02"
MUTE = "samsung32:0x07,0x0f"


@pytest.fixture
async def key(hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry) -> str:
    """Return the key entity of a station that knows a television."""
    await station.runtime_data.codes.async_add({"television": {"power": [POWER]}, "radio": {"mute": [MUTE]}})
    return entity_of(hass, "event", "key")


@pytest.fixture
def done(hass: HomeAssistant) -> list[Event]:
    """Return what was done."""
    events: list[Event] = async_capture_events(hass, "done")
    return events


ACTIONS = [{"event": "done"}]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"device": "television", "name": "power"}, 1),
        ({"name": "power"}, 1),
        ({"code": POWER}, 1),
        ({"device": "radio", "name": "power"}, 0),
        ({"name": "mute"}, 0),
        ({"code": MUTE}, 0),
        ({"device": "television"}, 0),
        ({"name": "power", "when": ["held"]}, 0),
        ({}, 0),
    ],
)
async def test_a_key(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    key: str,
    done: list[Event],
    inputs: dict[str, Any],
    expected: int,
) -> None:
    await automate("remote_key", key=key, actions=ACTIONS, **inputs)

    await press(pair, POWER)
    await hass.async_block_till_done()

    assert len(done) == expected


async def test_a_key_that_is_not_known(
    hass: HomeAssistant, automate: Automate, pair: SimulatedLirc, key: str, done: list[Event]
) -> None:
    await automate("remote_key", key=key, code="nec:0x04,0x08", actions=ACTIONS)

    await press(pair, "nec:0x04,0x09")
    await hass.async_block_till_done()
    assert not done

    await press(pair, "nec:0x04,0x08")
    await hass.async_block_till_done()
    assert len(done) == 1


async def test_a_key_that_is_held(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    freezer: FrozenDateTimeFactory,
    key: str,
    done: list[Event],
) -> None:
    await automate("remote_key", key=key, name="power", when=["pressed", "held"], actions=ACTIONS)

    for _ in range(3):
        await press(pair, POWER)
        freezer.tick(0.108)
        await hass.async_block_till_done()

    assert len(done) == 3


async def test_a_restart_is_no_key(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    freezer: FrozenDateTimeFactory,
    key: str,
    station: MockConfigEntry,
    done: list[Event],
) -> None:
    await automate("remote_key", key=key, name="power", actions=ACTIONS)
    await press(pair, POWER)
    await hass.async_block_till_done()

    assert await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert len(done) == 1

    freezer.tick(1)
    await press(pair, POWER)
    await hass.async_block_till_done()
    assert len(done) == 2


# Air conditioner by temperature

ROOM = "sensor.room"
MEMORY = "input_boolean.air_conditioner"
COOL = "nec:0x04,0x08"
STOP = "nec:0x04,0x09"


@pytest.fixture
async def cool(
    hass: HomeAssistant, automate: Automate, freezer: FrozenDateTimeFactory, station: MockConfigEntry
) -> Automate:
    """Return what makes the automation of an air conditioner, which is off."""
    await station.runtime_data.codes.async_add({"air conditioner": {"cool_24": [COOL], "off": [STOP]}})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"air_conditioner": None}})
    freezer.tick(minutes(6))

    async def cool(**inputs: Any) -> None:
        await measure(hass, ROOM, 25)
        await automate(
            "air_conditioner",
            temperature=ROOM,
            remote=entity_of(hass, "remote", "remote"),
            device="air conditioner",
            on_command="cool_24",
            memory=MEMORY,
            **inputs,
        )

    return cool


def sent(pair: SimulatedLirc) -> list[str | None]:
    """Return the codes that were sent since the last time."""
    found = [decode(transmission.timings) for transmission in pair.sent]
    codes = [decoded.text if decoded else None for decoded in found]
    pair.sent.clear()
    return codes


async def test_an_air_conditioner_is_switched_with_hysteresis(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await cool()
    for temperature in (26, 27, STATE_UNAVAILABLE, STATE_UNKNOWN, 23):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []

    await measure(hass, ROOM, 27.5)
    assert sent(pair) == [COOL]
    assert value(hass, MEMORY) == STATE_ON

    await measure(hass, ROOM, 20)
    assert sent(pair) == []  # the compressor needs a pause
    await measure(hass, ROOM, 28)
    await wait(minutes(5))
    for temperature in (26, 28, STATE_UNAVAILABLE, 24):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []

    await measure(hass, ROOM, 23.5)
    assert sent(pair) == [STOP]
    assert value(hass, MEMORY) == STATE_OFF


async def test_an_air_conditioner_is_switched_once_though_sending_takes_time(
    hass: HomeAssistant, cool: Automate, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await cool()
    transceiver = station.runtime_data.transceiver
    send = transceiver.async_send
    done = asyncio.Event()

    async def send_slowly(command: Command) -> None:
        await done.wait()
        await send(command)

    with patch.object(transceiver, "async_send", send_slowly):
        for temperature in (28, 29, 30):
            hass.states.async_set(ROOM, str(temperature))
            await let_read()
        done.set()
        await hass.async_block_till_done()

    assert sent(pair) == [COOL]


async def test_an_air_conditioner_is_switched_though_the_temperature_stays(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await cool()
    await measure(hass, ROOM, 30)
    await measure(hass, ROOM, 20)
    assert sent(pair) == [COOL]

    await wait(minutes(6))
    await wait(minutes(1))

    assert sent(pair) == [STOP]


async def test_an_air_conditioner_cools_nobody(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    hass.states.async_set("person.ana", "not_home")
    await cool(presence=["person.ana", "binary_sensor.room"])
    await measure(hass, ROOM, 30)
    assert sent(pair) == []

    hass.states.async_set("binary_sensor.room", STATE_ON)
    await measure(hass, ROOM, 31)
    assert sent(pair) == [COOL]

    hass.states.async_set("binary_sensor.room", STATE_OFF)
    await wait(minutes(6))
    await wait(minutes(1))
    assert sent(pair) == [STOP]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("08:00:00", "18:00:00", [COOL]),
        ("13:00:00", "18:00:00", []),
        ("22:00:00", "06:00:00", []),
        ("22:00:00", "13:00:00", [COOL]),
    ],
)
async def test_an_air_conditioner_has_its_time(
    hass: HomeAssistant,
    cool: Automate,
    freezer: FrozenDateTimeFactory,
    pair: SimulatedLirc,
    after: str,
    before: str,
    expected: list[str],
) -> None:
    freezer.move_to(dt_util.now().replace(hour=12, minute=0) + timedelta(days=1))
    await cool(after=after, before=before)

    await measure(hass, ROOM, 30)

    assert sent(pair) == expected


async def test_an_air_conditioner_that_could_not_be_switched_is_not_remembered_as_on(
    hass: HomeAssistant, cool: Automate, pair: SimulatedLirc
) -> None:
    await cool()
    remote = {"entity_id": entity_of(hass, "remote", "remote")}
    await hass.services.async_call("remote", "turn_off", remote, blocking=True)
    await measure(hass, ROOM, 30)
    assert (sent(pair), value(hass, MEMORY)) == ([], STATE_OFF)

    await hass.services.async_call("remote", "turn_on", remote, blocking=True)
    await measure(hass, ROOM, 31)
    assert (sent(pair), value(hass, MEMORY)) == ([COOL], STATE_ON)


# Storm warning

TENDENCY = "sensor.pressure_tendency"


async def test_a_storm(hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]) -> None:
    await measure(hass, TENDENCY, -1, "hPa")
    await automate("storm_warning", tendency=TENDENCY)

    await measure(hass, TENDENCY, -3.4, "hPa")
    await wait(minutes(5))
    await measure(hass, TENDENCY, -2.9, "hPa")  # not for long enough
    await wait(minutes(10))
    assert not warnings

    await measure(hass, TENDENCY, -3.4, "hPa")
    await wait(minutes(10))
    [warning] = warnings
    assert "-3.4 hPa" in warning.data["message"]

    # Neither swaying around the threshold nor a sensor that comes back is another storm, until hours later.
    for state in (-2, -4, STATE_UNAVAILABLE, -4, STATE_UNKNOWN, -5):
        await measure(hass, TENDENCY, state, "hPa")
        await wait(minutes(11))
    assert len(warnings) == 1
    await measure(hass, TENDENCY, 0, "hPa")
    await wait(timedelta(hours=6))
    await measure(hass, TENDENCY, -4, "hPa")
    await wait(minutes(10))
    assert len(warnings) == 2


@pytest.mark.parametrize(("hours", "expected"), [(1, 0), (7, 1)])
async def test_a_storm_goes_on_after_a_restart(
    hass: HomeAssistant,
    automate: Automate,
    wait: Wait,
    warnings: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    hours: int,
    expected: int,
) -> None:
    last = (dt_util.utcnow() - timedelta(hours=hours)).isoformat()
    mock_restore_cache(hass, [State(AUTOMATION, STATE_ON, {"last_triggered": last})])
    await measure(hass, TENDENCY, STATE_UNAVAILABLE)
    await automate("storm_warning", tendency=TENDENCY)

    await measure(hass, TENDENCY, -5, "hPa")
    await wait(minutes(10))

    assert len(warnings) == expected


# Frost warning

AIR = "sensor.temperature"
DEW = "sensor.dew_point"


async def test_frost(hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]) -> None:
    await measure(hass, AIR, 8, "°C")
    await measure(hass, DEW, 4, "°C")
    await automate("frost_warning", temperature=AIR, dew_point=DEW)

    for air, dew in ((2, 1), (5, -2), (1, STATE_UNAVAILABLE), (STATE_UNKNOWN, -3)):
        await measure(hass, AIR, air, "°C")
        await measure(hass, DEW, dew, "°C")
        await wait(minutes(11))
    assert not warnings

    await measure(hass, AIR, 1.5, "°C")
    await wait(minutes(10))
    [warning] = warnings
    assert "temperature 1.5 °C, dew point -3 °C" in warning.data["message"]

    for air in (4, 1, STATE_UNAVAILABLE, 1):
        await measure(hass, AIR, air, "°C")
        await wait(minutes(11))
    assert len(warnings) == 1
    await measure(hass, AIR, 10, "°C")
    await wait(timedelta(hours=12))
    await measure(hass, AIR, 1, "°C")
    await wait(minutes(10))
    assert len(warnings) == 2


async def test_frost_when_the_dew_point_falls_last(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await measure(hass, AIR, 2, "°C")
    await measure(hass, DEW, 1, "°C")
    await automate("frost_warning", temperature=AIR, dew_point=DEW)

    await measure(hass, DEW, -1, "°C")
    assert not warnings
    await wait(minutes(10))

    assert len(warnings) == 1


# Lights by illuminance

LIGHT = "sensor.illuminance"
MOTION = "binary_sensor.motion"


@pytest.fixture
def switched(hass: HomeAssistant) -> list[ServiceCall]:
    """Return how lights are switched."""
    calls: list[ServiceCall] = async_mock_service(hass, "homeassistant", "turn_on")
    hass.services.async_register("homeassistant", "turn_off", calls.append)
    return calls


def services(calls: list[ServiceCall]) -> list[str]:
    """Return what was called since the last time."""
    names = [call.service for call in calls]
    calls.clear()
    return names


LIGHTS: dict[str, Any] = {"illuminance": LIGHT, "lights": {"entity_id": "light.garden"}}


async def test_lights(hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall]) -> None:
    await measure(hass, LIGHT, 1000, "lx")
    await automate("lights_by_illuminance", **LIGHTS)

    await measure(hass, LIGHT, 30, "lx")
    await wait(minutes(1))
    await measure(hass, LIGHT, 300, "lx")  # it was a cloud
    await wait(minutes(3))
    assert services(switched) == ["turn_off"]

    await measure(hass, LIGHT, 30, "lx")
    await wait(minutes(2))
    assert switched[0].data["entity_id"] == ["light.garden"]
    assert services(switched) == ["turn_on"]
    for lux in (120, 180, STATE_UNAVAILABLE, 180, STATE_UNKNOWN, 60):
        await measure(hass, LIGHT, lux, "lx")
        await wait(minutes(3))
    assert services(switched) == []

    await measure(hass, LIGHT, 250, "lx")
    await wait(minutes(2))
    assert services(switched) == ["turn_off"]


@pytest.mark.parametrize("lux", [0, 1000])
@pytest.mark.parametrize("before", [STATE_UNAVAILABLE, STATE_UNKNOWN, None])
async def test_lights_stay_as_they_are_after_a_restart(
    hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall], lux: int, before: str | None
) -> None:
    if before:
        await measure(hass, LIGHT, before)
    await automate("lights_by_illuminance", **LIGHTS)

    await measure(hass, LIGHT, lux, "lx")
    await wait(minutes(5))

    assert services(switched) == []


async def test_lights_by_motion(
    hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall]
) -> None:
    await measure(hass, LIGHT, 1000, "lx")
    await measure(hass, MOTION, STATE_OFF)
    await automate("lights_by_illuminance", **LIGHTS, motion=[MOTION])

    await measure(hass, MOTION, STATE_ON)
    await measure(hass, MOTION, STATE_OFF)
    await measure(hass, LIGHT, 10, "lx")
    await wait(minutes(3))
    assert services(switched) == []  # bright, then dark without anybody

    for state in (STATE_UNAVAILABLE, STATE_ON, STATE_OFF):
        await measure(hass, MOTION, state)
    assert services(switched) == []  # a sensor that comes back has seen nobody come
    await measure(hass, MOTION, STATE_ON)
    assert services(switched) == ["turn_on"]
    await measure(hass, MOTION, STATE_OFF)
    await wait(minutes(4))
    assert services(switched) == []
    await wait(minutes(1))
    assert services(switched) == ["turn_off"]
