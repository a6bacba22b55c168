"""Tests of decoding received frames."""

import json
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import decode as module, parse, to_text
from custom_components.anavi_weather.ir_codes.decode import Decoded, decode, decode_message, whole_message
from custom_components.anavi_weather.ir_codes.message import FRAME_GAP_US, frames
from tests.quick import examples

from .helpers import NAMED, TEXTS, received

# Frames from the encoders of Linux 6.1 (`ir-ctl -S`), as a kernel receiver reported them
KERNEL: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("kernel_vectors.json").read_text())


@pytest.mark.parametrize("scancode", KERNEL)
def test_frames_encoded_by_the_kernel(scancode: str) -> None:
    random = Random(scancode)
    vector = KERNEL[scancode]
    decoded = decode(vector["timings"])
    assert (decoded and decoded.text) == vector["text"]
    for stretch in (-30, 0, 50, 100, 150):
        assert decode(received(vector["timings"], stretch, random)) == decoded


@pytest.mark.parametrize("text", NAMED)
@pytest.mark.parametrize("clock", [0.92, 0.96, 1.0, 1.04, 1.08])
@pytest.mark.parametrize("spike", [(), (60, -20_000), (333, -3_000)])
def test_frames_encoded_here(text: str, clock: float, spike: tuple[int, ...]) -> None:
    random = Random(f"{text} {clock}")
    if text.startswith(("proton", "geac")):
        clock = (1 + clock) / 2  # they differ only in their clock
    sent = parse(text).get_raw_timings()
    for stretch in (0, 50, 100, 150):
        decoded = decode_message([*spike, *received(sent, stretch, random, clock)])
        assert decoded is not None
        if decoded.protocol == "pioneer":  # a faster NEC
            assert clock == 0.92
            assert text.startswith("nec:")
        else:
            assert decoded.text == text.split(",repeat_count", maxsplit=1)[0]


@pytest.mark.parametrize("longer", [0, 100, 200, 318])
@pytest.mark.parametrize("stretch", [0, 50, 100])
@pytest.mark.parametrize("text", ["rc5:0x05,0x0c,0x01", "rc5:0x05,0x4c", "rc5:0x1f,0x3f", "rc5_sz:0x2b,0x45,0x01"])
def test_lengthened_first_pulse_of_rc5(text: str, stretch: int, longer: int) -> None:
    """The automatic gain of a receiver lengthens it."""
    random = Random(text)
    for clock in (0.95, 1.0, 1.05):
        first, *others = received(parse(text).get_raw_timings(), stretch, random, clock)
        decoded = decode([first + longer, *others])
        assert (decoded and decoded.text) == text
    assert decode([first + 1_000, *others]) is None


@pytest.mark.parametrize("longer", [100, 200, 318])
@pytest.mark.parametrize("stretch", [0, 50, 100])
@pytest.mark.parametrize("text", ["sharp:0x01,0x45,0x01", "sharp:0x01,0x16,0x00"])
def test_lengthened_first_pulses_of_sharp(text: str, stretch: int, longer: int) -> None:
    """The space after it may be shorter by the same time."""
    random = Random(text)
    for clock in (0.96, 1.0, 1.056):
        frame = received(parse(text).get_raw_timings()[:31], stretch, random, clock)
        for shorter in (0, longer):
            decoded = decode([frame[0] + longer, frame[1] + shorter, *frame[2:]])
            assert (decoded and decoded.text) == text
    assert decode([frame[0] + 1_000, *frame[1:]]) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gree_ac:mode=cool,temperature=21", "gree_ac:mode=heat,temperature=21"),
        ("gree_ac:mode=cool,temperature=21", "gree_ac:mode=cool,temperature=21,fan=low"),
        ("gree_ac:mode=cool,temperature=21", "gree_ac:power=false,mode=cool,temperature=21"),
        ("fujitsu_ac:temperature=20.0", "fujitsu_ac:temperature=21.0"),
        ("fujitsu_ac:temperature=20.0", "fujitsu_ac:temperature=20.0,mode=heat"),
        ("lg_ac:mode=cool,temperature=24", "lg_ac:mode=cool,temperature=25"),
    ],
)
def test_states_of_air_conditioners_differ_in_any_field(one: str, other: str) -> None:
    states = [decode_message(parse(text).get_raw_timings()) for text in (one, other)]
    assert states[0] and states[1]
    assert states[0].is_state
    assert states[0].key != states[1].key


