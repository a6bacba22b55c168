"""Tests of the quality control."""

from collections.abc import Mapping
from itertools import chain

import pytest

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity, quantities
from custom_components.anavi_weather.quality import (
    HISTORY_PERIOD,
    HOUR,
    PERSISTENCE,
    SHADE_PERIOD,
    STEPS,
    SUNLIGHT,
    Check,
    QualityControl,
    is_checked,
    tolerance,
)
from custom_components.anavi_weather.roles import sources

from .phat.bench import EVERY_KIND

START = 1_790_000_000.0
MINUTE = 60.0
SHT, HTU, BMP, PHOTOMETER = (
    ChipId("SHT3x", 0x44),
    ChipId("HTU21D", 0x40),
    ChipId("BMP390", 0x77),
    ChipId("BH1750", 0x23),
)
BMP180 = ChipId("BMP180", 0x77)
TEMPERATURE, HUMIDITY, PRESSURE, ILLUMINANCE = Quantity
FLAWLESS: dict[Quantity, tuple[Check, ...]] = {}

type Values = Mapping[ChipId, Mapping[Quantity, float]]


class Board:
    """A board whose readings are checked."""

    def __init__(self) -> None:
        """Initialize the board without a reading."""
        self.quality = QualityControl()
        self.now = START

    def read(self, values: Values, after: float = MINUTE) -> Mapping[Quantity, tuple[Check, ...]]:
        """Return the flags of a reading some seconds after the last one."""
        self.now += after
        measurements = {
            chip: Measurement(found, frozenset({ILLUMINANCE}) if chip == PHOTOMETER and not found else frozenset())
            for chip, found in values.items()
        }
        return self.quality.check(self.now, measurements, sources(measurements))

    def temperatures(self, *values: float, after: float = MINUTE, chip: ChipId = SHT) -> list[bool]:
        """Return of each temperature whether it is flagged."""
        return [bool(self.read({chip: {TEMPERATURE: value}}, after)) for value in values]


@pytest.fixture
def board() -> Board:
    """Return a board."""
    return Board()


def test_air_that_changes_slowly_passes(board: Board) -> None:
    for number in range(60):
        reading = {
            SHT: {TEMPERATURE: 20 + number / 20, HUMIDITY: 60 - number / 10},
            BMP: {PRESSURE: 1000 + number / 60},
            PHOTOMETER: {ILLUMINANCE: 100.0 * number},
        }
        assert board.read(reading) == FLAWLESS


@pytest.mark.parametrize("quantity", STEPS)
def test_a_spike_is_flagged_alone(board: Board, quantity: Quantity) -> None:
    chip = BMP if quantity is PRESSURE else SHT
    beyond = 50 + STEPS[quantity].step + STEPS[quantity].per_hour / 60

    flags = [board.read({chip: {quantity: value}}) for value in (50, beyond - 0.1, 50, beyond + 0.1, 50.1)]

    assert flags == [FLAWLESS, FLAWLESS, FLAWLESS, {quantity: (Check.STEP,)}, FLAWLESS]


def test_a_step_that_remains_is_flagged_until_air_could_have_made_it(board: Board) -> None:
    flagged = board.temperatures(20, *[30.0] * 60)

    # 10 °C = 3 °C + 16 °C/h × 26.25 minutes
    assert flagged == [False] + [True] * 26 + [False] * 34


def test_after_hours_without_readings_air_may_have_changed(board: Board) -> None:
    assert board.temperatures(20, 35, after=HOUR) == [False, False]


def test_small_steps_of_short_intervals_do_not_hide_a_large_one(board: Board) -> None:
    assert board.temperatures(20, 22.5, 25, after=5) == [False, False, True]


def test_another_chip_is_no_step(board: Board) -> None:
    assert board.temperatures(20) == [False]
    assert board.temperatures(24, chip=HTU) == [False]


def test_a_clock_that_was_set_back_is_no_step(board: Board) -> None:
    assert board.temperatures(20) == [False]
    assert board.temperatures(30, 30.1, after=-HOUR) == [False, False]


@pytest.mark.parametrize("quantity", PERSISTENCE)
def test_a_chip_that_repeats_itself_is_stuck(board: Board, quantity: Quantity) -> None:
    chip = BMP if quantity is PRESSURE else SHT
    hours = PERSISTENCE[quantity].period / HOUR

    flags = [board.read({chip: {quantity: 50.0}}, HOUR) for _ in range(int(hours) + 2)]

    assert flags == [FLAWLESS] * int(hours) + [{quantity: (Check.PERSISTENCE,)}] * 2
    assert board.read({chip: {quantity: 50 + PERSISTENCE[quantity].band + 0.01}}) == FLAWLESS


