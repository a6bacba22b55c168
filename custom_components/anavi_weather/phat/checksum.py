"""The checksum of Sensirion's and Aosong's chips."""


def crc8(data: bytes) -> int:
    """Return the checksum of data: polynomial x⁸ + x⁵ + x⁴ + 1, initial value 0xFF."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x131 if crc & 0x80 else 0)
    return crc
