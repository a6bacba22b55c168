"""Commands by the name of their protocol: `nec:0x04,0x08`, `lg_ac:mode=cool,temperature=24,fan=auto`.

Every class of infrared_protocols whose fields can be written as text is found automatically; the tables add what it lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
import importlib
import inspect
import pkgutil
import re
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from infrared_protocols import commands
from infrared_protocols.commands import Command

from .biphase import BIPHASE
from .command import CodeError, check_carrier, check_repeat_count
from .protocol_command import Encoding, ProtocolCommand, ToggleCommand
from .protocols import PROTOCOLS
from .raw import MAX_TIMINGS, complete
from .rcmm import RCMM
from .text import c_integer, excerpt

ALIASES = {
    "sirc": "sony", "sirc12": "sony", "sirc15": "sony15", "sirc20": "sony20", "sony12": "sony", "rc5x": "rc5",
    "samsung": "samsung32",
}  # fmt: skip

# Protocols that infrared_protocols does not encode
OWN: Mapping[str, Encoding] = {
    **{name: protocol for name, protocol in PROTOCOLS.items() if protocol.encode},
    **{name: protocol for name, protocol in BIPHASE.items() if protocol.encode},
    **RCMM,
}

# Fields that infrared_protocols masks or sends without a check
MAX_VALUES: Mapping[tuple[str, str], int] = {
    ("nec", "subfunction"): 0xFF,
    ("samsung32", "address"): 0xFFFF,
    ("samsung32", "command"): 0xFF,
    ("rc5", "toggle"): 1,
    ("rc6", "toggle"): 1,
    ("marantz_extended", "toggle"): 1,
}
# Defaults that differ from those of infrared_protocols, whose Sharp is Denon's. Texts of commands always have them
DEFAULTS: Mapping[tuple[str, str], int] = {("sharp", "extension"): 1}
MAX_INTEGER = 0xFFFF_FFFF
MAX_BYTES = 256

_NAMED = re.compile(r"([A-Za-z]\w{0,39})\s{0,9}:(.*)", re.ASCII | re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_]\w{0,39})\s{0,9}=(.*)", re.ASCII | re.DOTALL)
_FLOAT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_HEX = re.compile(r"(0x)?((?:[0-9a-fA-F]{2})+)")
_SCALARS = (int, bool, float, bytes)
_TRUE = ("1", "true", "on", "yes")
_FALSE = ("0", "false", "off", "no")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a command: its name, type, and default."""

    name: str
    kind: Any  # int, bool, float, bytes or an Enum
    optional: bool  # may be None
    default: Any = inspect.Parameter.empty


def _fields(command: type[Command]) -> tuple[Field, ...] | None:
    """Return the fields of a class of infrared_protocols, or None if one cannot be written as text."""
    try:
        hints = get_type_hints(command.__init__)
        parameters = list(inspect.signature(command).parameters.values())
    except NameError, TypeError, ValueError:
        return None
    fields = []
    for parameter in parameters:
        default = DEFAULTS.get((protocol_name(command), parameter.name), parameter.default)
        kinds: tuple[Any, ...] = (hint := hints.get(parameter.name),)
        if get_origin(hint) in (Union, UnionType):
            kinds = get_args(hint)
        scalar = [kind for kind in kinds if isinstance(kind, type) and (kind in _SCALARS or issubclass(kind, Enum))]
        if len(scalar) == 1 and set(kinds) <= {*scalar, NoneType}:
            fields.append(Field(parameter.name, scalar[0], NoneType in kinds, default))
        elif parameter.default is parameter.empty:
            return None
    return tuple(fields)


def protocol_name(command: type[Command]) -> str:
    """Return the name of a class's protocol: `rc5` for `RC5Command`, `lg_ac_fixed` for `LgAcFixedCommand`."""
    name = command.__name__.removesuffix("Command")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _library() -> dict[str, tuple[type[Command], tuple[Field, ...]]]:
    found = {}
    for module_info in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{module_info.name}")
        for name, value in vars(module).items():
            if name.startswith("_") or not inspect.isclass(value) or value.__module__ != module.__name__:
                continue
            if issubclass(value, Command) and not inspect.isabstract(value) and (fields := _fields(value)) is not None:
                found[protocol_name(value)] = (value, fields)
    # Pronto has its own form
    return {name: entry for name, entry in found.items() if name != "pronto" and name not in OWN}


# Built once because Home Assistant imports this outside its event loop
LIBRARY = _library()
NAMES = tuple(sorted({*LIBRARY, *OWN, *ALIASES}))


