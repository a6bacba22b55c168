"""Tests of learning a command from several presses."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse, to_text
from custom_components.anavi_weather.ir_codes.capture import clean, consensus

from .helpers import received, refused

UNKNOWN = [3000, -3000, 500, -500, 500, -1500, 500, -500, 500, -500, 500, -1500, 500, -3000, 500, -500, 500]
DITTO = [3000, -1500, 500]


def _presses(*parts: Sequence[int], count: int = 3, gap: int = 30_000, seed: int = 1) -> list[list[int]]:
    """Return presses of the same key as the receiver reports them."""
    random = Random(seed)
    sent = [duration for part in parts for duration in (*part, -gap)][:-1]
    return [[-200_000, *received(sent, 90, random), -125_000] for _ in range(count)]


def _close(one: Sequence[int], other: Sequence[int]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= 25 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("text", ["nec:0x04,0x08", "rc5:0x1e,0x01", "sony:0x01,0x15", "lg_ac:mode=cool,temperature=24"])
def test_known_protocol(text: str) -> None:
    command = consensus(_presses(parse(text).get_raw_timings()))
    assert command is not None
    assert to_text(command) == text


WHOLE = {
    "a camera's key": [2000, -27_830, 400, -1580, 400, -3580, 400],
    "an end mark": [*UNKNOWN, -7900, 560],
    "an end mark of five": [*UNKNOWN, -6500, 560, -560, 560, -560, 560],
    "a late end mark": [*UNKNOWN, -29_500, 560],
    "a lone pulse before": [430, -19_000, *UNKNOWN, -19_000, 430],
    "a leader": [32_300, -54_000, *UNKNOWN],
    "equal frames, then another": [*UNKNOWN, -20_000, *UNKNOWN, -42_000, *UNKNOWN[:-6]],
    "many equal frames": [*UNKNOWN, *(-30_000, *UNKNOWN) * 5],
    "lone pulses at the end": [*UNKNOWN, *(-22_000, 5_000) * 2],
    "a long pause": [*UNKNOWN, -150_000, *UNKNOWN[:-6]],
    "pauses near the end of a frame": [*UNKNOWN, -6_000, *UNKNOWN, -12_900, 560],
    "pauses near all ends of a frame": [
        *UNKNOWN,
        -6_300,
        560,
        -7_300,
        *UNKNOWN,
        -9_300,
        560,
        -11_200,
        560,
        -13_200,
        560,
    ],
    "pauses within a frame": [158, -5_060, 158, -7_430, 158, -5_060, 158, -5_060, 158, -7_430, 158],
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("stretch", [0, 70, 150])
@pytest.mark.parametrize("clock", [0.92, 1.0, 1.08])
def test_everything_that_is_sent_alike_is_kept(name: str, stretch: int, clock: float) -> None:
    sent = WHOLE[name]
    random = Random(f"{name} {stretch} {clock}")
    if name.startswith("pauses within"):
        stretch //= 2  # pulses are not heard longer by themselves
    command = consensus([received(sent, stretch, random, clock) for _ in range(3)])
    assert command is not None
    timings = command.get_raw_timings()
    assert len(timings) == len(sent)
    for learned, duration in zip(timings, sent, strict=True):
        assert learned == pytest.approx(duration * clock, abs=stretch + 80)


def test_pauses_are_learned_each_by_itself() -> None:
    """Equal frames may have different pauses after them."""
    frames = [*UNKNOWN, -20_000, *UNKNOWN, -45_000, *UNKNOWN[:-6], -11_000, *UNKNOWN]
    command = clean(_presses(frames))
    assert command.once[len(UNKNOWN)] == pytest.approx(-20_000, abs=60)
    assert [duration for duration in command.once if duration < -4_000] == [
        pytest.approx(pause, abs=60) for pause in (-20_000, -45_000, -11_000, -40_000)
    ]


STATES = {
    name: [parse(text).get_raw_timings() for text in texts]
    for name, texts in {
        "fujitsu": [f"fujitsu_ac:temperature={temperature}.0" for temperature in (20, 21, 22)],
        "gree": [f"gree_ac:mode=cool,temperature={temperature}" for temperature in (20, 21, 22)],
        "lg": [f"lg_ac:mode=cool,temperature={temperature}" for temperature in (20, 21, 22)],
    }.items()
}
STATES["unknown"] = [
    [*UNKNOWN, -20_000, 3000, -3000, *(500, -500) * place, *(500, -1500) * (9 - place), 500] for place in (1, 4, 7)
]


@pytest.mark.parametrize("name", STATES)
def test_a_key_that_sends_another_state_each_time_is_refused(name: str) -> None:
    random = Random(name)
    one, other, third = (received(state, 80, random) for state in STATES[name])
    assert consensus([one, other, third]) is None
    # The temperature may have reached its end
    assert consensus([one, other, other]) is None
    assert consensus([other, other, one]) is None
    assert consensus([one, one, one]) is not None


def test_a_toggle_bit_of_an_unknown_protocol_is_no_other_state() -> None:
    other = [*UNKNOWN[:5], -500, *UNKNOWN[6:]]
    presses = [_presses(frame, count=1)[0] for frame in (UNKNOWN, other, UNKNOWN)]
    assert consensus(presses) is not None
    assert _close(clean(presses).once[:-1], UNKNOWN)


def test_a_state_that_is_decoded_only_once_is_learned_by_its_timings() -> None:
    state = parse("gree_ac:mode=cool,temperature=20").get_raw_timings()
    doubtful = [*state[:5], -880, *state[6:]]
    random = Random(1)
    command = consensus([received(frame, 0, random) for frame in (state, doubtful, doubtful)])
    assert isinstance(command, RawCommand)
    assert len(command.get_raw_timings()) == len(state) - 1


@pytest.mark.parametrize(
    ("sent", "carrier"),
    [
        ("nec:4,8", 38_000),
        ("rca:15,84", 56_000),
        ("sony:1,21", 40_000),
        ("kaseikyo:0x12002b0,0x3d", 37_000),
        ("rc5:1,2", 36_000),
        ("rc6:1,2", 36_000),
        ("raw:40000:" + ",".join(map(str, UNKNOWN)), 38_000),
    ],
)
def test_a_command_is_sent_with_the_carrier_of_its_protocol(sent: str, carrier: int) -> None:
    timings = parse(sent).get_raw_timings()
    command = consensus(_presses(timings if timings[-1] > 0 else timings[:-1]))
    assert command is not None
    assert command.modulation == carrier


def test_a_message_that_continues_has_the_carrier_of_its_first_frame() -> None:
    sent = [*parse("rca:15,84").get_raw_timings(), -20_000, *UNKNOWN]
    command = consensus(_presses(sent))
    assert isinstance(command, RawCommand)
    assert (command.modulation, len(command.get_raw_timings())) == (56_000, len(sent))


def test_toggling_presses_are_one_key() -> None:
    presses = [_presses(parse(f"rc5:1,2,{toggle}").get_raw_timings(), count=1)[0] for toggle in (0, 1, 0)]
    assert (command := consensus(presses)) is not None
    assert to_text(command) == "rc5:0x01,0x02"


def test_different_keys() -> None:
    presses = [_presses(parse(f"nec:1,{key}").get_raw_timings(), count=1)[0] for key in (1, 2, 3, 4)]
    assert consensus(presses) is None
    assert consensus(presses[:1] * 2 + presses[:2]) is not None
    assert consensus([presses[0], presses[1]]) is None
    unknown = _presses(UNKNOWN, count=2)
    assert isinstance(consensus([presses[0], *unknown]), RawCommand)


def test_unusable_captures() -> None:
    assert consensus([]) is None
    assert consensus([[], [-5], [1, 1]]) is None
    nothing: tuple[list[list[int]], ...] = ([], [[]], [[1, 1]], [[1, 0]], [[-100]])
    for presses in nothing:
        assert refused(clean, presses) == "no_consensus"


def test_timings_are_cleaned() -> None:
    command = consensus(_presses(UNKNOWN))
    assert isinstance(command, RawCommand)
    assert _close(command.once[:-1], UNKNOWN)
    assert (command.once[-1], command.repeat, command.repeat_count) == (-40_000, (), 0)
    # Similar durations have become equal
    assert len(set(command.once[:-1])) == 5
    assert len(clean([[500, -500, 500]]).once) == 4
    assert clean([[500]]).once == (500, -40_000)


def test_unknown_stretch_is_kept() -> None:
    # Pulses of 320, spaces of 680 and 1680 µs: the sent durations are unknown
    sent = [320, -680, 320, -1680] * 6 + [320]
    command = clean(_presses(sent))
    assert _close(command.once[:-1], [value + 90 for value in sent])
    # Half of the difference is more than a receiver's stretch
    sent = [1000, -400, 1000, -2000, 1000]
    assert _close(clean(_presses(sent)).once[:-1], [value + 90 for value in sent])
    # Without the stretch, the other durations would fit worse
    sent = [600, -500, 600, -1100, 600, -1650, 600, -2200, 600]
    assert _close(clean([sent]).once[:-1], sent)


@pytest.mark.parametrize(
    ("heard", "sent"),
    [
        # Multiples of 550: without a stretch of 50, all pulses fit and two spaces do not
        ([600, -500, 1150, -1100, 1700, -1650, 600], [550, -550, 1100, -1150, 1650, -1700, 550]),
        # The smallest stretch
        ([552, -550, 552], [551, -551, 551]),
        # All spaces fit and two pulses do not
        ([600, -500, 1100, -1050, 1650, -1600, 600], [550, -550, 1050, -1100, 1600, -1650, 550]),
    ],
)
def test_stretch_is_removed_if_most_durations_then_fit(heard: list[int], sent: list[int]) -> None:
    assert list(clean([heard]).once[:-1]) == sent


def test_clusters_of_durations() -> None:
    # Distant durations belong together if others lie between them
    assert clean([[500, -1000, 500, -1080, 500, -1040, 500]]).once[:-1] == (500, -1040) * 3 + (500,)
    # The tolerance does not grow with the duration
    sent = (500, -600, 500, -5000, 500, -5200, 500)
    assert clean([sent]).once[:-1] == sent


def test_repeated_frames() -> None:
    """As many as all presses have, or as a device needs."""
    command = clean(_presses(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN))
    assert (command.once, command.repeat_count) == ((), 3)
    held = [*_presses(*[UNKNOWN] * 4, count=2), *_presses(*[UNKNOWN] * 6, count=1)]
    assert clean(held).repeat_count == 2
    assert _close(command.repeat[:-1], UNKNOWN)
    assert abs(command.repeat[-1] + 30_000) < 50 + 90


def test_once_and_repeat() -> None:
    held = [*_presses(UNKNOWN, DITTO, DITTO), *_presses(UNKNOWN, DITTO, count=2), *_presses(UNKNOWN, count=1)]
    command = clean(held)
    assert _close(command.once[:-1], UNKNOWN)
    assert _close(command.repeat[:-1], DITTO)
    assert command.repeat_count == 0
    # A frame followed by another one that repeats
    other = [*UNKNOWN[:-2], -1500, 500]
    command = clean(_presses(UNKNOWN, other, other))
    assert _close(command.once[:-1], UNKNOWN)
    assert _close(command.repeat[:-1], other)
    assert command.repeat_count == 2


def test_single_ditto_becomes_the_repeat_part() -> None:
    """Even though it did not recur, because all presses were short."""
    command = clean(_presses(UNKNOWN, DITTO))
    assert _close(command.once[:-1], UNKNOWN)
    assert _close(command.repeat[:-1], DITTO)
    assert command.repeat_count == 0
    other = [*UNKNOWN[:-2], -1500, 500]
    command = clean(_presses(UNKNOWN, other, DITTO))
    assert len(command.once) == 2 * len(UNKNOWN) + 2
    assert _close(command.repeat[:-1], DITTO)
    # A longer frame may be part of the message
    command = clean(_presses(UNKNOWN, UNKNOWN[:-8]))
    assert (len(command.once), command.repeat) == (len(UNKNOWN) + 1 + len(UNKNOWN) - 8 + 1, ())


def test_one_held_press_shows_what_repeats() -> None:
    command = clean([*_presses(UNKNOWN, count=2), *_presses(UNKNOWN, UNKNOWN, UNKNOWN, count=1)])
    assert (command.once, command.repeat_count) == ((), 0)
    assert _close(command.repeat[:-1], UNKNOWN)


def test_message_of_two_frames() -> None:
    other = [*UNKNOWN[:-2], -1500, 500]
    command = clean(_presses(UNKNOWN, other))
    assert len(command.once) == 2 * len(UNKNOWN) + 2
    assert command.repeat == ()
    command = clean(_presses(UNKNOWN, other, UNKNOWN, other))
    assert (command.once, len(command.repeat), command.repeat_count) == ((), 2 * len(UNKNOWN) + 2, 1)


def test_frame_that_only_half_of_the_presses_have_is_not_dropped() -> None:
    other = [*UNKNOWN[:-2], -1500, 500]
    assert refused(clean, [*_presses(UNKNOWN, other, count=2), *_presses(UNKNOWN, count=2)]) == "no_consensus"
    command = clean([*_presses(UNKNOWN, other, count=2), *_presses(UNKNOWN, count=1)])
    assert len(command.once) == 2 * len(UNKNOWN) + 2


def test_long_space_after_the_first_pulse() -> None:
    sent = [3200, -9800, *UNKNOWN[2:]]
    assert _close(clean(_presses(sent)).once[:-1], sent)


def test_outliers() -> None:
    good = _presses(UNKNOWN, count=3)
    spike = [*good[0][:3], -200, 40, -250, *good[0][4:]]
    cut = good[1][:9]
    assert _close(clean([spike, *good, cut]).once[:-1], UNKNOWN)
    assert refused(clean, [spike, good[0], cut]) == "no_consensus"
    # A press that was cut off at the end still counts
    held = _presses(UNKNOWN, UNKNOWN, count=3)
    held[0] = held[0][:-8]
    held[1] = held[1][:-6]
    command = clean(held)
    assert command.repeat_count == 0
    assert _close((command.once or command.repeat)[:-1], UNKNOWN)


@given(st.lists(st.lists(st.integers(-30_000, 30_000), max_size=60), max_size=6))
@settings(deadline=None)
def test_any_presses(numbers: list[list[int]]) -> None:
    presses = [[abs(one) + 1 if index % 2 else -abs(one) - 1 for index, one in enumerate(press)] for press in numbers]
    keys: list[str] = []
    try:
        command = clean(presses)
    except CodeError as error:
        keys.append(error.key)
    else:
        assert all(command.get_raw_timings())
    assert not keys or keys == ["no_consensus"]
    consensus(presses)
