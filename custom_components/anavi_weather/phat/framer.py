"""Join the items from a receiver into messages. Kernel: Documentation/userspace-api/media/rc/lirc-dev-intro.rst."""

from collections.abc import Callable, Sequence
from enum import IntEnum
import struct

RECEIVER_SILENCE_US = (
    8_000  # the kernel reports silence that lasts longer; some frames of Sony follow each other after 10 ms
)
MESSAGE_SILENCE_US = 170_000  # air conditioners pause for up to 150 ms within a message
NOISE_SILENCE_US = 36_000  # after it, a short pulse was noise, and a thousand durations were flickering light
LONE_PULSE_US = 600  # a pulse of noise is shorter
MAX_NOISY_TIMINGS = 1_024  # a message of an air conditioner has up to 803
MAX_MESSAGE_TIMINGS = 4_096  # more are light that flickers without a pause, which must not fill the memory
VALUE_MASK = 0x00FFFFFF


class ItemType(IntEnum):
    """Type of a received item, its highest byte."""

    SPACE = 0
    PULSE = 1
    FREQUENCY = 2
    TIMEOUT = 3
    OVERFLOW = 4


type FindWhole = Callable[[Sequence[int]], Sequence[int] | None]


class Framer:
    """Collector of received items, which joins them into messages."""

    def __init__(self, find_whole: FindWhole = lambda _: None) -> None:
        """Initialize the framer with no pending message.

        Args:
            find_whole: Returns the message in what was received, in signed µs, if it is complete, so that only another
                message can follow; otherwise None.
        """
        self._find_whole = find_whole
        self._incomplete_item = b""
        self._timings: list[int] = []  # signed µs, since the last message, from the first pulse to the last
        self._silence = 0  # µs, since the last pulse
        self._reported_silence = 0  # the portion of it that the kernel reported before the next pulse
        self._is_checked = False  # whether the pending message was checked since the last pulse
        self._discarding = False  # until the next message

    @property
    def missing_silence(self) -> int:
        """The µs of silence after which the pending message is complete; 0 if there is none."""
        return max(MESSAGE_SILENCE_US - self._silence, 1) if self._timings else 0

    def discard(self) -> None:
        """Discard the pending message, if any, including the rest of it."""
        self._discarding |= bool(self._timings)

    def feed(self, data: bytes) -> list[list[int]]:
        """Process received bytes and return the completed messages, in signed µs from the first pulse to the last."""
        messages: list[list[int]] = []
        data = self._incomplete_item + data
        whole = len(data) // 4 * 4
        self._incomplete_item = data[whole:]
        for (item,) in struct.iter_unpack("I", data[:whole]):
            self._take(item >> 24, item & VALUE_MASK)
            messages += self._completed()
        return messages

    def flush(self) -> list[list[int]]:
        """Return the pending message, if any, after a silence that the kernel did not report."""
        self._silence = MESSAGE_SILENCE_US
        return self._completed()

    def _take(self, type_: int, value: int) -> None:
        match type_:
            case ItemType.PULSE if value:
                self._add_pulse(value)
            case ItemType.SPACE if self._reported_silence and value >= self._reported_silence:
                self._silence = value  # the kernel measures the whole space once it ends
            case ItemType.SPACE:
                self._silence += value
            case ItemType.TIMEOUT:
                self._silence = max(self._silence, value)
                self._reported_silence = value
            case ItemType.OVERFLOW:
                self._discarding = True
                self._silence = 0

    def _add_pulse(self, value: int) -> None:
        if self._timings and not self._silence:
            self._timings[-1] += value
        elif self._timings:
            self._timings += (-self._silence, value)
        else:
            self._timings.append(value)
        self._silence = self._reported_silence = 0
        self._is_checked = False
        if len(self._timings) > MAX_MESSAGE_TIMINGS:
            self._timings, self._discarding = [value], True

    def _completed(self) -> list[list[int]]:
        """Return the message that the silence completes, if any."""
        if self._silence >= (NOISE_SILENCE_US if self._is_noise() else MESSAGE_SILENCE_US):
            return self._end(self._timings)
        if self._silence < RECEIVER_SILENCE_US or self._discarding or self._is_checked or not self._timings:
            return []
        self._is_checked = True
        if self._is_second_spike():
            del self._timings[:2]
        return [] if (message := self._find_whole(self._timings)) is None else self._end(message)

    def _is_noise(self) -> bool:
        """Return whether the pending timings are no message, so that a shorter silence ends them."""
        is_spike = len(self._timings) == 1 and self._timings[0] <= LONE_PULSE_US
        return self._discarding or is_spike or len(self._timings) > MAX_NOISY_TIMINGS

    def _is_second_spike(self) -> bool:
        """Return whether the pending timings are two short pulses that stand alone, as light sends one after another."""
        return (
            len(self._timings) == 3 and max(self._timings) <= LONE_PULSE_US and self._timings[1] <= -RECEIVER_SILENCE_US
        )

    def _end(self, message: Sequence[int]) -> list[list[int]]:
        """Return a message unless it is discarded, and begin another."""
        # Pulses that all stand alone are noise: no key sends only such
        is_message = not self._discarding and any(space > -RECEIVER_SILENCE_US for space in message[1::2])
        self._timings, self._discarding = [], False
        return [list(message)] if is_message else []
