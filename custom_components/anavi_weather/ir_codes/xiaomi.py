"""Codes that Xiaomi's infrared remote controls have learned, in base64: a table of durations, or a compressed list.

    67 a5 | count-1, 16 bits | 16 durations of 32 bits | a byte for each pair: space's place:4 pulse's place:4
    heatshrink's bits, highest first: 1 byte:8 (a literal) or 0 distance-1:11 length-1:4 (a copy), decimal numbers with commas

Sources: python-miio's description of the table; SmartIR's files for the list.
"""

import struct

from .broadlink import from_base64
from .command import DEFAULT_CARRIER, CodeError, RawCommand, check_carrier
from .raw import MAX_TEXT_LENGTH, complete, numbers

MAGIC = b"\x67\xa5"
TABLE = struct.Struct("<2sH16I")
WINDOW = 11  # bits of heatshrink's distance
LOOKAHEAD = 4  # bits of heatshrink's length


def parse_xiaomi(text: str) -> RawCommand:
    """Return the command of a code, which a carrier in Hz may follow: `Z6VLAF0B…:38400`.

    Raises:
        CodeError: if the code is malformed.
    """
    code, colon, carrier = text.strip().removeprefix("raw:").partition(":")
    modulation = DEFAULT_CARRIER
    if colon:
        if not carrier.isascii() or not carrier.isdecimal() or len(carrier) > 6:
            raise CodeError("xiaomi_code")
        modulation = check_carrier(int(carrier))
    data = from_base64(code)
    durations = _table(data) if data.startswith(MAGIC) else _list(data)
    if durations and not durations[-1]:
        durations.pop()  # the pause at the end is unknown
    return RawCommand(complete(durations), modulation=modulation)


def _table(data: bytes) -> list[int]:
    """Return the durations of a table and pairs of places in it."""
    if len(data) < TABLE.size:
        raise CodeError("xiaomi_code")
    _, count, *table = TABLE.unpack_from(data)
    pairs = data[TABLE.size : TABLE.size + (count + 1) // 2]
    if len(pairs) != (count + 1) // 2:
        raise CodeError("xiaomi_code")
    return [table[place] for pair in pairs for place in (pair & 0xF, pair >> 4)][: count + 1]


def _list(data: bytes) -> list[int]:
    """Return the decimal numbers of a compressed text."""
    try:
        text = _decompressed(data).rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError as err:
        raise CodeError("xiaomi_code") from err
    if not text or set(text) - set("0123456789,"):
        raise CodeError("xiaomi_code")
    return numbers(text)


def _decompressed(data: bytes) -> bytes:
    """Return the decompressed bytes of heatshrink's stream."""
    bits = f"{int.from_bytes(data):0{8 * len(data)}b}"
    out = bytearray()
    at = 0
    # The padding at the end is shorter than a byte
    while at + 9 <= len(bits):
        if bits[at] == "1":
            out.append(int(bits[at + 1 : at + 9], 2))
            at += 9
            continue
        if at + 1 + WINDOW + LOOKAHEAD > len(bits):
            break
        distance = int(bits[at + 1 : at + 1 + WINDOW], 2) + 1
        at += 1 + WINDOW
        if distance > len(out):
            raise CodeError("xiaomi_code")
        length = int(bits[at : at + LOOKAHEAD], 2) + 1
        copied = out[-distance:][:length]
        out += (copied * (length // len(copied) + 1))[:length]
        at += LOOKAHEAD
        if len(out) > MAX_TEXT_LENGTH:
            raise CodeError("text_too_long", maximum=str(MAX_TEXT_LENGTH))
    return bytes(out)
