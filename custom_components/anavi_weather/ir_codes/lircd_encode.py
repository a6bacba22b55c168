"""Encoder of the keys of a lircd remote: the timings that lircd 0.10.1 sends.

A press is a series of frames. lircd sends the first one as the file describes it. For `min_repeat` and while the key is held,
repeat frames follow: the same frame without what the flags omit, or the short `repeat` code (NEC's ditto) in its place.

    header  plead  pre-data  pre  code  post  post-data  ptrail  foot  gap

A header, `pre`, `post` and each bit is a pulse and a space, `plead` and `ptrail` a pulse, `foot` a space and a pulse.
"""

from collections.abc import Iterator
from typing import NamedTuple

from .command import DEFAULT_DUTY_CYCLE, MAX_DURATION, CodeError, RawCommand
from .lircd_remote import LircdRemote, Pair
from .raw import MAX_PAUSE, MAX_PULSE, MAX_TIMINGS, merge_neighbors
from .text import excerpt

# lircd sends a shorter pause in one transmission with the frames around it
JOINED_BELOW = 10_000  # µs
# lircd sends no pause if a file lacks `gap`, and no receiver can separate such frames; NEC's pause is about as long
MISSING_GAP = 40_000  # µs


def _pair(pair: Pair) -> tuple[int, ...]:
    """Return a pulse and a space as signed durations; lircd ignores a pair that lacks one of them."""
    pulse, space = pair
    return (pulse, -space) if pulse and space else ()


def _reversed(value: int, bits: int) -> int:
    """Return the lowest bits in reverse order."""
    return int(f"{value:0{bits}b}"[::-1], 2) if bits else 0


