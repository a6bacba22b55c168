"""Tests of the removal of API keys from texts of a server."""

import pytest

from custom_components.anavi_weather.user_station.api_key import ApiKey

from .server import API_KEY, KEY_ID, KEY_SECRET

ANSWER = b'{"errors":false,"items":[{"create":{"status":201}}]}'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"bad header [ApiKey {API_KEY}]", "bad header [ApiKey [API key]=]"),
        (API_KEY.replace("=", r"\u003d"), r"[API key]\u003d"),
        (f"{KEY_ID}:{KEY_SECRET}, {KEY_SECRET}", f"{KEY_ID}:[API key], [API key]"),
        ("a lone \ud800 surrogate", "a lone ? surrogate"),
    ],
)
def test_a_key_is_removed(text: str, shown: str) -> None:
    assert ApiKey(API_KEY).redact_text(text) == shown


@pytest.mark.parametrize("encoded", ["YTpi", "Og==", "YTo=", "a", "", "not base64", "/////w=="])
def test_a_short_or_damaged_key_spoils_no_answer(encoded: str) -> None:
    assert ApiKey(encoded).redact(ANSWER) == ANSWER
