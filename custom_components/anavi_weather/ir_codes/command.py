"""Infrared commands made of timings, and the error that every parser here raises."""

from itertools import chain, cycle, islice
from typing import override

from infrared_protocols.commands import Command

DEFAULT_CARRIER = 38000  # Hz
DEFAULT_DUTY_CYCLE = 50  # %
MIN_CARRIER = 10_000  # Hz
MAX_CARRIER = 500_000  # Hz, the kernel's limit
MAX_DURATION = 10_000_000  # µs; the transmitter is busy for so long
MAX_REPEAT_COUNT = 100


class CodeError(ValueError):
    """A text or file is not a valid infrared code; `key` is the translation key of the reason."""

    def __init__(self, key: str, *, line: int | None = None, **placeholders: str) -> None:
        """Initialize the error with its reason, the line of the file, and the translation's placeholders."""
        super().__init__(key, line, placeholders)
        self.key = key
        self.line = line
        self.placeholders = placeholders


def check_carrier(carrier: int) -> int:
    """Return the carrier in Hz; 0 is unmodulated.

    Raises:
        CodeError: if the kernel cannot send it.
    """
    if carrier and not MIN_CARRIER <= carrier <= MAX_CARRIER:
        raise CodeError("carrier_out_of_range", value=str(carrier), minimum=str(MIN_CARRIER), maximum=str(MAX_CARRIER))
    return carrier


def check_repeat_count(repeat_count: int) -> int:
    """Return the number of times that the repeat part is sent.

    Raises:
        CodeError: if it is negative or too large.
    """
    if not 0 <= repeat_count <= MAX_REPEAT_COUNT:
        raise CodeError("repeat_count_out_of_range", value=str(repeat_count), maximum=str(MAX_REPEAT_COUNT))
    return repeat_count


class TimedCommand(Command):
    """A command made of a part for each press and parts for a held key.

    `once` is sent on each press, then `repeat` is sent `repeat_count` times, alternating with `other` if it is set. If `once`
    is empty, `repeat` is sent once more. Each part is a list of signed µs that alternates, begins with a pulse (+), and ends
    with a space (-), the pause before the next frame.
    """

    def __init__(
        self,
        once: tuple[int, ...],
        repeat: tuple[int, ...],
        other: tuple[int, ...] = (),
        *,
        modulation: int,
        duty_cycle: int = DEFAULT_DUTY_CYCLE,
        repeat_count: int,
    ) -> None:
        """Initialize the command; the carrier is in Hz (0: unmodulated), the duty cycle in %."""
        super().__init__(modulation=modulation, repeat_count=repeat_count)
        self.once = once
        self.repeat = repeat
        self.other = other
        self.duty_cycle = duty_cycle

    @override
    def get_raw_timings(self) -> list[int]:
        """Return the timings of a press and its repeats, without the pause at the end."""
        repeats = islice(cycle((self.repeat, self.other or self.repeat)), self.repeat_count)
        return [*(self.once or self.repeat), *chain.from_iterable(repeats)][:-1]


class RawCommand(TimedCommand):
    """A command without a known protocol."""

    def __init__(
        self,
        once: tuple[int, ...],
        repeat: tuple[int, ...] = (),
        other: tuple[int, ...] = (),
        *,
        modulation: int = DEFAULT_CARRIER,
        duty_cycle: int = DEFAULT_DUTY_CYCLE,
        repeat_count: int = 0,
    ) -> None:
        """Initialize the command from parts that `complete` has checked, and a duty cycle of 1 to 99 %.

        Raises:
            CodeError: if the repeat count, the whole duration or the carrier is out of range.
        """
        check_repeat_count(repeat_count)
        longest = max(sum(map(abs, repeat)), sum(map(abs, other)))
        if sum(map(abs, once)) + longest * repeat_count > MAX_DURATION:
            raise CodeError("too_long", maximum=str(MAX_DURATION))
        super().__init__(
            once,
            repeat,
            other,
            modulation=check_carrier(modulation),
            duty_cycle=duty_cycle,
            repeat_count=repeat_count,
        )


def duty_cycle_of(command: Command) -> int:
    """Return the duty cycle of a command in %: the default for commands of infrared_protocols, which have none."""
    return command.duty_cycle if isinstance(command, TimedCommand) else DEFAULT_DUTY_CYCLE
