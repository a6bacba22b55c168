"""Tests of the removal of API keys from texts of a server."""

import pytest

from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.api_key import ApiKey
from custom_components.anavi_weather.user_station.text import MAX_SHOWN, one_line

from .server import API_KEY, KEY_ID, KEY_SECRET

ANSWER = b'{"errors":false,"items":[{"create":{"status":201}}]}'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"bad header [ApiKey {API_KEY}]", "bad header [ApiKey [API key]=]"),
        (API_KEY.replace("=", r"\u003d"), r"[API key]\u003d"),
        (f"{KEY_ID}:{KEY_SECRET}, {KEY_SECRET}", f"{KEY_ID}:[API key], [API key]"),
        (f"bad header [ApiKey {API_KEY[:22]}...]", "bad header [ApiKey [API key]...]"),
        (f"bad header […{API_KEY[-12:]}]", "bad header […[API key]=]"),
        (f"{API_KEY.lower()}, {KEY_SECRET.upper()}", "[API key]=, [API key]"),
        (f"{KEY_SECRET[:8]}… and again: {KEY_SECRET[-8:]}", "[API key]… and again: [API key]"),
        (KEY_SECRET[:7], KEY_SECRET[:7]),
        (f"İ{KEY_SECRET[:9]}ß", "İ[API key]ß"),
        ("a lone \ud800 surrogate", "a lone ? surrogate"),
    ],
)
def test_a_key_is_removed(text: str, shown: str) -> None:
    assert ApiKey(API_KEY).redact_text(text) == shown


@pytest.mark.parametrize("encoded", ["YTpi", "Og==", "YTo=", "a", "", "not base64", "/////w=="])
def test_a_short_or_damaged_key_spoils_no_answer(encoded: str) -> None:
    assert ApiKey(encoded).redact(ANSWER) == ANSWER
    assert ApiKey(encoded).redact_text(ANSWER.decode()) == ANSWER.decode()


def test_parts_of_a_key_are_removed_from_as_much_as_is_shown() -> None:
    shown = ApiKey(API_KEY).redact_text("x" * 3_800_000 + API_KEY[:22])
    assert shown.endswith(API_KEY[:22]), "it would take seconds"
    assert one_line(shown) == one_line("x" * 3_800_000)
    near_end = ApiKey(API_KEY).redact_text(" " * (MAX_SHOWN - 10) + API_KEY)
    assert API_KEY[:8] not in one_line(near_end)


def test_a_result_whose_texts_are_shown_has_no_key() -> None:
    key = ApiKey(API_KEY)
    rejected, conflict = (Item(status, "a_type", f"of {API_KEY}") for status in (400, 409))
    assert key.redact_item(rejected).reason == "of [API key]="
    assert key.redact_item(conflict) is conflict
