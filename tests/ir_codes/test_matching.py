"""Tests of finding the known message that was received."""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from custom_components.anavi_weather.ir_codes import matching, parse
from custom_components.anavi_weather.ir_codes.matching import MAX_CANDIDATES, MessageIndex, fit_message, sent_messages

from .helpers import received

# Messages of air conditioners: a leader that is the same in all states, then the state with its checksum
type Encode = Callable[[int], list[int]]


def _bits(number: int, count: int = 16) -> list[int]:
    return [number >> place & 1 for place in range(count)]


def distance(state: int) -> list[int]:
    """Return a message with one part, of short and long spaces."""
    durations = [3_400, -1_700]
    for bit in _bits(state * 0x1F1F):
        durations += (430, -1_290 if bit else -430)
    return [*durations, 430]


def leader(state: int) -> list[int]:
    """Return a message that begins alike in all states, 42 ms before they differ."""
    return [*distance(0x5A), -42_000, *distance(state)]


def lone_pulse(state: int) -> list[int]:
    """Return a message with a short pulse before it and a mark after it."""
    return [430, -19_000, *distance(state), -7_900, 430]


def width(state: int) -> list[int]:
    """Return a message of short and long pulses."""
    durations = [2_400, -600]
    for bit in _bits(state * 0x1F1F):
        durations += (1_200 if bit else 600, -600)
    return durations[:-1]


def steps(state: int) -> list[int]:
    """Return a message whose spaces have four lengths that differ little."""
    durations = [417, -278]
    for place in range(0, 16, 2):
        durations += (167, -(278, 444, 611, 778)[state * 0x1F1F >> place & 3])
    return [*durations, 167]


ENCODINGS = (distance, leader, lone_pulse, width, steps)
STATES = range(1, 13)


def index_of(messages: Sequence[Sequence[int]]) -> MessageIndex[int]:
    """Return an index of messages, each with its place as its value."""
    return MessageIndex([(message, place) for place, message in enumerate(messages)])


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("clock", [0.92, 1.0, 1.08])
@pytest.mark.parametrize("stretch", [0, 50, 100, 150])
def test_every_state_is_found(encode: Encode, clock: float, stretch: int) -> None:
    if encode is steps:
        clock = (1 + clock) / 2  # at 8 %, some of its states equal others
    commands = [parse("raw:38000:" + ",".join(map(str, encode(state)))) for state in STATES]
    index = MessageIndex(
        [(message, place) for place, command in enumerate(commands) for message in sent_messages(command)]
    )
    random = Random(f"{encode.__name__} {clock} {stretch}")
    for place, state in enumerate(STATES):
        message = encode(state)
        heard = received(message, stretch, random, clock)
        assert index.find(heard) == [place]
        assert index.find([60, -20_000, *heard]) == [place]
        assert index.find(received([*message, -40_000, *message], stretch, random, clock)) == [place]
        for wrong in (heard[:-2], heard[4:], [*heard, -40_000, 560, -560, 560], [*heard, -560, 560]):
            assert index.find(wrong) == []


@pytest.mark.parametrize("encode", ENCODINGS)
def test_an_unknown_state_is_not_found(encode: Encode) -> None:
    index = index_of([encode(state) for state in STATES])
    random = Random(1)
    for state in range(13, 64):
        assert index.find(received(encode(state), 100, random)) == []


def test_messages_that_are_alike_cannot_be_distinguished() -> None:
    random = Random(1)
    captures = [received(distance(1), 0, random) for _ in range(3)]
    index = index_of([*captures, distance(2), captures[0]])
    assert sorted(index.find(received(distance(1), 50, random))) == [0, 1, 2, 4]
    assert index.find(received(distance(2), 50, random)) == [3]


def test_the_nearest_of_messages_that_differ_little_is_found() -> None:
    one = [3_000, -1_500, *(500, -500) * 20, 500]
    other = [3_000, -1_500, *(500, -500) * 19, 500, -620, 500]
    index = index_of([one, other])
    random = Random(1)
    assert index.find(received(one, 50, random)) == [0]
    assert index.find(received(other, 50, random)) == [1]
    # In the middle, it is uncertain
    assert index.find([3_000, -1_500, *(500, -500) * 19, 500, -560, 500]) in ([0, 1], [1, 0])


def test_receivers_measure_pauses_only_roughly() -> None:
    index = index_of([[*distance(1), -42_000, *distance(2)]])
    assert index.find([*distance(1), -66_000, *distance(2)]) == [0]
    assert index.find([*distance(1), -80_000, *distance(2)]) == []


