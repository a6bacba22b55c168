"""Pronto hex: learned codes with and without a carrier, and predefined ones.

Words of 16 bits, in hex:

    0000 (learned; 0100: unmodulated) | carrier period | pairs of the once part | pairs of the repeat part | durations
    5000 (RC5), 5001, 6000, 900A (NEC) | carrier period | pairs of the once part | pairs of the repeat part | fields

A period counts ticks of a 4.145146 MHz clock, a duration counts periods; pulses and spaces take turns.
"""

import re

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand, check_carrier
from .named import build
from .raw import as_raw, complete
from .text import excerpt

REFERENCE = 4_145_146  # Hz, the clock of a Pronto
MAX_WORD = 0xFFFF
LEARNED = 0x0000
UNMODULATED = 0x0100
RC5 = 0x5000
RC5X = 0x5001
RC6 = 0x6000
NEC = 0x900A
PREDEFINED = {
    RC5: ("rc5", ("address", "command")),
    # Philips' RC5X has a pause of four units and one more field; Marantz remotes send it
    RC5X: ("marantz_extended", ("address", "command", "extension")),
    RC6: ("rc6", ("address", "command")),
}
TYPES = (LEARNED, UNMODULATED, *PREDEFINED, NEC)
ESPHOME_GAP = 0x06C3  # 45 ms, which ESPHome before 2024.9 wrote after the last pause too
UNMODULATED_WORD = 10  # 2.4 µs; the finest unit whose words can hold a usual pause

_WORD = re.compile(r"[0-9A-Fa-f]{4}")


def parse_pronto(text: str) -> Command:
    """Return the command of a Pronto code, with or without spaces between its words.

    Raises:
        CodeError: if the code is malformed, or of an unsupported type.
    """
    tokens = text.split()
    if len(tokens) == 1:
        (joined,) = tokens
        tokens = [joined[at : at + 4] for at in range(0, len(joined), 4)]
    for token in tokens:
        if not _WORD.fullmatch(token):
            raise CodeError("pronto_word", value=excerpt(token))
    words = [int(token, 16) for token in tokens]
    if len(words) < 4:
        raise CodeError("pronto_length", expected="4", actual=str(len(words)))
    kind, frequency, once, repeat = words[:4]
    data = words[4:]
    if kind not in TYPES:
        raise CodeError("pronto_type", value=f"{kind:04X}")
    if kind == LEARNED and len(data) == 2 * (once + repeat) + 1 and data[-1] == ESPHOME_GAP:
        del data[-1]
    if len(data) != 2 * (once + repeat):
        raise CodeError("pronto_length", expected=str(4 + 2 * (once + repeat)), actual=str(len(words)))
    if not data:
        raise CodeError("empty")
    if kind in (LEARNED, UNMODULATED):
        return _learned(frequency, data[: 2 * once], data[2 * once :], modulated=kind == LEARNED)
    return _predefined(kind, data)


def _learned(frequency: int, once: list[int], repeat: list[int], *, modulated: bool) -> RawCommand:
    if not frequency:
        raise CodeError("pronto_frequency")

    def part(words: list[int]) -> tuple[int, ...]:
        # In integers because the error of a rounded carrier would add up to some µs in a long pause
        return (
            complete([(2 * word * frequency * 1_000_000 + REFERENCE) // (2 * REFERENCE) for word in words])
            if words
            else ()
        )

    modulation = check_carrier(round(REFERENCE / frequency)) if modulated else 0
    return RawCommand(part(once), part(repeat), modulation=modulation)


def _predefined(kind: int, data: list[int]) -> Command:
    if len(data) != (4 if kind == RC5X else 2):
        raise CodeError("pronto_length", expected=str(8 if kind == RC5X else 6), actual=str(len(data) + 4))
    if kind in PREDEFINED:
        name, fields = PREDEFINED[kind]
        return build(name, **dict(zip(fields, data, strict=False)))
    (low, high), (command, inverted) = (word.to_bytes(2) for word in data)
    if command ^ inverted != 0xFF:
        raise CodeError("pronto_checksum", value=f"{data[1]:04X}")
    if low ^ high == 0xFF:
        return build("nec", address=low, command=command)
    # infrared_protocols sends an address below 256 with its inverse unless it gets the fourth byte
    subfunction = None if high else inverted
    return build("nec", address=low | high << 8, command=command, subfunction=subfunction)


def to_pronto(command: Command) -> str:
    """Return a command as a learned Pronto code, with its once and repeat parts.

    Pronto has neither a duty cycle nor a repeat count.

    Raises:
        CodeError: if a pause within the command, or the command itself, is too long for Pronto.
    """
    raw = as_raw(command)
    once, repeat = raw.once, (*raw.repeat, *raw.other)
    longest = max(map(abs, (*once[:-1], *repeat[:-1])))
    if command.modulation:
        kind, frequency = LEARNED, round(REFERENCE / command.modulation)
    else:
        kind, frequency = UNMODULATED, max(UNMODULATED_WORD, -(-longest * REFERENCE // (MAX_WORD * 1_000_000)))
    if round(longest * REFERENCE / (frequency * 1_000_000)) > MAX_WORD or max(len(once), len(repeat)) // 2 > MAX_WORD:
        raise CodeError(
            "pause_too_long", value=str(longest), maximum=str(MAX_WORD * frequency * 1_000_000 // REFERENCE)
        )
    data = [
        # Shorten a pause at the end of a part that is longer than a word can hold
        min(MAX_WORD, max(1, round(abs(duration) * REFERENCE / (frequency * 1_000_000))))
        for duration in (*once, *repeat)
    ]
    return " ".join(f"{word:04X}" for word in (kind, frequency, len(once) // 2, len(repeat) // 2, *data))
