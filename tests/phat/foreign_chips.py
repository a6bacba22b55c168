"""Foreign chips at the addresses of the board's chips, and how they react to the probes."""

from collections.abc import Mapping
from typing import ClassVar, override

from custom_components.anavi_weather.phat.simulated_aht20 import SimulatedAHT20
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBMP280
from custom_components.anavi_weather.phat.simulated_chips import Nack, RegisterChip, SimulatedChip
from custom_components.anavi_weather.phat.simulated_sht4x import SimulatedSHT4x


class PCF8574(SimulatedChip):
    """Port expander. Every written byte is output on its pins, and read back."""

    @override
    def power_on(self) -> None:
        self.port = 0xFF

    @override
    def write(self, data: bytes) -> None:
        self.port = data[-1] if data else self.port

    @override
    def read(self, length: int) -> bytes:
        return bytes((self.port,)) * length


class PCF8575(SimulatedChip):
    """Port expander with two ports, which are written and read in turns."""

    @override
    def power_on(self) -> None:
        self.ports = bytearray(b"\xff\xff")

    @override
    def write(self, data: bytes) -> None:
        for place, value in enumerate(data):
            self.ports[place % 2] = value

    @override
    def read(self, length: int) -> bytes:
        return bytes(self.ports * length)[:length]


class VEML6070(SimulatedChip):
    """Sensor of ultraviolet light. It takes every byte as its settings, and answers the lower byte of its result."""

    @override
    def power_on(self) -> None:
        self.settings = 0x02

    @override
    def write(self, data: bytes) -> None:
        self.settings = data[-1] if data else self.settings

    @override
    def read(self, length: int) -> bytes:
        return b"\x00".ljust(length, b"\xff")


class CountingRegisterChip(RegisterChip):
    """Chip with SIZE registers whose pointer advances with every byte that is read."""

    SIZE = 256
    POWER_ON: ClassVar[Mapping[int, int]] = {}

    @override
    def power_on(self) -> None:
        super().power_on()
        for register, value in self.POWER_ON.items():
            self.registers[register] = value

    @override
    def read(self, length: int) -> bytes:
        answer = super().read(length)
        self.pointer = (self.pointer + length) % self.SIZE
        return answer


class MCP23017(CountingRegisterChip):
    """Port expander with registers. All pins are inputs."""

    SIZE = 0x16
    POWER_ON: ClassVar[Mapping[int, int]] = {0x00: 0xFF, 0x01: 0xFF}


class PCA9685(CountingRegisterChip):
    """Driver of LEDs and servos."""

    POWER_ON: ClassVar[Mapping[int, int]] = {0x00: 0x11, 0x01: 0x04, 0x02: 0xE2, 0xFE: 0x1E}


class BME680(CountingRegisterChip):
    """Bosch chip that the board does not support."""

    POWER_ON: ClassVar[Mapping[int, int]] = {0xD0: 0x61}


class LPS25H(RegisterChip):
    """Barometer of the Sense HAT. Its pointer advances only if the highest bit is set."""

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[0x0F] = 0xBD
        self.registers[0x10] = 0x05

    @override
    def read(self, length: int) -> bytes:
        return bytes((self.registers[self.pointer],)) * length


class INA219(SimulatedChip):
    """Current sensor with 16-bit registers. An invalid number keeps the last register selected."""

    @override
    def power_on(self) -> None:
        self.registers = [0x399F, 0, 0, 0, 0, 0]
        self.pointer = 0

    @override
    def write(self, data: bytes) -> None:
        if data and data[0] < len(self.registers):
            self.pointer = data[0]
        if len(data) > 2:
            self.registers[self.pointer] = int.from_bytes(data[1:3])

    @override
    def read(self, length: int) -> bytes:
        return self.registers[self.pointer].to_bytes(2)[:length].ljust(length, b"\xff")


class MS5611(SimulatedChip):
    """Barometer with commands. Without one that requests data it returns zeros."""

    @override
    def power_on(self) -> None:
        pass

    @override
    def write(self, data: bytes) -> None:
        pass

    @override
    def read(self, length: int) -> bytes:
        return bytes(length)


class TCA9548A(PCF8574):
    """Multiplexer. The written byte selects its channels, and is read back."""

    @override
    def power_on(self) -> None:
        self.port = 0x00


class NewBMP(SimulatedBMP280):
    """Bosch chip with an unknown id."""

    CHIP_ID = 0x50


class AHT10(SimulatedAHT20):
    """Predecessor of the AHT20, with another command for its initialization and without a checksum."""

    POWER_ON_STATUS = 0x00

    @override
    def write(self, data: bytes) -> None:
        if data == b"\xe1\x08\x00":
            self.status = 0x08
        elif data[:1] == b"\xac":
            super().write(data)

    @override
    def read(self, length: int) -> bytes:
        return super().read(6).ljust(length, b"\xff")


class FT6206(CountingRegisterChip):
    """Touch screen."""

    POWER_ON: ClassVar[Mapping[int, int]] = {0x03: 0xFF, 0xA3: 0x06, 0xA8: 0x11}


class STS4x(SimulatedSHT4x):
    """Thermometer with the SHT4x's commands and serial number. It answers with the temperature only."""

    @override
    def power_on(self) -> None:
        super().power_on()
        self.serial_number_requested = False

    @override
    def read(self, length: int) -> bytes:
        answer = super().read(length)
        return answer if self.serial_number_requested else answer[:3].ljust(length, b"\xff")

    @override
    def write(self, data: bytes) -> None:
        super().write(data)
        self.serial_number_requested = data == b"\x89"


class OPT3001(INA219):
    """Light sensor with 16-bit registers, whose numbers are not all valid."""

    @override
    def power_on(self) -> None:
        self.registers = [0, 0xC810, 0xC000, 0xBFFF]
        self.pointer = 0


class HTU31D(SimulatedChip):
    """Successor of the HTU21D with other commands. It does not acknowledge those that it does not know."""

    COMMANDS = (0x00, 0x02, 0x04, 0x08, 0x0A, 0x10, 0x1E, *range(0x40, 0x60))

    @override
    def power_on(self) -> None:
        pass

    @override
    def write(self, data: bytes) -> None:
        if data and data[0] not in self.COMMANDS:
            raise Nack

    @override
    def read(self, length: int) -> bytes:
        raise Nack


class Silent(SimulatedChip):
    """Chip that acknowledges nothing but its address and every byte that is written."""

    @override
    def power_on(self) -> None:
        pass

    @override
    def write(self, data: bytes) -> None:
        pass

    @override
    def read(self, length: int) -> bytes:
        raise Nack