@pytest.mark.parametrize(
    ("clock", "stretch", "fits"),
    [(1.11, 0, True), (1.13, 0, False), (0.89, 0, True), (0.87, 0, False), (1, 255, True), (1, 265, False)],
)
def test_distortion_is_limited(clock: float, stretch: int, fits: bool) -> None:
    message = [3_000, -1_500, *(700, -700) * 20]
    heard = [round(duration * clock) + stretch for duration in message]
    assert (fit_message(message, heard) is not None) is fits


def test_a_fit_has_the_distortion() -> None:
    message = [*distance(1), -500]
    fit = fit_message(message, [round(duration * 1.05) + 100 for duration in message])
    assert fit
    assert fit.clock == pytest.approx(1.05, abs=0.001)
    assert fit.stretch == pytest.approx(100, abs=1)
    assert fit.square_error < 50


def test_only_the_first_pulse_may_be_much_longer() -> None:
    message = [500, -500] * 12
    longer = [850, *message[1:]]
    assert fit_message(message, longer)
    assert fit_message(message, [400, *message[1:]])
    assert not fit_message(message, [150, *message[1:]])
    assert not fit_message(message, [1_100, *message[1:]])
    assert not fit_message(message, [*message[:2], 850, *message[3:]])
    assert not fit_message(message, [*message[:3], 500, *message[4:]])


def test_any_header_before_the_first_pulse_that_stands_alone_is_compared() -> None:
    index = index_of([[2_000, -27_830, 400, -1_580, 400, -3_580, 400]])
    assert index.find([2_100, -27_700, 500, -1_480, 500, -3_480, 500]) == [0]
    assert index.find([400, -1_580, 400, -3_580, 400]) == []


def test_repeats_of_a_command() -> None:
    once, repeat = ",".join(map(str, distance(1))), ",".join(map(str, distance(2)))
    assert sent_messages(parse(f"raw:{once}")) == [distance(1)]
    assert sent_messages(parse(f"raw:{once},-40000/{repeat},-40000")) == [
        distance(1),
        [*distance(1), -40_000, *distance(2)],
    ]
    assert sent_messages(parse(f"raw:repeat_count=1:/{repeat},-40000")) == [
        [*distance(2), -40_000, *distance(2)],
        distance(2),
    ]
    assert sent_messages(parse("gree_ac:mode=cool,temperature=20"))[0][-1] > 0


def test_finding_compares_few_of_many_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop waits for it."""
    compared = 0

    def count(known: Sequence[int], heard: Sequence[int]) -> object:
        nonlocal compared
        compared += 1
        return fit_message(known, heard)

    monkeypatch.setattr(matching, "fit_message", count)
    messages = [leader(state) for state in range(2_000)]
    index = index_of(messages)
    random = Random(1)
    for state in range(0, 2_000, 100):
        assert state in index.find(received(messages[state], 100, random))
    assert compared < 100

    # Messages that a receiver may confuse are compared only if they are few
    random = Random(1)
    alike = [received(distance(1), 0, random) for _ in range(MAX_CANDIDATES + 1)]
    compared = 0
    assert len(index_of(alike[1:]).find(distance(1))) == MAX_CANDIDATES
    assert compared == MAX_CANDIDATES
    assert index_of(alike).find(distance(1)) == []
    assert compared == MAX_CANDIDATES


def test_many_messages_with_four_lengths_of_spaces() -> None:
    """Two bits for each space, whose lengths are too close to each other to divide all messages by a threshold."""

    def four_lengths(state: int) -> list[int]:
        spaces = [(430, 1000, 1650, 2440)[state >> place & 3] for place in range(0, 12, 2)]
        timings = [1050, -660]
        for space in (*spaces, *reversed(spaces), 430):
            timings += (580, -space)
        return timings[:-1]

    messages = [four_lengths(state) for state in range(500)]
    index = index_of(messages)
    random = Random(1)
    for state in range(0, 500, 25):
        assert index.find(received(messages[state], 80, random)) == [state]


def test_messages_of_equal_length_with_another_layout_divide_nothing() -> None:
    """A file has some commands with another layout, such as off. A place may then have durations of any length."""
    other = [[value * scale // 10 for value in distance(0)] for scale in (13, 16, 19)]
    index = index_of([*map(distance, range(1_000)), *other])
    random = Random(1)
    for state in range(0, 1_000, 100):
        assert index.find(received(distance(state), 80, random)) == [state]


def test_an_empty_index() -> None:
    assert MessageIndex[int]().find(distance(1)) == []