class LircdEncoder:
    """The encoder of one remote, which must have passed the parser's checks."""

    def __init__(self, remote: LircdRemote) -> None:
        """Initialize the encoder with everything that is the same for all keys."""
        self.remote = remote
        self.has_ditto = all(remote.repeat)
        self.toggle_mask = self._toggle_bits = self._rc6_mask = 0
        self._step = 2 if "RCMM" in remote.flags else 4 if "XMP" in remote.flags else 1  # bits in a pair of durations
        if self._step == 1 and not remote.raw:
            toggle_bit = 1 << remote.all_bits - remote.toggle_bit if remote.toggle_bit else 0
            self.toggle_mask = remote.toggle_mask
            self._toggle_bits = remote.toggle_bit_mask or toggle_bit
            # Older files with the flag RC6 give its double-length bit as toggle_bit
            self._rc6_mask = remote.rc6_mask or (toggle_bit if "RC6" in remote.flags else 0)
        pre_data, post_data = remote.pre_data, remote.post_data
        self._codes = [key.values for key in remote.keys]
        if "REVERSE" in remote.flags and not remote.raw:
            pre_data, post_data = _reversed(pre_data, remote.pre_data_bits), _reversed(post_data, remote.post_data_bits)
            # The first code of a key only: lircd 0.10.1 leaves the others as they are
            self._codes = [(_reversed(first, remote.bits), *others) for first, *others in self._codes]
        self._parts = ((remote.pre_data_bits, pre_data), (remote.bits, 0), (remote.post_data_bits, post_data))
        self._cells = self._bit_cells()

    def commands(self, index: int) -> tuple[RawCommand, ...]:
        """Return the commands that successive presses of a key send in turn.

        Raises:
            CodeError: if lircd could not send the key.
        """
        commands = [self._command(index, state) for state in self._toggle_states()]
        first, last = commands[0], commands[-1]
        return (first,) if (first.once, first.repeat) == (last.once, last.repeat) else (first, last)

    def _command(self, index: int, toggled: int) -> RawCommand:
        """Return the command of a press in one toggle state."""
        press = _Press(self, index, toggled)
        once, repeat = press.once(), press.held()
        carrier, duty_cycle = self.remote.frequency, self.remote.duty_cycle or DEFAULT_DUTY_CYCLE
        # If toggle_mask inverts every second frame, the frames of a held key alternate as well
        if self.toggle_mask and (other := press.held()) != repeat:
            return RawCommand(once, repeat, other, modulation=carrier, duty_cycle=duty_cycle)
        return RawCommand(once, repeat, modulation=carrier, duty_cycle=duty_cycle)

    def _toggle_states(self) -> tuple[int, ...]:
        """Return the toggle bits of the first and of the second press."""
        if not self._toggle_bits:
            return (0,)
        # The first press inverts these bits of the file's first key; lircd does not shift the code to its place in the frame
        state = self._codes[0][0] & self._toggle_bits
        return (state or self._toggle_bits, state ^ self._toggle_bits if state else 0)

    def code_count(self, index: int) -> int:
        """Return the number of codes that the key sends in turn."""
        return 1 if self.remote.raw else len(self._codes[index])

    def frame(self, index: int, turn: int, *, toggled: int, inverted: bool, repeat: bool) -> list[int]:
        """Return a frame as signed µs; it may begin and end with a space."""
        remote, flags = self.remote, self.remote.flags
        if repeat and self.has_ditto:
            header = _pair(remote.header) if "REPEAT_HEADER" in flags else ()
            return merge_neighbors((*header, remote.plead, *_pair(remote.repeat), remote.ptrail))
        if remote.raw:
            return [-duration if place % 2 else duration for place, duration in enumerate(self._codes[index])]
        code = self._codes[index][turn] ^ (remote.repeat_mask if repeat else 0)
        header = () if repeat and "NO_HEAD_REP" in flags else _pair(remote.header)
        foot = () if repeat and "NO_FOOT_REP" in flags else _pair(remote.foot)[::-1]
        data = self._data(code & (1 << remote.bits) - 1, toggled, inverted=inverted)
        return merge_neighbors((*header, remote.plead, *data, remote.ptrail, *foot))

    def gap(self, frame: list[int], *, is_first: bool) -> int | None:
        """Return the pause in µs after a frame without spaces at its ends, or None if the frame is too long."""
        remote = self.remote
        gap = min(remote.gap, remote.gap2 or remote.gap)
        if not is_first and self.has_ditto and remote.repeat_gap:
            return remote.repeat_gap
        if "CONST_LENGTH" not in remote.flags:
            return gap or MISSING_GAP
        length = sum(map(abs, frame))
        if is_first and "NO_HEAD_REP" in remote.flags and not remote.raw:
            length -= sum(remote.header)
        return gap - length if gap > length else None

    def _data(self, code: int, toggled: int, *, inverted: bool) -> Iterator[int]:
        """Yield the durations of pre-data, code and post-data."""
        remote = self.remote
        (pre_bits, pre_data), (bits, _), (post_bits, post_data) = self._parts
        data = (pre_data << bits | code) << post_bits | post_data
        if self._toggle_bits.bit_count() == 1:
            data &= ~self._toggle_bits  # a single toggle bit is set to its state, several invert those of the code
        data ^= toggled ^ (self.toggle_mask if inverted else 0)
        yield from self._symbols(data, bits + post_bits, pre_bits)
        if pre_bits:
            yield from _pair(remote.pre)
        yield from self._symbols(data, post_bits, bits)
        if post_bits:
            yield from _pair(remote.post)
        yield from self._symbols(data, 0, post_bits)

    def _symbols(self, data: int, low: int, bits: int) -> Iterator[int]:
        """Yield the durations of a range of the data's bits, the highest first."""
        step = self._step
        for position in range(low + bits - step, low - 1, -step):
            yield from self._cells[data >> position & (1 << step) - 1, self._rc6_mask >> position & 1]

    def _bit_cells(self) -> dict[Pair, Pair]:
        """Return the signed durations of each symbol of single (0) and double (1) length."""
        remote, flags = self.remote, self.remote.flags
        if "RCMM" in flags:
            pairs = (remote.zero, remote.one, remote.two, remote.three)
            return {(symbol, 0): (pulse, -space) for symbol, (pulse, space) in enumerate(pairs)}
        if "XMP" in flags:
            pulse, space = remote.zero
            return {(symbol, 0): (pulse, -space - symbol * remote.one[1]) for symbol in range(16)}
        cells = {}
        for double in (0, 1):
            for symbol, (pulse, space) in enumerate((remote.zero, remote.one)):
                biphase = symbol and (flags & {"RC5", "RC6"} or self._rc6_mask)
                pair = (pulse << double, -space << double)
                cells[symbol, double] = pair[::-1] if biphase or ("SPACE_FIRST" in flags and not double) else pair
        return cells


class _SentFrame(NamedTuple):
    """A frame: the space before it, its signed durations, the space and the pause after it, and its length with the pause."""

    lead: int
    timings: tuple[int, ...]
    trail: int
    gap: int
    time: int


