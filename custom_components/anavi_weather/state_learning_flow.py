"""Steps of the infrared device's flow that learn the states of an air conditioner from its handset, one press for each."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import UnitOfTemperature
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .code_store import check_name
from .const import CONF_STATES, DOMAIN
from .exceptions import InfraredError, InvalidActionError, TranslatedError, async_message
from .infrared_device_flow_base import InfraredDeviceFlowBase
from .ir_codes.capture import alike, consensus
from .ir_codes.climate_plan import OFF, ClimatePlan
from .ir_codes.decode import Decoded, decode_message
from .key_tracker import KeyTracker
from .texts import async_option_label, async_text

PRESS_TIMEOUT = 60  # seconds
MIN_DURATIONS = 16  # of a message with a state
MODES = ("cool", "heat", "dry", "fan_only", "auto", "heat_cool")
FANS = ("auto", "low", "medium", "high", "quiet", "turbo")
SWINGS = ("off", "vertical", "horizontal", "both", "swing")
NOTHING = "–"
USUAL = {
    UnitOfTemperature.CELSIUS: {"min_temperature": 18, "max_temperature": 30},
    UnitOfTemperature.FAHRENHEIT: {"min_temperature": 64, "max_temperature": 86},
}
"""The temperatures of most air conditioners, by the user's unit."""


def _options(options: Sequence[str], translation_key: str, *, custom: bool = True) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options),
            multiple=True,
            custom_value=custom,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=translation_key,
        )
    )


_TEMPERATURE = NumberSelector(NumberSelectorConfig(min=8, max=99, step="any", mode=NumberSelectorMode.BOX))

PLAN_SCHEMA = vol.Schema(
    {
        vol.Required("modes", default=["cool"]): _options(MODES, "climate_mode", custom=False),
        vol.Optional("fan_modes", default=["auto"]): _options(FANS, "climate_fan_mode"),
        vol.Optional("swing_modes", default=[]): _options(SWINGS, "climate_swing_mode"),
        vol.Required("min_temperature"): _TEMPERATURE,
        vol.Required("max_temperature"): _TEMPERATURE,
        vol.Required("temperature_step", default=1): NumberSelector(
            NumberSelectorConfig(min=0.5, max=10, step=0.5, mode=NumberSelectorMode.BOX)
        ),
    }
)


