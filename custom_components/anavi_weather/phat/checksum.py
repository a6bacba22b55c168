"""The checksum of Sensirion's, Aosong's and Measurement Specialties' chips."""


def crc8(data: bytes, initial: int = 0xFF) -> int:
    """Return the checksum of data: polynomial x⁸ + x⁵ + x⁴ + 1."""
    crc = initial
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x131 if crc & 0x80 else 0)
    return crc
