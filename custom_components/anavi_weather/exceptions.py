"""Errors with translated messages."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import translation
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .ir_codes import CodeError


class TranslatedError(HomeAssistantError):
    """An error with a message from the `exceptions` of the translations."""

    def __init__(self, translation_key: str, **placeholders: str) -> None:
        """Initialize the error with the placeholders of its message."""
        super().__init__(
            translation_domain=DOMAIN, translation_key=translation_key, translation_placeholders=placeholders
        )


class InfraredError(TranslatedError):
    """Infrared cannot be sent or received."""


class LearnError(TranslatedError):
    """A command cannot be learned from the received presses."""


class StorageError(TranslatedError):
    """A change cannot be saved, and was not made."""


class ReadingError(TranslatedError, UpdateFailed):
    """The chips cannot be read."""


class FleetError(TranslatedError, UpdateFailed):
    """The summaries of a fleet cannot be read."""


class InvalidActionError(TranslatedError, ServiceValidationError):
    """An action was called with invalid data."""


class InvalidCodeError(InvalidActionError):
    """An action was called with a code or file that cannot be read."""

    def __init__(self, error: CodeError) -> None:
        """Initialize the error with the reason and its line in a file, if any."""
        if error.line is None:
            super().__init__(f"code_{error.key}", **error.placeholders)
        else:
            super().__init__(f"code_{error.key}_line", **error.placeholders, line=str(error.line))


async def async_message(hass: HomeAssistant, error: TranslatedError) -> str:
    """Return the message of an error, in the language of Home Assistant, to show it within another text."""
    texts = await translation.async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    text = texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
    return text.format(**error.translation_placeholders or {})
