"""The kinds of chips that the kernel has drivers for, and how accurately they measure.

The errors are typical ones from the data sheets, in the range of everyday weather. Where a data sheet has only a maximum,
it is the maximum. The noise is that of the driver's default settings, or the resolution.
"""

from collections.abc import Collection, Iterable, Mapping
import re

from .chip import CHIPS, Accuracy, ChipId, Quantity

# Names of the kernel for chips that have another name here, or that are read in the same way
SAME_KIND = {
    "bmp085": "BMP180",
    "bmp380": "BMP388",
    "dht20": "AHT20",
    "htu20": "HTU21D",
    "htu21": "HTU21D",
    "sht20": "HTU21D",
    "sht21": "HTU21D",
    "sht25": "HTU21D",
    "sht3x": "SHT3x",
    "sht4x": "SHT4x",
    "si7013": "HTU21D",
    "si7020": "HTU21D",
    "si7021": "HTU21D",
}
NAME = re.compile(r"([a-z][a-z0-9_]{1,30})(-[a-z]+)?")  # such as lps25h-press

T, H, P, L = Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE, Quantity.ILLUMINANCE


def _climate(temperature: float, humidity: float) -> Mapping[Quantity, Accuracy]:
    """Return the accuracy of a thermometer and hygrometer."""
    return {T: Accuracy(temperature, 0.02), H: Accuracy(humidity, 0.04)}


def _barometer(temperature: float, pressure: float, noise: float) -> Mapping[Quantity, Accuracy]:
    return {T: Accuracy(temperature, 0.02), P: Accuracy(pressure, noise)}


def _photometer(error: float, resolution: float) -> Mapping[Quantity, Accuracy]:
    return {L: Accuracy(error, resolution)}


