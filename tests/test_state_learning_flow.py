"""Tests of learning the states of an air conditioner from its handset."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.infrared_devices import Kind
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.state_learning_flow import PRESS_TIMEOUT
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem

from .climate_actions import press_handset, set_climate, shown
from .conftest import let_read, press as press_key, store_codes
from .infrared_device_steps import answer, choose, device_of, start, start_new

PLAN = {"modes": ["cool"], "fan_modes": ["low"], "min_temperature": 20, "max_temperature": 22, "temperature_step": 1}


def state(number: int) -> str:
    """Return a message of an unknown protocol, which says a number."""
    bits = [number >> place & 1 for place in range(8)] * 3
    return "raw:38000:" + ",".join(["4400,-4400", *(f"560,{-1600 if bit else -560}" for bit in bits), "560,-20000"])


type Press = Callable[..., Coroutine[Any, Any, SubentryFlowResult]]


@pytest.fixture
def press(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pair: SimulatedLirc) -> Press:
    """Return a function that presses keys of the handset, and returns the present step."""

    async def press(step: SubentryFlowResult, *codes: str) -> SubentryFlowResult:
        for code in codes:
            await press_handset(freezer, pair, code)
            await hass.async_block_till_done()
        return current(hass, step)

    return press


def current(hass: HomeAssistant, step: SubentryFlowResult) -> SubentryFlowResult:
    """Return the present step of a flow."""
    flow = hass.config_entries.subentries._progress[step["flow_id"]]
    assert flow.cur_step
    return flow.cur_step


async def let_time_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, step: SubentryFlowResult
) -> SubentryFlowResult:
    """Let the time for a press pass, and return the menu that follows."""
    freezer.tick(PRESS_TIMEOUT + 1)
    await let_read()
    await hass.async_block_till_done()
    assert current(hass, step)["type"] is FlowResultType.SHOW_PROGRESS_DONE
    paused = await hass.config_entries.subentries.async_configure(step["flow_id"])
    assert (paused["type"], paused["step_id"]) == (FlowResultType.MENU, "states_paused")
    return paused


def progress(step: SubentryFlowResult) -> tuple[str, str, str]:
    """Return the next state, and how many are learned."""
    shown = step["description_placeholders"]
    assert shown
    return shown["state"], shown["number"], shown["count"]


def note(step: SubentryFlowResult) -> str:
    """Return what became of the last press."""
    shown = step["description_placeholders"]
    assert shown
    return shown["note"]


@pytest.fixture
async def learning(hass: HomeAssistant, station: MockConfigEntry) -> SubentryFlowResult:
    """Return the step that waits for the first press."""
    menu = await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER)
    step = await answer(hass, await choose(hass, menu, "learn_states"), **PLAN)
    assert (step["type"], step["step_id"]) == (FlowResultType.SHOW_PROGRESS, "press_state")
    return step


async def test_one_press_for_each_state(
    hass: HomeAssistant, codes: CodeStore, learning: SubentryFlowResult, press: Press, pair: SimulatedLirc
) -> None:
    assert (*progress(learning), note(learning)) == ("Off", "0", "4", "–")
    step = await press(learning, state(0))
    assert progress(step) == ("Cool · Fan low · 20°", "1", "4")
    assert note(step) == "Off learned."
    step = await press(step, state(20), state(21))
    assert progress(step) == ("Cool · Fan low · 22°", "3", "4")
    assert list(codes.codes["Bedroom"]) == ["off", "cool_low_20", "cool_low_21"]
    step = await press(step, state(22))
    assert step["type"] is FlowResultType.SHOW_PROGRESS_DONE
    menu = await hass.config_entries.subentries.async_configure(step["flow_id"])
    assert menu["step_id"] == "menu"
    assert shown(hass, "min_temp", "max_temp", "fan_modes") == ("off", 20, 22, ["low"])
    await set_climate(hass, "set_temperature", temperature=21, hvac_mode="cool")
    sent = pair.sent[-1].timings
    expected = parse(state(21)).get_raw_timings()
    assert all(abs(got - wanted) < 100 for got, wanted in zip(sent, expected, strict=False))


async def test_learning_can_be_left_and_resumed(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore, learning: SubentryFlowResult, press: Press
) -> None:
    step = await press(learning, state(0), state(20))
    hass.config_entries.subentries.async_abort(step["flow_id"])
    await hass.async_block_till_done()
    assert list(codes.codes["Bedroom"]) == ["off", "cool_low_20"]

    form = await choose(hass, await start(hass, device_of(station, "Bedroom")), "learn_states")
    assert form["data_schema"]
    suggested = {str(field): (field.description or {}).get("suggested_value") for field in form["data_schema"].schema}
    assert {field: value for field, value in suggested.items() if value is not None} == PLAN | {"swing_modes": []}
    step = await answer(hass, form, **PLAN)
    assert progress(step) == ("Cool · Fan low · 21°", "2", "4")
    hass.config_entries.subentries.async_abort(step["flow_id"])
    await hass.async_block_till_done()


async def test_a_state_that_is_sent_twice(
    hass: HomeAssistant, learning: SubentryFlowResult, press: Press, codes: CodeStore
) -> None:
    step = await press(learning, state(0), state(20), state(20))
    assert progress(step) == ("Cool · Fan low · 21°", "2", "4")
    assert note(step).startswith("The signal is the same")
    step = await press(step, state(21))
    assert list(codes.codes["Bedroom"]) == ["off", "cool_low_20", "cool_low_21"]
    # Two states may really have the same code
    await press(step, state(21), state(21))
    assert codes.codes["Bedroom"].keys() >= {"cool_low_22"}


async def test_a_disturbed_press(
    hass: HomeAssistant, learning: SubentryFlowResult, press: Press, codes: CodeStore
) -> None:
    shorter = state(21).replace("raw:38000:4400,-4400,", "raw:38000:")
    step = await press(learning, state(0), state(20), shorter)
    assert note(step).startswith("The signal was disturbed")
    assert progress(step) == ("Cool · Fan low · 21°", "2", "4")
    step = await press(step, state(21))
    assert progress(step) == ("Cool · Fan low · 22°", "3", "4")
    # A press that is repeated is what the handset sends
    await press(step, shorter, shorter)
    assert "cool_low_22" in codes.codes["Bedroom"]


async def test_noise_is_not_a_state(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: SubentryFlowResult, press: Press
) -> None:
    step = await press(learning, "raw:38000:500,-500,500,-500,500,-20000")
    assert (*progress(step), note(step)) == ("Off", "0", "4", "–")
    with patch("custom_components.anavi_weather.state_learning_flow.consensus", return_value=None):
        step = await press(step, state(0))
    assert note(step).startswith("The signal was disturbed")
    assert progress(step) == ("Off", "0", "4")
    await let_time_out(hass, freezer, step)


async def test_a_state_that_cannot_be_saved(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, learning: SubentryFlowResult, press: Press
) -> None:
    with patch.object(codes, "async_add", side_effect=StorageError("codes_not_saved")):
        step = await press(learning, state(0))
    assert progress(step) == ("Off", "0", "4")
    assert "disk" in note(step)
    await let_time_out(hass, freezer, step)


async def test_without_a_press_it_pauses(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, learning: SubentryFlowResult, press: Press
) -> None:
    paused = await let_time_out(hass, freezer, learning)
    assert paused["menu_options"] == ["press_state", "skip_state", "menu"]
    step = await choose(hass, paused, "press_state")
    step = await press(step, state(0), state(20))
    paused = await let_time_out(hass, freezer, step)
    assert paused["menu_options"] == ["press_state", "learn_state_again", "skip_state", "menu"]

    step = await choose(hass, paused, "learn_state_again")
    assert progress(step) == ("Cool · Fan low · 20°", "1", "4")
    paused = await let_time_out(hass, freezer, step)
    assert paused["menu_options"] == ["press_state", "skip_state", "menu"]
    for expected in ("21", "22"):
        step = await choose(hass, paused, "skip_state")
        assert progress(step)[0] == f"Cool · Fan low · {expected}°"
        paused = await let_time_out(hass, freezer, step)
    menu = await choose(hass, paused, "skip_state")
    assert menu["step_id"] == "menu"
    assert list(codes.codes["Bedroom"]) == ["off"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"modes": []}, {"modes": "no_modes"}),
        ({"min_temperature": 25}, {"max_temperature": "temperatures_invalid"}),
        ({"fan_modes": [str(number) for number in range(400)]}, {"base": "too_many_states"}),
    ],
)
@pytest.mark.usefixtures("station")
async def test_invalid_plans(hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]) -> None:
    menu = await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER)
    form = await answer(hass, await choose(hass, menu, "learn_states"), **PLAN | changes)
    assert form["errors"] == errors


async def test_no_receiver(hass: HomeAssistant, station: MockConfigEntry) -> None:
    menu = await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER)
    form = await choose(hass, menu, "learn_states")
    with patch.object(station.runtime_data.transceiver, "can_receive", new=False):
        form = await answer(hass, form, **PLAN)
    assert form["errors"] == {"base": "failed"}


async def test_options_with_names_of_the_user(hass: HomeAssistant, station: MockConfigEntry) -> None:
    menu = await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER)
    plan = PLAN | {"fan_modes": ["wind free"], "swing_modes": ["vertical"]}
    await store_codes(station.runtime_data.codes, {"Bedroom": {"off": [state(0)]}})
    step = await answer(hass, await choose(hass, menu, "learn_states"), **plan)
    assert progress(step)[0] == "Cool · wind free · Swing vertical · 20°"
    hass.config_entries.subentries.async_abort(step["flow_id"])
    await hass.async_block_till_done()


async def test_a_device_that_is_deleted_meanwhile(
    hass: HomeAssistant, station: MockConfigEntry, learning: SubentryFlowResult, press: Press
) -> None:
    hass.config_entries.async_remove_subentry(station, device_of(station, "Bedroom").subentry_id)
    await hass.async_block_till_done()
    step = await press(learning, state(0))
    assert step["type"] is FlowResultType.SHOW_PROGRESS_DONE
    aborted = await hass.config_entries.subentries.async_configure(step["flow_id"])
    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "device_deleted")


async def test_a_page_that_is_loaded_again(
    hass: HomeAssistant, learning: SubentryFlowResult, press: Press, codes: CodeStore
) -> None:
    step = await hass.config_entries.subentries.async_configure(learning["flow_id"])
    assert progress(step) == ("Off", "0", "4")
    step = await press(step, state(0))
    assert progress(step)[1] == "1"
    hass.config_entries.subentries.async_abort(step["flow_id"])
    await hass.async_block_till_done()


async def test_a_state_that_cannot_be_deleted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, learning: SubentryFlowResult, press: Press
) -> None:
    paused = await let_time_out(hass, freezer, await press(learning, state(0)))
    with patch.object(codes, "async_delete", side_effect=StorageError("codes_not_saved")):
        step = await choose(hass, paused, "learn_state_again")
    assert "disk" in note(step)
    assert progress(step) == ("Cool · Fan low · 20°", "1", "4")

    paused = await let_time_out(hass, freezer, step)
    await codes.async_delete("Bedroom", ["off"])
    step = await choose(hass, paused, "learn_state_again")
    assert progress(step) == ("Off", "0", "4")
    await let_time_out(hass, freezer, step)


async def test_a_station_that_loses_the_infrared_pair(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry, learning: SubentryFlowResult
) -> None:
    paused = await let_time_out(hass, freezer, learning)
    with patch.object(station, "runtime_data", replace(station.runtime_data, transceiver=None)):
        step = await choose(hass, paused, "press_state")
        await let_read()
        await hass.async_block_till_done()
        assert current(hass, step)["type"] is FlowResultType.SHOW_PROGRESS_DONE


@pytest.mark.parametrize(("units", "expected"), [(METRIC_SYSTEM, (18, 30)), (US_CUSTOMARY_SYSTEM, (64, 86))])
@pytest.mark.usefixtures("station")
async def test_temperatures_that_the_form_suggests(
    hass: HomeAssistant, units: UnitSystem, expected: tuple[int, int]
) -> None:
    hass.config.units = units
    form = await choose(hass, await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER), "learn_states")
    assert form["data_schema"]
    suggested = {str(field): (field.description or {}).get("suggested_value") for field in form["data_schema"].schema}
    assert (suggested["min_temperature"], suggested["max_temperature"]) == expected


async def test_off_may_be_shorter_than_the_states(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: SubentryFlowResult, press: Press
) -> None:
    shorter = state(0).replace("raw:38000:4400,-4400,", "raw:38000:")
    step = await press(learning, shorter, state(20))
    assert progress(step) == ("Cool · Fan low · 21°", "2", "4")
    await let_time_out(hass, freezer, step)


async def test_a_held_key_is_one_press(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, learning: SubentryFlowResult
) -> None:
    for _ in range(2):
        await press_key(pair, state(0))
        freezer.tick(0.2)
        await let_read()
        await hass.async_block_till_done()
    step = current(hass, learning)
    assert (progress(step)[1], note(step)) == ("1", "Off learned.")
    await let_time_out(hass, freezer, step)


@pytest.mark.parametrize("name", ["x" * 100, "fast\nfast"])
async def test_an_impossible_name_of_a_fan_speed_is_explained(
    hass: HomeAssistant, station: MockConfigEntry, name: str
) -> None:
    form = await choose(hass, await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER), "learn_states")
    form = await answer(hass, form, **PLAN | {"fan_modes": [name]})
    assert form["errors"] == {"base": "failed"}
    assert form["description_placeholders"]
    assert "Choose another name" in form["description_placeholders"]["detail"]
    assert "states" not in device_of(station, "Bedroom").data