def test_a_state_with_a_doubtful_bit_is_not_decoded() -> None:
    state = parse("gree_ac:mode=cool,temperature=21").get_raw_timings()
    assert state[5] == -562
    assert decode([*state[:5], -700, *state[6:]])
    assert decode([*state[:5], -880, *state[6:]]) is None


def test_many_spikes_are_not_skipped() -> None:
    frame = parse("nec:4,8").get_raw_timings()
    assert decode([*[60, -3_000] * 3, *frame]) == decode(frame)
    assert decode([*[60, -3_000] * 4, *frame]) is None
    assert decode([60, -1_999, *frame]) is None
    assert decode([601, -3_000, *frame]) is None


def test_a_state_that_continues_is_not_decoded() -> None:
    state = parse("gree_ac:mode=cool,temperature=21").get_raw_timings()
    assert decode_message(state)
    assert decode_message([*state, *state]) == decode_message(state)
    assert decode_message([*state, 9000, -4500, 560, -560, 560]) is None
    key = parse("nec:4,8").get_raw_timings()
    assert decode_message([*key, -40_000, 9100, -2250, 560]) == decode_message(key)
    assert decode_message([*key, -40_000, *parse("nec:4,9").get_raw_timings()]) is None


@pytest.mark.parametrize("spike", [(), (60, -20_000), (500, -9_000, 60, -30_000)])
@pytest.mark.parametrize("text", [text for text in NAMED if "_ac" not in text])
def test_key_is_a_whole_message(text: str, spike: tuple[int, ...]) -> None:
    frame = frames(parse(text).get_raw_timings())[0]
    assert whole_message([*spike, *frame]) == frame
    assert whole_message(frame[:7]) is None


@pytest.mark.parametrize("text", [text for text in NAMED if "_ac" in text])
def test_state_may_continue(text: str) -> None:
    assert whole_message(parse(text).get_raw_timings()) is None


def test_held_key_of_an_unknown_protocol_is_a_whole_message() -> None:
    frame = [3000, -3000, 500, -500, 500, -1500, 500]
    other = [3000, -3000, 500, -1500, 500, -500, 500]
    assert whole_message([*frame, -30_000] * 2 + frame) is None
    held = [*frame, -30_000] * 5 + frame
    assert whole_message(held) == held
    assert whole_message(held[8:]) is None
    assert whole_message([*other, -30_000, *held]) == [*other, -30_000, *held]
    assert whole_message([*frame, -30_000] * 5 + other) is None
    assert whole_message([2000, -30_000] * 9 + [2000]) is None
    assert whole_message([*frame, -30_000] * 200 + frame) is None
    longer = [*frame, *(-500, 500) * 50]
    held = [*longer, -30_000] * 5 + longer
    assert whole_message(held) == held


def test_headless_frame_of_jvc_only_holds_the_key() -> None:
    command = parse("jvc:0x07,0x03,repeat_count=1").get_raw_timings()
    first, second = frames(command)
    decoded = decode(second)
    assert decoded == Decoded(protocol="jvc", address=7, command=3, repeat=True)
    assert decoded.text is None
    assert decode_message(command) == decode(first)
    assert decode([*second[:-3], -900, second[-1]]) is None