ACCURACY: dict[str, Mapping[Quantity, Accuracy]] = {
    # Thermometers and hygrometers
    "AHT10": _climate(0.3, 2.0),
    "AM2315": _climate(0.3, 2.0),
    "CHIPCAP2": _climate(0.6, 2.0),
    "HDC1000": _climate(0.2, 3.0),
    "HDC1008": _climate(0.2, 4.0),
    "HDC1010": _climate(0.2, 2.0),
    "HDC1050": _climate(0.2, 3.0),
    "HDC1080": _climate(0.2, 2.0),
    "HDC2010": _climate(0.2, 2.0),
    "HDC2080": _climate(0.2, 2.0),
    "HDC3020": _climate(0.1, 1.5),
    "HIH6130": _climate(1.0, 4.0),
    "HS3001": _climate(0.2, 1.5),
    "HTS221": _climate(0.5, 3.5),
    "SHTC1": _climate(0.3, 3.0),
    "SHTC3": _climate(0.2, 2.0),
    "SHTW1": _climate(0.3, 3.0),
    "TH06": _climate(0.4, 5.0),
    "DS1621": {T: Accuracy(0.5, 0.5)},
    "JC42": {T: Accuracy(1.0, 0.06)},
    "LM75": {T: Accuracy(2.0, 0.5)},
    "LM75A": {T: Accuracy(2.0, 0.125)},
    "LM75B": {T: Accuracy(2.0, 0.125)},
    "MCP9808": {T: Accuracy(0.25, 0.06)},
    "MLX90614": {T: Accuracy(0.5, 0.02)},
    "STS3X": {T: Accuracy(0.2, 0.02)},
    "TMP102": {T: Accuracy(0.5, 0.06)},
    "TMP112": {T: Accuracy(0.5, 0.06)},
    "TMP117": {T: Accuracy(0.1, 0.008)},
    "TSYS01": {T: Accuracy(0.1, 0.01)},
    "TSYS02D": {T: Accuracy(0.2, 0.01)},
    # Barometers, also with humidity
    "BME680": {**_barometer(1.0, 0.6, 0.002), H: Accuracy(3.0, 0.01)},
    "BMP580": _barometer(0.5, 0.3, 0.01),
    "DPS310": _barometer(0.5, 1.0, 0.01),
    "HP03": _barometer(0.8, 1.5, 0.1),
    "HP206C": _barometer(0.5, 1.5, 0.02),
    "ICP10100": _barometer(0.4, 1.0, 0.01),
    "LPS22HB": _barometer(1.5, 1.0, 0.01),
    "LPS25H": _barometer(2.0, 1.0, 0.02),
    "LPS331AP": _barometer(2.0, 2.0, 0.02),
    "MPL115": _barometer(2.0, 10.0, 1.5),
    "MPL3115": _barometer(1.0, 4.0, 0.05),
    "MS5607": _barometer(0.8, 1.5, 0.02),
    "MS5611": _barometer(0.8, 1.5, 0.02),
    "MS5637": _barometer(0.8, 2.0, 0.02),
    "MS5803": _barometer(0.8, 1.5, 0.03),
    "MS5805": _barometer(0.8, 2.0, 0.03),
    "MS8607": {**_barometer(0.8, 2.0, 0.02), H: Accuracy(3.0, 0.04)},
    "MS5837": _barometer(1.5, 50.0, 0.2),
    "T5403": _barometer(2.0, 3.0, 0.1),
    "ZPA2326": _barometer(1.0, 1.0, 0.02),
    # Gas sensors, whose thermometers are warmed by the sensor
    "SCD30": _climate(0.6, 3.5),
    "SCD4X": _climate(1.0, 6.5),
    # Photometers; the errors are percentages
    "AL3320A": _photometer(30.0, 1.0),
    "APDS9300": _photometer(30.0, 1.0),
    "BH1780": _photometer(25.0, 1.0),
    "CM32181": _photometer(20.0, 0.1),
    "CM3232": _photometer(20.0, 0.1),
    "ISL29018": _photometer(25.0, 0.1),
    "LTR390": _photometer(20.0, 0.1),
    "LTR501": _photometer(25.0, 0.1),
    "LTR559": _photometer(25.0, 0.1),
    "MAX44009": _photometer(15.0, 0.05),
    "NOA1305": _photometer(25.0, 0.1),
    "OPT3001": _photometer(10.0, 0.01),
    "OPT4001": _photometer(10.0, 0.01),
    "TSL2561": _photometer(30.0, 1.0),
    "TSL2563": _photometer(30.0, 1.0),
    "TSL2583": _photometer(30.0, 1.0),
    "TSL2591": _photometer(20.0, 0.1),
    "TSL4531": _photometer(25.0, 1.0),
    "VCNL4000": _photometer(30.0, 0.25),
    "VCNL4010": _photometer(30.0, 0.25),
    "VCNL4040": _photometer(20.0, 0.1),
    "VEML6030": _photometer(10.0, 0.01),
    "VEML6035": _photometer(10.0, 0.01),
    "VEML7700": _photometer(10.0, 0.01),
}
"""Accuracy by kind, for the kinds without a driver of ours."""

# For every other kind: worse than the board's own chips, so that these are preferred
MODEST = {T: Accuracy(2.0, 0.1), H: Accuracy(6.0, 0.1), P: Accuracy(2.5, 0.1), L: Accuracy(35.0, 1.0)}

_found: dict[ChipId, frozenset[Quantity]] = {}
"""Quantities that the drivers have offered since Home Assistant started."""


def kind_of(name: str) -> str | None:
    """Return the kind of a chip from the kernel's name, or None if that cannot be a name."""
    if (match := NAME.fullmatch(name)) is None:
        return None
    return SAME_KIND.get(match[1], match[1].upper())


def remember(chip: ChipId, offered: Iterable[Quantity]) -> None:
    """Remember the quantities that a chip's kernel driver offers."""
    _found[chip] = frozenset(offered)


def accuracy(chip: ChipId, quantity: Quantity) -> Accuracy:
    """Return the accuracy of a chip for a quantity.

    Raises:
        KeyError: if a driver of ours does not measure the quantity.
    """
    if chip.kind in CHIPS:
        return CHIPS[chip.kind].accuracy[quantity]
    return ACCURACY.get(chip.kind, MODEST).get(quantity, MODEST[quantity])


def quantities(chip: ChipId) -> Collection[Quantity]:
    """Return the quantities that a chip measures.

    They are all quantities if the kind is in no table and its driver has not been loaded since Home Assistant started,
    so that no entity of the chip is removed.
    """
    if chip.kind in CHIPS:
        return CHIPS[chip.kind].accuracy.keys()
    return _found.get(chip) or ACCURACY.get(chip.kind, MODEST).keys()
