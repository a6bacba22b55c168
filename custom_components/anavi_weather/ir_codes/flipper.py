"""Remote controls from a Flipper's `.ir` file: parsed protocols and raw timings.

Source: Flipper's description of the format; its encoders define what address and command mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re
from typing import Any, NoReturn

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .named import build
from .raw import complete, in_turn
from .remote_file import FileRemote, Names, clean_name
from .text import excerpt

HEADERS = ("IR signals file", "IR library file", "Bruce IR File")  # Bruce is a firmware for other devices
MIN_FREQUENCY = 10_000  # Hz
MAX_FREQUENCY = 56_000
MAX_RAW_TIMINGS = 1024
MAX_COMMANDS = 5000

_LINE = re.compile(r"([A-Za-z_]{1,40})\s{0,9}:(.*)")
_BYTES = re.compile(r"(?:[0-9A-Fa-f]{2} +){3}[0-9A-Fa-f]{2}")
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,12})?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_KEYS = {
    "parsed": ("protocol", "address", "command"),
    "raw": ("frequency", "duty_cycle", "data"),
}
_SIGNAL_KEYS = {"type", *_KEYS["parsed"], *_KEYS["raw"]}


@dataclass(frozen=True, slots=True)
class FlipperProtocol:
    """A protocol of Flipper: its name here, and the widths of its fields in bits."""

    name: str
    address: int
    command: int
    repeat_count: int = 0  # times that Flipper repeats the frame
    high: int = 0  # bits that are set in each command


FLIPPER_PROTOCOLS: Mapping[str, FlipperProtocol] = {
    "NEC": FlipperProtocol("nec", 8, 8),
    "NECext": FlipperProtocol("necext", 16, 16),
    "NEC42": FlipperProtocol("nec42", 13, 8),
    "NEC42ext": FlipperProtocol("nec42ext", 26, 16),
    "Samsung32": FlipperProtocol("samsung32", 8, 8),
    # Flipper sends six bits, but many converted files have the seven of RC5X
    "RC5": FlipperProtocol("rc5", 5, 7),
    # In RC5X, the second start bit is the inverse of the command's bit 6, which Flipper leaves out of the command
    "RC5X": FlipperProtocol("rc5", 5, 7, high=0x40),
    "RC6": FlipperProtocol("rc6", 8, 8),
    "SIRC": FlipperProtocol("sony", 5, 7, 2),
    "SIRC15": FlipperProtocol("sony15", 8, 7, 2),
    "SIRC20": FlipperProtocol("sony20", 13, 7, 2),
    "Kaseikyo": FlipperProtocol("kaseikyo", 26, 10),
    "RCA": FlipperProtocol("rca", 4, 8),
    "Pioneer": FlipperProtocol("pioneer", 8, 8, 1),
}


@dataclass(slots=True)
class _Signal:
    """A signal of the file: its values and their lines by key, and its first malformed line."""

    name: str
    line: int
    values: dict[str, tuple[str, int]] = field(default_factory=dict)
    error: CodeError | None = None

    def fail(self, key: str, of: str, **placeholders: str) -> NoReturn:
        """Raise an error about one of the signal's lines."""
        value, line = self.values.get(of, ("", self.line))
        raise CodeError(key, line=line, command=excerpt(self.name), field=of, value=excerpt(value), **placeholders)


def parse_flipper(text: str) -> FileRemote:
    """Return the remote control of a file. A command with a toggle bit is two, which successive presses send in turn.

    A repeated name gets a number because it is another button, or in a library the same button of another device.

    Raises:
        CodeError: if the file is malformed other than in single commands.
    """
    remote = FileRemote()
    names = Names()
    for signal in _signals(text):
        name = names.distinct(signal.name)
        try:
            remote.commands[name] = _commands(signal)
        except CodeError as err:
            remote.add_unreadable(name, err)
    if not names.count:
        raise CodeError("file_empty")
    return remote


def _signals(text: str) -> list[_Signal]:
    signals: list[_Signal] = []
    header: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found and found[1] == "name":
            if len(signals) == MAX_COMMANDS:
                raise CodeError("too_many_commands", line=number, maximum=str(MAX_COMMANDS))
            signals.append(_Signal(clean_name(found[2]) or f"button {len(signals) + 1}", number))
            continue
        if found and not signals and found[1] not in _SIGNAL_KEYS:
            header[found[1]] = found[2].strip()
            continue
        if not signals:  # because the line with the first name is damaged or missing
            signals.append(_Signal("button 1", number))
            if found:
                signals[0].error = CodeError("flipper_field_missing", line=number, command="button 1", field="name")
        signal = signals[-1]
        if found and found[1] not in signal.values:
            signal.values[found[1]] = (found[2].strip(), number)
        else:
            signal.error = signal.error or CodeError("flipper_line", line=number, value=excerpt(line))
    if header.get("Filetype") not in HEADERS or header.get("Version") != "1":
        raise CodeError("flipper_header", line=1)
    return signals


def _commands(signal: _Signal) -> tuple[Command, ...]:
    if signal.error is not None:
        raise signal.error
    kind = signal.values.get("type", ("", 0))[0]
    if kind not in _KEYS:
        signal.fail("flipper_type", "type")
    for key in _KEYS[kind]:
        if key not in signal.values:
            signal.fail("flipper_field_missing", key)
    try:
        return _parsed(signal) if kind == "parsed" else (_raw(signal),)
    except CodeError as err:
        if err.line is not None:
            raise
        line = signal.values[_KEYS[kind][-1]][1]
        raise CodeError(err.key, line=line, **{"command": excerpt(signal.name), **err.placeholders}) from err


def _parsed(signal: _Signal) -> tuple[Command, ...]:
    protocol = FLIPPER_PROTOCOLS.get(signal.values["protocol"][0])
    if protocol is None:
        signal.fail("flipper_protocol", "protocol")
    values: dict[str, Any] = {}
    for key, bits in (("address", protocol.address), ("command", protocol.command)):
        text = signal.values[key][0]
        if not _BYTES.fullmatch(text):
            signal.fail("flipper_bytes", key)
        values[key] = int.from_bytes(bytes.fromhex(text), "little")
        if values[key] >> bits:
            signal.fail("flipper_value", key, maximum=hex((1 << bits) - 1))
    values["command"] |= protocol.high
    values["repeat_count"] = protocol.repeat_count
    return in_turn(build(protocol.name, **values))


def _raw(signal: _Signal) -> RawCommand:
    frequency, duty_cycle, data = (signal.values[key][0] for key in _KEYS["raw"])
    if not _NUMBER.fullmatch(frequency) or not MIN_FREQUENCY <= int(frequency) <= MAX_FREQUENCY:
        signal.fail("flipper_frequency", "frequency", minimum=str(MIN_FREQUENCY), maximum=str(MAX_FREQUENCY))
    if not _DECIMAL.fullmatch(duty_cycle) or not 0 < float(duty_cycle) <= 1:
        signal.fail("flipper_duty_cycle", "duty_cycle")
    tokens = data.split()
    if not 1 <= len(tokens) <= MAX_RAW_TIMINGS:
        signal.fail("flipper_timings", "data", maximum=str(MAX_RAW_TIMINGS), count=str(len(tokens)))
    if not all(map(_NUMBER.fullmatch, tokens)):
        signal.fail("flipper_data", "data")
    return RawCommand(
        complete(list(map(int, tokens))),
        modulation=int(frequency),
        # The kernel takes whole percents from 1 to 99
        duty_cycle=min(max(round(float(duty_cycle) * 100), 1), 99),
    )