class StateLearningFlow(InfraredDeviceFlowBase):
    """The steps *learn states*, which can be left and resumed at any state."""

    def __init__(self) -> None:
        """Initialize the steps before the first press."""
        super().__init__()
        self._state_press: asyncio.Task[list[int] | None] | None = None
        self._tracker = KeyTracker()
        self._suspicious: list[int] | None = None  # message that is accepted if the next press repeats it
        self._state_note = NOTHING  # about the last press
        self._learned_state: str | None = None  # state that this flow learned last
        self._state_lengths: set[int] = set()  # of the messages of states
        self._skipped_states: frozenset[str] = frozenset()

    async def async_step_learn_states(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the plan of the states to learn."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        known: Mapping[str, Any] = self.subentry.data.get(CONF_STATES) or USUAL[self.hass.config.units.temperature_unit]
        if user_input is not None:
            plan = ClimatePlan.from_dict(user_input)
            if not plan.modes:
                errors["modes"] = "no_modes"
            elif plan.min_temperature > plan.max_temperature:
                errors["max_temperature"] = "temperatures_invalid"
            elif plan.is_too_large:
                errors["base"] = "too_many_states"
            else:
                try:
                    self._check_plan(plan)
                except TranslatedError as err:
                    errors, detail = {"base": "failed"}, await self.async_detail(err)
                else:
                    self.update_data({CONF_STATES: user_input})
                    self._skipped_states = frozenset()
                    return await self._async_continue_states()
        return self.async_show_form(
            step_id="learn_states",
            data_schema=self.add_suggested_values_to_schema(PLAN_SCHEMA, user_input or known),
            errors=errors,
            description_placeholders=detail,
        )

    def _check_plan(self, plan: ClimatePlan) -> None:
        """Check that the states of a plan can be learned.

        Raises:
            InvalidActionError: if an own name of a fan speed or a swing is impossible.
            InfraredError: if there is no receiver.
        """
        for name in plan.states:
            check_name(name)
        transceiver = self.station.transceiver
        if transceiver is None or not transceiver.can_receive:
            raise InfraredError("no_receiver")

    async def async_step_press_state(self, user_input: None = None) -> SubentryFlowResult:
        """Wait for the press that sends the next state, and store it."""
        try:
            return await self._async_step_press_state()
        except AbortFlow:  # which only the step that follows may end with
            return self.async_show_progress_done(next_step_id="menu")

    async def _async_step_press_state(self) -> SubentryFlowResult:
        if self._state_press is not None and self._state_press.done():
            message = self._state_press.result()
            self._state_press = None
            if message is None:
                return self.async_show_progress_done(next_step_id="states_paused")
            await self._async_take_state(message)
        if self._next_state() is None:
            return self.async_show_progress_done(next_step_id="menu")
        if self._state_press is None:
            self._state_press = self.hass.async_create_background_task(
                self._async_receive_state(), f"{DOMAIN} press of a state"
            )
        return self.async_show_progress(
            step_id="press_state",
            progress_action="press_state",
            description_placeholders=await self._async_state_progress(),
            progress_task=self._state_press,
        )

    async def async_step_states_paused(self, user_input: None = None) -> SubentryFlowResult:
        """Offer how to go on when no press was received."""
        self._suspicious, self._state_note = None, NOTHING
        options = ["press_state", "skip_state", "menu"]
        if self._learned_state in self.station.devices.commands(self.subentry):
            options.insert(1, "learn_state_again")
        return self.async_show_menu(
            step_id="states_paused", menu_options=options, description_placeholders=await self._async_state_progress()
        )

    async def async_step_skip_state(self, user_input: None = None) -> SubentryFlowResult:
        """Leave out a state that the air conditioner does not have, until the plan is changed."""
        self._skipped_states |= frozenset(filter(None, [self._next_state()]))
        return await self._async_continue_states()

    async def async_step_learn_state_again(self, user_input: None = None) -> SubentryFlowResult:
        """Delete the state that was learned last, so that it is the next."""
        try:
            with suppress(InvalidActionError):  # it was deleted meanwhile
                await self.station.codes.async_delete(self.device, [str(self._learned_state)])
        except TranslatedError as err:
            self._state_note = await async_message(self.hass, err)
        else:
            self._learned_state = None
        return await self._async_continue_states()

    async def _async_continue_states(self) -> SubentryFlowResult:
        """Return the next press, or the menu if nothing is left."""
        return await (self.async_step_menu() if self._next_state() is None else self.async_step_press_state())

    @property
    def _plan(self) -> ClimatePlan:
        return ClimatePlan.from_dict(self.subentry.data[CONF_STATES])

    def _next_state(self) -> str | None:
        """Return the name of the next state to learn, or None if all are learned."""
        commands = self.station.devices.commands(self.subentry)
        return next(
            (name for name in self._plan.states if name not in commands and name not in self._skipped_states), None
        )

    async def _async_receive_state(self) -> list[int] | None:
        """Return the message of the next press, in signed µs, or None if none comes in time."""
        loop = self.hass.loop
        pressed: asyncio.Future[list[int]] = loop.create_future()

        @callback
        def on_message(timings: list[int]) -> None:
            key = self._tracker.add_message(timings, loop.time())
            if key is not None and not key.repeats and len(timings) >= MIN_DURATIONS and not pressed.done():
                pressed.set_result(timings)

        if (transceiver := self.station.transceiver) is None:
            raise AbortFlow("station_not_loaded")
        unsubscribe = transceiver.async_subscribe_messages(on_message)
        try:
            async with asyncio.timeout(PRESS_TIMEOUT), transceiver.learn_lock:
                return await pressed
        except TimeoutError:
            return None
        finally:
            unsubscribe()

    async def _async_take_state(self, message: list[int]) -> None:
        """Store the message of the next state, unless it is suspicious and was not repeated."""
        name = self._next_state()
        command = await self.hass.async_add_executor_job(consensus, [message])
        if name is None or command is None:
            self._state_note = await async_text(self.hass, "state_disturbed")
            return
        decoded = await self.hass.async_add_executor_job(decode_message, message)
        reason = self._suspicion(decoded, message)
        if reason and not (self._suspicious and alike(self._suspicious, message)):
            self._suspicious, self._state_note = message, await async_text(self.hass, reason)
            return
        try:
            await self.station.devices.async_add_commands(self.subentry, {name: (command,)})
        except TranslatedError as err:
            self._state_note = await async_message(self.hass, err)
            return
        if name != OFF:
            self._state_lengths.add(len(message))
        self._suspicious, self._learned_state = None, name
        self._state_note = await async_text(self.hass, "state_learned", state=await self._async_describe_state(name))

    def _suspicion(self, decoded: Decoded | None, message: Sequence[int]) -> str | None:
        """Return why a message may not be the next state's: the last was sent again, or the reception was disturbed."""
        found = self.station.codes.find(decoded, message)
        if any((match.device, match.name) == (self.device, self._learned_state) for match in found):
            return "state_same"
        if self._state_lengths and len(message) not in self._state_lengths and decoded is None:
            return "state_disturbed"
        return None

    async def _async_state_progress(self) -> dict[str, str]:
        """Return what to press, how much is learned, and what became of the last press."""
        states = self._plan.states
        learned = states.keys() & self.station.devices.commands(self.subentry).keys()
        name = self._next_state()
        return {
            "state": NOTHING if name is None else await self._async_describe_state(name),
            "number": str(len(learned)),
            "count": str(len(states.keys() - self._skipped_states)),
            "note": self._state_note,
        }

    async def _async_describe_state(self, name: str) -> str:
        """Return a state in the language of Home Assistant: `Cool · Low · 24 °C`."""
        state = self._plan.states.get(name)
        if state is None:
            return await async_text(self.hass, "state_off")
        words = [
            await async_option_label(self.hass, f"climate_{setting}", option)
            for setting, option in (("mode", state.mode), ("fan_mode", state.fan), ("swing_mode", state.swing))
            if option
        ]
        return " · ".join([*words, *([] if state.temperature is None else [f"{state.temperature:g}°"])])
