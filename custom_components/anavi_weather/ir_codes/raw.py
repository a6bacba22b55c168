"""Raw timings, checked, and as text: `raw:38000:9000,-4500,560,-40000`."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
import re

from infrared_protocols.commands import Command
from infrared_protocols.commands.proton import ProtonCommand
from infrared_protocols.commands.sharp import SharpCommand

from .command import DEFAULT_CARRIER, DEFAULT_DUTY_CYCLE, MAX_DURATION, CodeError, RawCommand, TimedCommand
from .text import excerpt

# NEC frames with this pause follow each other at the right distance
DEFAULT_GAP = 40000  # µs; default pause after a code
MAX_TIMINGS = 4096  # in one part; the longest known code of an air conditioner has some 700
MAX_PULSE = 500_000  # µs, the kernel's limit for one write
MAX_PAUSE = 5_000_000  # µs
MAX_TEXT_LENGTH = 65536  # characters
# Commands of infrared_protocols without repeats although a held key repeats all frames, and the pause between, in µs
REPEATED_PAUSES: Mapping[type[Command], int] = {ProtonCommand: 20_000, SharpCommand: 40_000}
MIN_SPLIT = 32_767  # µs, the most that 16 bits with a sign hold

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_OPTION = re.compile(r"\s*(\w+)\s*=\s*([0-9]{1,9})\s*", re.ASCII)
_COMMENT = re.compile(r"(#|//)[^\n]*")
_SIGN = re.compile(r"([+-])\s+(?=[0-9])")
_WORDS = ((re.compile(r"\bpulse\s+", re.IGNORECASE), "+"), (re.compile(r"\b(?:space|timeout)\s+", re.IGNORECASE), "-"))


def complete(durations: Sequence[int], gap: int = DEFAULT_GAP) -> tuple[int, ...]:
    """Return one part of a command, checked, in signed µs that end with a pause.

    Durations are signed (pulse +, space -); if none is negative, pulses and spaces take turns. A space at the start has no
    meaning and is dropped. A missing pause at the end becomes `gap`.

    Raises:
        CodeError: if a duration or the whole part is out of range, or pulses and spaces do not alternate.
    """
    if not durations:
        raise CodeError("empty")
    if len(durations) > MAX_TIMINGS:
        raise CodeError("too_many_timings", maximum=str(MAX_TIMINGS))
    if min(durations) >= 0:
        durations = [-duration if index % 2 else duration for index, duration in enumerate(durations)]
    if 0 in durations:
        raise CodeError("zero_duration")
    timings = list(durations[1:] if durations[0] < 0 else durations)
    if not timings:
        raise CodeError("empty")
    if any((duration > 0) == bool(index % 2) for index, duration in enumerate(timings)):
        raise CodeError("not_alternating")
    if timings[-1] > 0:
        timings.append(-gap)
    if max(timings) > MAX_PULSE:
        raise CodeError("pulse_too_long", value=str(max(timings)), maximum=str(MAX_PULSE))
    if -min(timings) > MAX_PAUSE:
        raise CodeError("pause_too_long", value=str(-min(timings)), maximum=str(MAX_PAUSE))
    if sum(map(abs, timings)) > MAX_DURATION:
        raise CodeError("too_long", maximum=str(MAX_DURATION))
    return tuple(timings)


def merge_neighbors(durations: Iterable[int]) -> list[int]:
    """Return signed durations without zeros, with neighbors of the same sign added up."""
    merged: list[int] = []
    for duration in durations:
        if merged and (merged[-1] > 0) == (duration > 0):
            merged[-1] += duration
        elif duration:
            merged.append(duration)
    return merged


def joined(durations: Sequence[int]) -> Sequence[int]:
    """Return durations without what programs split: `65535, 0, 17856` is one pause, and so are two at the end.

    Elsewhere, two durations of the same sign mean that one between them was lost.
    """
    if 0 in durations[1:-1] and min(durations) >= 0:
        durations = [-duration if index % 2 else duration for index, duration in enumerate(durations)]
    parts: list[int] = []
    for index, duration in enumerate(durations):
        is_last = index == len(durations) - 1
        if len(parts) > 1 and not parts[-1] and abs(parts[-2]) >= MIN_SPLIT and duration * parts[-2] > 0:
            parts.pop()
            parts[-1] += duration
        elif parts and is_last and min(durations) < 0 < duration * parts[-1]:
            parts[-1] += duration
        else:
            parts.append(duration)
    return parts


def as_raw(command: Command) -> RawCommand:
    """Return a command as timings; the frames that a protocol sends while a key is held become the repeat part.

    Raises:
        CodeError: if the command exceeds a limit.
    """
    if isinstance(command, TimedCommand):
        return RawCommand(
            command.once,
            command.repeat,
            command.other,
            modulation=command.modulation,
            duty_cycle=command.duty_cycle,
            repeat_count=command.repeat_count,
        )
    press, held, longer = (_repeated(command, count) for count in range(3))
    if (pause := REPEATED_PAUSES.get(type(command))) is not None:
        return RawCommand((), complete(press, pause), modulation=command.modulation)
    once = complete(press)
    repeat: tuple[int, ...] = ()
    if press == held[: len(press)] and held == longer[: len(held)] and len(press) < len(held) < len(longer):
        more, most = held[len(press) :], longer[len(held) :]
        if more[0] > 0:
            repeat = complete(more)
        else:
            once, repeat = complete([*press, more[0]]), complete([*more[1:], most[0]])
        if once == repeat:
            once = ()
    elif command.repeat_count:
        once = complete(command.get_raw_timings())
    count = command.repeat_count if repeat else 0
    return RawCommand(once, repeat, modulation=command.modulation, repeat_count=count)


def in_turn(command: Command) -> tuple[Command, ...]:
    """Return the commands that successive presses of a key send in turn: two if a toggle bit distinguishes them."""
    if not hasattr(command, "toggle"):
        return (command,)
    other = copy(command)
    other.toggle = 1 - command.toggle
    return command, other


def _repeated(command: Command, count: int) -> list[int]:
    command = copy(command)
    command.repeat_count = count
    return command.get_raw_timings()


def numbers(text: str) -> list[int]:
    """Return the signed numbers of a list as written by ESPHome, Flipper, LOOKin or ir-ctl.

    Raises:
        CodeError: if a word is not a number, or there are too many.
    """
    text = _COMMENT.sub(" ", text)
    for word, sign in _WORDS:
        text = word.sub(sign, text)
    text = _SIGN.sub(r"\1", text).strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    values = []
    for token in re.split(r"\s*[,;]\s*|\s+", text.strip().rstrip(",;")):
        if not _NUMBER.fullmatch(token):
            raise CodeError("number_invalid", value=excerpt(token))
        values.append(int(token))
        if len(values) > MAX_TIMINGS:
            raise CodeError("too_many_timings", maximum=str(MAX_TIMINGS))
    return values


def parse_raw(text: str) -> RawCommand:
    """Return the command of raw timings.

    The form is `[raw:[CARRIER][,duty_cycle=%][,repeat_count=N]:]ONCE[/REPEAT[/OTHER]]`; ONCE may be empty before REPEAT.

    Raises:
        CodeError: if an option or a number is malformed or out of range.
    """
    body = text.strip()
    options: dict[str, int] = {}
    if body[:4].lower() == "raw:":
        head, colon, body = body[4:].rpartition(":")
        if colon:
            options = _options(head)
    once, slash, repeats = body.partition("/")
    repeat, _, other = repeats.partition("/")
    command = RawCommand(
        complete(joined(numbers(once))) if once.strip() or not slash else (),
        complete(joined(numbers(repeat))) if slash and (repeat.strip() or other.strip() or not once.strip()) else (),
        complete(joined(numbers(other))) if other.strip() else (),
        modulation=options.get("carrier", DEFAULT_CARRIER),
        duty_cycle=options.get("duty_cycle", DEFAULT_DUTY_CYCLE),
        repeat_count=options.get("repeat_count", 0),
    )
    if not 1 <= command.duty_cycle <= 99:
        raise CodeError("duty_cycle_out_of_range", value=str(command.duty_cycle))
    return command


def _options(text: str) -> dict[str, int]:
    options: dict[str, int] = {}
    for index, option in enumerate(text.split(",")):
        if index == 0 and "=" not in option:
            option = f"carrier={option}"
        found = _OPTION.fullmatch(option)
        if not found or found[1] not in ("carrier", "duty_cycle", "repeat_count") or found[1] in options:
            raise CodeError("option_invalid", value=excerpt(option))
        options[found[1]] = int(found[2])
    return options


def raw_text(command: RawCommand) -> str:
    """Return the raw timings as the text that `parse_raw` reads."""
    options = [str(command.modulation)]
    if command.duty_cycle != DEFAULT_DUTY_CYCLE:
        options.append(f"duty_cycle={command.duty_cycle}")
    if command.repeat_count:
        options.append(f"repeat_count={command.repeat_count}")
    parts = [",".join(map(str, command.once))]
    parts += [",".join(map(str, part)) for part in (command.repeat, command.other) if part]
    return f"raw:{','.join(options)}:{'/'.join(parts)}"
