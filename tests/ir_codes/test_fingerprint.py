"""Tests of the fingerprints of received messages."""

from random import Random

import pytest

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode_message
from custom_components.anavi_weather.ir_codes.fingerprint import fingerprint

UNKNOWN = (4000, -2000, 500, -1500, 500, -700, 500, -1500, 900, -700, 500)
OTHER = (4000, -2000, 500, -700, 500, -700, 500, -1500, 900, -1500, 500)


def received(timings: tuple[int, ...], stretch: int, clock: float, jitter: int, seed: int) -> list[int]:
    """Return timings as a receiver delivers them."""
    random = Random(seed)
    return [round(duration * clock) + stretch + random.randint(-jitter, jitter) for duration in timings]


def of(code: str) -> str:
    """Return the fingerprint of a code's message."""
    timings = parse(code).get_raw_timings()
    return fingerprint(decode_message(timings), timings)


@pytest.mark.parametrize("stretch", [0, 50, 150])
@pytest.mark.parametrize("clock", [0.92, 1, 1.08])
@pytest.mark.parametrize("seed", range(5))
def test_an_unknown_key_has_one_fingerprint_whatever_the_receiver_does(stretch: int, clock: float, seed: int) -> None:
    fingerprints = {fingerprint(None, received(code, stretch, clock, 15, seed)) for code in (UNKNOWN, OTHER)}
    assert fingerprints == {fingerprint(None, UNKNOWN), fingerprint(None, OTHER)}


def test_a_fingerprint_survives_versions() -> None:
    """Users' automations have it."""
    assert fingerprint(None, UNKNOWN) == "c7a09c315b88ada7"
    assert of("nec:0x04,0x08") == "18f0616a6d3eacde"


def test_repeats_and_noise_do_not_count() -> None:
    held = (*UNKNOWN, -40_000, *UNKNOWN, -40_000, *UNKNOWN)
    assert fingerprint(None, held) == fingerprint(None, (100, -20_000, *UNKNOWN)) == fingerprint(None, UNKNOWN)


def test_the_toggle_bit_does_not_count() -> None:
    assert of("rc5:0x05,0x0c,0") == of("rc5:0x05,0x0c,1") != of("rc5:0x05,0x0d,0")


def test_the_whole_message_counts() -> None:
    states = [f"gree_ac:mode={mode},temperature={degrees}" for mode in ("cool", "heat") for degrees in (20, 21)]
    assert len(set(map(of, states))) == 4
    assert fingerprint(None, (*UNKNOWN, -40_000, *OTHER)) != fingerprint(None, UNKNOWN)
