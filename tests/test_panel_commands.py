"""Tests of the WebSocket commands of the weather panel."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.hold import hold_of
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.panel_commands import async_setup_panel_commands
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.auth.models import Group
from homeassistant.core import HomeAssistant

from .conftest import let_read, store_codes
from .remote_actions import NEC, Call

WHOLE = "raw:38000:600,-500,600,-500,600,-40000"
COMMANDS = {"power": [NEC], "volume_up": [WHOLE], "KEY_POWER2": [WHOLE], "toggle": ["rc5:5,12,0", "rc5:5,12,1"]}
COUNT = 5  # pieces after which a test releases the key

type Answer = dict[str, Any]


@pytest.fixture
async def client(hass: HomeAssistant, codes: CodeStore, hass_ws_client: WebSocketGenerator) -> MockHAClientWebSocket:
    """Return a client of a station with a television."""
    await store_codes(codes, {"TV": COMMANDS})
    return await hass_ws_client(hass)


async def press(client: MockHAClientWebSocket, remote: str, command: str, device: str = "TV") -> Answer:
    """Press a key, and return the answer."""
    await client.send_json_auto_id(
        {"type": f"{DOMAIN}/hold_key", "entity_id": remote, "device": device, "command": command}
    )
    answer: Answer = await client.receive_json()
    return answer


async def release(client: MockHAClientWebSocket, pressed: Answer) -> None:
    """Release a key."""
    await client.send_json_auto_id({"type": "unsubscribe_events", "subscription": pressed["id"]})
    assert (await client.receive_json())["success"]


async def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


async def assert_silence(pair: SimulatedLirc) -> None:
    """Assert that nothing more is sent than the piece that was just being sent."""
    count = len(pair.sent)
    await let_read()
    await asyncio.sleep(0.2)
    assert len(pair.sent) <= count + 1


async def list_keys(client: MockHAClientWebSocket, entry_id: str) -> Answer:
    """Return what to show for the commands of a station."""
    await client.send_json_auto_id({"type": f"{DOMAIN}/list_keys", "config_entry_id": entry_id})
    answer: Answer = await client.receive_json()
    result: Answer = answer["result"]
    return result


def make_read_only(user: MockUser, group: Group | None) -> None:
    """Take away the right to control anything."""
    assert group
    user.groups = [group]
    user.invalidate_cache()


async def test_what_to_show_for_commands(client: MockHAClientWebSocket, station: MockConfigEntry) -> None:
    keys = {"power": "power", "volume_up": "volume_up", "KEY_POWER2": "Power2", "toggle": "Toggle"}
    assert await list_keys(client, station.entry_id) == {"is_loaded": True, "keys": {"TV": keys}}


async def test_a_station_that_is_not_loaded_has_nothing_to_show(
    hass: HomeAssistant, client: MockHAClientWebSocket, station: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    await hass.config_entries.async_unload(station.entry_id)
    for entry_id in (station.entry_id, other.entry_id, "missing"):
        assert await list_keys(client, entry_id) == {"is_loaded": False, "keys": None}
    assert "ERROR" not in caplog.text


async def test_nothing_is_shown_to_a_user_who_may_only_read(
    hass: HomeAssistant,
    client: MockHAClientWebSocket,
    station: MockConfigEntry,
    hass_admin_user: MockUser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_read_only(hass_admin_user, await hass.auth.async_get_group(GROUP_ID_READ_ONLY))
    assert await list_keys(client, station.entry_id) == {"is_loaded": True, "keys": None}
    assert "ERROR" not in caplog.text


@pytest.mark.parametrize("command", ["power", "toggle"])
async def test_a_key_is_repeated_until_it_is_released(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc, command: str
) -> None:
    """The repeats are those of the code that was sent: its toggle bit does not change."""
    pressed = await press(client, remote, command)
    assert pressed["success"]
    await wait_until(lambda: len(pair.sent) >= COUNT)
    await release(client, pressed)
    await assert_silence(pair)

    code = parse(COMMANDS[command][0])
    held = hold_of(code, repeat_whole=False)
    assert held
    first, *others = [frames(transmission.timings) for transmission in pair.sent]
    assert decode(first[0]) == decode(code.get_raw_timings())
    assert all(other == frames(held.piece.get_raw_timings()) for other in others)


async def test_the_volume_is_repeated_as_a_whole(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc
) -> None:
    pressed = await press(client, remote, "volume_up")
    await wait_until(lambda: len(pair.sent) >= COUNT)
    await release(client, pressed)


async def test_a_key_that_would_toggle_is_sent_once(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc
) -> None:
    pressed = await press(client, remote, "KEY_POWER2")
    await assert_silence(pair)
    await release(client, pressed)
    assert len(pair.sent) == 1


async def test_a_lost_connection_releases_the_key(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc
) -> None:
    await press(client, remote, "power")
    await wait_until(lambda: len(pair.sent) >= COUNT)
    await client.close()
    await assert_silence(pair)


async def test_turning_off_the_remote_releases_the_key(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc, call: Call
) -> None:
    await press(client, remote, "power")
    await wait_until(lambda: len(pair.sent) >= COUNT)
    await call("turn_off")
    await assert_silence(pair)


async def test_nobody_releases_the_key(client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc) -> None:
    """A stuck finger or browser does not block the transmitter forever."""
    held = hold_of(parse(NEC), repeat_whole=False)
    assert held
    start = pair.clock.monotonic()
    with patch("custom_components.anavi_weather.remote.asyncio.timeout", side_effect=TimeoutError):
        await press(client, remote, "power")
        while len(pair.sent) <= held.pieces:
            await asyncio.sleep(0)
        await assert_silence(pair)
    assert len(pair.sent) == held.pieces + 1
    assert pair.clock.monotonic() - start <= 10


async def test_a_transmitter_that_is_unplugged_releases_the_key(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc, caplog: pytest.LogCaptureFixture
) -> None:
    await press(client, remote, "power")
    pair.unplug()
    await wait_until(lambda: "Cannot hold power: " in caplog.text)
    assert "Traceback" not in caplog.text


async def test_a_station_that_is_unloaded_releases_the_key(
    hass: HomeAssistant,
    client: MockHAClientWebSocket,
    remote: str,
    station: MockConfigEntry,
    pair: SimulatedLirc,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Like by a reload. Nothing is wrong with the transmitter."""
    await press(client, remote, "power")
    await wait_until(lambda: len(pair.sent) >= COUNT)
    await hass.config_entries.async_unload(station.entry_id)
    await assert_silence(pair)
    assert "Cannot hold" not in caplog.text


