"""Tests of the action and the buttons that send states again to a user station."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.user_station.forwarder import Forwarder
from custom_components.anavi_weather.user_station.ranges import Range, Ranges
from custom_components.anavi_weather.user_station.recorder_log import Position, RecorderBusyError, RecorderLog
from custom_components.anavi_weather.user_station.recorder_tables import Selected
from homeassistant.components.datetime import ATTR_DATETIME, DOMAIN as DATETIME_DOMAIN, SERVICE_SET_VALUE
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import value

STATES = Range(1, 5, 0)


@pytest.fixture
def device_id(hass: HomeAssistant, forwarder: Forwarder) -> str:
    """Return the device of the user station."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "01USER"), "01STATION")
    assert device
    return device.id


@pytest.fixture
def recorded(forwarder: Forwarder) -> Iterator[list[float]]:
    """Let five states be sent and recorded, and return the times since when they are looked for."""
    forwarder.checkpoint.advance(Position("sqlite", 5, 1.5))
    since: list[float] = []

    def first(_: RecorderLog, part: Range, __: Selected, ___: Position | None, since_ts: float) -> Position:
        assert part == STATES
        since.append(since_ts)
        return Position("sqlite", 1, 0.5)

    with patch.object(RecorderLog, "first_selected", first):
        yield since


@pytest.fixture
def rejected(forwarder: Forwarder) -> Range:
    """Let a state be rejected."""
    part = Range(3, 3, 1)
    forwarder.checkpoint.record_rejected([part])
    return part


def again(forwarder: Forwarder) -> Ranges:
    """Return the states that are sent again. A function, because mypy would keep what was asserted of an attribute."""
    return forwarder.checkpoint.again


async def send_again(hass: HomeAssistant, device_id: str, context: Context | None = None, **data: Any) -> None:
    """Call the action."""
    data = {ATTR_DEVICE_ID: device_id, **data}
    await hass.services.async_call(DOMAIN, "send_again", data, blocking=True, context=context)


def entity(hass: HomeAssistant, domain: str, key: str) -> str:
    """Return an entity of the user station."""
    entity_id = er.async_get(hass).async_get_entity_id(domain, DOMAIN, f"01USER_{key}")
    assert entity_id
    return entity_id


async def send_again_from(hass: HomeAssistant, device_id: str, start: str) -> None:
    """Call the action with a start."""
    await send_again(hass, device_id, start=start)


async def press(hass: HomeAssistant, key: str, context: Context | None = None) -> None:
    """Press a button of the user station."""
    data = {ATTR_ENTITY_ID: entity(hass, "button", key)}
    await hass.services.async_call("button", "press", data, blocking=True, context=context)


async def choose(hass: HomeAssistant, start: str) -> None:
    """Choose the time that the button uses."""
    data = {ATTR_ENTITY_ID: entity(hass, DATETIME_DOMAIN, "send_again_from"), ATTR_DATETIME: start}
    await hass.services.async_call(DATETIME_DOMAIN, SERVICE_SET_VALUE, data, blocking=True)


async def choose_and_press(hass: HomeAssistant, _: str, start: str) -> None:
    """Choose the time that the button uses, and press it."""
    await choose(hass, start)
    await press(hass, "send_again")


# The action


async def test_rejected_states_are_sent_again(
    hass: HomeAssistant, device_id: str, forwarder: Forwarder, rejected: Range
) -> None:
    await send_again(hass, device_id)
    assert again(forwarder) == (rejected,)
    with pytest.raises(ServiceValidationError) as error:
        await send_again(hass, device_id)
    assert error.value.translation_key == "nothing_rejected"


async def test_all_states_since_a_local_time_are_sent_again(
    hass: HomeAssistant, device_id: str, forwarder: Forwarder, recorded: list[float]
) -> None:
    await hass.config.async_set_time_zone("America/Sao_Paulo")
    await send_again(hass, device_id, start="2026-01-02 03:04:05")
    assert again(forwarder) == (STATES,)
    start = dt_util.parse_datetime("2026-01-02T06:04:05Z", raise_on_error=True)
    assert recorded == [start.timestamp()]


async def test_there_may_be_no_states_since_a_time(hass: HomeAssistant, device_id: str) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await send_again(hass, device_id, start="2026-01-02 03:04:05")
    assert error.value.translation_key == "nothing_since"
    assert error.value.translation_placeholders == {"start": "2026-01-02 03:04:05-08:00"}


async def test_the_start_is_not_in_the_future(hass: HomeAssistant, device_id: str, recorded: list[float]) -> None:
    start = dt_util.utcnow() + timedelta(minutes=1)
    with pytest.raises(ServiceValidationError) as error:
        await send_again(hass, device_id, start=start.isoformat())
    assert error.value.translation_key == "start_in_future"
    assert recorded == []


