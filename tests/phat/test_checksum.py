"""Tests of the checksum of Sensirion's and Aosong's chips."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat.checksum import crc8
from custom_components.anavi_weather.phat.simulated_chips import checksum


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ("beef", 0x92),  # data sheets of the SHT3x (section 4.12) and the SHT4x (section 4.4)
        ("1c3b5e8688b2", 0xD2),  # a real AHT20's answer
    ],
)
def test_published_checksums(data: str, result: int) -> None:
    assert crc8(bytes.fromhex(data)) == result


@given(data=st.binary(min_size=1, max_size=6))
def test_the_simulated_chips_calculate_the_same(data: bytes) -> None:
    assert crc8(data) == checksum(data)


@given(data=st.binary(min_size=6, max_size=6), flips=st.sets(st.integers(0, 55), min_size=1, max_size=2))
def test_one_or_two_flipped_bits_are_noticed(data: bytes, flips: set[int]) -> None:
    answer = bytearray((*data, crc8(data)))
    for bit in flips:
        answer[bit // 8] ^= 0x80 >> bit % 8
    assert crc8(bytes(answer[:-1])) != answer[-1]
