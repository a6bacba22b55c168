"""Tests of choosing the chip that provides a quantity."""

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.roles import best_chip, sources, value

BH1750 = ChipId("BH1750", 0x23)
OTHER_BH1750 = ChipId("BH1750", 0x5C)
BME280 = ChipId("BME280", 0x76)
BMP180 = ChipId("BMP180", 0x77)
HTU21D = ChipId("HTU21D", 0x40)

TEMPERATURE, HUMIDITY, PRESSURE = Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE


def test_the_most_accurate_chip_is_the_best() -> None:
    chips = (BMP180, BME280, HTU21D)
    assert best_chip(chips, TEMPERATURE) == HTU21D
    assert best_chip(chips, HUMIDITY) == HTU21D
    assert best_chip(chips, PRESSURE) == BME280
    assert best_chip(chips, Quantity.ILLUMINANCE) is None


def test_of_equal_chips_that_with_the_lowest_address_is_the_best() -> None:
    assert best_chip((OTHER_BH1750, BH1750), Quantity.ILLUMINANCE) == BH1750


def test_the_best_chip_that_measured_a_quantity_is_its_source() -> None:
    hygrometer_without_thermometer = Measurement({HUMIDITY: 50.0})
    measurements = {
        BMP180: Measurement({TEMPERATURE: 20.0, PRESSURE: 1000.0}),
        HTU21D: hygrometer_without_thermometer,
    }

    chosen = sources(measurements)

    assert chosen == {TEMPERATURE: BMP180, HUMIDITY: HTU21D, PRESSURE: BMP180}
    assert value(measurements, chosen, TEMPERATURE) == 20
    assert value(measurements, chosen, Quantity.ILLUMINANCE) is None


def test_a_chip_whose_light_is_above_the_range_is_a_source_without_a_value() -> None:
    measurements = {BH1750: Measurement({}, frozenset({Quantity.ILLUMINANCE}))}

    chosen = sources(measurements)

    assert chosen == {Quantity.ILLUMINANCE: BH1750}
    assert value(measurements, chosen, Quantity.ILLUMINANCE) is None
