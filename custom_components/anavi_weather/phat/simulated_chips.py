"""The chips as their data sheets describe them, message by message: registers, checksums, conversion times."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
import struct
from typing import ClassVar, override

import bme280

from . import bh1750, bmp180, bmx280, htu21d
from .i2c import Clock


class Nack(Exception):
    """The chip does not acknowledge."""


@dataclass(slots=True)
class Air:
    """What there is to measure: °C, %, hPa and lx."""

    temperature: float = 21.0
    humidity: float = 55.0
    pressure: float = 1013.25
    illuminance: float = 300.0


class SimulatedChip(ABC):
    """A chip that answers I2C messages."""

    def __init__(self, air: Callable[[], Air], clock: Clock) -> None:
        """Power the chip on."""
        self.air = air
        self.clock = clock
        self.pace = 1.0  # part of the data sheet's maximum that a conversion takes
        self.power_on()

    @abstractmethod
    def power_on(self) -> None:
        """Lose all settings."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Take one write message; raises Nack."""

    @abstractmethod
    def read(self, length: int) -> bytes:
        """Answer one read message; raises Nack."""

    def finish_time(self, maximum: float) -> float:
        """Return when a conversion that begins now will be finished."""
        return self.clock.monotonic() + maximum * self.pace


class RegisterChip(SimulatedChip):
    """A chip with numbered registers, read from the one that was written last."""

    @override
    def power_on(self) -> None:
        self.registers = bytearray(256)
        self.pointer = 0

    @override
    def write(self, data: bytes) -> None:
        if data:
            self.pointer = data[0]
        for register, value in zip(data[::2], data[1::2], strict=False):
            self.store(register, value)

    @override
    def read(self, length: int) -> bytes:
        self.refresh()
        return bytes(self.registers[(self.pointer + offset) % 256] for offset in range(length))

    def store(self, register: int, value: int) -> None:
        """Write a register."""
        self.registers[register] = value

    def refresh(self) -> None:
        """Bring the registers up to the time."""


def inverse(function: Callable[[int], float], target: float, bits: int) -> int:
    """Return the smallest input at which an increasing function reaches the target, or the greatest of so many bits."""
    low, high = 0, (1 << bits) - 1
    while low < high:
        middle = (low + high) // 2
        if function(middle) < target:
            low = middle + 1
        else:
            high = middle
    return low


class SimulatedBMP180(RegisterChip):
    """A BMP180 with the data sheet's example calibration."""

    CALIBRATION = bmp180.Calibration(408, -72, -14383, 32741, 32757, 23153, 6190, 4, -32768, -8711, 2868)

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[bmp180.REGISTER_ID] = bmp180.CHIP_ID
        self.registers[bmp180.REGISTER_CALIBRATION : bmp180.REGISTER_CALIBRATION + 22] = struct.pack(
            ">3h3H5h", *self.CALIBRATION
        )
        self.registers[bmp180.REGISTER_DATA] = 0x80
        self._finish = 0.0
        self._result = b""

    @override
    def store(self, register: int, value: int) -> None:
        if register == 0xE0 and value == 0xB6:
            self.power_on()
        if register != bmp180.REGISTER_CONTROL:
            return
        self.registers[register] = value
        if value == bmp180.CONVERT_TEMPERATURE:
            self._result = (self._temperature() << 8).to_bytes(3)
            self._finish = self.finish_time(bmp180.TEMPERATURE_TIME[1])
        elif value & 0x3F == bmp180.CONVERT_PRESSURE:
            oversampling = value >> 6
            self._result = (self._pressure(oversampling) << (8 - oversampling)).to_bytes(3)
            self._finish = self.finish_time((0.0045, 0.0075, 0.0135, 0.0255)[oversampling])

    @override
    def refresh(self) -> None:
        if self._result and self.clock.monotonic() >= self._finish:
            self.registers[bmp180.REGISTER_DATA : bmp180.REGISTER_DATA + 3] = self._result
            self.registers[bmp180.REGISTER_CONTROL] &= ~bmp180.CONVERTING
            self._result = b""

    def _temperature(self) -> int:
        # Below the lowest input of the polynomial the data sheet's function is not monotonic.
        return 16384 + inverse(
            lambda ut: bmp180.compensate(self.CALIBRATION, 16384 + ut, 23843, 0)[0], self.air().temperature, 15
        )

    def _pressure(self, oversampling: int) -> int:
        ut = self._temperature()
        return inverse(
            lambda up: bmp180.compensate(self.CALIBRATION, ut, up, oversampling)[1],
            self.air().pressure,
            16 + oversampling,
        )


