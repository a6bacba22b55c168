"""Tuya codes for Zigbee and Wi-Fi blasters: durations of 16 bits, low byte first, compressed as in FastLZ, in base64.

    000 length-1:5 | that many literal bytes
    length-2:3 distance-1, high 5 bits | (for length-2 = 7, one byte to add to it) | distance-1, low 8 bits

The second block copies the bytes that were decompressed `distance` bytes ago; it may overlap its own copy.

Source: mildsunrise's description of the stream, which zigbee2mqtt's users follow.
"""

import struct

from .command import CodeError, RawCommand
from .raw import MAX_TIMINGS, complete


def parse_tuya(data: bytes) -> RawCommand:
    """Return the command of a compressed stream.

    Raises:
        CodeError: if the stream is malformed or too long.
    """
    durations = _decompressed(data)
    if len(durations) % 2:
        raise CodeError("tuya_stream")
    return RawCommand(complete(struct.unpack(f"<{len(durations) // 2}H", durations)))


def _decompressed(data: bytes) -> bytes:
    """Return the decompressed bytes of a stream."""
    out = bytearray()
    at = 0
    while at < len(data):
        length, low = data[at] >> 5, data[at] & 0x1F
        at += 1
        if not length:
            length = low + 1
            block = data[at : at + length]
            at += length
        else:
            if length == 7 and at < len(data):
                length += data[at]
                at += 1
            length += 2
            distance = (low << 8 | data[at]) + 1 if at < len(data) else len(out) + 1
            at += 1
            if distance > len(out):
                raise CodeError("tuya_stream")
            copied = out[-distance:]
            block = bytes((copied * (length // len(copied) + 1))[:length])
        if len(block) != length:
            raise CodeError("tuya_stream")
        out += block
        if len(out) > 2 * MAX_TIMINGS:
            raise CodeError("too_many_timings", maximum=str(MAX_TIMINGS))
    return bytes(out)