@pytest.mark.parametrize("quantity", PERSISTENCE)
def test_the_noise_of_a_chip_shows_that_it_is_not_stuck(board: Board, quantity: Quantity) -> None:
    chip = BMP if quantity is PRESSURE else SHT
    noise = PERSISTENCE[quantity].band + 0.01

    for number in range(48):
        assert board.read({chip: {quantity: 50 + noise * (number % 2)}}, HOUR) == FLAWLESS


def test_values_that_creep_are_not_stuck(board: Board) -> None:
    assert not any(board.temperatures(*(20 + 0.005 * number for number in range(48)), after=HOUR))


def test_a_thermometer_that_hides_its_noise_is_not_checked_for_repeating_itself(board: Board) -> None:
    assert not any(board.temperatures(*[20.0] * 24, after=HOUR, chip=BMP180))


def test_fog_is_not_stuck(board: Board) -> None:
    for _ in range(24):
        assert board.read({SHT: {HUMIDITY: 99.0}}, HOUR) == FLAWLESS


@pytest.mark.parametrize("between", [{}, {HTU: {TEMPERATURE: 20.0}}])
def test_a_chip_that_was_away_was_not_stuck(board: Board, between: Values) -> None:
    board.temperatures(*[20.0] * 12, after=HOUR)
    board.read(between)

    assert board.temperatures(*[20.0] * 13, after=HOUR) == [False] * 12 + [True]


def test_a_clock_that_was_set_back_begins_again(board: Board) -> None:
    board.temperatures(*[20.0] * 12, after=HOUR)
    board.now -= 24 * HOUR

    assert board.temperatures(*[20.0] * 13, after=HOUR) == [False] * 12 + [True]


def test_two_chips_that_disagree_for_an_hour_are_flagged(board: Board) -> None:
    limit = tolerance(SHT, HTU, TEMPERATURE)
    assert limit == pytest.approx(3 * (0.2 + 0.3))

    flags = [
        board.read({SHT: {TEMPERATURE: 20 + number / 10}, HTU: {TEMPERATURE: 20 + number / 10 + limit + 0.1}}, HOUR / 4)
        for number in range(6)
    ]

    assert flags == [FLAWLESS] * 4 + [{TEMPERATURE: (Check.CHIPS,)}] * 2


def test_chips_that_agree_in_between_begin_again(board: Board) -> None:
    differences = chain([2.0] * 4, [1.4], [2.0] * 4)

    for number, difference in enumerate(differences):
        air = 20 + number / 10
        assert board.read({SHT: {TEMPERATURE: air}, HTU: {TEMPERATURE: air + difference}}, HOUR / 4) == FLAWLESS


def test_one_chip_that_agrees_is_enough(board: Board) -> None:
    for number in range(12):
        air = 20 + number / 10
        reading = {SHT: {TEMPERATURE: air}, HTU: {TEMPERATURE: air + 9}, BMP: {TEMPERATURE: air + 1}}
        assert board.read(reading, HOUR / 4) == FLAWLESS


def test_a_disagreement_lasts_from_a_clock_that_was_set_back(board: Board) -> None:
    apart: Values = {BMP180: {PRESSURE: 1000.0}, BMP: {PRESSURE: 1010.0}}
    assert board.read(apart) == FLAWLESS
    board.now -= HOUR

    assert board.read(apart) == FLAWLESS
    assert board.read(apart, HOUR - 1) == FLAWLESS
    assert Check.CHIPS in board.read(apart, 1)[PRESSURE]


def test_the_dew_point_is_not_above_the_temperature(board: Board) -> None:
    # The air around the hygrometer has its dew point at 20 °C
    def read(temperature: float) -> object:
        return board.read({HTU: {TEMPERATURE: 20.5, HUMIDITY: 97.0}, SHT: {TEMPERATURE: temperature}}, HOUR)

    assert read(18.6) == FLAWLESS
    assert read(18.4) == {TEMPERATURE: (Check.DEW_POINT, Check.CHIPS), HUMIDITY: (Check.DEW_POINT,)}


@pytest.mark.parametrize(
    "reading", [{BMP: {TEMPERATURE: 20.0}, HTU: {HUMIDITY: 100.0}}, {HTU: {TEMPERATURE: 20.0, HUMIDITY: 0.0}}]
)
def test_without_a_dew_point_there_is_nothing_to_compare(board: Board, reading: Values) -> None:
    assert board.read(reading) == FLAWLESS


def sunlit(*temperatures: float, light: float | None = SUNLIGHT) -> Values:
    """Return a reading with the temperatures of two thermometers."""
    found = {chip: {TEMPERATURE: value} for chip, value in zip((SHT, BMP180), temperatures, strict=False)}
    return found | {PHOTOMETER: {} if light is None else {ILLUMINANCE: light}}


