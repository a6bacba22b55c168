"""Tests of the past that `scripts/develop` gives to its simulated station."""

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
import sys
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PressureConverter

from .conftest import value

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts" / "lib"))

import api
from components import simulated_past
import develop
import past
from smoke import Entity

PRESSURE, SEA_LEVEL_PRESSURE = "sensor.pressure", "sensor.sea_level_pressure"
ENTITIES = [
    Entity(SEA_LEVEL_PRESSURE, "entry_sea_level_pressure"),
    Entity("sensor.pressure_bmp180", "entry_bmp180_77_pressure"),
    Entity(PRESSURE, "entry_pressure"),
]
HISTORY = timedelta(hours=25)
EPOCH = datetime.fromtimestamp(0, dt_util.UTC)


class Session(api.HomeAssistant):
    """The session of `scripts/develop`, over a websocket of the test's Home Assistant."""

    def __init__(self, client: MockHAClientWebSocket) -> None:
        self._client = client
        self.commands: list[str] = []
        self.imported: list[int] = []
        """Number of hours in each message that imports statistics."""

    @override
    async def call(self, command: str, **data: Any) -> Any:
        self.commands.append(command)
        self.imported += [len(stats)] if (stats := data.get("stats")) else []
        if command == "call_service":  # reloads an entry that this Home Assistant does not have
            return None
        await self._client.send_json_auto_id({"type": command, **data})
        answer = await self._client.receive_json()
        assert answer["success"], answer
        return answer["result"]


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Let the recorder store states, which these tests read."""
    return ("*",)


@pytest.fixture
def short_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the last day have one hour, because the recorder of a test commits each state."""
    monkeypatch.setattr(past, "DAY", 3600)


@pytest.fixture
def unit() -> str:
    """Return the unit of the pressure. Tests may parametrize it."""
    return "hPa"


@pytest.fixture
async def client(hass: HomeAssistant, hass_ws_client: WebSocketGenerator, unit: str) -> MockHAClientWebSocket:
    """Return a websocket of a Home Assistant that has the component, and two pressures."""
    assert await async_setup_component(hass, "websocket_api", {})
    assert await simulated_past.async_setup(hass, {})
    for entity_id in (PRESSURE, SEA_LEVEL_PRESSURE):
        hass.states.async_set(entity_id, "930.0", {"unit_of_measurement": unit})
    return await hass_ws_client(hass)


async def recorded(hass: HomeAssistant) -> list[tuple[float, str]]:
    """Return the times and states of the pressure that the recorder has of the last day."""
    history = await get_instance(hass).async_add_executor_job(
        lambda: state_changes_during_period(hass, dt_util.utcnow() - HISTORY, entity_id=PRESSURE)
    )
    return [(state.last_updated_timestamp, state.state) for state in history[PRESSURE]]


async def statistics(hass: HomeAssistant) -> dict[str, list[float]]:
    """Return the beginnings of the hours of which the recorder has statistics, by their entities."""
    await get_instance(hass).async_block_till_done()
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(hass, EPOCH, None, None, "hour", None, {"mean", "min", "max"})
    )
    return {statistic_id: [row["start"] for row in rows] for statistic_id, rows in found.items()}


@pytest.mark.exhaustive
async def test_every_hour_of_the_past_has_statistics(hass: HomeAssistant, client: MockHAClientWebSocket) -> None:
    session = Session(client)

    await past.import_past(session, "entry", ENTITIES, 61)

    found = await statistics(hass)
    last = found[PRESSURE][-1]
    hours = [last - number * 3600 for number in reversed(range(61 * 24))]
    assert found == {PRESSURE: hours, "sensor.sea_level_pressure": hours}
    assert 0 <= dt_util.utcnow().timestamp() - (last + 3600) <= 3600
    assert session.imported == [720, 720, 720, 720, 24, 24], "no message is too large"


@pytest.mark.parametrize(("text", "days"), [("0", 0), ("730", 730), ("3650", 3650)])
def test_days_of_the_past(text: str, days: int) -> None:
    assert develop.past_days(text) == days


@pytest.mark.parametrize("text", ["", "-1", "3651", "1.5", "two"])
def test_days_of_the_past_that_are_no_number_of_days(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="from 0 to 3650"):
        develop.past_days(text)


@pytest.mark.usefixtures("short_day")
async def test_the_last_day_is_recorded_at_its_times(hass: HomeAssistant, client: MockHAClientWebSocket) -> None:
    now = dt_util.utcnow().timestamp()
    session = Session(client)

    await past.record_day(session, "entry", ENTITIES)

    times = [moment for moment, _ in await recorded(hass)]
    assert len(times) == 20 + 1  # the current one too
    assert now - times[0] == pytest.approx(3600, abs=10)
    assert times[1] - times[0] == pytest.approx(180, abs=0.001)
    assert session.commands == ["get_config", "get_states", *["simulated_past/record"] * 2, "call_service"]


@pytest.mark.parametrize("unit", ["hPa", "inHg", "mmHg"])
@pytest.mark.usefixtures("short_day")
async def test_the_past_is_recorded_in_the_unit_of_its_entity(
    hass: HomeAssistant, client: MockHAClientWebSocket, unit: str
) -> None:
    hass.config.elevation = 760

    await past.record_day(Session(client), "entry", ENTITIES)

    pressures = [PressureConverter.convert(float(state), unit, "hPa") for _, state in (await recorded(hass))[:-1]]
    assert len(pressures) == 20
    assert all(pressure == pytest.approx(925, abs=25) for pressure in pressures)  # 1013 hPa at 760 m


async def test_equal_states_are_each_recorded(hass: HomeAssistant, client: MockHAClientWebSocket) -> None:
    now = dt_util.utcnow().timestamp()
    states = [("931.0", now - 120), ("931.0", now - 60)]

    await client.send_json_auto_id({"type": "simulated_past/record", "entity_id": PRESSURE, "states": states})

    assert (await client.receive_json())["success"]
    assert [state for _, state in await recorded(hass)] == ["931.0", "931.0", "930.0"]
    assert value(hass, PRESSURE) == "931.0"


async def test_unknown_entity_is_an_error(client: MockHAClientWebSocket) -> None:
    await client.send_json_auto_id({"type": "simulated_past/record", "entity_id": "sensor.other", "states": []})

    answer = await client.receive_json()
    assert (answer["success"], answer["error"]["code"]) == (False, "not_found")
