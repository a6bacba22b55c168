"""Errors whose messages are translated."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .ir_codes import CodeError


class TranslatedError(HomeAssistantError):
    """An error with a message from the `exceptions` of the translations."""

    def __init__(self, translation_key: str, **placeholders: str) -> None:
        """Initialize the error with what its message says."""
        super().__init__(
            translation_domain=DOMAIN, translation_key=translation_key, translation_placeholders=placeholders
        )


class InfraredError(TranslatedError):
    """Infrared could not be sent or received."""


class LearnError(TranslatedError):
    """A command could not be learned from the presses that were received."""


class ReadingError(TranslatedError, UpdateFailed):
    """The chips could not be read."""


class InvalidActionError(TranslatedError, ServiceValidationError):
    """An action was called with data that it cannot use."""


class InvalidCodeError(InvalidActionError):
    """An action was called with a code, or a file of codes, that cannot be read."""

    def __init__(self, error: CodeError) -> None:
        """Initialize the error with the reason, and its line in a file."""
        if error.line is None:
            super().__init__(f"code_{error.key}", **error.placeholders)
        else:
            super().__init__(f"code_{error.key}_line", **error.placeholders, line=str(error.line))
