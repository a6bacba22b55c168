"""An infrared command, and why a text is none."""

from itertools import chain, cycle, islice
from typing import override

from infrared_protocols.commands import Command

DEFAULT_CARRIER = 38000  # Hz
DEFAULT_DUTY_CYCLE = 50  # %


class CodeError(ValueError):
    """A text is not the infrared code, or the file, that it says; `key` names the reason for a translation."""

    def __init__(self, key: str, *, line: int | None = None, **placeholders: str) -> None:
        """Tell the reason, and the line of a file that it is in."""
        super().__init__(key, line, placeholders)
        self.key = key
        self.line = line
        self.placeholders = placeholders


class RawCommand(Command):
    """A command by its timings.

    `once` is sent on each press, `repeat` as often after it as the key repeats while it is held, in turn with `other`
    where that is set. `once` may be empty: then `repeat` is sent once more. All are signed µs, pulse (+) first,
    alternating, and end with a space (-): the pause after which something may follow.
    """

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
        """Keep the timings; carrier in Hz (0: unmodulated), duty cycle in %."""
        super().__init__(modulation=modulation, repeat_count=repeat_count)
        self.once = once
        self.repeat = repeat
        self.other = other
        self.duty_cycle = duty_cycle

    @override
    def get_raw_timings(self) -> list[int]:
        """Return the timings of a press, with the repeats, without the pause at their end."""
        repeats = islice(cycle((self.repeat, self.other or self.repeat)), self.repeat_count)
        return [*(self.once or self.repeat), *chain.from_iterable(repeats)][:-1]
