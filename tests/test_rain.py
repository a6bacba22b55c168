"""Tests of the probability of rain."""

from itertools import pairwise
from math import log
import random

import pytest

from custom_components.anavi_weather.rain import MIN_VERIFIED, Predictors, Recalibration, Verification

NEW_YORK, SAO_PAULO, REYKJAVIK = 40.7, -23.6, 64.1


def probability(pressure: float, tendency: float, depression: float) -> float:
    """Return the probability of rain as fitted."""
    return Recalibration().probability(Predictors(pressure, tendency, depression).log_odds)


@pytest.mark.parametrize(
    ("predictors", "expected"),
    [
        ((1030, 0, 15), 0.028),
        ((1013, 0, 8), 0.131),
        ((1005, -3, 2), 0.798),
        ((995, -6, 1), 0.988),
        ((1035, 3, 0), 0.196),
    ],
)
def test_the_probability_as_fitted(predictors: tuple[float, float, float], expected: float) -> None:
    assert probability(*predictors) == pytest.approx(expected, abs=0.001)


def test_low_falling_pressure_and_moist_air_make_rain_likely() -> None:
    rising = [probability(1010, tendency, 5) for tendency in (3, 1, -1, -3)]
    falling = [probability(pressure, -1, 5) for pressure in (1030, 1020, 1010, 1000)]
    moister = [probability(1010, -1, depression) for depression in (15, 10, 5, 0)]

    for probabilities in (rising, falling, moister):
        assert all(before < after for before, after in pairwise(probabilities))


def test_the_fit_is_not_extrapolated() -> None:
    assert probability(940, -30, -1) == probability(986, -10, 0)
    assert probability(1080, 20, 50) == probability(1042, 9, 29)


def test_a_place_where_the_fit_is_wrong_is_learned() -> None:
    # It rains three times as often as fitted, as odds, and the weather says half as much about it
    generator = random.Random(1)
    recalibration = Recalibration()
    for _ in range(2 * 365 * 24):
        log_odds = generator.gauss(-2, 1.2)
        chance = Recalibration(offset=log(3), slope=0.5).probability(log_odds)
        recalibration = recalibration.learn(log_odds, generator.random() < chance)

    assert recalibration.offset == pytest.approx(log(3), abs=0.15)
    assert recalibration.slope == pytest.approx(0.5, abs=0.1)


def test_a_few_wet_days_hardly_change_the_fit() -> None:
    recalibration = Recalibration()
    for _ in range(3 * 24):
        recalibration = recalibration.learn(-2.0, True)

    assert Recalibration().probability(-2.0) == pytest.approx(0.119, abs=0.001)
    assert 0.12 < recalibration.probability(-2.0) < 0.35


def test_impossible_odds_are_a_probability() -> None:
    assert Recalibration(slope=1e6).probability(-1e3) == pytest.approx(0)
    assert Recalibration(slope=1e6).probability(1e3) == pytest.approx(1)


def verification(outcomes: list[tuple[float, bool]]) -> Verification:
    """Return the verification of probabilities and outcomes."""
    found = Verification()
    for chance, has_rained in outcomes:
        found = found.add(chance, has_rained)
    return found


def test_a_verification() -> None:
    found = verification([(0.9, True), (0.5, True), (0.4, True), (0.1, False), (0.7, False)])

    assert (found.hours, found.rainy, found.right) == (5, 3, 3)
    assert found.accuracy == pytest.approx(0.6)
    assert found.never_rain_accuracy == pytest.approx(0.4)
    # Its Brier score is (0.01 + 0.25 + 0.36 + 0.01 + 0.49) / 5, that of the frequency 0.6 × 0.4
    assert found.skill == pytest.approx(1 - 0.224 / 0.24)


def test_nothing_is_verified_before_the_first_hour() -> None:
    assert (Verification().accuracy, Verification().never_rain_accuracy, Verification().skill) == (None, None, None)


@pytest.mark.parametrize("has_rained", [True, False])
def test_a_place_where_it_always_or_never_rains_has_no_skill(has_rained: bool) -> None:
    assert verification([(0.5, has_rained)] * 3).skill is None


@pytest.mark.parametrize(
    ("latitude", "is_credible"), [(NEW_YORK, True), (-NEW_YORK, True), (SAO_PAULO, False), (REYKJAVIK, False)]
)
def test_without_verification_the_latitude_decides(latitude: float, is_credible: bool) -> None:
    assert Verification().is_credible(latitude) is is_credible


@pytest.mark.parametrize("latitude", [NEW_YORK, SAO_PAULO])
@pytest.mark.parametrize(
    ("outcomes", "is_credible"),
    [
        ([(0.8, True), (0.2, False)], True),
        ([(0.2, True), (0.8, False)], False),
        ([(0.5, True), (0.5, False)], False),
        ([(0.1, False), (0.1, False)], True),
    ],
)
def test_after_a_month_the_skill_decides(
    latitude: float, outcomes: list[tuple[float, bool]], is_credible: bool
) -> None:
    assert verification(outcomes * (MIN_VERIFIED // 2)).is_credible(latitude) is is_credible
