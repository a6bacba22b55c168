"""Scan of all addresses of a bus, which changes nothing in the chips, and the chips that commonly have the addresses."""

from collections.abc import Iterable

from .i2c import Bus, ChipError, TransferError

ADDRESSES = range(0x08, 0x78)  # the others are reserved (I2C specification)

# An empty message makes some chips at these addresses change their state, such as EEPROMs, so i2cdetect also reads here.
READ_ONLY = (*range(0x30, 0x38), *range(0x50, 0x60))

# In the order of how common they are on boards for a Raspberry Pi
COMMON_CHIPS: dict[int, tuple[str, ...]] = {
    0x0D: ("QMC5883L",),
    0x10: ("VEML7700", "VEML6030", "VEML6075"),
    0x13: ("VCNL4010",),
    0x18: ("MCP9808", "LIS3DH"),
    0x19: ("MCP9808", "LIS3DH", "LSM303"),
    0x1C: ("MCP9808", "LIS3MDL", "MMA8452"),
    0x1D: ("ADXL345", "MMA8452"),
    0x1E: ("HMC5883L", "LSM303"),
    0x20: ("MCP23017", "PCF8574"),
    0x21: ("MCP23017", "PCF8574"),
    0x22: ("MCP23017", "PCF8574"),
    0x23: ("BH1750", "MCP23017", "PCF8574"),
    0x24: ("MCP23017", "PCF8574"),
    0x25: ("MCP23017", "PCF8574"),
    0x26: ("MCP23017", "PCF8574"),
    0x27: ("PCF8574", "MCP23017", "HIH6130"),
    0x28: ("BNO055",),
    0x29: ("TSL2591", "TSL2561", "LTR303", "TCS34725", "VL53L0X", "BNO055"),
    0x36: ("MAX17048", "AS5600"),
    0x37: ("DDC/CI",),
    0x38: ("AHT20", "AHT10", "PCF8574A", "VEML6070", "FT6206"),
    0x39: ("TSL2561", "APDS9960", "PCF8574A"),
    0x3A: ("PCF8574A",),
    0x3B: ("PCF8574A",),
    0x3C: ("SSD1306", "SH1106", "PCF8574A"),
    0x3D: ("SSD1306", "SH1106", "PCF8574A"),
    0x3E: ("PCF8574A",),
    0x3F: ("PCF8574A",),
    0x40: ("HTU21D", "HTU31D", "HDC1080", "HDC2080", "CHT8305", "INA219", "PCA9685"),
    0x41: ("HTU31D", "HDC2080", "INA219", "PCA9685"),
    0x44: ("SHT3x", "SHT4x", "OPT3001", "ISL29125", "INA219"),
    0x45: ("SHT3x", "SHT4x", "OPT3001", "INA219"),
    0x46: ("SHT4x", "BMP581", "OPT3001"),
    0x47: ("BMP581", "OPT3001"),
    0x48: ("ADS1115", "LM75", "TMP102", "PCF8591", "VEML6030"),
    0x49: ("ADS1115", "TSL2561", "TMP102"),
    0x4A: ("ADS1115", "MAX44009"),
    0x4B: ("ADS1115", "MAX44009"),
    0x50: ("24Cxx",),
    0x51: ("24Cxx", "PCF8563"),
    0x52: ("24Cxx", "ENS160"),
    0x53: ("24Cxx", "LTR390", "ADXL345", "ENS160"),
    0x54: ("24Cxx",),
    0x55: ("24Cxx",),
    0x56: ("24Cxx", "QMP6988"),
    0x57: ("24Cxx", "MAX30102"),
    0x58: ("SGP30",),
    0x59: ("SGP40", "SGP41"),
    0x5A: ("MLX90614", "CCS811", "MPR121"),
    0x5B: ("CCS811",),
    0x5C: ("BH1750", "AM2320", "LPS25H"),
    0x5D: ("LPS22HB", "LPS25H"),
    0x5F: ("HTS221",),
    0x60: ("MPL3115A2", "SI1145", "VCNL4040"),
    0x61: ("SCD30",),
    0x62: ("SCD40", "SCD41"),
    0x68: ("DS3231", "MPU6050"),
    0x69: ("SPS30", "MPU6050"),
    0x6A: ("LSM6DS3",),
    0x6B: ("LSM6DS3",),
    0x70: ("SHTC3", "QMP6988", "TCA9548A", "HT16K33"),
    0x76: ("BME280", "BMP280", "BME680", "BMP388", "BMP390", "DPS310", "SPL06", "MS5611", "MS8607"),
    0x77: ("BMP180", "BME280", "BMP280", "BME680", "BMP388", "BMP390", "DPS310", "SPL06", "MS5611"),
}


def responders(bus: Bus, addresses: Iterable[int] = ADDRESSES) -> list[int]:
    """Return the addresses at which something responds, without writing any data.

    Raises:
        BusError: if the bus cannot be reached.
    """
    return [address for address in addresses if _responds(bus, address)]


def _responds(bus: Bus, address: int) -> bool:
    if address not in READ_ONLY:
        try:
            return bus.answers(address)
        except TransferError:
            pass  # not all adapters can send an empty message
    try:
        bus.read(address, 1)
    except ChipError:
        return False
    return True
