"""Remote controls from a `lircd.conf`, as lircd 0.10.1 reads it.

Where lircd would refuse a file that a person can read (a comment in an unusual place), it is read; where lircd can read it
but not send it, it is refused. `include` lines are skipped: nothing but the text is ever read.
"""

from enum import Enum, auto

from .command import MAX_CARRIER, MIN_CARRIER, CodeError, RawCommand
from .lircd_encode import LircdEncoder, LircdKey, LircdRemote
from .raw import MAX_PAUSE
from .text import c_integer, excerpt

MAX_LIRCD_LENGTH = 1 << 20  # characters
MAX_REMOTES = 200
MAX_COMMANDS = 5_000  # of a file
MAX_FILE_TIMINGS = 1_000_000
MAX_NAME = 100
MAX_DUTY_CYCLE = 99  # %, what the kernel takes

_MAX_MASK = (1 << 64) - 1

# One number, with the most it may be
_NUMBERS: dict[str, int] = {
    "bits": 64,
    "duty_cycle": 100,  # 0 is the default
    "frequency": MAX_CARRIER,
    "gap": MAX_PAUSE,
    "manual_sort": 1,
    "min_repeat": 600,
    "plead": MAX_PAUSE,
    "post_data": _MAX_MASK,
    "post_data_bits": 64,
    "pre_data": _MAX_MASK,
    "pre_data_bits": 64,
    "ptrail": MAX_PAUSE,
    "rc6_mask": _MAX_MASK,
    "repeat_gap": MAX_PAUSE,
    "repeat_mask": _MAX_MASK,
    "toggle_bit": 192,
    "toggle_bit_mask": _MAX_MASK,
    "toggle_mask": _MAX_MASK,
}
# A pulse and a space; `foot` is written in this order too, although it is sent the other way round
_PAIRS = {"foot", "header", "one", "post", "pre", "repeat", "three", "two", "zero"}
# For receiving, or for other drivers
_IGNORED = {
    "aeps", "baud", "driver", "dyncodes_name", "eps", "ignore_mask", "min_code_repeat", "serial_mode", "suppress_repeat",
}  # fmt: skip
_KEYWORDS = {"flags", "name", *_NUMBERS, *_PAIRS, *_IGNORED}
_OLD_NAMES = {"repeat_bit": "toggle_bit", "SHIFT_ENC": "RC5"}

_REFUSED_PROTOCOLS = {"BO", "GOLDSTAR", "GRUNDIG", "SERIAL"}  # lircd cannot send these either
_PROTOCOLS = {"RAW_CODES", "RC5", "RC6", "RCMM", "SPACE_ENC", "SPACE_FIRST", "XMP"} | _REFUSED_PROTOCOLS
_FLAGS = {"CONST_LENGTH", "NO_FOOT_REP", "NO_HEAD_REP", "REPEAT_HEADER", "REVERSE"}
# Bits that are sent at a time
_SYMBOL_BITS = {"RCMM": 2, "XMP": 4}


class _Section(Enum):
    """Part of a file."""

    OUTSIDE = auto()
    REMOTE = auto()
    CODES = auto()
    RAW_CODES = auto()


# Where a section may begin or end, and what follows
_BOUNDS = {
    ("begin", "remote"): (_Section.OUTSIDE, _Section.REMOTE),
    ("begin", "codes"): (_Section.REMOTE, _Section.CODES),
    ("begin", "raw_codes"): (_Section.REMOTE, _Section.RAW_CODES),
    ("end", "codes"): (_Section.CODES, _Section.REMOTE),
    ("end", "raw_codes"): (_Section.RAW_CODES, _Section.REMOTE),
    ("end", "remote"): (_Section.REMOTE, _Section.OUTSIDE),
}


