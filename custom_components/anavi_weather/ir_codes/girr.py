"""Remote controls from Girr: XML with commands as raw timings, as Pronto hex, or as a protocol with parameters.

    <remotes><remote name="TV"><commandSet><parameters protocol="nec1"><parameter name="D" value="4"/></parameters>
        <command name="power" F="8"/>
        <command name="mute"><raw frequency="38400"><intro>+9024 -4512 …</intro><repeat>…</repeat></raw></command>
        <command name="menu"><ccf>0000 006C …</ccf></command>

Parameters are inherited. No entity is expanded and no other file is read.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
import re
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from infrared_protocols.commands import Command

from .command import DEFAULT_DUTY_CYCLE, CodeError, RawCommand
from .irp import irp_commands
from .pronto import parse_pronto
from .raw import complete, numbers
from .remote_file import FileRemote, Names, clean_name
from .text import excerpt

MAX_COMMANDS = 20_000
MAX_DEPTH = 32
MAX_PARAMETERS = 32  # of a command; protocols have up to 8
DEFAULT_FREQUENCY = 38_000  # Hz

NAMESPACE_END = "}"
CHILDREN = ("commandSet", "command")
# The others without a namespace are parameters; the last two are those of a file's root
COMMAND_ATTRIBUTES = ("name", "displayName", "master", "comment", "protocol", "girrVersion", "title")
# IrScrutinizer's names of forms
MASTERS = {"prontoHex": "ccf"}

is_girr = re.compile(r"<(?:\w+:)?(?:remotes?|commandSet|command)[\s>]").search

_FREQUENCY = re.compile(r"([0-9]{1,6})(?:\.[0-9]{0,9})?")
_DUTY_CYCLE = re.compile(r"0?\.[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,9}|0[xX][0-9A-Fa-f]{1,8}")


def parse_girr(text: str, name: str | None = None) -> dict[str, FileRemote]:
    """Return the remote controls of a file by name; `name` is that of commands that are in none.

    Raises:
        CodeError: if the file is malformed other than in single commands.
    """
    root = _load(text)
    remotes: dict[str, FileRemote] = {}
    names = Names()
    elements = list(root.iter("remote")) or [root]
    commands_left = MAX_COMMANDS
    for element in elements:
        remote = _remote(element)
        commands_left -= len(remote.commands) + len(remote.unreadable)
        if commands_left < 0:
            raise CodeError("too_many_commands", maximum=str(MAX_COMMANDS))
        if remote.commands or remote.unreadable:
            title = _title(element) or name
            if title is None:
                raise CodeError("file_without_name")
            remotes[names.distinct(title)] = remote
    if not remotes:
        raise CodeError("file_empty")
    return remotes


def _load(text: str) -> Element:
    """Return the root element, with names without their namespaces."""
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise CodeError("xml_too_deep", maximum=str(MAX_DEPTH))
        builder.start(tag.rpartition(NAMESPACE_END)[2], attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser = expat.ParserCreate(namespace_separator=NAMESPACE_END)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(text.lstrip(), True)
    except expat.ExpatError as err:
        raise CodeError("xml_invalid", line=err.lineno, reason=excerpt(expat.ErrorString(err.code))) from err
    return builder.close()


def _refuse_entity(*_: object) -> NoReturn:
    """Refuse a file that declares entities, which may expand to gigabytes or read other files."""
    raise CodeError("xml_entity")


def _title(element: Element) -> str | None:
    """Return the name of a remote: its manufacturer and model, else its name."""
    manufacturer, model, name = (clean_name(element.get(key, "")) for key in ("manufacturer", "model", "name"))
    return clean_name(f"{manufacturer} {model}") if manufacturer and model else name or None


def _remote(element: Element) -> FileRemote:
    remote = FileRemote()
    names = Names()
    for command, protocol, parameters in _commands(element, "", {}):
        if names.count > MAX_COMMANDS:
            break
        name = names.distinct(clean_name(command.get("name", "")) or command.tag)
        try:
            remote.commands[name] = _codes(command, protocol, parameters)
        except CodeError as err:
            remote.add_unreadable(name, err)
    return remote


def _commands(
    element: Element, protocol: str, parameters: Mapping[str, str]
) -> Iterator[tuple[Element, str, Mapping[str, str]]]:
    """Yield all commands with their protocol and parameters, which elements inherit."""
    for group in element.findall("parameters"):
        protocol = group.get("protocol", protocol)
        given = {one.get("name", ""): one.get("value", "") for one in group.findall("parameter")}
        parameters = _extended(parameters, given)
    if element.tag == "command":
        given = {key: value for key, value in element.attrib.items() if _is_parameter(key)}
        yield element, element.get("protocol", protocol), _extended(parameters, given)
        return
    for child in element:
        if child.tag in CHILDREN:
            yield from _commands(child, protocol, parameters)


def _is_parameter(attribute: str) -> bool:
    return attribute not in COMMAND_ATTRIBUTES and NAMESPACE_END not in attribute


def _extended(inherited: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """Return inherited and given parameters.

    Raises:
        CodeError: if there are too many, whose copies for each command would take long.
    """
    if len(parameters := {**inherited, **given}) > MAX_PARAMETERS:
        raise CodeError("girr_parameters", maximum=str(MAX_PARAMETERS))
    return parameters


def _codes(command: Element, protocol: str, parameters: Mapping[str, str]) -> tuple[Command, ...]:
    """Return the commands of an element: of the form that is its master if it can be read, else of another one."""
    master = command.get("master")
    forms = sorted(("parameters", "raw", "ccf"), key=lambda form: form != MASTERS.get(master or "", master))
    first_error: CodeError | None = None
    for form in forms:
        try:
            if codes := _read(command, form, protocol, parameters):
                return codes
        except CodeError as err:
            first_error = first_error or err
    raise first_error or CodeError("girr_no_code")


def _read(command: Element, form: str, protocol: str, parameters: Mapping[str, str]) -> tuple[Command, ...]:
    """Return the commands of one form of a code: none if the element does not have it, two if a toggle bit differs."""
    if form == "parameters":
        return _from_parameters(protocol, parameters) if protocol else ()
    if form == "raw":
        return tuple(map(_from_raw, command.findall("raw")))
    return tuple(parse_pronto(ccf.text or "") for ccf in command.findall("ccf"))


def _from_parameters(protocol: str, parameters: Mapping[str, str]) -> tuple[Command, ...]:
    values: dict[str, int] = {}
    for name, value in parameters.items():
        if not _NUMBER.fullmatch(value):
            raise CodeError("value_invalid", protocol=excerpt(protocol), field=excerpt(name), value=excerpt(value))
        values[name] = int(value, 0) if value[:2].lower() == "0x" else int(value)
    return irp_commands(protocol, values)


def _from_raw(raw: Element) -> RawCommand:
    found = _FREQUENCY.fullmatch(raw.get("frequency", str(DEFAULT_FREQUENCY)))
    if not found:
        raise CodeError("number_invalid", value=excerpt(raw.get("frequency", "")))
    once, repeat, ending = (_timings(raw.find(part)) for part in ("intro", "repeat", "ending"))
    if ending:  # is sent when the key is released, so with a repeat at the least
        once, repeat = complete(list(chain(once, repeat, ending))), ()
    if not (once or repeat):
        raise CodeError("empty")
    duty_cycle = raw.get("dutyCycle", "")
    percent = round(float(duty_cycle) * 100) if _DUTY_CYCLE.fullmatch(duty_cycle) else DEFAULT_DUTY_CYCLE
    return RawCommand(once, repeat, modulation=int(found[1]), duty_cycle=min(max(percent, 1), 99))


def _timings(sequence: Element | None) -> tuple[int, ...]:
    if sequence is None:
        return ()
    if len(sequence):
        text = " ".join(f"{'-' if part.tag == 'gap' else '+'}{(part.text or '').strip()}" for part in sequence)
    else:
        text = sequence.text or ""
    return complete(numbers(text)) if text.strip() else ()
