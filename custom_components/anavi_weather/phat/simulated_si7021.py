"""Simulated Silicon Labs Si7021. Data sheet Si7021-A20 revision 1.2."""

from typing import ClassVar

from .simulated_htu21d import SimulatedHTU21D


class SimulatedSi7021(SimulatedHTU21D):
    """An Si7021, which has the commands, signals and checksums of the HTU21D.

    It also measures the temperature with each humidity, so the humidity takes the time of both.
    """

    USER_REGISTER_DEFAULT: ClassVar[int] = 0b0011_1010  # with the reserved bits (section 6.1)
    KEPT_BY_RESET: ClassVar[int] = 0
    # Table 2
    TEMPERATURE_TIMES: ClassVar[tuple[float, float]] = (0.007, 0.0108)
    HUMIDITY_TIMES: ClassVar[tuple[float, float]] = (0.017, 0.0228)