def parse_lircd(text: str) -> dict[str, dict[str, tuple[RawCommand, ...]]]:
    """Return the commands of each remote: remote → command → what successive presses of it send in turn.

    One command or, where a toggle bit tells the presses apart, two. Names are unique without regard to case. CodeError names
    the line. Source: lircd 0.10.1, which it was measured against.
    """
    left = MAX_FILE_TIMINGS
    remotes: dict[str, dict[str, tuple[RawCommand, ...]]] = {}
    for remote in _unique(_Parser(text).remotes):
        encoder = LircdEncoder(remote)
        commands: dict[str, tuple[RawCommand, ...]] = {}
        seen: set[str] = set()
        for index, key in enumerate(remote.keys):
            if key.name.lower() in seen:
                continue
            seen.add(key.name.lower())
            commands[key.name] = encoder.commands(index)
            left -= sum(len(press.once) + len(press.repeat) for press in commands[key.name])
            if left < 0:
                raise CodeError("lircd_file_too_long", line=key.line)
        remotes[remote.name] = commands
    return remotes


def _unique(remotes: list[LircdRemote]) -> list[LircdRemote]:
    """Return the remotes that lircd finds by their names."""
    # It looks through the ones that are quick to decode first
    order = remotes
    if not any(remote.manual_sort for remote in remotes):
        order = sorted(remotes, key=lambda remote: (remote.raw, len(remote.keys) if remote.raw else remote.all_bits))
    found: dict[str, LircdRemote] = {}
    for remote in order:
        found.setdefault(remote.name.lower(), remote)
    return [remote for remote in remotes if found[remote.name.lower()] is remote]