def build(name: str, **values: Any) -> Command:
    """Return the command of a protocol by the values of its fields.

    Raises:
        CodeError: if a value is out of range, or the library refuses it.
    """
    values = {field: default for (protocol, field), default in DEFAULTS.items() if protocol == name} | values
    for field, value in values.items():
        maximum = MAX_VALUES.get((name, field))
        if maximum is not None and value is not None and not 0 <= value <= maximum:
            raise CodeError("value_out_of_range", protocol=name, field=field, maximum=hex(maximum))
    if "repeat_count" in values:
        check_repeat_count(values["repeat_count"])
    if "modulation" in values:
        check_carrier(values["modulation"])
    try:
        command = _own(OWN[name], values) if name in OWN else LIBRARY[name][0](**values)
        complete(command.get_raw_timings()[:MAX_TIMINGS])
    except CodeError:
        raise
    except Exception as err:  # the library raises various errors for a wrong value
        raise CodeError("value_refused", protocol=name, reason=excerpt(str(err), 200)) from err
    return command


def _own(protocol: Encoding, values: Mapping[str, Any]) -> ProtocolCommand:
    return (ToggleCommand if "toggle" in protocol.masks else ProtocolCommand)(protocol, **values)


def parse_named(text: str) -> Command:
    """Return the command of `protocol:value,value` or `protocol:field=value,…`, with numbers written as in C.

    Raises:
        CodeError: if the protocol or a field is unknown, or a value is invalid.
    """
    found = _NAMED.fullmatch(text.strip())
    if not found:
        raise CodeError("form_unknown")
    name = found[1].lower()
    name = ALIASES.get(name, name)
    if name in OWN:
        fields = (
            *(
                Field(field, int, False, 0 if field == "toggle" else inspect.Parameter.empty)
                for field in OWN[name].masks
            ),
            Field("repeat_count", int, False, 0),
        )
    elif name in LIBRARY:
        fields = LIBRARY[name][1]
    else:
        raise CodeError("protocol_unknown", name=excerpt(name))
    return build(name, **_values(name, fields, found[2].split(",") if found[2].strip() else []))


def _values(name: str, fields: Sequence[Field], tokens: Sequence[str]) -> dict[str, Any]:
    by_name = {field.name: field for field in fields}
    positional = [field for field in fields if field.name not in ("modulation", "repeat_count")]
    values: dict[str, Any] = {}
    for index, token in enumerate(tokens):
        if found := _FIELD.fullmatch(token.strip()):
            field = by_name.get(found[1].lower())
            token = found[2]
        else:
            # As in a function call, values without a name come first
            field = positional[index] if index == len(values) < len(positional) else None
        if field is None or field.name in values:
            raise CodeError("field_unknown", protocol=name, field=excerpt(found[1] if found else token))
        values[field.name] = _value(name, field, token.strip())
    for field in fields:
        if field.name not in values and field.default is inspect.Parameter.empty:
            raise CodeError("field_missing", protocol=name, field=field.name)
    return values


def _value(name: str, field: Field, text: str) -> Any:
    value: Any = None
    lower = text.lower()
    if field.optional and lower == "none":
        return None
    if field.kind is bool:
        value = True if lower in _TRUE else False if lower in _FALSE else None
    elif field.kind is int:
        value = c_integer(text)
        value = None if value is None or value > MAX_INTEGER else value
    elif field.kind is float:
        value = float(text) if _FLOAT.fullmatch(text) else None
    elif field.kind is bytes:
        found = _HEX.fullmatch(text)
        value = bytes.fromhex(found[2]) if found and len(found[2]) <= 2 * MAX_BYTES else None
    else:
        value = next((member for key, member in field.kind.__members__.items() if key.lower() == lower), None)
    if value is None:
        raise CodeError("value_invalid", protocol=name, field=field.name, value=excerpt(text))
    return value


def named_text(command: Command) -> str | None:
    """Return the text that `parse_named` turns into the same command, or None if there is none."""
    if isinstance(command, ProtocolCommand):
        name = command.protocol.name
        repeats = command.protocol.frames - 1
        text = f"{name}:{command.address:#04x},{command.command:#04x}"
        if isinstance(command, ToggleCommand) and command.toggle:
            text += f",{command.toggle:#04x}"
        return text if command.repeat_count == repeats else f"{text},repeat_count={command.repeat_count}"
    name = protocol_name(type(command))
    kind, fields = LIBRARY.get(name, (None, ()))
    if command.__class__ is not kind:
        return None
    tokens = []
    is_positional = True
    for field in fields:
        value = getattr(command, field.name, inspect.Parameter.empty)
        if value is inspect.Parameter.empty:
            return None
        is_default = value == field.default and (name, field.name) not in DEFAULTS
        if is_default or (value is None and not field.optional):
            is_positional = False
            continue
        is_plain = (
            is_positional
            and field.kind is int
            and value is not None
            and field.name not in ("modulation", "repeat_count")
        )
        tokens.append(f"{value:#04x}" if is_plain else f"{field.name}={_token(value)}")
        is_positional = is_plain
    text = f"{name}:{','.join(tokens)}"
    try:
        again = parse_named(text)
    except CodeError:
        return None
    return text if vars(again) == vars(command) else None


def _token(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(value)
