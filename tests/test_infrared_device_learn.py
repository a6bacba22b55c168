"""Tests of learning the keys of an infrared device in its flow."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.anavi_weather import code_store
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.common_keys import COMMON_KEYS
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.infrared_device_learn import TIMEOUT
from custom_components.anavi_weather.infrared_devices import infrared_devices
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, FlowResultType

from .conftest import let_read, store_codes
from .infrared_device_steps import answer, button_of, choose, device_of, press_key, progress, start, start_new
from .remote_actions import NEC, UNKNOWN, Call

OTHER = "nec:0x04,0x09"


class Wizard:
    """A user who learns keys."""

    def __init__(self, hass: HomeAssistant, pair: SimulatedLirc, freezer: FrozenDateTimeFactory) -> None:
        """Begin without a flow."""
        self.hass = hass
        self.pair = pair
        self.freezer = freezer

    async def choose_keys(self, menu: SubentryFlowResult, *keys: str) -> SubentryFlowResult:
        """Choose keys, and return the step that waits for presses."""
        common = [key for key in keys if key in COMMON_KEYS]
        others = [key for key in keys if key not in COMMON_KEYS]
        return await answer(self.hass, await choose(self.hass, menu, "learn"), keys=common, other_keys=others)

    async def press(self, step: SubentryFlowResult, *codes: str) -> SubentryFlowResult:
        """Press keys, and return the step that follows."""
        for code in codes:
            await press_key(self.hass, self.pair, self.freezer, code)
        return await progress(self.hass, step)

    async def learn(self, menu: SubentryFlowResult, key: str, code: str) -> SubentryFlowResult:
        """Learn one key."""
        learned = await self.press(await self.choose_keys(menu, key), *[code] * 3)
        assert learned["step_id"] == "learned", learned["description_placeholders"]
        return learned

    async def wait_in_vain(self, step: SubentryFlowResult) -> SubentryFlowResult:
        """Let the time for the presses pass, and return the step that follows."""
        await let_read()
        self.freezer.tick(TIMEOUT + 1)
        await let_read()
        return await progress(self.hass, step)


@pytest.fixture
def wizard(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, station: MockConfigEntry
) -> Wizard:
    """Return a user who learns keys."""
    return Wizard(hass, pair, freezer)


def placeholders(step: SubentryFlowResult) -> Any:
    """Return the placeholders of a step."""
    return step["description_placeholders"]


async def test_a_remote_control_is_learned_key_by_key(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore, station: MockConfigEntry
) -> None:
    updates = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power", " Netflix ", "power")
    assert (step["type"], step["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "press_simulated")
    assert placeholders(step) == {"key": "Power", "number": "1", "count": "2"}

    learned = await wizard.press(step, NEC, NEC, NEC)

    assert [round(event.data["progress"], 2) for event in updates] == [0.33, 0.67, 1]
    assert placeholders(learned) == {"key": "Power", "number": "1", "count": "2", "code": NEC, "note": ""}
    assert learned["menu_options"] == ["next", "verify", "learn_again", "undo", "menu"]
    assert codes.codes == {"TV": {"power": [NEC]}}  # saved at once
    assert button_of(hass, device_of(station, "TV"), "power") == "button.tv_power"

    step = await choose(hass, learned, "next")
    assert placeholders(step) == {"key": "Netflix", "number": "2", "count": "2"}
    learned = await wizard.press(step, UNKNOWN, UNKNOWN, UNKNOWN)
    assert placeholders(learned)["code"].startswith("raw:38000:")
    assert learned["menu_options"] == ["verify", "learn_again", "undo", "menu"]

    menu = await choose(hass, learned, "menu")
    assert placeholders(menu) == {"device": "TV", "count": "2"}
    result = await choose(hass, menu, "finish")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "saved")
    assert list(codes.codes["TV"]) == ["power", "Netflix"]


async def test_learning_can_be_left_and_resumed(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore, station: MockConfigEntry
) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    waiting = await wizard.choose_keys(await choose(hass, learned, "menu"), "mute")
    hass.config_entries.subentries.async_abort(waiting["flow_id"])
    await hass.async_block_till_done()
    assert codes.codes == {"TV": {"power": [NEC]}}

    form = await choose(hass, await start(hass, device_of(station, "TV")), "learn")
    assert placeholders(form)["stored"] == "Power"
    await wizard.press(await answer(hass, form, keys=["mute"]), OTHER, OTHER, OTHER)

    assert codes.codes == {"TV": {"power": [NEC], "mute": [OTHER]}}
    assert len(infrared_devices(station)) == 1


async def test_a_key_that_is_left_lets_another_be_learned(
    hass: HomeAssistant, wizard: Wizard, call: Call, freezer: FrozenDateTimeFactory
) -> None:
    waiting = await wizard.choose_keys(await start_new(hass, "TV"), "power")
    busy = await wizard.choose_keys(await start_new(hass, "Fan"), "power")
    assert busy["step_id"] == "not_learned"
    assert "already learning" in placeholders(busy)["reason"]

    action = hass.async_create_task(call("learn_command", device="Radio", command=["power"]))
    await let_read()
    hass.config_entries.subentries.async_abort(waiting["flow_id"])
    await let_read()
    for _ in range(3):
        await press_key(hass, wizard.pair, freezer, NEC)
    await action


@pytest.mark.parametrize(("code", "error"), [([], "The receiver got nothing"), ([NEC], "too few presses")])
async def test_presses_that_are_missing_are_explained(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore, code: list[str], error: str
) -> None:
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power", "mute")
    for press in code:
        await press_key(hass, wizard.pair, wizard.freezer, press)
    failed = await wizard.wait_in_vain(step)

    assert failed["step_id"] == "not_learned"
    assert error in placeholders(failed)["reason"]
    assert failed["menu_options"] == ["retry", "skip", "menu"]
    assert not codes.codes
    step = await choose(hass, failed, "retry")
    assert placeholders(step)["key"] == "Power"
    learned = await wizard.press(step, NEC, NEC, NEC)
    assert codes.codes == {"TV": {"power": [NEC]}}
    assert learned["step_id"] == "learned"


async def test_with_a_real_board_a_user_presses_a_real_key(
    hass: HomeAssistant, wizard: Wizard, station: MockConfigEntry
) -> None:
    station.runtime_data = replace(station.runtime_data, simulated_pair=None)
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power")
    assert step["progress_action"] == "press"

    learned = await wizard.press(step, NEC, NEC, NEC)
    assert (await choose(hass, learned, "verify"))["progress_action"] == "verify"


async def test_a_key_is_skipped(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power", "mute")
    failed = await wizard.press(step, NEC, OTHER, "nec:0x04,0x10")
    assert "differ" in placeholders(failed)["reason"]

    step = await choose(hass, failed, "skip")

    assert placeholders(step) == {"key": "Mute", "number": "2", "count": "2"}
    await wizard.press(step, OTHER, OTHER, OTHER)
    assert codes.codes == {"TV": {"mute": [OTHER]}}


async def test_the_last_key_is_undone(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    undone = await choose(hass, learned, "undo")
    assert placeholders(undone)["reason"] == "The change was undone."
    assert not codes.codes
    again = await choose(hass, await choose(hass, undone, "menu"), "learn")
    assert placeholders(again)["stored"] == "–"


async def test_a_key_that_was_deleted_meanwhile_is_undone(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore, call: Call
) -> None:
    menu = await choose(hass, await wizard.learn(await start_new(hass, "TV"), "mute", OTHER), "menu")
    learned = await wizard.learn(menu, "power", NEC)
    await call("delete_command", device="TV", command=["power"])
    undone = await choose(hass, learned, "undo")
    assert undone["step_id"] == "not_learned"
    assert codes.codes == {"TV": {"mute": [OTHER]}}


async def test_undoing_restores_what_was_replaced(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    stored = {"TV": {"power": ["brand_of_2030:1,2"], "mute": [OTHER]}}
    for device, commands in stored.items():
        await codes.async_restore(device, commands)
    await hass.async_block_till_done()
    (television,) = infrared_devices(hass.config_entries.async_get_known_entry("01STATION"))

    learned = await wizard.learn(await start(hass, television), "power", NEC)
    assert placeholders(learned)["note"] == "This replaced the stored command."
    undone = await choose(hass, learned, "undo")
    await choose(hass, undone, "menu")

    assert codes.codes == stored


async def test_a_key_is_learned_again(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    step = await choose(hass, learned, "learn_again")
    assert not codes.codes
    await wizard.press(step, OTHER, OTHER, OTHER)
    assert codes.codes == {"TV": {"power": [OTHER]}}


async def test_a_change_that_cannot_be_undone_is_explained(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore
) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    for option in ("undo", "learn_again"):
        with patch.object(code_store, "async_save", side_effect=StorageError("codes_not_saved")):
            learned = await choose(hass, learned, option)
        assert learned["step_id"] == "learned"
        assert "disk" in placeholders(learned)["note"]
    assert codes.codes == {"TV": {"power": [NEC]}}


@pytest.mark.parametrize(("code", "note"), [(NEC, "This press matches."), (OTHER, "This press doesn't match.")])
async def test_a_key_is_verified(hass: HomeAssistant, wizard: Wizard, codes: CodeStore, code: str, note: str) -> None:
    await store_codes(codes, {"Radio": {"volume_up": [NEC]}})
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    step = await choose(hass, learned, "verify")
    assert step["progress_action"] == "verify_simulated"
    verified = await wizard.press(step, code)
    assert verified["step_id"] == "learned"
    assert placeholders(verified)["note"].startswith(note)


async def test_a_verification_without_a_press_is_explained(hass: HomeAssistant, wizard: Wizard) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    verified = await wizard.wait_in_vain(await choose(hass, learned, "verify"))
    assert verified["step_id"] == "learned"
    assert "The receiver got nothing" in placeholders(verified)["note"]


async def test_a_key_that_is_stored_already_is_named(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    await store_codes(codes, {"Radio": {"power": [NEC]}})
    learned = await wizard.learn(await start_new(hass, "TV"), "mute", NEC)
    assert placeholders(learned)["note"] == "This key is also stored as “Power” of Radio."


async def test_a_disk_that_is_full_is_explained(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power")
    with patch.object(code_store, "async_save", side_effect=StorageError("codes_not_saved")):
        failed = await wizard.press(step, NEC, NEC, NEC)
    assert failed["step_id"] == "not_learned"
    assert "disk" in placeholders(failed)["reason"]
    assert not codes.codes


@pytest.mark.parametrize(
    ("keys", "error"), [([], "at least one key"), ([" "], "Choose another name"), (["x" * 101], "Choose another name")]
)
async def test_names_are_checked(hass: HomeAssistant, wizard: Wizard, keys: list[str], error: str) -> None:
    form = await wizard.choose_keys(await start_new(hass, "TV"), *keys)
    assert form["errors"] == {"base": "failed"}
    assert error in placeholders(form)["detail"]


async def test_learning_needs_a_receiver(hass: HomeAssistant, wizard: Wizard) -> None:
    menu = await start_new(hass, "TV")
    step = await wizard.choose_keys(menu, "power")
    wizard.pair.unplug()
    await let_read()
    failed = await progress(hass, step)
    assert "unplugged" in placeholders(failed)["reason"]

    failed = await choose(hass, failed, "retry")
    assert "receiver" in placeholders(failed)["reason"]
    form = await wizard.choose_keys(await choose(hass, failed, "menu"), "power")
    assert "receiver" in placeholders(form)["detail"]


async def test_a_reload_of_the_station_ends_the_learning_only(
    hass: HomeAssistant, wizard: Wizard, station: MockConfigEntry, codes: CodeStore
) -> None:
    learned = await wizard.learn(await start_new(hass, "TV"), "power", NEC)
    step = await wizard.choose_keys(await choose(hass, learned, "menu"), "mute")
    await hass.config_entries.async_reload(station.entry_id)
    failed = await progress(hass, step)
    assert "reloaded" in placeholders(failed)["reason"]

    learned = await wizard.press(await choose(hass, failed, "retry"), OTHER, OTHER, OTHER)

    assert learned["step_id"] == "learned"
    assert codes.codes == {"TV": {"power": [NEC], "mute": [OTHER]}}


async def test_a_station_that_is_unloaded_ends_the_flow(
    hass: HomeAssistant, wizard: Wizard, station: MockConfigEntry
) -> None:
    step = await wizard.choose_keys(await start_new(hass, "TV"), "power")
    failed = await wizard.wait_in_vain(step)
    await hass.config_entries.async_unload(station.entry_id)

    result = await answer(hass, failed, next_step_id="retry")

    assert result["reason"] == "station_not_loaded"


async def test_the_last_key_received_becomes_a_command(hass: HomeAssistant, wizard: Wizard, codes: CodeStore) -> None:
    assert "last_key" not in (await start_new(hass, "Fan"))["menu_options"]
    await store_codes(codes, {"Radio": {"mute": [UNKNOWN]}})
    await press_key(hass, wizard.pair, wizard.freezer, UNKNOWN)

    form = await choose(hass, await start_new(hass, "TV"), "last_key")
    assert placeholders(form)["name"] == "Radio: Mute"
    assert len(placeholders(form)["code"]) == 16
    form = await answer(hass, form, key=" ")
    assert form["errors"] == {"base": "failed"}
    learned = await answer(hass, form, key="power")

    assert learned["step_id"] == "learned"
    verified = await wizard.press(await choose(hass, learned, "verify"), UNKNOWN)
    assert list(codes.codes["TV"]) == ["power"]
    assert verified["step_id"] == "learned"


async def test_the_last_key_of_a_known_protocol_is_shown_by_its_code(hass: HomeAssistant, wizard: Wizard) -> None:
    await press_key(hass, wizard.pair, wizard.freezer, NEC)
    form = await choose(hass, await start_new(hass, "TV"), "last_key")
    assert (placeholders(form)["code"], placeholders(form)["name"]) == (NEC, "–")


async def test_the_key_that_is_shown_is_saved_though_another_follows(
    hass: HomeAssistant, wizard: Wizard, codes: CodeStore
) -> None:
    await press_key(hass, wizard.pair, wizard.freezer, NEC)
    form = await choose(hass, await start_new(hass, "TV"), "last_key")
    await press_key(hass, wizard.pair, wizard.freezer, OTHER)

    learned = await answer(hass, form, key="power")

    assert codes.codes == {"TV": {"power": [NEC]}}
    form = await choose(hass, await choose(hass, learned, "menu"), "last_key")
    assert placeholders(form)["code"] == OTHER


async def test_a_reload_forgets_the_last_key(hass: HomeAssistant, wizard: Wizard, station: MockConfigEntry) -> None:
    await press_key(hass, wizard.pair, wizard.freezer, NEC)
    menu = await start_new(hass, "TV")
    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()

    menu = await choose(hass, menu, "last_key")

    assert (menu["step_id"], "last_key" in menu["menu_options"]) == ("menu", False)