class _Parser:
    """Reads the text once, line by line."""

    def __init__(self, text: str) -> None:
        """Read all remotes."""
        if len(text) > MAX_LIRCD_LENGTH:
            raise CodeError("lircd_too_large", limit=str(MAX_LIRCD_LENGTH >> 10))
        self.remotes: list[LircdRemote] = []
        self._remote = LircdRemote(line=0)
        self._seen: dict[str, int] = {}  # keyword of the remote → line
        self._raw: list[int] = []  # durations of the last key
        self._commands = 0
        self._section = _Section.OUTSIDE
        self._includes = 0  # line of the first
        self._empty: LircdRemote | None = None  # the first that has no codes
        bounds = {
            ("begin", "remote"): self._begin_remote,
            ("begin", "codes"): self._begin_codes,
            ("begin", "raw_codes"): self._begin_raw_codes,
            ("end", "raw_codes"): self._end_key,
            ("end", "remote"): self._end_remote,
        }
        readers = {
            _Section.REMOTE: self._in_remote,
            _Section.CODES: self._in_codes,
            _Section.RAW_CODES: self._in_raw_codes,
        }
        for self._line, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            first, second = (word.lower() for word in [*words, ""][:2])
            if first == "include" and second:
                self._includes = self._includes or self._line
            elif bound := _BOUNDS.get((first, second)):
                section, self._section = self._section, bound[1]
                if section is not bound[0]:
                    raise self._error("lircd_misplaced", word=f"{first} {second}")
                if action := bounds.get((first, second)):
                    action()
            elif reader := readers.get(self._section):  # lircd skips what is between remotes
                reader(words)
        self._check_end()

    def _check_end(self) -> None:
        """Refuse a text that ends too early or has nothing in it."""
        if self._section is not _Section.OUTSIDE:
            raise CodeError("lircd_no_end", line=self._remote.line)
        # A mouse, or a pattern for other files: beside others it does no harm
        if not self.remotes and self._includes and not self._empty:
            raise CodeError("lircd_only_includes", line=self._includes)
        if not self.remotes and self._empty:
            raise CodeError("lircd_no_codes", line=self._empty.line, remote=excerpt(self._empty.name))
        if not self.remotes:
            raise CodeError("lircd_no_remote")

    def _error(self, key: str, **placeholders: str) -> CodeError:
        """Return an error in the line that is being read."""
        return CodeError(key, line=self._line, **{name: excerpt(value) for name, value in placeholders.items()})

    def _out_of_range(self, word: str, value: str, minimum: int, maximum: int) -> CodeError:
        """Return an error about a number in the line that is being read."""
        return self._error("lircd_out_of_range", word=word, value=value, minimum=str(minimum), maximum=str(maximum))

    def _number(self, word: str, keyword: str, maximum: int, minimum: int = 0) -> int:
        """Return a number as C writes it: 42, 0x2A, 052."""
        if (number := _integer(word)) is None:
            raise self._error("lircd_no_number", word=keyword, value=word)
        if not minimum <= number <= maximum:
            raise self._out_of_range(keyword, word, minimum, maximum)
        return number

    def _name(self, name: str) -> str:
        """Return the name of a remote or of a key."""
        if len(name) > MAX_NAME or not name.isprintable():
            raise self._error("lircd_bad_name", name=name)
        return name

    def _begin_remote(self) -> None:
        """Begin a remote."""
        if len(self.remotes) == MAX_REMOTES:
            raise self._error("lircd_too_many_remotes", limit=str(MAX_REMOTES))
        self._remote = LircdRemote(line=self._line)
        self._seen = {}

    def _in_remote(self, words: list[str]) -> None:
        """Read a property of a remote."""
        if words[0].startswith("#"):
            return
        keyword = words[0].lower()
        keyword = _OLD_NAMES.get(keyword, keyword)
        # A name may begin with the sign of a comment
        words = _without_comment(words, 2 if keyword == "name" else 1)
        values = words[1:]
        if keyword not in _KEYWORDS:
            raise self._error("lircd_unknown_keyword", word=words[0])
        if len(values) < (2 if keyword in _PAIRS else 1):
            raise self._error("lircd_no_value", word=keyword)
        self._seen[keyword] = self._line
        if keyword == "name":
            self._remote.name = self._name(values[0])
        elif keyword == "flags":
            # Like lircd, which takes the first word: what follows a blank is not read
            self._flags(values[0])
        elif keyword in _PAIRS:
            pulse, space, *_ = (self._number(value, keyword, MAX_PAUSE) for value in values[:2])
            setattr(self._remote, keyword, (pulse, space))
        elif keyword in _NUMBERS:
            number = self._number(values[0], keyword, _NUMBERS[keyword])
            # 0 is unmodulated; another small number was meant in kHz
            if keyword == "frequency" and 0 < number < MIN_CARRIER:
                raise self._out_of_range(keyword, values[0], MIN_CARRIER, _NUMBERS[keyword])
            if keyword == "duty_cycle":
                number = min(number, MAX_DUTY_CYCLE)
            setattr(self._remote, keyword, number)
            if keyword == "gap" and len(values) > 1:
                self._remote.gap2 = self._number(values[1], keyword, MAX_PAUSE)

    def _flags(self, value: str) -> None:
        """Read the flags."""
        flags = {_OLD_NAMES.get(flag, flag) for flag in value.upper().split("|")}
        if unknown := flags - _FLAGS - _PROTOCOLS:
            raise self._error("lircd_unknown_flag", flag=min(unknown))
        self._remote.flags |= flags
        if len(self._remote.flags & _PROTOCOLS) > 1:
            raise self._error("lircd_two_protocols", flags=value)

    def _begin_codes(self) -> None:
        """Begin the codes, of which a remote has one section."""
        if "codes" in self._seen:
            raise self._error("lircd_misplaced", word="begin codes")
        self._seen["codes"] = self._line

    def _begin_raw_codes(self) -> None:
        """Begin the raw codes, which make the remote a raw one whatever its flags say."""
        self._begin_codes()
        self._remote.raw = True
        self._remote.flags = self._remote.flags - _PROTOCOLS | {"RAW_CODES"}

    def _begin_key(self, name: str, values: tuple[int, ...] = ()) -> None:
        """Add a key."""
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            raise self._error("lircd_too_many_commands", limit=str(MAX_COMMANDS))
        self._remote.keys.append(LircdKey(self._name(name), self._line, values))

    def _in_codes(self, words: list[str]) -> None:
        """Read a key and its codes."""
        name, *values = _without_comment(words, 1)
        # A line like `  # 0x0B` or `  #/search 0x0B` is a key, as on a telephone, one like `  #KEY_1 0x0B` a comment
        if name.startswith("#") and (
            name[1:2].isalnum() or not values or any(_integer(value) is None for value in values)
        ):
            return
        if not values:
            raise self._error("lircd_no_value", word=name)
        self._begin_key(name, tuple(self._number(value, name, _MAX_MASK) for value in values))

    def _in_raw_codes(self, words: list[str]) -> None:
        """Read a key's name, or some of its durations."""
        if words[0].startswith("#"):
            return
        if words[0].lower() == "name":
            self._end_key()
            if len(words) < 2:
                raise self._error("lircd_no_value", word="name")
            self._begin_key(words[1])
            return
        if not self._remote.keys:
            raise self._error("lircd_no_key")
        name = self._remote.keys[-1].name
        self._raw += (self._number(word, name, MAX_PAUSE, 1) for word in _without_comment(words, 1))

    def _end_key(self) -> None:
        """Finish the raw key that was begun last."""
        if not self._remote.keys:
            return
        key = self._remote.keys[-1]
        if len(self._raw) % 2 == 0:
            raise CodeError("lircd_even_count", line=key.line, command=excerpt(key.name))
        key.values = tuple(self._raw)
        self._raw = []

    def _end_remote(self) -> None:
        """Finish a remote: mask what is wider than its bits, and refuse what cannot be sent."""
        remote = self._remote
        if not remote.name:
            raise CodeError("lircd_no_name", line=remote.line)
        if not remote.keys:
            self._empty = self._empty or remote
            return
        if not remote.raw:
            self._check_protocol()
            remote.pre_data &= (1 << remote.pre_data_bits) - 1
            remote.post_data &= (1 << remote.post_data_bits) - 1
            for key in remote.keys:
                key.values = tuple(value & (1 << remote.bits) - 1 for value in key.values)
        self.remotes.append(remote)

    def _check_protocol(self) -> None:
        """Refuse a remote that lircd reads, but cannot send."""
        remote, seen = self._remote, self._seen
        flags = seen.get("flags", remote.line)
        if "RAW_CODES" in remote.flags:
            raise CodeError("lircd_not_raw", line=flags)
        if refused := remote.flags & _REFUSED_PROTOCOLS:
            raise CodeError("lircd_protocol", line=flags, protocol=min(refused))
        for keyword, pair in (("one", remote.one), ("zero", remote.zero)):
            if not any(pair):
                raise CodeError("lircd_scancodes", line=seen.get(keyword, remote.line), remote=excerpt(remote.name))
        if "RCMM" in remote.flags and not (any(remote.two) and any(remote.three)):
            raise CodeError("lircd_no_value", line=remote.line, word="two, three")
        for flag, step in _SYMBOL_BITS.items():
            if flag in remote.flags and (
                remote.pre_data_bits % step or remote.bits % step or remote.post_data_bits % step
            ):
                raise CodeError("lircd_symbol_bits", line=flags, protocol=flag, bits=str(step))
        if remote.toggle_bit > remote.all_bits:
            self._line = seen["toggle_bit"]
            raise self._out_of_range("toggle_bit", str(remote.toggle_bit), 0, remote.all_bits)


def _integer(word: str) -> int | None:
    return c_integer(word.removeprefix("+"))


def _without_comment(words: list[str], start: int) -> list[str]:
    """Return the words before a comment, which begins at a certain word or later."""
    for place in range(start, len(words)):
        if words[place].startswith("#"):
            return words[:place]
    return words
