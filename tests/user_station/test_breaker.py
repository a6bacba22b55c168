"""Tests of the circuit breaker's decisions."""

from collections import Counter

import pytest

from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.breaker import HANDFUL, MAX_MISTAKES, Breaker, Held

from .server import out_of_range

ODD = Held("sensor.t", "odd")


def test_a_handful_of_rejections_may_be_the_documents_fault() -> None:
    breaker = Breaker()
    assert breaker.holds({"odd": HANDFUL}, accepts_others=False) == set()
    assert breaker.holds({"odd": HANDFUL + 1}, accepts_others=False) == {"odd"}


def test_no_rejections_wait_while_the_server_accepts_others() -> None:
    """Case 22."""
    assert Breaker().holds({"odd": 250}, accepts_others=True) == set()


def test_rejections_are_counted_over_several_batches() -> None:
    """While the station is live, a batch has one or two states."""
    breaker = Breaker()
    for _ in range(HANDFUL):
        assert breaker.holds({"odd": 1}, accepts_others=False) == set()
        breaker.record_rejected(Counter({"odd": 1}))
    assert breaker.holds({"odd": 1}, accepts_others=False) == {"odd"}
    assert breaker.holds({"other": 1}, accepts_others=False) == set()
    breaker.record_accepted()
    assert breaker.holds({"odd": 1}, accepts_others=False) == set()


def test_while_the_breaker_is_open_all_states_with_the_same_mistake_wait() -> None:
    breaker = Breaker()
    assert breaker.record_held({"odd": ODD})
    assert not breaker.record_held({"odd": Held("sensor.u", "odd")})
    assert breaker.held == {"odd": Held("sensor.u", "odd")}
    assert breaker.holds({"odd": 1, "other": 1}, accepts_others=True) == {"odd"}
    assert breaker.close()
    assert not breaker.close()
    assert breaker.holds({"odd": 1}, accepts_others=True) == set()


def test_a_mistake_that_an_administrator_confirmed_does_not_wait() -> None:
    breaker = Breaker()
    breaker.record_held({"odd": ODD})
    breaker.skip()
    assert breaker.held == {}
    assert breaker.holds({"odd": 500, "other": 500}, accepts_others=False) == {"other"}


def test_a_confirmed_mistake_waits_again_after_the_server_stored_an_affected_entity() -> None:
    breaker = Breaker()
    breaker.record_held({"odd": ODD, "other": Held("sensor.u", "other")})
    breaker.skip()
    assert breaker.stored_again({"sensor.t", "sensor.v"}) == {"sensor.t"}
    breaker.record_stored_again({"sensor.t"}, {"odd"})
    assert breaker.holds({"odd": 500}, accepts_others=False) == set(), "the server still rejects some"
    breaker.record_stored_again({"sensor.t"}, set())
    assert breaker.holds({"odd": 500, "other": 500}, accepts_others=False) == {"odd"}


def test_the_memory_is_bounded() -> None:
    breaker = Breaker()
    for number in range(3 * MAX_MISTAKES):
        breaker.record_rejected(Counter({f"odd {number}": 1}))
        breaker.record_held({f"odd {number}": ODD})
    assert (len(breaker.counts), len(breaker.held)) == (MAX_MISTAKES, MAX_MISTAKES)
    assert breaker.holds({"new": 1}, accepts_others=True) == {"new"}, "with so many mistakes, all rejected states wait"
    breaker.skip()
    breaker.record_held({"last": ODD})
    breaker.skip()
    assert len(breaker.skipped) == MAX_MISTAKES
    assert list(breaker.skipped)[-1] == "last"


# What rejections have in common. The reasons are those of Elasticsearch 8.12.2


def parsing(preview: str, field: str = "state.number") -> Item:
    """Return the rejection of a document whose field has another type than the mapping."""
    reason = (
        f"[1:{len(preview)}] failed to parse field [{field}] of type [double] in a time series document at "
        f"[+56911678-10-28T06:22:50.000Z]. Preview of field's value: '{preview}': For input string: \"{preview}\""
    )
    return Item(400, "document_parsing_exception", reason)


def test_documents_with_other_values_make_the_same_mistake() -> None:
    assert parsing("abc").mistake == parsing("it's 12").mistake
    assert parsing("abc").mistake != parsing("abc", "state.changed").mistake


def test_documents_with_other_ids_make_the_same_mistake() -> None:
    """Elasticsearch before 8.12 names the document's id."""
    first, second = (
        Item(400, "mapper_parsing_exception", f"failed to parse field [a] of type [long] in document with id '{name}'")
        for name in ("vF9zG4gB", "x0Aq-_9b")
    )
    assert first.mistake == second.mistake


def test_a_long_reason_is_compared_by_its_beginning() -> None:
    first, second = (Item(400, "odd_exception", "x" * 4000 + end) for end in "ab")
    assert first.mistake == second.mistake
    assert len(first.mistake) <= 300


@pytest.mark.parametrize("end", ["2026-01-02T00:00:00.000Z"])
def test_a_time_outside_of_the_range_is_no_mistake(end: str) -> None:
    error = out_of_range(end)["create"]["error"]
    assert Item(400, error["type"], error["reason"]).mistake == ""
