"""Tests of the sky that an illuminance belongs to."""

from math import inf

import pytest

from custom_components.anavi_weather.sky import Sky, clear_illuminance, sky


@pytest.mark.parametrize(
    ("elevation", "expected"),
    [
        (90, 127_500 * 0.81058 + 16_300),
        (30, 127_500 * 0.65705 * 0.5 + 11_760),
        (10, 127_500 * 0.29835 * 0.17365 + 7_259),
    ],
)
def test_illuminance_of_a_clear_sky(elevation: float, expected: float) -> None:
    """Computed by hand from the coefficients of RP-21."""
    assert clear_illuminance(elevation) == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize("elevation", [10, 25, 47, 66, 90])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (1.2, Sky.CLEAR),
        (0.71, Sky.CLEAR),
        (0.69, Sky.PARTLY_CLOUDY),
        (0.36, Sky.PARTLY_CLOUDY),
        (0.34, Sky.CLOUDY),
        (0.06, Sky.CLOUDY),
        (0.04, None),
        (0, None),
    ],
)
def test_each_sky(elevation: float, part: float, expected: Sky | None) -> None:
    assert sky(part * clear_illuminance(elevation), elevation) == expected


@pytest.mark.parametrize(
    ("measured", "elevation", "expected"),
    [
        (inf, 70, Sky.CLEAR),
        (inf, 9.9, None),
        (100_000, 60, Sky.CLEAR),
        (8_000, 60, Sky.CLOUDY),
        (4_000, 60, None),
        (300, 60, None),
        (300, 10, None),
        (0, 30, None),
        (300, 3, None),
        (0, -20, None),
    ],
)
def test_a_room_says_nothing_about_the_sky(measured: float, elevation: float, expected: Sky | None) -> None:
    assert sky(measured, elevation) == expected
