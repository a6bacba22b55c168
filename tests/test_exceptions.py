"""Tests of the errors with translated messages."""

import pytest

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.exceptions import InvalidActionError, InvalidCodeError, ReadingError
from custom_components.anavi_weather.ir_codes import CodeError
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.update_coordinator import UpdateFailed


@pytest.mark.usefixtures("station")
async def test_the_message_is_translated_with_its_placeholders(hass: HomeAssistant) -> None:
    error = InvalidActionError("command_unknown", device="TV", command="Power")

    assert error.translation_domain == DOMAIN
    assert "TV" in str(error) and "Power" in str(error)


def test_errors_are_of_the_classes_that_home_assistant_expects() -> None:
    assert isinstance(InvalidActionError("learn_what"), ServiceValidationError)
    assert isinstance(ReadingError("no_chip_answers"), UpdateFailed)


def test_an_invalid_code_error_has_the_key_and_line_of_its_code_error() -> None:
    without_line = InvalidCodeError(CodeError("too_long", maximum="5"))
    assert without_line.translation_key == "code_too_long"
    assert without_line.translation_placeholders == {"maximum": "5"}

    with_line = InvalidCodeError(CodeError("too_long", line=7, maximum="5"))
    assert with_line.translation_key == "code_too_long_line"
    assert with_line.translation_placeholders == {"maximum": "5", "line": "7"}
