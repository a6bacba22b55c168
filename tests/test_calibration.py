"""Tests of the corrections of readings."""

from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.anavi_weather.calibration import STATION_TEMPERATURE, Calibration, Target
from custom_components.anavi_weather.const import (
    CONF_CALIBRATED,
    CONF_CALIBRATED_BEFORE,
    CONF_CORRECTIONS,
    CONF_TEMPERATURE_OFFSET,
)
from custom_components.anavi_weather.meteorology import absolute_humidity
from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.roles import sources

BMP180 = ChipId("BMP180", 0x77)
HTU21D = ChipId("HTU21D", 0x40)
BH1750 = ChipId("BH1750", 0x23)
MEASURED = {
    BMP180: Measurement({Quantity.TEMPERATURE: 25.4, Quantity.PRESSURE: 1000.0}),
    HTU21D: Measurement({Quantity.TEMPERATURE: 25.0, Quantity.HUMIDITY: 50.0}),
    BH1750: Measurement({Quantity.ILLUMINANCE: 1000.0}, frozenset()),
}


def corrected(
    options: dict[str, Any], measured: dict[ChipId, Measurement] | None = None
) -> dict[ChipId, dict[Quantity, float]]:
    """Return the corrected values of each chip."""
    measured = MEASURED if measured is None else measured
    measurements = Calibration(options).correct(measured, sources(measured))
    return {chip: dict(measurement.values) for chip, measurement in measurements.items()}


def test_without_corrections_readings_stay_the_same() -> None:
    assert corrected({}) == {chip: dict(measurement.values) for chip, measurement in MEASURED.items()}


def test_the_temperature_offset_of_version_1_0_applies_to_all_chips_and_humidity_follows() -> None:
    values = corrected({CONF_TEMPERATURE_OFFSET: -5.0})

    assert values[BMP180] == {Quantity.TEMPERATURE: pytest.approx(20.4), Quantity.PRESSURE: 1000}
    assert values[HTU21D][Quantity.TEMPERATURE] == 20
    # The air has the same vapor pressure; its density in g/m³ differs only by the temperature in K
    assert absolute_humidity(20, values[HTU21D][Quantity.HUMIDITY]) == pytest.approx(
        absolute_humidity(25, 50) * 298.15 / 293.15
    )


def test_the_offset_of_a_chip_is_added_to_that_of_the_station() -> None:
    values = corrected({CONF_TEMPERATURE_OFFSET: -5.0, CONF_CORRECTIONS: {"temperature BMP180 0x77": -0.4}})

    assert values[BMP180][Quantity.TEMPERATURE] == pytest.approx(20)
    assert values[HTU21D][Quantity.TEMPERATURE] == 20


def test_humidity_follows_the_temperature_of_its_own_chip() -> None:
    own = corrected({CONF_CORRECTIONS: {"temperature HTU21D 0x40": -5.0}})
    other = corrected({CONF_CORRECTIONS: {"temperature BMP180 0x77": -5.0}})

    assert own[HTU21D] == corrected({CONF_TEMPERATURE_OFFSET: -5.0})[HTU21D]
    assert other[HTU21D][Quantity.HUMIDITY] == 50


def test_a_hygrometer_without_a_thermometer_has_the_temperature_of_the_station() -> None:
    measured = {BMP180: MEASURED[BMP180], HTU21D: Measurement({Quantity.HUMIDITY: 50.0})}

    values = corrected({CONF_CORRECTIONS: {"temperature BMP180 0x77": -5.0}}, measured)

    assert values[HTU21D][Quantity.HUMIDITY] == pytest.approx(50 * 1.3456, rel=0.01)


def test_humidity_stays_the_same_without_any_temperature() -> None:
    measured = {HTU21D: Measurement({Quantity.HUMIDITY: 50.0})}

    assert corrected({CONF_TEMPERATURE_OFFSET: -5.0}, measured)[HTU21D] == {Quantity.HUMIDITY: 50}


@pytest.mark.parametrize(("offset", "expected"), [(3.0, 53), (-3.0, 47), (60.0, 100), (-60.0, 0)])
def test_the_offset_of_humidity_stays_within_its_range(offset: float, expected: float) -> None:
    assert corrected({CONF_CORRECTIONS: {"humidity": offset}})[HTU21D][Quantity.HUMIDITY] == expected


