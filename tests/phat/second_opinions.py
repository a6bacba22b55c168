"""Other algorithms for Bosch's chips than those of the drivers and of the simulated chips."""

from custom_components.anavi_weather.phat.simulated_bmp180 import Coefficients as BMP180Coefficients
from custom_components.anavi_weather.phat.simulated_bmx280 import (
    Coefficients as BMP280Coefficients,
    HumidityCoefficients,
)

ANOTHER_BMP180 = BMP180Coefficients(430, -75, -14300, 32800, 32700, 23000, 6190, 4, -32768, -8700, 2868)
ANOTHER_BMP280 = BMP280Coefficients(27600, 26400, -900, 36500, -10680, 3024, 2900, 130, -7, 15400, -14500, 5900)
ANOTHER_HUMIDITY = HumidityCoefficients(h1=75, h2=370, h3=2, h4=313, h5=-50, h6=-30)
"""The signed 12-bit coefficient H5 is negative."""


def bmp180_in_floating_point(cal: BMP180Coefficients, ut: int, up: float) -> tuple[float, float]:
    """Return °C and hPa by the polynomial form of the algorithm."""
    alpha = cal.ac5 / 2**15 / 160 * (ut - cal.ac6)
    temperature = alpha + cal.mc * 2**11 / 160**2 / (alpha + cal.md / 160)
    s = temperature - 25
    x = cal.b2 * 160**2 / 2**25 * s**2 + cal.ac2 * 160 / 2**13 * s + cal.ac1
    c4 = cal.ac4 / 1000 / 2**15
    y = c4 * (cal.b1 * 160**2 / 2**30 * s**2 + cal.ac3 * 160 / 2**15 * s + 2**15)
    z = (up - x) / y
    return temperature, 3038 * 100 / 2**36 * z**2 + (1 - 7357 / 2**20) * z + (3791 - 8) / 1600


def bmx280_in_integers(
    calibration: BMP280Coefficients, humidity: HumidityCoefficients, adc_t: int, adc_p: int, adc_h: int
) -> tuple[float, float, float]:
    """Return °C, hPa and % by the data sheet's algorithm with 32-bit and 64-bit integers (BME280, section 4.2.3)."""
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9 = calibration
    var1 = ((adc_t >> 3) - (t1 << 1)) * t2 >> 11
    var2 = (((adc_t >> 4) - t1) ** 2 >> 12) * t3 >> 14
    t_fine = var1 + var2
    temperature = (t_fine * 5 + 128 >> 8) / 100

    var1 = t_fine - 128000
    var2 = var1 * var1 * p6 + (var1 * p5 << 17) + (p4 << 35)
    var1 = (var1 * var1 * p3 >> 8) + (var1 * p2 << 12)
    var1 = ((1 << 47) + var1) * p1 >> 33
    p = 1048576 - adc_p
    p = ((p << 31) - var2) * 3125 // var1
    var1 = p9 * (p >> 13) * (p >> 13) >> 25
    var2 = p8 * p >> 19
    pressure = ((p + var1 + var2 >> 8) + (p7 << 4)) / 25600

    h = humidity
    v = t_fine - 76800
    factor = ((v * h.h6 >> 10) * ((v * h.h3 >> 11) + 32768) >> 10) + 2097152
    v = ((adc_h << 14) - (h.h4 << 20) - h.h5 * v + 16384 >> 15) * (factor * h.h2 + 8192 >> 14)
    v -= ((v >> 15) ** 2 >> 7) * h.h1 >> 4
    return temperature, pressure, (min(max(v, 0), 419430400) >> 12) / 1024