@pytest.mark.parametrize("light", [SUNLIGHT, None], ids=["bright", "above the range"])
def test_a_thermometer_that_the_sun_heats_is_flagged_until_it_has_cooled_down(
    board: Board, light: float | None
) -> None:
    sun = {TEMPERATURE: (Check.SUN,)}
    assert board.read(sunlit(20.0, light=100)) == FLAWLESS
    for warmth in (20.8, 21.6, 22.4):
        assert board.read(sunlit(warmth, light=light)) == FLAWLESS
    assert board.read(sunlit(23.5, light=light)) == sun
    assert board.read(sunlit(23.5, light=light), HOUR) == sun, (
        "air becomes as warm in an hour, but the sun still shines"
    )
    assert board.read(sunlit(23.4, light=100)) == sun, "a cloud passes by"
    assert board.read(sunlit(23.3, light=100), SHADE_PERIOD - 1) == sun
    assert board.read(sunlit(22.0, light=100), 1) == FLAWLESS
    assert board.read(sunlit(22.1, light=light)) == FLAWLESS


def test_clouds_that_pass_by_do_not_hide_that_the_sun_heats(board: Board) -> None:
    board.read(sunlit(20.0, light=100))
    readings = [(21.5, SUNLIGHT), (22.0, 100.0), (23.0, SUNLIGHT), (23.0, 100.0), (24.0, SUNLIGHT)]

    flags = [bool(board.read(sunlit(warmth, light=light))) for warmth, light in readings]

    assert flags == [False, False, False, False, True]


def test_a_sunny_morning_passes(board: Board) -> None:
    board.read(sunlit(10.0, light=100))

    for number in range(1, 13):
        assert board.read(sunlit(10 + 0.7 * number), HOUR / 4) == FLAWLESS


def test_a_thermometer_that_rises_more_than_another_is_in_the_sun(board: Board) -> None:
    board.read(sunlit(20.0, 20.5, light=100))

    assert board.read(sunlit(22.3, 20.9)) == FLAWLESS
    assert board.read(sunlit(22.5, 20.9)) == {TEMPERATURE: (Check.SUN,)}


def test_sunlight_without_a_reference_is_not_judged(board: Board) -> None:
    assert board.read(sunlit(20.0)) == FLAWLESS
    assert board.read(sunlit(22.9)) == FLAWLESS
    assert board.read(sunlit(25.0)) == FLAWLESS


def test_another_thermometer_needs_a_reference_of_its_own(board: Board) -> None:
    board.read(sunlit(20.0, light=100))

    assert board.read({BMP180: {TEMPERATURE: 25.0}, PHOTOMETER: {ILLUMINANCE: SUNLIGHT}}) == FLAWLESS


def test_a_clock_that_was_set_back_needs_a_reference_of_its_own(board: Board) -> None:
    board.read(sunlit(20.0, light=100))
    board.now -= HOUR
    assert board.read(sunlit(25.0)) == FLAWLESS

    board.read(sunlit(25.0, light=100))
    board.read(sunlit(25.0, light=100), SHADE_PERIOD)
    assert board.read(sunlit(28.5)) == {TEMPERATURE: (Check.STEP, Check.SUN)}


def test_a_photometer_alone_is_not_checked(board: Board) -> None:
    assert board.read({PHOTOMETER: {ILLUMINANCE: SUNLIGHT}}) == FLAWLESS
    assert not is_checked({ILLUMINANCE: PHOTOMETER})
    assert is_checked({ILLUMINANCE: PHOTOMETER, PRESSURE: BMP})


def test_checks_continue_with_earlier_readings(board: Board) -> None:
    board.quality.load(
        [
            (START - HISTORY_PERIOD, PRESSURE, BMP, 1010.0),
            (START - HISTORY_PERIOD, TEMPERATURE, SHT, 20.0),
            (START, ILLUMINANCE, PHOTOMETER, 100.0),
        ]
    )

    flags = board.read({**sunlit(24.0), BMP: {PRESSURE: 1010.0}})

    assert flags == {TEMPERATURE: (Check.STEP, Check.SUN), PRESSURE: (Check.PERSISTENCE,)}


def test_nothing_is_loaded_without_earlier_readings(board: Board) -> None:
    board.quality.load([])

    assert board.temperatures(20.0, 24.0) == [False, True]


@pytest.mark.parametrize("chip", [*EVERY_KIND, ChipId("BME680", 0x76), ChipId("never heard of", 0x76)], ids=str)
def test_readings_of_every_chip_can_be_checked(board: Board, chip: ChipId) -> None:
    values = dict.fromkeys(quantities(chip), 50.0)

    assert values
    assert board.read({chip: values}) == FLAWLESS
