"""Lists of the commands of a file that cannot be read, for users."""

from collections.abc import Iterable, Mapping

from homeassistant.core import HomeAssistant

from .exceptions import InvalidCodeError, async_message
from .ir_codes import CodeError

MAX_SHOWN = 10


async def async_reasons(hass: HomeAssistant, unreadable: Mapping[str, CodeError]) -> dict[str, str]:
    """Return by command why it cannot be read, in the language of Home Assistant."""
    return {name: await async_message(hass, InvalidCodeError(error)) for name, error in unreadable.items()}


def listed(items: Iterable[str]) -> str:
    """Return the first items as a list in Markdown."""
    lines = [f"- {item}" for item in items]
    return "\n".join(lines if len(lines) <= MAX_SHOWN else [*lines[:MAX_SHOWN], "- …"])
