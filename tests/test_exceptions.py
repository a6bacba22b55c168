"""Tests of the errors whose messages are translated."""

import pytest

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.exceptions import InvalidActionError, InvalidCodeError, ReadingError
from custom_components.anavi_weather.ir_codes import CodeError
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.update_coordinator import UpdateFailed


@pytest.mark.usefixtures("station")
async def test_the_message_is_that_of_the_translations_with_its_placeholders(hass: HomeAssistant) -> None:
    error = InvalidActionError("command_unknown", device="TV", command="Power")

    assert error.translation_domain == DOMAIN
    assert "TV" in str(error) and "Power" in str(error)


def test_home_assistant_recognizes_each_kind() -> None:
    assert isinstance(InvalidActionError("learn_what"), ServiceValidationError)
    assert isinstance(ReadingError("no_chip_answers"), UpdateFailed)


def test_a_code_error_has_the_key_and_the_line_of_its_reason() -> None:
    without_line = InvalidCodeError(CodeError("too_long", maximum="5"))
    assert without_line.translation_key == "code_too_long"
    assert without_line.translation_placeholders == {"maximum": "5"}

    with_line = InvalidCodeError(CodeError("too_long", line=7, maximum="5"))
    assert with_line.translation_key == "code_too_long_line"
    assert with_line.translation_placeholders == {"maximum": "5", "line": "7"}
