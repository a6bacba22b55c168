"""Simulated Sensirion SHT21. Data sheet version 4 (May 2014)."""

from typing import ClassVar

from .simulated_htu21d import SimulatedHTU21D


class SimulatedSHT21(SimulatedHTU21D):
    """An SHT21, which has the commands, signals and checksums of the HTU21D."""

    USER_REGISTER_DEFAULT: ClassVar[int] = 0b0011_1010  # with the reserved bits (section 5.6)
    # Section 5.4, table 7
    TEMPERATURE_TIMES: ClassVar[tuple[float, float]] = (0.066, 0.085)
    HUMIDITY_TIMES: ClassVar[tuple[float, float]] = (0.022, 0.029)
