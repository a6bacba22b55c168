"""Remote controls from ESPHome's YAML: the actions `remote_transmitter.transmit_…` of its buttons, switches and scripts."""

from collections.abc import Iterator, Mapping
import re

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .esphome_action import Action
from .esphome_protocols import PROTOCOLS
from .raw import as_raw, in_turn
from .remote_file import FileRemote, Names, clean_name
from .text import excerpt
from .yaml_tree import Node, load_yaml

MAX_COMMANDS = 5000
NAMES = ("name", "id", "action", "service", "alias")
TRIGGERS = {"turn_on_action": "on", "turn_off_action": "off", "open_action": "open", "close_action": "close"}
COMPUTED = ("!lambda", "!secret", "!include")
MAX_REPEAT = 100

is_esphome = re.compile(r"^[ \t-]*remote_transmitter\.transmit_", re.MULTILINE).search

_ACTION = re.compile(r"remote_transmitter\.transmit_(\w+)")
_SUBSTITUTION = re.compile(r"\$\{?(\w+)\}?")
_COUNT = re.compile(r"[0-9]{1,3}")
_TIME = re.compile(r"([0-9]{1,7})(?:\.[0-9]{1,6})?\s*(us|µs|ms|s)")
_MICROSECONDS = {"us": 1, "µs": 1, "ms": 1000, "s": 1_000_000}


def parse_esphome(text: str, name: str | None = None) -> dict[str, FileRemote]:
    """Return the one remote control of a file, under a name or that of the ESPHome device. A repeated name gets a number.

    Raises:
        CodeError: if the file is malformed other than in single commands.
    """
    root = load_yaml(text)
    substitutions = {key: value.value for key, value in _entries(root, "substitutions")}
    device = dict(_entries(root, "esphome"))
    title = name
    for key in ("friendly_name", "name"):
        if title is None and key in device:
            title = clean_name(_resolved(device[key].value, substitutions)) or None
    remote = FileRemote()
    names = Names()
    for label, protocol, parameters in _actions(root, ""):
        if names.count == MAX_COMMANDS:
            raise CodeError("too_many_commands", maximum=str(MAX_COMMANDS))
        command = names.distinct(clean_name(_resolved(label, substitutions)) or protocol)
        try:
            remote.commands[command] = _commands(protocol, parameters, substitutions)
        except CodeError as err:
            remote.add_unreadable(command, err)
    if not names.count:
        raise CodeError("file_empty")
    if title is None:
        raise CodeError("file_without_name")
    return {title: remote}


def _entries(root: Node, key: str) -> Iterator[tuple[str, Node]]:
    found = root.get(key)
    return iter(()) if found is None else found.entries


def _resolved(text: str, substitutions: Mapping[str, str]) -> str:
    """Return a text with ESPHome's substitutions, those in substitutions excepted."""
    return _SUBSTITUTION.sub(lambda found: substitutions.get(found[1], found[0]), text)


def _actions(node: Node, label: str) -> Iterator[tuple[str, str, Node]]:
    """Yield the label, the protocol and the parameters of all actions that send. A label is the nearest name."""
    if not node.is_mapping:
        for child in node.children:
            yield from _actions(child, label)
        return
    names = dict(node.entries)
    label = next((names[key].value for key in NAMES if key in names and names[key].value and not names[key].tag), label)
    for key, value in node.entries:
        if found := _ACTION.fullmatch(key):
            yield label, found[1], value
        else:
            yield from _actions(value, f"{label} {TRIGGERS[key]}" if key in TRIGGERS else label)


def _commands(protocol: str, parameters: Node, substitutions: Mapping[str, str]) -> tuple[Command, ...]:
    if protocol not in PROTOCOLS:
        raise CodeError("protocol_unknown", name=excerpt(protocol))
    repeat: Node | None = None
    values: dict[str, str | list[str]] = {}
    for key, value in parameters.entries:
        if value.tag in COMPUTED:
            raise CodeError("esphome_computed", field=excerpt(key))
        if key == "repeat":
            repeat = value
        elif value.children:
            values[key] = [_resolved(child.value, substitutions) for child in value.children]
        else:
            values[key] = _resolved(value.value, substitutions)
    commands = in_turn(PROTOCOLS[protocol](Action(protocol, values)))
    return commands if repeat is None else tuple(_repeated(command, repeat, substitutions) for command in commands)


def _repeated(command: Command, repeat: Node, substitutions: Mapping[str, str]) -> Command:
    """Return a command with the repeats of its action: a number, or `times` and `wait_time`."""
    times = repeat.get("times") if repeat.is_mapping else repeat
    wait = repeat.get("wait_time")
    count = _resolved(times.value, substitutions) if times else ""
    pause = _TIME.fullmatch(_resolved(wait.value, substitutions) if wait else "25ms")
    if not _COUNT.fullmatch(count) or not 1 <= int(count) <= MAX_REPEAT or not pause:
        raise CodeError("value_invalid", protocol="repeat", field="times", value=excerpt(count))
    raw = as_raw(command)
    # A protocol such as Sony's has more than one frame here, although ESPHome sends one each time
    if int(count) == 1 or (not raw.once and raw.repeat_count >= int(count) - 1):
        return command
    frame = (*raw.once, *raw.repeat * raw.repeat_count) if raw.once else raw.repeat
    gap = max(round(float(pause[0].removesuffix(pause[2])) * _MICROSECONDS[pause[2]]), 1)
    return RawCommand(
        (), (*frame[:-1], -gap), modulation=raw.modulation, duty_cycle=raw.duty_cycle, repeat_count=int(count) - 1
    )
