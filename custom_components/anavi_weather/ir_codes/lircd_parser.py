"""Parser of a `lircd.conf`: a state machine over its lines.

A file has this structure:

    begin remote
      name  TV               a property: a keyword and its values
      begin codes            or, with durations in µs after each name, begin raw_codes
        KEY_POWER  0x10EF    a key: its name and its codes
      end codes
    end remote
"""

from enum import Enum, auto
import re

from .command import MAX_CARRIER, MIN_CARRIER, CodeError
from .lircd_remote import LircdKey, LircdRemote
from .raw import MAX_PAUSE
from .remote_file import MAX_NAME, clean_name, shown_name
from .text import c_integer, excerpt

MAX_LIRCD_LENGTH = 1 << 20  # characters
MAX_REMOTES = 200
MAX_COMMANDS = 5_000  # in a file
MAX_DUTY_CYCLE = 99  # %, the kernel's limit

_MAX_MASK = (1 << 64) - 1
_MAX_GAP = (1 << 32) - 1  # µs; lircd takes a longer pause than anybody waits for, which means that nothing follows

# Properties with one number → its maximum
_NUMBERS: dict[str, int] = {
    "bits": 64,
    "duty_cycle": 100,  # 0 is the default
    "frequency": MAX_CARRIER,
    "gap": _MAX_GAP,
    "manual_sort": 1,
    "min_repeat": 600,
    "plead": MAX_PAUSE,
    "post_data": _MAX_MASK,
    "post_data_bits": 64,
    "pre_data": _MAX_MASK,
    "pre_data_bits": 64,
    "ptrail": MAX_PAUSE,
    "rc6_mask": _MAX_MASK,
    "repeat_gap": _MAX_GAP,
    "repeat_mask": _MAX_MASK,
    "toggle_bit": 192,
    "toggle_bit_mask": _MAX_MASK,
    "toggle_mask": _MAX_MASK,
}
# Properties with a pulse and a space; `foot` is written in this order too, although its space is sent first
_PAIRS = {"foot", "header", "one", "post", "pre", "repeat", "three", "two", "zero"}
# Properties for receiving, or for other drivers
_IGNORED = {
    "aeps", "baud", "driver", "dyncodes_name", "eps", "ignore_mask", "min_code_repeat", "serial_mode", "suppress_repeat",
}  # fmt: skip
_KEYWORDS = {"flags", "name", *_NUMBERS, *_PAIRS, *_IGNORED}
_OLD_NAMES = {"repeat_bit": "toggle_bit", "SHIFT_ENC": "RC5"}

_UNSENDABLE_PROTOCOLS = {"BO", "GOLDSTAR", "GRUNDIG", "SERIAL"}  # by lircd either
_PROTOCOLS = {"RAW_CODES", "RC5", "RC6", "RCMM", "SPACE_ENC", "SPACE_FIRST", "XMP"} | _UNSENDABLE_PROTOCOLS
_FLAGS = {"CONST_LENGTH", "NO_FOOT_REP", "NO_HEAD_REP", "REPEAT_HEADER", "REVERSE"}
# Protocols that send several bits at a time
_SYMBOL_BITS = {"RCMM": 2, "XMP": 4}
_MIN_DURATION = 100  # µs; a smaller number after a name is part of it, as in “Channel 1”
_DIGITS = re.compile(r"(?:0?x)?[0-9a-f]+", re.ASCII | re.IGNORECASE)


class _Section(Enum):
    """The section of a file that a line is in."""

    OUTSIDE = auto()
    REMOTE = auto()
    CODES = auto()
    RAW_CODES = auto()


# The words that begin or end a section → the section they may be in, and the one that follows
_BOUNDARIES = {
    ("begin", "remote"): (_Section.OUTSIDE, _Section.REMOTE),
    ("begin", "codes"): (_Section.REMOTE, _Section.CODES),
    ("begin", "raw_codes"): (_Section.REMOTE, _Section.RAW_CODES),
    ("end", "codes"): (_Section.CODES, _Section.REMOTE),
    ("end", "raw_codes"): (_Section.RAW_CODES, _Section.REMOTE),
    ("end", "remote"): (_Section.REMOTE, _Section.OUTSIDE),
}