@given(TEXTS, st.integers(0, 150), st.integers(0, 99).map(Random))
@settings(deadline=None, max_examples=examples(300))
def test_any_command(text: str, stretch: int, random: Random) -> None:
    command = parse(text)
    decoded = decode(received(command.get_raw_timings(), stretch, random))
    if decoded is None:
        # Looks like a disturbed frame, or infrared_protocols sends it as another protocol
        assert text.startswith(("necext", "nec2", "nec42ext", "panasonic"))
        return
    decoded_text = decoded.text
    assert decoded_text is not None
    if text.startswith(("pioneer", "necext", "nec2", "nec42ext", "panasonic")):
        assert decoded.protocol in ("nec", "necext", "nec42", "nec42ext", "kaseikyo", "pioneer")
        again = decoded.to_command()
        assert again is not None
        long_spaces = [one for one in again.get_raw_timings()[:60] if one < -1000]
        assert len(long_spaces) == len([one for one in command.get_raw_timings()[:60] if one < -1000])
    elif decoded.protocol == "rc6_mce" and not text.startswith("rc6_mce"):
        assert text.startswith("rc6_6a_32:0x80")  # of the vendor whose codes are MCE's
    else:
        assert decoded_text == to_text(command)


@pytest.mark.parametrize(
    ("header", "pulse", "zero", "one", "protocol"),
    [
        (8500, 500, 500, 1500, "pioneer"),  # Flipper
        (8522, 495, 570, 1636, "pioneer"),  # CU-XR040
        (8595, 583, 482, 1548, "pioneer"),  # published files, with their receivers' stretch
        (8263, 575, 453, 1464, "pioneer"),
        (8460, 550, 508, 1553, "pioneer"),
        (8820, 552, 552, 1656, "nec"),  # the fastest remote of other makers
        (9000, 562, 562, 1687, "nec"),
    ],
)
def test_pioneer_is_distinguished_by_its_clock(header: int, pulse: int, zero: int, one: int, protocol: str) -> None:
    frame = [header, -header // 2]
    for bit in "10000000011111110100000010111111":
        frame += (pulse, -one if bit == "1" else -zero)
    random = Random(1)
    for stretch in (0, 50):
        decoded = decode(received([*frame, pulse], stretch, random))
        assert (decoded and decoded.text) == f"{protocol}:0x01,0x02"
        # A command stored with NEC's clock is recognized when Pioneer's own remote sends it
        assert decoded is not None
        assert decoded.key == ("nec", 1, 2, ())


def test_ditto() -> None:
    random = Random(1)
    decoded = decode(received([9000, -2250, 560], 100, random))
    assert decoded == Decoded(protocol="nec", repeat=True)
    assert (decoded.to_command(), decoded.text) == (None, None)
    for wrong in ([9000, -4500, 560], [9000, -2250, 1700], [4500, -2250, 560], [9000, -2250, 560, -560, 560]):
        assert decode(wrong) is None


def test_first_frame_of_several() -> None:
    assert (decoded := decode([-100_000, *parse("sony:1,2").get_raw_timings(), -125_000])) is not None
    assert decoded.text == "sony:0x01,0x02"
    assert frames([-100, 1, -1, 2, -10_000, 3, -7]) == [[1, -1, 2], [3]]
    # A receiver that started late hears the second frame of Sharp first
    sharp = parse("sharp:3,5,1").get_raw_timings()[:-1]
    second = [*sharp[32:], -40_000, *sharp[:31]]
    assert (decoded := decode(second)) is not None
    assert decoded.text == "sharp:0x03,0x05,0x01"
    assert decoded.second
    # Two equal frames, or a truncated one, are not decoded
    assert decode([*sharp[:32], *sharp[:31]]) is None
    assert decode([*sharp[:32], *sharp[32:-2]]) is None
    assert decode([*sharp[:3], -3000, *sharp[4:]]) is None


@pytest.mark.parametrize("text", ["sharp:0x03,0x05,0x01", "sharp:0x08,0xf2,0x00"])
def test_each_frame_of_sharp_alone(text: str) -> None:
    """A receiver delivers the two frames of a press one by one."""
    sharp = parse(text).get_raw_timings()
    random = Random(text)
    for half, is_second in ((sharp[:31], False), (sharp[32:63], True)):
        for stretch, clock in ((0, 1.0), (100, 0.96), (150, 1.056)):
            decoded = decode(received(half, stretch, random, clock))
            assert decoded is not None
            assert (decoded.text, decoded.second) == (text, is_second)
        assert decode([*half[:-4], half[-1]]) is None
        assert decode([one * 8 // 10 for one in half]) is None
        assert decode([one * 6 // 5 for one in half]) is None
        # JVC, whose cells are the same, has longer pulses
        assert decode([one + 190 for one in half]) is None
        assert decode([*half[:2], half[2] + 160, half[3] + 160, *half[4:]]) is None
        assert decode([half[0], half[1] - 200, *half[2:]]) is None


def test_spike_and_dropout_are_repaired() -> None:
    for text in NAMED:
        if text.startswith("rcmm"):
            continue  # the remainder of its pulses would be as short as a glitch
        sent = parse(text).get_raw_timings()
        frame = sent[: next((at for at, one in enumerate(sent) if one < -20_000), len(sent))]
        if frame[-1] < 0:
            frame.pop()
        expected = decode(frame)
        for at in range(3, len(frame) - 2, 5):
            sign = -1 if at % 2 else 1
            half = (abs(frame[at]) - 80) // 2
            disturbed = [*frame[:at], sign * half, -sign * 80, sign * half, *frame[at + 1 :]]
            assert decode(disturbed) == expected, (text, at)


def test_longer_disturbances_are_not_repaired() -> None:
    frame = parse("nec:4,8").get_raw_timings()
    assert decode([*frame[:3], -220, 120, -220, *frame[4:]]) is None


@pytest.mark.parametrize("before", [(), (-100_000,)])
@pytest.mark.parametrize("after", [(), (-125_000,)])
@pytest.mark.parametrize("text", ["sony:0x01,0x02", "proton:0x02,0x03"])
def test_silence_around_a_frame(text: str, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    frame = parse(text).get_raw_timings()
    assert (decoded := decode([*before, *(frame if frame[-1] > 0 else frame[:-1]), *after])) is not None
    assert decoded.text == text


@pytest.mark.parametrize(("count", "is_decoded"), [(4096, True), (4098, False)])
def test_longest_capture(count: int, is_decoded: bool) -> None:
    capture = [*parse("nec:4,8").get_raw_timings(), -50_000] * 60
    capture += [560, -560] * ((count - len(capture)) // 2)
    assert (decode(capture) is not None) is is_decoded


@pytest.mark.parametrize(("wrong", "is_decoded"), [(0b11, False), (0b111, True)])
def test_unchecked_byte_is_distinguished_from_a_badly_received_one(wrong: int, is_decoded: bool) -> None:
    for text in (f"necext:0x1234,{0xF00F ^ wrong:#x}", f"nec42ext:0x0000,{0xF00F ^ wrong:#x}"):
        decoded = decode(parse(text).get_raw_timings())
        assert (decoded is not None) is is_decoded


@pytest.mark.parametrize("at", range(2, 31, 2))
def test_every_pulse_of_sharp_counts(at: int) -> None:
    frame = parse("sharp:3,5").get_raw_timings()
    assert decode(frame) is not None
    # The cell keeps its length
    frame[at] += 300
    if at < 30:
        frame[at + 1] += 300
    assert decode(frame) is None


def test_samsung_address_that_cannot_be_sent() -> None:
    sent = parse("samsung32:0x0100,2").get_raw_timings()
    # Swap the bytes of the address
    sent[2:18], sent[18:34] = sent[18:34], sent[2:18]
    assert decode(sent) is None


@pytest.mark.parametrize(
    "text", ["nec:4,8", "samsung32:7,2", "kaseikyo:0x2002b0,0x3d", "rca:3,7", "nec42:1,2", "sharp:3,5"]
)
def test_wrong_bits(text: str) -> None:
    sent = parse(text).get_raw_timings()
    command = slice(34, 66) if text[:3] in ("nec", "sam") and text[3] != "4" else slice(2, len(sent) - 1)
    for at in range(*command.indices(len(sent))):
        if sent[at] < 0 and sent[at] > -2100:
            wrong = sent.copy()
            wrong[at] = -1690 if sent[at] > -1000 else -560
            if text.startswith("rca"):
                wrong[at] = -2000 if sent[at] > -1500 else -1000
            elif text.startswith("kaseikyo"):
                wrong[at] = -1296 if sent[at] > -1000 else -432
            assert decode(wrong) is None, at


def test_spikes_and_dropouts() -> None:
    random = Random(7)
    for text in NAMED:
        if text.startswith(("necext", "nec42ext")):
            continue
        sent = parse(text).get_raw_timings()
        for _ in range(20):
            heard = received(sent, 80, random)
            at = random.randrange(1, len(heard) // 2) | 1
            # A spike within a space, or a missed pulse
            disturbed = (
                [*heard[:at], heard[at] // 2, 30, heard[at] // 2 - 30, *heard[at + 1 :]]
                if random.random() < 0.5
                else [*heard[:at], heard[at] - heard[at + 1] + heard[at + 2], *heard[at + 3 :]]
            )
            assert (decoded := decode(disturbed)) is None or decoded.text == text.split(",repeat")[0]


@given(st.lists(st.integers(100, 10_000), max_size=200))
@example([8400, 2228, 382, 6001, 100])  # a ditto, and a pulse after the frame's end
@example([100, 2000, 8400, 2228, 382])  # a spike, and a ditto
@settings(max_examples=examples(500))
def test_random_timings_are_not_decoded(durations: list[int]) -> None:
    decoded = decode([-one if index % 2 else one for index, one in enumerate(durations)])
    spaces = range(1, len(durations), 2)
    end = next((index for index in spaces if index > 4 and durations[index] > FRAME_GAP_US), len(durations))
    # NEC's ditto has only three durations, and spikes may come before it
    assert decoded is None or (decoded.repeat and end <= 4 + 2 * module.MAX_SPIKES)


@given(st.lists(st.sampled_from([444, 560, 889, 1200, 1690, 1778, 2400, 4500, 9000]), min_size=1, max_size=100))
@settings(max_examples=examples(500))
def test_random_frames_of_usual_durations_have_a_text(durations: list[int]) -> None:
    decoded = decode([-one if index % 2 else one for index, one in enumerate(durations)])
    assert decoded is None or decoded.repeat or decoded.text is not None


@given(st.lists(st.integers()))
def test_any_numbers_are_accepted(timings: list[int]) -> None:
    assert decode(timings) is None


def test_not_alternating_or_too_long() -> None:
    frame = parse("nec:4,8").get_raw_timings()
    assert decode([*frame, 1]) is None
    assert decode(frame * 2) is None
    assert decode([*frame, -50_000] * 70) is None
    assert decode([-1, -2, -3]) is None
    assert decode([-9000, 1, -9000]) is None


def test_long_captures_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop waits for the decoder, so what is compared may not grow with the square of the length."""
    compared = 0
    near = module._near

    def count(*args: Any) -> bool:
        nonlocal compared
        compared += 1
        return near(*args)

    def fail(_: list[int]) -> None:
        raise AssertionError("no message of an air conditioner is so long")

    monkeypatch.setattr(module, "_near", count)
    monkeypatch.setattr(module, "_DECODERS", {"fails": fail})
    for spike in (560, 60):
        capture = [9000, -4500, *[560, -560, spike, -1690] * 1023][:4095]
        assert decode_message(capture) is None
        assert whole_message(capture) is None
    assert compared < 500


def test_failing_and_unfitting_decoders_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = parse("proton:2,3").get_raw_timings()
    assert (decoded := decode(sent)) is not None
    assert (decoded.protocol, decoded.address, decoded.command, decoded.extra) == ("proton", 2, 3, {})

    def fail(_: list[int]) -> None:
        raise IndexError

    monkeypatch.setattr(
        module,
        "_DECODERS",
        {"fails": fail, "other": lambda _: parse("lg_ac_fixed:1"), "long": lambda _: parse("aeha:data=" + "00" * 60)},
    )
    assert decode(sent) is None