@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "UTC", "America/Sao_Paulo"])
async def test_the_start_may_be_any_date(
    hass: HomeAssistant, device_id: str, forwarder: Forwarder, recorded: list[float], time_zone: str
) -> None:
    """UTC has no date for the first hours of the calendar east of Greenwich, nor for the last ones west of it."""
    await hass.config.async_set_time_zone(time_zone)
    for starts in (send_again_from, choose_and_press):
        forwarder.checkpoint.again = ()
        await starts(hass, device_id, "0001-01-01 00:00:00")
        assert again(forwarder) == (STATES,)
        with pytest.raises(ServiceValidationError) as error:
            await starts(hass, device_id, "9999-12-31 23:59:59")
        assert error.value.translation_key == "start_in_future"
    assert all(since < 0 for since in recorded)


@pytest.mark.parametrize("start", ["0001-01-01 00:00:00", "0001-01-01 12:00:00+00:00"])
@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "America/Sao_Paulo"])
async def test_there_may_be_no_states_since_the_first_date(
    hass: HomeAssistant, device_id: str, time_zone: str, start: str
) -> None:
    await hass.config.async_set_time_zone(time_zone)
    with pytest.raises(ServiceValidationError) as error:
        await send_again(hass, device_id, start=start)
    assert error.value.translation_key == "nothing_since"


async def test_the_start_is_a_time(hass: HomeAssistant, device_id: str) -> None:
    with pytest.raises(vol.Invalid):
        await send_again(hass, device_id, start="yesterday")


async def test_the_recorder_may_not_be_ready(hass: HomeAssistant, device_id: str) -> None:
    with (
        patch.object(RecorderLog, "async_run", side_effect=RecorderBusyError),
        pytest.raises(ServiceValidationError) as error,
    ):
        await send_again(hass, device_id, start="2026-01-02 03:04:05")
    assert error.value.translation_key == "recorder_not_ready"


async def test_the_device_is_a_user_station(hass: HomeAssistant, device_id: str) -> None:
    station = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "01STATION"), "01STATION")
    assert station
    for wrong in (station.id, "unknown"):
        with pytest.raises(ServiceValidationError) as error:
            await send_again(hass, wrong)
        assert error.value.translation_key == "user_station_unknown"


async def test_the_remote_station_is_loaded(hass: HomeAssistant, device_id: str, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as error:
        await send_again(hass, device_id)
    assert error.value.translation_key == "user_station_not_loaded"


async def test_only_administrators_may_use_the_action(
    hass: HomeAssistant,
    device_id: str,
    forwarder: Forwarder,
    rejected: Range,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
) -> None:
    with pytest.raises(Unauthorized):
        await send_again(hass, device_id, Context(user_id=hass_read_only_user.id))
    assert again(forwarder) == ()
    await send_again(hass, device_id, Context(user_id=hass_admin_user.id))
    assert again(forwarder) == (rejected,)


# The buttons


async def test_a_button_sends_rejected_states_again(hass: HomeAssistant, forwarder: Forwarder, rejected: Range) -> None:
    await press(hass, "send_rejected_again")
    assert again(forwarder) == (rejected,)
    with pytest.raises(ServiceValidationError) as error:
        await press(hass, "send_rejected_again")
    assert error.value.translation_key == "nothing_rejected"


async def test_a_button_sends_states_again_since_a_time(
    hass: HomeAssistant, forwarder: Forwarder, recorded: list[float]
) -> None:
    assert value(hass, entity(hass, DATETIME_DOMAIN, "send_again_from")) == STATE_UNKNOWN
    with pytest.raises(ServiceValidationError) as error:
        await press(hass, "send_again")
    assert error.value.translation_key == "start_missing"

    await choose(hass, "2026-01-02T03:04:05Z")
    assert value(hass, entity(hass, DATETIME_DOMAIN, "send_again_from")) == "2026-01-02T03:04:05+00:00"
    await press(hass, "send_again")
    assert again(forwarder) == (STATES,)
    assert len(recorded) == 1


async def test_only_administrators_may_use_the_buttons(
    hass: HomeAssistant, forwarder: Forwarder, rejected: Range, hass_admin_user: MockUser
) -> None:
    user = MockUser().add_to_hass(hass)
    hass_admin_user.permissions  # noqa: B018  # the group of administrators exists
    user.mock_policy({"entities": True})
    with pytest.raises(Unauthorized):
        await press(hass, "send_rejected_again", Context(user_id=user.id))
    with pytest.raises(UnknownUser):
        await press(hass, "send_rejected_again", Context(user_id="unknown"))
    assert again(forwarder) == ()
    await press(hass, "send_rejected_again", Context(user_id=hass_admin_user.id))
    assert again(forwarder) == (rejected,)