class SimulatedBMP280(RegisterChip):
    """A BMP280 with the data sheet's example calibration."""

    CHIP_ID = 0x58
    TEMPERATURE_PRESSURE = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
    HUMIDITY: ClassVar = dict.fromkeys(("H1", "H2", "H3", "H4", "H5", "H6"), 0)

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[bmx280.REGISTER_ID] = self.CHIP_ID
        self.registers[0x88:0xA0] = struct.pack("<HhhHhhhhhhhh", *self.TEMPERATURE_PRESSURE)
        self.registers[bmx280.REGISTER_DATA : bmx280.REGISTER_DATA + 8] = bytes.fromhex("8000008000008000")
        self._finish = self.finish_time(bmx280.RESET_TIME[0])
        self.registers[bmx280.REGISTER_STATUS] = bmx280.COPYING_CALIBRATION
        self._result = b""
        self._humidity_oversampling = 0

    @override
    def store(self, register: int, value: int) -> None:
        if register == bmx280.REGISTER_RESET and value == bmx280.RESET:
            self.power_on()
        elif register in (bmx280.REGISTER_CONTROL_HUMIDITY, bmx280.REGISTER_CONFIG):
            self.registers[register] = value
        elif register == bmx280.REGISTER_CONTROL:
            self.registers[register] = value
            self._humidity_oversampling = self.registers[bmx280.REGISTER_CONTROL_HUMIDITY] & 7
            if value & bmx280.MODE_MASK:
                self._convert(value >> 5, value >> 2 & 7)

    @override
    def refresh(self) -> None:
        if self.clock.monotonic() < self._finish:
            return
        self.registers[bmx280.REGISTER_STATUS] = 0
        if self._result:
            self.registers[bmx280.REGISTER_DATA : bmx280.REGISTER_DATA + len(self._result)] = self._result
            self._result = b""
            if self.registers[bmx280.REGISTER_CONTROL] & bmx280.MODE_MASK != bmx280.MODE_MASK:
                self.registers[bmx280.REGISTER_CONTROL] &= ~bmx280.MODE_MASK

    def _convert(self, temperature_oversampling: int, pressure_oversampling: int) -> None:
        times = bmx280.conversion_times(temperature_oversampling, pressure_oversampling, self._humidity_oversampling)
        self._finish = self.finish_time(times[1])
        self.registers[bmx280.REGISTER_STATUS] = bmx280.MEASURING
        air, calibration = self.air(), self._calibration()
        raw = bme280.uncompensated_readings(bytes(8))

        def sample(**changes: int) -> bme280.compensated_readings:
            vars(raw).update(changes)
            return bme280.compensated_readings(raw, calibration)

        temperature = inverse(lambda adc: sample(temperature=adc).temperature, air.temperature, 20)
        sample(temperature=temperature)
        pressure = 0xFFFFF - inverse(lambda adc: sample(pressure=0xFFFFF - adc).pressure, air.pressure, 20)
        result = (pressure << 4 if pressure_oversampling else 0x800000).to_bytes(3)
        result += (temperature << 4 if temperature_oversampling else 0x800000).to_bytes(3)
        if self._has_humidity():
            humidity = inverse(lambda adc: sample(humidity=adc).humidity, air.humidity, 16)
            result += (humidity if self._humidity_oversampling else 0x8000).to_bytes(2)
        self._result = result

    def _has_humidity(self) -> bool:
        return self.CHIP_ID == SimulatedBME280.CHIP_ID

    def _calibration(self) -> bme280.params:
        names = ("T1", "T2", "T3", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9")
        values = dict(zip(names, self.TEMPERATURE_PRESSURE, strict=True)) | self.HUMIDITY
        return bme280.params({f"dig_{name}": value for name, value in values.items()})


class SimulatedBME280(SimulatedBMP280):
    """A BME280 whose humidity calibration is of the kind that real ones have."""

    CHIP_ID = 0x60
    HUMIDITY: ClassVar = {"H1": 75, "H2": 362, "H3": 0, "H4": 321, "H5": 50, "H6": 30}

    @override
    def power_on(self) -> None:
        super().power_on()
        values = self.HUMIDITY
        self.registers[0xA1] = values["H1"]
        self.registers[0xE1:0xE8] = struct.pack(
            "<hBbBbb",
            values["H2"],
            values["H3"],
            values["H4"] >> 4,
            values["H4"] & 0x0F | values["H5"] << 4 & 0xF0,
            values["H5"] >> 4,
            values["H6"],
        )


class SimulatedHTU21D(SimulatedChip):
    """An HTU21D, without hold of the clock."""

    @override
    def power_on(self) -> None:
        self.user_register = htu21d.USER_REGISTER_DEFAULT
        self._finish = 0.0
        self._answer = b""
        self._resetting = False

    @override
    def write(self, data: bytes) -> None:
        if self.clock.monotonic() < self._finish:
            raise Nack
        match list(data):
            case [htu21d.COMMAND_SOFT_RESET]:
                heater = self.user_register & htu21d.HEATER
                self.power_on()
                self.user_register |= heater
                self._finish = self.finish_time(htu21d.RESET_TIME)
            case [htu21d.COMMAND_READ_USER_REGISTER]:
                self._answer = bytes((self.user_register,))
            case [htu21d.COMMAND_WRITE_USER_REGISTER, value]:
                self.user_register = value
            case [htu21d.COMMAND_TEMPERATURE]:
                self._convert((self.air().temperature + 46.85) / 175.72, 0, htu21d.TEMPERATURE_TIME[1])
            case [htu21d.COMMAND_HUMIDITY]:
                self._convert((self.air().humidity + 6) / 125, htu21d.STATUS_HUMIDITY, htu21d.HUMIDITY_TIME[1])
            case []:
                pass
            case _:
                raise Nack

    @override
    def read(self, length: int) -> bytes:
        if self.clock.monotonic() < self._finish or not self._answer:
            raise Nack
        answer, self._answer = self._answer, b""
        return answer[:length].ljust(length, b"\xff")

    def _convert(self, part: float, status: int, maximum: float) -> None:
        signal = min(max(round(part * 65536), 0), 0xFFFF) & ~htu21d.STATUS_MASK | status
        self._answer = signal.to_bytes(2) + bytes((htu21d.crc8(signal.to_bytes(2)),))
        self._finish = self.finish_time(maximum)


class SimulatedBH1750(SimulatedChip):
    """A BH1750."""

    @override
    def power_on(self) -> None:
        self.mode = bh1750.POWER_DOWN
        self.measurement_time = bh1750.MEASUREMENT_TIME_DEFAULT
        self._finish = float("inf")
        self._result = 0

    @override
    def write(self, data: bytes) -> None:
        self._refresh()
        for command in data:
            self._take(command)

    @override
    def read(self, length: int) -> bytes:
        self._refresh()
        return self._result.to_bytes(2)[:length].ljust(length, b"\xff")

    def _take(self, command: int) -> None:
        if command in (bh1750.POWER_DOWN, bh1750.POWER_ON):
            self.mode = command
            self._finish = float("inf")
        elif command == bh1750.RESET:
            if self.mode != bh1750.POWER_DOWN:
                self._result = 0
        elif command & 0xE0 == bh1750.MEASUREMENT_TIME_LOW:
            self.measurement_time = self.measurement_time & 0xE0 | command & 0x1F
        elif command & 0xF8 == bh1750.MEASUREMENT_TIME_HIGH:
            self.measurement_time = self.measurement_time & 0x1F | (command & 0x07) << 5
        elif command in (0x10, 0x11, 0x13, 0x20, 0x21, 0x23):
            self.mode = command
            self._finish = self.finish_time(self._conversion_time())

    def _refresh(self) -> None:
        if self.clock.monotonic() < self._finish:
            return
        lux = self.air().illuminance
        counts = lux * bh1750.COUNTS_PER_LUX * self.measurement_time / bh1750.MEASUREMENT_TIME_DEFAULT
        self._result = min(round(counts * (2 if self.mode & 0x03 == 0x01 else 1)), bh1750.SATURATED)
        if self.mode & 0x20:  # one-time
            self.mode = bh1750.POWER_DOWN
            self._finish = float("inf")
        else:
            self._finish = self.finish_time(self._conversion_time())

    def _conversion_time(self) -> float:
        low = self.mode & 0x03 == 0x03
        default = bh1750.LOW_RESOLUTION_TIME if low else bh1750.HIGH_RESOLUTION_TIME
        return default * self.measurement_time / bh1750.MEASUREMENT_TIME_DEFAULT


SIMULATED_CHIPS: dict[str, type[SimulatedChip]] = {
    "BH1750": SimulatedBH1750,
    "BME280": SimulatedBME280,
    "BMP180": SimulatedBMP180,
    "BMP280": SimulatedBMP280,
    "HTU21D": SimulatedHTU21D,
}