def test_pressure_has_an_offset_and_light_a_factor() -> None:
    corrections = {"pressure": 1.5, "pressure BMP180 0x77": 0.5, "illuminance": 2.0, "illuminance BH1750 0x23": 1.5}

    values = corrected({CONF_CORRECTIONS: corrections})

    assert values[BMP180][Quantity.PRESSURE] == 1002
    assert values[BH1750][Quantity.ILLUMINANCE] == 3000


def test_a_quantity_above_the_range_stays_above_it() -> None:
    measured = {BH1750: Measurement({}, frozenset({Quantity.ILLUMINANCE}))}

    measurements = Calibration({CONF_CORRECTIONS: {"illuminance": 0.5}}).correct(measured, sources(measured))

    assert measurements[BH1750] == measured[BH1750]


def test_a_change_has_its_date(freezer: FrozenDateTimeFactory) -> None:
    at = datetime(2026, 11, 29, 12, tzinfo=UTC)
    freezer.move_to(at)
    pressure = Target(Quantity.PRESSURE)
    options = {CONF_TEMPERATURE_OFFSET: -5.0, "interval": 30}
    assert Calibration(options).changed_at(pressure) is None
    assert Calibration(options).last_change(Quantity.PRESSURE) is None

    options = Calibration(options).changed(pressure, 1.5)
    assert options == {
        CONF_TEMPERATURE_OFFSET: -5.0,
        "interval": 30,
        CONF_CORRECTIONS: {"pressure": 1.5},
        CONF_CALIBRATED: {"pressure": at.isoformat()},
    }
    assert Calibration(options).correction(pressure) == 1.5
    assert Calibration(options).changed_at(pressure) == at

    freezer.tick(60)
    options = Calibration(options).changed(STATION_TEMPERATURE, -4.0)
    options = Calibration(options).changed(Target(Quantity.PRESSURE, BMP180), 1.0)
    calibration = Calibration(options)
    assert calibration.correction(STATION_TEMPERATURE) == options[CONF_TEMPERATURE_OFFSET] == -4
    assert calibration.changed_at(pressure) == at
    assert calibration.last_change(Quantity.PRESSURE) == datetime(2026, 11, 29, 12, 1, tzinfo=UTC)
    assert calibration.last_change(Quantity.HUMIDITY) is None


def test_the_recent_changes_of_a_correction_have_their_dates(freezer: FrozenDateTimeFactory) -> None:
    """So that readings between two of them are not mistaken for others."""
    freezer.move_to(start := datetime(2026, 11, 29, 12, tzinfo=UTC))
    pressure, chip = Target(Quantity.PRESSURE), Target(Quantity.PRESSURE, BMP180)
    options: dict[str, Any] = {}
    for target in (pressure, pressure, chip, Target(Quantity.HUMIDITY), pressure):
        options = Calibration(options).changed(target, 1.5)
        freezer.tick(3600)
    hours = [(start + timedelta(hours=hour)).isoformat() for hour in range(5)]
    assert options[CONF_CALIBRATED_BEFORE] == {"pressure": hours[:2]}
    changes = Calibration(options).changes(Quantity.PRESSURE)
    assert sorted(changes) == [start + timedelta(hours=hour) for hour in (0, 1, 2, 4)]

    freezer.move_to(start + timedelta(hours=25, minutes=30))
    options = Calibration(options).changed(chip, 2.5)
    assert options[CONF_CALIBRATED_BEFORE] == {f"pressure {BMP180}": [hours[2]]}
    freezer.tick(timedelta(days=2))
    assert CONF_CALIBRATED_BEFORE not in Calibration(options).changed(pressure, 1.0)


def test_a_neutral_correction_is_removed_but_its_date_stays(freezer: FrozenDateTimeFactory) -> None:
    light = Target(Quantity.ILLUMINANCE)

    options = Calibration(Calibration({}).changed(light, 2.0)).changed(light, 1.0)

    assert options[CONF_CORRECTIONS] == {}
    assert options[CONF_CALIBRATED].keys() == {"illuminance"}
    assert Calibration(options).correction(light) == 1
