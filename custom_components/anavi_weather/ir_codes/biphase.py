"""RC5, RC6 and Marantz's longer RC5 as they are received: a bit is told by the direction of the change in its middle."""

from collections.abc import Mapping, Sequence

RC5_HALF = 889  # µs, half a bit
RC6_HALF = 444
RC6_LEADER = (2664, 888)  # µs
SPREAD = 0.08  # by how much clocks may differ
TOLERANCE = 0.3  # of a half, after the receiver's stretch is taken off
MIN_STRETCH = -100  # µs, by which a receiver lengthens pulses and shortens spaces
MAX_STRETCH = 200


def decode_biphase(frame: Sequence[int]) -> tuple[str, Mapping[str, int]] | None:
    """Return the protocol and fields of one frame in signed µs, first to last pulse; nothing where it is none of these."""
    if frame[0] > 2.4 * RC5_HALF:
        return _rc6(frame)
    if (levels := _levels(frame, RC5_HALF)) is None:
        return None
    levels = [0, *levels]  # the first half of the start bit cannot be told from the silence before it
    if len(levels) <= 28:
        return _rc5(levels)
    # A pause of four halves stands between the address and the rest
    if any(levels[16:20]) or (first := _bits(levels[:16], 8)) is None or (rest := _bits(levels[20:], 12)) is None:
        return None
    return "marantz_extended", {
        "address": _number(first[3:]),
        "command": _number(rest[:6]) | (0 if first[1] else 0x40),
        "extension": _number(rest[6:]),
        "toggle": first[2],
    }


def _rc5(levels: list[int]) -> tuple[str, Mapping[str, int]] | None:
    if (bits := _bits(levels, 14)) is None:
        return None
    # The second start bit is the inverse of the command's bit 6
    command = _number(bits[8:]) | (0 if bits[1] else 0x40)
    return "rc5", {"address": _number(bits[3:8]), "command": command, "toggle": bits[2]}


def _rc6(frame: Sequence[int]) -> tuple[str, Mapping[str, int]] | None:
    if len(frame) < 3:
        return None
    # The leader tells both the remote's clock and the receiver's stretch, which is a third of a half
    clock = (frame[0] - frame[1]) / sum(RC6_LEADER)
    stretch = frame[0] - clock * RC6_LEADER[0]
    if abs(clock - 1) > SPREAD or not MIN_STRETCH <= stretch <= MAX_STRETCH:
        return None
    if (levels := _levels(frame[2:], RC6_HALF * clock, stretch)) is None:
        return None
    levels += [0] * (44 - len(levels))  # of these, only the last half can be part of the silence
    # The trailer bit, which toggles, is twice as long; a pulse before a space is a 1, other than in RC5
    inverted = [1 - level for level in levels]
    head, trailer, body = _bits(inverted[:8], 4), inverted[8:12], _bits(inverted[12:], 16)
    if head != [1, 0, 0, 0] or trailer not in ([0, 0, 1, 1], [1, 1, 0, 0]) or body is None:
        return None
    return "rc6", {"address": _number(body[:8]), "command": _number(body[8:]), "toggle": 1 - trailer[0]}


def _levels(frame: Sequence[int], half: float, stretch: float = 0) -> list[int] | None:
    """Return the level (1, 0) of each half of a bit, or nothing where a duration is no whole number of halves.

    `stretch` is what is known of the receiver's; the rest of it is found as the mean of what is over.
    """
    durations = [(1, duration - stretch) if duration > 0 else (-1, stretch - duration) for duration in frame]
    counts = [round(duration / half) for _, duration in durations]
    if not 1 <= min(counts) <= max(counts) <= 6:
        return None
    over = [sign * (duration - count * half) for (sign, duration), count in zip(durations, counts, strict=True)]
    rest = sum(over) / len(over)
    if not MIN_STRETCH <= stretch + rest <= MAX_STRETCH or any(abs(one - rest) > TOLERANCE * half for one in over):
        return None
    return [int(sign > 0) for (sign, _), count in zip(durations, counts, strict=True) for _ in range(count)]


def _bits(levels: Sequence[int], count: int) -> list[int] | None:
    """Return the bits of RC5: a 1 is a space before a pulse. The last half may be part of the silence after the frame."""
    if len(levels) == 2 * count - 1 and levels[-1]:
        levels = [*levels, 0]
    if len(levels) != 2 * count or any(levels[at] == levels[at + 1] for at in range(0, len(levels), 2)):
        return None
    return list(levels[1::2])


def _number(bits: Sequence[int]) -> int:
    return int("".join(map(str, bits)), 2)