class LircdParser:
    """A parser of one text, line by line."""

    def __init__(self) -> None:
        """Initialize the parser outside of any remote."""
        self._line = 0
        self._section = _Section.OUTSIDE
        self._remotes: list[LircdRemote] = []
        self._command_count = 0  # of all remotes
        self._first_include = 0  # line
        self._first_empty: LircdRemote | None = None  # has no codes
        # Of the remote that is being read
        self._remote = LircdRemote(line=0)
        self._keyword_lines: dict[str, int] = {}
        self._raw_durations: list[int] = []  # of its last key

    def parse(self, text: str) -> list[LircdRemote]:
        """Return the remotes of the text. Those that are malformed otherwise than in their structure have an error.

        Raises:
            CodeError: if the structure is malformed, or no remote can be read or sent.
        """
        if len(text) > MAX_LIRCD_LENGTH:
            raise CodeError("lircd_too_large", limit=str(MAX_LIRCD_LENGTH >> 10))
        for self._line, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            words = line.split()
            if words and not line.startswith("#"):
                self._read_line(words)
        self._check_end()
        return self._remotes

    def _read_line(self, words: list[str]) -> None:
        """Read a line: a boundary of a section, or contents of the current one."""
        first, second = (word.lower() for word in [*words, ""][:2])
        if first == "include" and second:
            self._first_include = self._first_include or self._line
        elif (first, second) in _BOUNDARIES:
            self._change_section(first, second)
            rest = _without_comment(words, 2)[2:]
            if tuple(rest[:2]) in _BOUNDARIES or (len(rest) > 1 and c_integer(rest[1]) is not None):
                raise self._error("lircd_joined", word=rest[0])
        elif self._section is _Section.REMOTE:
            try:
                self._read_property(words)
            except CodeError as err:
                self._remote.add_error(err)
        elif self._section is _Section.CODES:
            self._read_key(words)
        elif self._section is _Section.RAW_CODES:
            self._read_raw_line(words)
        # Like lircd, skip lines between remotes

    def _change_section(self, word: str, section: str) -> None:
        """Begin or end a section."""
        before, after = _BOUNDARIES[word, section]
        if self._section is not before:
            raise self._error("lircd_misplaced", word=f"{word} {section}")
        self._section = after
        match word, section:
            case "begin", "remote":
                self._begin_remote()
            case "begin", "codes":
                self._begin_codes()
            case "begin", "raw_codes":
                self._begin_raw_codes()
            case "end", "raw_codes":
                self._end_raw_key()
            case "end", "remote":
                self._end_remote()

    def _check_end(self) -> None:
        """Raise an error if the text ends too early or has no remote."""
        if self._section is not _Section.OUTSIDE:
            raise CodeError("lircd_no_end", line=self._remote.line)
        errors = [remote.error for remote in self._remotes if remote.error]
        if errors and len(errors) == len(self._remotes):
            raise errors[0]
        if self._remotes:
            return  # an empty remote (a mouse, or a template) beside others does no harm
        if self._first_empty:
            raise CodeError("lircd_no_codes", line=self._first_empty.line, remote=excerpt(self._first_empty.name))
        if self._first_include:
            raise CodeError("lircd_only_includes", line=self._first_include)
        raise CodeError("lircd_no_remote")

    def _error(self, key: str, *, line: int | None = None, **placeholders: str) -> CodeError:
        """Return an error in a line, by default the one that is being read."""
        return CodeError(key, line=line or self._line, **{name: excerpt(text) for name, text in placeholders.items()})

    def _out_of_range(self, word: str, value: str, minimum: int, maximum: int, *, line: int | None = None) -> CodeError:
        """Return an error about a number."""
        return self._error(
            "lircd_out_of_range", line=line, word=word, value=value, minimum=str(minimum), maximum=str(maximum)
        )

    def _number(self, word: str, keyword: str, maximum: int, minimum: int = 0) -> int:
        """Return a number written as in C (42, 0x2A, 052) after checking its range."""
        if (number := c_integer(word.removeprefix("+"))) is None:
            raise self._error("lircd_no_number", word=keyword, value=word)
        if not minimum <= number <= maximum:
            raise self._out_of_range(keyword, word, minimum, maximum)
        return number

    def _name(self, name: str) -> str:
        """Return the name of a remote or of a key without unprintable characters, which some files have."""
        if len(name) > MAX_NAME or not (printable := clean_name(name)):
            raise self._error("lircd_bad_name", name=name)
        return printable

    def _begin_remote(self) -> None:
        """Begin a remote."""
        if len(self._remotes) == MAX_REMOTES:
            raise self._error("lircd_too_many_remotes", limit=str(MAX_REMOTES))
        self._remote = LircdRemote(line=self._line)
        self._keyword_lines = {}

    def _read_property(self, words: list[str]) -> None:
        """Read a property of the remote: a keyword and its values."""
        if words[0].startswith("#"):
            return
        keyword = words[0].lower()
        keyword = _OLD_NAMES.get(keyword, keyword)
        # A name may begin with #
        values = _without_comment(words, 2 if keyword == "name" else 1)[1:]
        for place in range(1, len(values)):
            if _is_property(values[place:]):
                raise self._error("lircd_joined", word=values[place])
        if keyword not in _KEYWORDS:
            raise self._error("lircd_unknown_keyword", word=words[0])
        if len(values) < (2 if keyword in _PAIRS else 1):
            raise self._error("lircd_no_value", word=keyword)
        self._keyword_lines[keyword] = self._line
        if keyword == "name":
            self._remote.name = self._name(values[0])
        elif keyword == "flags":
            # Like lircd, read the first word only
            self._add_flags(values[0])
        elif keyword in _PAIRS:
            pulse, space = (self._number(value, keyword, MAX_PAUSE) for value in values[:2])
            setattr(self._remote, keyword, (pulse, space))
        elif keyword in _NUMBERS:
            self._set_number(keyword, values)

    def _set_number(self, keyword: str, values: list[str]) -> None:
        """Set a property that is a number; a gap may have a second one."""
        number = self._number(values[0], keyword, _NUMBERS[keyword])
        # 0 is unmodulated; another small number was meant as kHz
        if keyword == "frequency" and 0 < number < MIN_CARRIER:
            raise self._out_of_range(keyword, values[0], MIN_CARRIER, _NUMBERS[keyword])
        if keyword == "duty_cycle":
            number = min(number, MAX_DUTY_CYCLE)
        if keyword in ("gap", "repeat_gap"):
            number = min(number, MAX_PAUSE)
        setattr(self._remote, keyword, number)
        if keyword == "gap" and len(values) > 1:
            self._remote.gap2 = min(self._number(values[1], keyword, _MAX_GAP), MAX_PAUSE)

    def _add_flags(self, value: str) -> None:
        """Add flags to those of the remote."""
        flags = {_OLD_NAMES.get(flag, flag) for flag in value.upper().split("|")}
        if unknown := flags - _FLAGS - _PROTOCOLS:
            raise self._error("lircd_unknown_flag", flag=min(unknown))
        self._remote.flags |= flags
        if len(self._remote.flags & _PROTOCOLS) > 1:
            raise self._error("lircd_two_protocols", flags=value)

    def _begin_codes(self) -> None:
        """Begin the codes; a remote has only one such section."""
        if "codes" in self._keyword_lines:
            raise self._error("lircd_misplaced", word="begin codes")
        self._keyword_lines["codes"] = self._line

    def _begin_raw_codes(self) -> None:
        """Begin the raw codes, which make the remote a raw one regardless of its flags."""
        self._begin_codes()
        self._remote.raw = True
        self._remote.flags = self._remote.flags - _PROTOCOLS | {"RAW_CODES"}

    def _add_key(self, name: str) -> LircdKey:
        """Add a key to the remote."""
        self._command_count += 1
        if self._command_count > MAX_COMMANDS:
            raise self._error("lircd_too_many_commands", limit=str(MAX_COMMANDS))
        key = LircdKey(shown_name(name), self._line)
        self._remote.keys.append(key)
        try:
            key.name = self._name(name)
        except CodeError as err:
            key.add_error(err)
        return key

    def _read_key(self, words: list[str]) -> None:
        """Read a key and its codes."""
        name, *values = _without_comment(words, 1)
        # `  # 0x0B` and `  #/search 0x0B` are keys, as on a telephone, but `  #KEY_1 0x0B` is a comment
        if name.startswith("#") and (
            name[1:2].isalnum() or not values or any(c_integer(value.removeprefix("+")) is None for value in values)
        ):
            return
        key = self._add_key(name)
        try:
            key.values = tuple(self._number(value, name, _MAX_MASK) for value in values)
        except CodeError as err:
            key.add_error(err)
        if not values:
            key.add_error(error := self._error("lircd_no_value", word=name))
            if _DIGITS.fullmatch(name) and len(self._remote.keys) > 1:
                self._remote.keys[-2].add_error(error)  # because they may be the rest of its code

    def _read_raw_line(self, words: list[str]) -> None:
        """Read the name of a raw key, or some of its durations."""
        if words[0].startswith("#"):
            return
        if words[0].lower() == "name":
            self._end_raw_key()
            if len(words) < 2:
                self._add_key(words[0]).add_error(self._error("lircd_no_value", word="name"))
            else:
                self._check_raw_name(self._add_key(words[1]), _without_comment(words, 2)[2:])
            return
        if not self._remote.keys:
            raise self._error("lircd_no_key")
        key = self._remote.keys[-1]
        try:
            self._raw_durations += (self._number(word, key.name, MAX_PAUSE, 1) for word in _without_comment(words, 1))
        except CodeError as err:
            key.add_error(err)

    def _check_raw_name(self, key: LircdKey, surplus: list[str]) -> None:
        """Add an error to a raw key if durations follow its name; lircd skips them like the rest of a name with spaces."""
        numbers = [c_integer(word) for word in surplus]
        if None not in numbers and max((number or 0 for number in numbers), default=0) >= _MIN_DURATION:
            key.add_error(self._error("lircd_joined", word=surplus[0]))

    def _end_raw_key(self) -> None:
        """Give the last raw key, if any, the durations that followed its name."""
        if not self._remote.keys:
            return
        key = self._remote.keys[-1]
        if len(self._raw_durations) % 2 == 0:
            key.add_error(CodeError("lircd_even_count", line=key.line, command=excerpt(key.name)))
        if key.error is None:
            key.values = tuple(self._raw_durations)
        self._raw_durations = []

    def _end_remote(self) -> None:
        """Check and store the remote that is complete now."""
        remote = self._remote
        if not remote.name:
            remote.add_error(CodeError("lircd_no_name", line=remote.line))
        if not remote.keys and not remote.error:
            self._first_empty = self._first_empty or remote
            return
        if not remote.name or not remote.keys:
            # No other remote has this name, because a name in a file has no spaces
            remote.name = f"{remote.name or 'remote'} {remote.line}"
        if not remote.keys:
            remote.keys.append(LircdKey("–", remote.line))  # because its keys may be what is damaged
        if not remote.raw:
            try:
                self._check_protocol()
                self._check_symbols()
            except CodeError as err:
                remote.add_error(err)
            remote.mask_values()
        self._remotes.append(remote)

    def _check_protocol(self) -> None:
        """Raise an error if lircd reads the protocol but cannot send it."""
        remote, lines = self._remote, self._keyword_lines
        line = lines.get("flags", remote.line)
        if "RAW_CODES" in remote.flags:
            raise CodeError("lircd_not_raw", line=line)
        if unsendable := remote.flags & _UNSENDABLE_PROTOCOLS:
            raise CodeError("lircd_protocol", line=line, protocol=min(unsendable))
        for keyword, pair in (("one", remote.one), ("zero", remote.zero)):
            if not any(pair):
                raise CodeError("lircd_scancodes", line=lines.get(keyword, remote.line), remote=excerpt(remote.name))
        if "RCMM" in remote.flags and not (any(remote.two) and any(remote.three)):
            raise CodeError("lircd_no_value", line=remote.line, word="two, three")

    def _check_symbols(self) -> None:
        """Raise an error if the bits do not fill whole symbols, or the toggle bit is beyond them."""
        remote, lines = self._remote, self._keyword_lines
        for flag, step in _SYMBOL_BITS.items():
            if flag in remote.flags and (
                remote.pre_data_bits % step or remote.bits % step or remote.post_data_bits % step
            ):
                line = lines.get("flags", remote.line)
                raise CodeError("lircd_symbol_bits", line=line, protocol=flag, bits=str(step))
        if remote.toggle_bit > remote.all_bits:
            raise self._out_of_range("toggle_bit", str(remote.toggle_bit), 0, remote.all_bits, line=lines["toggle_bit"])
        if (first := remote.keys[0]).error and remote.toggle_bit_mask.bit_count() > 1:
            raise first.error  # the bits of this key determine what all others send


def _is_property(words: list[str]) -> bool:
    """Return whether words begin with a property that changes what is sent."""
    keyword, values = words[0].lower(), words[1:3]
    if keyword == "flags" and values:
        return set(values[0].upper().split("|")) <= _FLAGS | _PROTOCOLS
    count = 2 if keyword in _PAIRS else 1 if keyword in _NUMBERS else 0
    return 0 < count <= len(values) and all(c_integer(value) is not None for value in values[:count])


def _without_comment(words: list[str], start: int) -> list[str]:
    """Return the words before a comment, which begins at the word `start` or later."""
    for place in range(start, len(words)):
        if words[place].startswith("#"):
            return words[:place]
    return words
