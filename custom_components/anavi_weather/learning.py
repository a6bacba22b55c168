"""Learning of commands from another remote control."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from infrared_protocols.commands import Command

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import translation

from .const import DOMAIN
from .exceptions import LearnError, TranslatedError, async_message
from .ir_codes import in_turn
from .ir_codes.capture import consensus
from .press_collector import PressCollector
from .transceiver import Transceiver

PRESSES = 3

type Store = Callable[[str, Sequence[Command]], Awaitable[object]]
"""Stores a command, by its name, with its alternatives."""


async def async_receive_presses(
    transceiver: Transceiver, command: str, wanted: int, timeout: float, on_press: Callable[[int], None]
) -> list[list[int]]:
    """Return several presses of a key, in signed µs.

    Args:
        transceiver: Receives the presses.
        command: The name of the command, for the error.
        wanted: The number of presses.
        timeout: The time for all presses, in seconds.
        on_press: Called at the start of each press, with the number of those that are still missing.

    Raises:
        LearnError: if fewer presses are received in time, or the receiver is gone.
    """

    @callback
    def stop_if_gone() -> None:
        if not transceiver.can_receive:
            collector.abort()

    collector = PressCollector(wanted, lambda: on_press(collector.missing))
    unsubscribes = (
        transceiver.async_subscribe_messages(collector.add_message),
        transceiver.async_subscribe_state(stop_if_gone),
    )
    try:
        async with asyncio.timeout(timeout):
            await collector.wait_until_complete()
    except TimeoutError as err:
        if collector.missing:  # otherwise the key of the last press is still held
            raise LearnError(
                "learn_too_few" if collector.presses else "learn_timeout",
                command=command,
                seconds=f"{timeout:g}",
                presses=str(len(collector.presses)),
            ) from err
    finally:
        for unsubscribe in unsubscribes:
            unsubscribe()
        collector.stop()
    if collector.is_aborted:
        raise LearnError("learn_interrupted", command=command)
    return collector.presses


async def async_common_command(hass: HomeAssistant, name: str, presses: Sequence[Sequence[int]]) -> Command:
    """Return the command of the presses of a key, in signed µs.

    Raises:
        LearnError: if they are not alike.
    """
    command = await hass.async_add_executor_job(consensus, presses)
    if command is None:
        raise LearnError("learn_no_consensus", command=name)
    return command


class Learner:
    """Learner of commands, one at a time, each from several presses. A notification shows what to press."""

    def __init__(self, hass: HomeAssistant, transceiver: Transceiver, notification_id: str) -> None:
        """Initialize the learner with the transceiver that receives the presses."""
        self._hass = hass
        self._transceiver = transceiver
        self._notification_id = notification_id

    async def async_learn(
        self, names: Sequence[str], timeout: float, async_store: Store, *, alternative: bool = False
    ) -> None:
        """Learn commands, and store each as soon as it is learned.

        Args:
            names: The names of the commands.
            timeout: The time for each command, in seconds.
            async_store: Stores a command.
            alternative: Whether each command has two codes, which are sent in turn.

        Raises:
            LearnError: if a command cannot be learned; those before it are stored.
            TranslatedError: if the first command cannot be stored.
        """
        async with self._transceiver.learn_lock:
            try:
                for number, name in enumerate(names):
                    title = self._title(number + 1, len(names))
                    try:
                        commands = in_turn(await self._async_learn(title, name, timeout))
                        if alternative:
                            other = await self._async_learn(title, name, timeout, alternative=True)
                            commands = (commands[0], other)
                        await async_store(name, commands)
                    except TranslatedError as err:
                        if number == 0:
                            raise
                        raise LearnError(
                            "learn_incomplete",
                            learned=", ".join(names[:number]),
                            missing=", ".join(names[number:]),
                            reason=await async_message(self._hass, err),
                        ) from err
            finally:
                persistent_notification.async_dismiss(self._hass, self._notification_id)

    async def _async_learn(self, title: str, name: str, timeout: float, *, alternative: bool = False) -> Command:
        @callback
        def notify(missing: int) -> None:
            if missing:
                self._notify(title, name, alternative, missing)

        notify(PRESSES)
        presses = await async_receive_presses(self._transceiver, name, PRESSES, timeout, notify)
        return await async_common_command(self._hass, name, presses)

    def _text(self, key: str, **placeholders: object) -> str:
        texts = translation.async_get_cached_translations(self._hass, self._hass.config.language, "common", DOMAIN)
        return texts[f"component.{DOMAIN}.common.{key}"].format(**placeholders)

    def _title(self, number: int, count: int) -> str:
        if count == 1:
            return self._text("learn_title")
        return self._text("learn_title_several", number=number, count=count)

    @callback
    def _notify(self, title: str, name: str, alternative: bool, presses: int) -> None:
        persistent_notification.async_create(
            self._hass,
            self._text("learn_press_alternative" if alternative else "learn_press", command=name, presses=presses),
            title=title,
            notification_id=self._notification_id,
        )