@pytest.mark.parametrize(
    ("device", "command", "error"),
    [("TV", "mute", "command_unknown"), ("Fan", "power", "device_unknown"), ("TV", "", "command_unknown")],
)
async def test_an_unknown_command(
    client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc, device: str, command: str, error: str
) -> None:
    answer = await press(client, remote, command, device)
    assert answer["error"]["translation_key"] == error
    assert not pair.sent


async def test_the_remote_is_off(client: MockHAClientWebSocket, remote: str, call: Call) -> None:
    await call("turn_off")
    assert (await press(client, remote, "power"))["error"]["translation_key"] == "remote_off"


async def test_a_stored_code_that_cannot_be_read(client: MockHAClientWebSocket, remote: str, codes: CodeStore) -> None:
    await codes.async_restore("Old", {"power": ["future:1"]})
    assert (await press(client, remote, "power", "Old"))["error"]["translation_key"] == "code_protocol_unknown"


@pytest.mark.parametrize("entity_id", ["remote.other", "event.simulated_phat_key"])
async def test_another_entity(client: MockHAClientWebSocket, pair: SimulatedLirc, entity_id: str) -> None:
    assert (await press(client, entity_id, "power"))["error"]["translation_key"] == "station_not_loaded"


async def test_a_home_without_remote_controls(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    client = await hass_ws_client(hass)
    async_setup_panel_commands(hass)
    assert (await press(client, "remote.other", "power"))["error"]["translation_key"] == "station_not_loaded"


async def test_a_user_who_may_only_read(
    hass: HomeAssistant, client: MockHAClientWebSocket, remote: str, pair: SimulatedLirc, hass_admin_user: MockUser
) -> None:
    make_read_only(hass_admin_user, await hass.auth.async_get_group(GROUP_ID_READ_ONLY))
    assert (await press(client, remote, "power"))["error"]["code"] == "unauthorized"
    assert not pair.sent