class _Press:
    """A pressed key, with the counters that lircd keeps."""

    def __init__(self, encoder: LircdEncoder, index: int, toggled: int) -> None:
        """Initialize the press before its first frame."""
        self._encoder = encoder
        self._key = encoder.remote.keys[index]
        self._index = index
        self._toggled = toggled
        self._code_count = encoder.code_count(index)
        self._xmp = "XMP" in encoder.remote.flags
        self._next_code = 0  # of several ones
        self._frames_sent = 0
        self._duration = 0  # µs of the part that is being built
        self._repeats_due = encoder.remote.min_repeat
        self._frames: dict[tuple[int, bool, bool], _SentFrame] = {}
        self._timings: list[int] = []

    def once(self) -> tuple[int, ...]:
        """Return the timings that even the shortest press sends."""
        self._transmit(is_first=True)
        # lircd sends one more of several codes in any case
        if self._repeats_due > 0 or self._code_count > 1:
            self._send_next()
        while self._repeats_due > 0:
            self._send_next()
        return self._take_timings()

    def held(self) -> tuple[int, ...]:
        """Return the timings that a held key adds: one frame, or one frame of each code."""
        period = self._code_count - 1 if self._xmp and self._code_count > 1 else self._code_count
        end, trail = self._frames_sent + period, 0
        while self._frames_sent < end:
            trail = self._send_next()
        self._timings[-1] -= trail
        return self._take_timings()

    def _take_timings(self) -> tuple[int, ...]:
        """Return the timings since the last call, and begin a new part."""
        timings = tuple(self._timings)
        if max(timings) > MAX_PULSE or -min(timings) > MAX_PAUSE:
            raise self._error("lircd_command_too_long")
        self._timings.clear()
        self._duration = 0
        return timings

    def _error(self, key: str) -> CodeError:
        """Return an error about the key."""
        return CodeError(key, line=self._key.line, command=excerpt(self._key.name))

    def _send_next(self) -> int:
        """Send the next frame, and count a repeat when all codes were sent."""
        if self._next_code == self._code_count - 1:
            self._repeats_due -= 1
        return self._transmit(is_first=False)

    def _transmit(self, *, is_first: bool) -> int:
        """Send a frame, and more if the pause is too short to end the transmission.

        Returns:
            The space in µs at the end of the last frame, which lircd keeps if it joins another frame to it.
        """
        is_joined = False
        while True:
            frame = self._frame(is_first=is_first)
            if is_joined:
                self._timings[-1] -= frame.lead
            self._timings += (*frame.timings, -frame.gap)
            self._frames_sent += 1
            self._duration += frame.time
            if len(self._timings) > MAX_TIMINGS or self._duration > MAX_DURATION:
                raise self._error("lircd_command_too_long")
            self._next_code += 1
            if self._next_code == self._code_count:
                # The first code of an XMP key is sent only once
                self._next_code = 1 if self._xmp and self._code_count > 1 else 0
            trail = frame.trail if frame.gap < JOINED_BELOW else 0
            if frame.gap >= JOINED_BELOW or (self._repeats_due <= 0 and self._next_code == 0):
                return trail
            if self._next_code == 0:
                self._repeats_due -= 1
            self._timings[-1] -= trail
            is_first, is_joined = False, True

    def _frame(self, *, is_first: bool) -> _SentFrame:
        """Return the next frame."""
        inverted = bool(self._encoder.toggle_mask) and self._frames_sent % 2 == 1
        key = (self._next_code, inverted, is_first)
        if key not in self._frames:
            self._frames[key] = self._built(inverted=inverted, is_first=is_first)
        return self._frames[key]

    def _built(self, *, inverted: bool, is_first: bool) -> _SentFrame:
        """Return a frame that is not cached yet."""
        timings = self._encoder.frame(
            self._index, self._next_code, toggled=self._toggled, inverted=inverted, repeat=not is_first
        )
        lead = -timings.pop(0) if timings and timings[0] < 0 else 0
        trail = -timings.pop() if timings and timings[-1] < 0 else 0
        if not timings:
            raise self._error("lircd_nothing_to_send")
        gap = self._encoder.gap(timings, is_first=is_first)
        if gap is None:
            raise self._error("lircd_gap_too_short")
        return _SentFrame(lead, tuple(timings), trail, gap, sum(map(abs, timings)) + gap)
