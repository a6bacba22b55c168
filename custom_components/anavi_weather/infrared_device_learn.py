"""Steps of an infrared device's flow that learn its commands. Each command is saved as soon as it is learned."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import dt as dt_util

from .code_index import Codes, build_index
from .code_store import check_name
from .common_keys import COMMON_KEYS
from .const import DOMAIN
from .exceptions import InfraredError, InvalidActionError, LearnError, TranslatedError, async_message
from .infrared_device_flow_base import InfraredDeviceFlowBase
from .ir_codes import in_turn
from .ir_codes.decode import decode_message
from .ir_codes.text import excerpt
from .learning import PRESSES, async_common_command, async_receive_presses
from .received_keys import ReceivedKey
from .texts import async_key_label, async_text
from .transceiver import Transceiver

CONF_KEY = "key"
CONF_KEYS = "keys"
CONF_OTHER_KEYS = "other_keys"
TIMEOUT = 30.0  # seconds for the presses of a key


KEY_SELECTOR = SelectSelector(
    SelectSelectorConfig(
        options=list(COMMON_KEYS),
        custom_value=True,
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="infrared_key",
    )
)
KEYS_SCHEMA = vol.Schema(
    {
        # A list takes one click for each key, and a field that accepts other names takes two
        vol.Optional(CONF_KEYS, default=list): SelectSelector(
            SelectSelectorConfig(
                options=list(COMMON_KEYS), multiple=True, mode=SelectSelectorMode.LIST, translation_key="infrared_key"
            )
        ),
        vol.Optional(CONF_OTHER_KEYS, default=list): TextSelector(TextSelectorConfig(multiple=True)),
    }
)
KEY_SCHEMA = vol.Schema({vol.Required(CONF_KEY): KEY_SELECTOR})


class LearnSteps(InfraredDeviceFlowBase):
    """Steps that learn one key after the other, each from several presses."""

    def __init__(self) -> None:
        """Initialize the steps before the first key."""
        super().__init__()
        self._keys: list[str] = []  # all that were chosen
        self._place = 0  # of the current key
        self._replaced_texts: Sequence[str] | None = None  # texts of the command that the learned one replaced
        self._code = ""  # of the learned command
        self._note = ""
        self._shown_key: ReceivedKey | None = None  # in the form of the last key
        self._task: asyncio.Task[None] | None = None

    async def async_step_learn(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of the keys to learn."""
        return await self.async_handle_form(
            "learn", KEYS_SCHEMA, user_input, self._async_start, placeholders={"stored": await self._async_stored()}
        )

    async def async_step_press(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Receive the presses of the current key, and save its command."""
        return await self._async_receive("press", self._async_learn, failed="not_learned")

    async def async_step_learned(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what was learned, and offer to continue."""
        return self.async_show_menu(
            step_id="learned",
            menu_options=[*self._next_steps("next"), "verify", "learn_again", "undo", "menu"],
            description_placeholders=await self._async_progress() | {"code": self._code, "note": self._note},
        )

    async def async_step_not_learned(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Explain why a key was not learned, and offer to try again."""
        return self.async_show_menu(
            step_id="not_learned",
            menu_options=["retry", *self._next_steps("skip"), "menu"],
            description_placeholders=await self._async_progress() | {"reason": self._note},
        )

    async def async_step_next(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Learn the next key."""
        self._place += 1
        return await self.async_step_press()

    async_step_skip = async_step_next

    async def async_step_retry(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Learn the current key, which was not learned."""
        return await self.async_step_press()

    async def async_step_learn_again(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Undo what was learned last, and learn the key again."""
        return await self._async_undo() or await self.async_step_press()

    async def async_step_undo(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Undo what was learned last."""
        if (failed := await self._async_undo()) is not None:
            return failed
        self._note = await async_text(self.hass, "undone")
        return await self.async_step_not_learned()

    async def async_step_verify(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Receive one more press, and show whether it is recognized."""
        return await self._async_receive("verify", self._async_verify, failed="learned")

    async def async_step_last_key(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Save the last key that was received under a name."""
        if user_input is None:  # while the form is open, another key may be received
            self._shown_key = self._last_key
        last = self._shown_key
        if last is None:
            return await self.async_step_menu()
        return await self.async_handle_form(
            "last_key",
            KEY_SCHEMA,
            user_input,
            partial(self._async_save_last, last.key.timings),
            placeholders=await self._async_describe(last),
        )

    async def _async_start(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        self._set_keys([*user_input[CONF_KEYS], *user_input[CONF_OTHER_KEYS]])
        self._require_receiver()
        return await self.async_step_press()

    async def _async_save_last(self, timings: Sequence[int], user_input: dict[str, Any]) -> SubentryFlowResult:
        self._set_keys([user_input[CONF_KEY]])
        await self._async_save([timings])
        return await self.async_step_learned()

    async def _async_receive(
        self, step_id: str, async_receive: Callable[[], Awaitable[None]], *, failed: str
    ) -> SubentryFlowResult:
        """Show progress while keys are received, then the step `learned`, or `failed` with the reason as the note."""
        if self._task is None:
            self._task = self.hass.async_create_background_task(
                self._async_locked(async_receive), f"{DOMAIN} {step_id}"
            )
        if not self._task.done():
            return self.async_show_progress(
                step_id=step_id,
                progress_action=f"{step_id}_simulated" if self.station.simulated_pair else step_id,
                description_placeholders=await self._async_progress(),
                progress_task=self._task,
            )
        task, self._task = self._task, None
        try:
            task.result()
        except AbortFlow:  # this type of step cannot end a flow, but the menu can
            return self.async_show_progress_done(next_step_id="menu")
        except TranslatedError as err:
            self._note = await async_message(self.hass, err)
            return self.async_show_progress_done(next_step_id=failed)
        return self.async_show_progress_done(next_step_id="learned")

    async def _async_locked(self, async_receive: Callable[[], Awaitable[None]]) -> None:
        lock = self._require_receiver().learn_lock
        if lock.locked():
            raise LearnError("learn_busy")
        async with lock:
            await async_receive()

    async def _async_learn(self) -> None:
        await self._async_save(await self._async_presses(PRESSES))

    async def _async_verify(self) -> None:
        (press,) = await self._async_presses(1)
        commands = self.station.devices.commands(self.subentry)
        # Of all stored commands, another with the same code could be found first
        codes: Codes = {self.device: {self._key: list(commands.get(self._key, ()))}}
        index = await self.hass.async_add_executor_job(build_index, codes, {})
        is_same = index.match(decode_message(press), press) is not None
        self._note = await async_text(self.hass, "verified" if is_same else "not_verified")

    async def _async_presses(self, wanted: int) -> list[list[int]]:
        @callback
        def show(missing: int) -> None:
            self.async_update_progress((wanted - missing) / wanted)

        label = await async_key_label(self.hass, self._key)
        return await async_receive_presses(self._require_receiver(), label, wanted, TIMEOUT, show)

    async def _async_save(self, presses: Sequence[Sequence[int]]) -> None:
        """Save the command of presses, and note what else is known about it."""
        label = await async_key_label(self.hass, self._key)
        command = await async_common_command(self.hass, label, presses)
        codes = self.station.codes
        known = codes.match(decode_message(presses[0]), presses[0])
        replaced = codes.codes.get(self.device, {}).get(self._key)
        await self.station.devices.async_add_commands(self.subentry, {self._key: in_turn(command)})
        self._replaced_texts = replaced
        self._code = excerpt(codes.codes[self.device][self._key][0])
        self._note = ""
        if known is not None and (known.device, known.name) != (self.device, self._key):
            self._note = await async_text(
                self.hass, "known", device=known.device, name=await async_key_label(self.hass, known.name)
            )
        elif replaced is not None:
            self._note = await async_text(self.hass, "replaced")

    async def _async_undo(self) -> SubentryFlowResult | None:
        """Restore what was stored before the last key was learned. Return a step that explains if that is impossible."""
        codes = self.station.codes
        try:
            if self._replaced_texts is not None:
                await codes.async_set_texts(self.device, self._key, self._replaced_texts)
            elif self._key in codes.codes.get(self.device, {}):
                await codes.async_delete(self.device, [self._key])
        except TranslatedError as err:
            self._note = await async_message(self.hass, err)
            return await self.async_step_learned()
        return None

    def _set_keys(self, names: Sequence[str]) -> None:
        """Set the keys to learn.

        Raises:
            InvalidActionError: if there is none, or one cannot be a name.
        """
        keys = list(dict.fromkeys(name.strip() for name in names))
        if not keys:
            raise InvalidActionError("keys_missing")
        for key in keys:
            check_name(key)
        self._keys = keys
        self._place = 0

    @property
    def _key(self) -> str:
        return self._keys[self._place]

    def _require_receiver(self) -> Transceiver:
        """Return the transceiver, which can receive.

        Raises:
            InfraredError: if it cannot.
        """
        transceiver = self.station.transceiver
        if transceiver is None or not transceiver.can_receive:
            raise InfraredError("no_receiver")
        return transceiver

    @property
    def _last_key(self) -> ReceivedKey | None:
        return self.station.keys.last if self.station.keys else None

    def _next_steps(self, step_id: str) -> list[str]:
        return [step_id] if self._place + 1 < len(self._keys) else []

    async def _async_progress(self) -> dict[str, str]:
        return {
            "key": await async_key_label(self.hass, self._key),
            "number": str(self._place + 1),
            "count": str(len(self._keys)),
        }

    async def _async_stored(self) -> str:
        """Return the keys that are stored already."""
        names = [await async_key_label(self.hass, name) for name in self.station.devices.commands(self.subentry)]
        return ", ".join(names) or "–"

    async def _async_describe(self, last: ReceivedKey) -> dict[str, str]:
        """Return the placeholders of the last key."""
        name = f"{last.match.device}: {await async_key_label(self.hass, last.match.name)}" if last.match else "–"
        code = last.key.decoded.text if last.key.decoded else None
        return {
            "code": code or last.fingerprint,
            "name": name,
            "time": dt_util.as_local(last.received_at).strftime("%X"),
        }
