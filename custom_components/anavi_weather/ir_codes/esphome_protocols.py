"""Protocols of ESPHome's `remote_transmitter`, mapped to the protocols here.

Source: ESPHome's encoders. Most send a number with its highest bit first, whereas the protocols count from the lowest.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
import re

from infrared_protocols.commands import Command

from .biphase import BiphaseProtocol
from .command import CodeError, RawCommand
from .esphome_action import MAX_DATA_BITS, Action, integer
from .irp import nec, reversed_bits, samsung, sent_once
from .irp_frames import dish_network
from .named import build
from .pronto import parse_pronto
from .protocols import PROTOCOLS as PULSE_PROTOCOLS, PulseProtocol
from .raw import complete, joined, numbers
from .text import excerpt

_FREQUENCY = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(k?)(?:hz)?", re.IGNORECASE)
_SONY = {12: "sony", 15: "sony15", 20: "sony20"}
LG = PulseProtocol(
    name="lg", layout="data:28", first_bit="high", header=(8000, 4000), zero=(600, 550), one=(600, 1600), period=108_000
)
# For codes whose last byte is not the inverse of the third
_SAMSUNG = replace(PULSE_PROTOCOLS["samsung32"], layout="data:32", first_bit="high")
COOLIX = PulseProtocol(
    name="coolix",
    layout="data@16:8 ~data@16:8 data@8:8 ~data@8:8 data:8 ~data:8",
    first_bit="high",
    header=(4480, 4480),
    zero=(560, 560),
    one=(560, 1680),
)
_NEC = replace(PULSE_PROTOCOLS["necext"], layout="data:16")  # and more bits
_SAMSUNG36 = PulseProtocol(
    name="samsung36", layout="data:16", first_bit="high", header=(4500, 4500), zero=(500, 500), one=(500, 1500)
)
_SAMSUNG36_PAUSES = (4500, 59_000)  # µs, in the middle of a frame and after it
_TOSHIBA_AC = PulseProtocol(
    name="toshiba_ac", layout="data:48", first_bit="high", header=(4500, 4500), zero=(560, 560), one=(560, 1690)
)
_TOSHIBA_AC_PAUSE = 4500  # µs, between the frames of a press
MIDEA = replace(COOLIX, name="midea", layout="data:48")
_HAIER = PulseProtocol(
    name="haier", layout="data:112", first_bit="high", header=(3100, 4400), zero=(540, 580), one=(540, 1650)
)
_MIRAGE = PulseProtocol(name="mirage", layout="data:120", header=(8360, 4248), zero=(554, 545), one=(554, 1592))
_MAGIQUEST = PulseProtocol(
    name="magiquest", layout="data:49", first_bit="high", header=(288, 864), zero=(288, 864), one=(576, 576)
)
_ROOMBA = PulseProtocol(
    name="roomba", layout="data:8", first_bit="high", header=(0, 0), zero=(1000, 3000), one=(3000, 1000), width=True
)
_CANALSAT = BiphaseProtocol(
    name="canalsat",
    layout="=1 device:7 address:6 =0 command:8 =0",
    half=250,
    one=(1, 0),
    carrier=55_500,
    period=101_000,
)
_CANALSATLD = replace(_CANALSAT, name="canalsatld", half=320, carrier=56_000, period=100_360)
_DYSON = PulseProtocol(
    name="dyson",
    layout="data:15",
    first_bit="high",
    header=(2280, 720),
    zero=(780, 720),
    one=(780, 1500),
    carrier=36_000,
)
_GOBOX = PulseProtocol(
    name="gobox", layout="data:32", first_bit="high", header=(0, 0), zero=(580, 545), one=(580, 1640)
)
_GOBOX_START = 0b011001001100010  # before the 17 bits of a code
_SYMPHONY = PulseProtocol(
    name="symphony", layout="data:12", first_bit="high", header=(0, 0), zero=(460, 1260), one=(1260, 460), width=True
)
_SYMPHONY_PAUSE = 34_760  # µs, between the frames of a press
_TOTO = PulseProtocol(
    name="toto", layout="data:39", first_bit="high", header=(6200, 2800), zero=(550, 550), one=(550, 1700)
)
_TOTO_START = 0x2008  # before the 24 bits of a code
_BEO4_CARRIER = 455_000  # Hz
_BEO4_PULSE = 200  # µs
# Spaces in µs
_BEO4_ZERO = 2925
_BEO4_SAME = 6050  # as the bit before
_BEO4_ONE = 9175
_BEO4_STOP = 12_300
_BEO4_START = 15_425
MAX_COMMAND_REPEATS = 16
RADIO = (
    "brennenstuhl", "byronsx", "dooya", "drayton", "keeloq", "nexa", "rc_switch_raw", "rc_switch_type_a", "rc_switch_type_b",
    "rc_switch_type_c", "rc_switch_type_d",
)  # fmt: skip
_COOLIX_PAUSE = 5600  # µs, between the two frames of a press


def _framed(protocol: PulseProtocol, data: int) -> Command:
    """Return the command of one frame, after which the protocol has no pause of its own."""
    return RawCommand(complete(protocol.frame({"data": data})), modulation=protocol.carrier)


def midea_timings(data: int) -> list[int]:
    """Return the timings of Midea, which sends a frame, then its inverse."""
    return [*MIDEA.frame({"data": data}), -_COOLIX_PAUSE, *MIDEA.frame({"data": data ^ (1 << 48) - 1})]


def swapped_bytes(value: int) -> tuple[int, int, int, int]:
    """Return the bytes of a number with the highest bit first, as protocols count that send the lowest bit first."""
    first, second, third, fourth = (reversed_bits(byte, 8) for byte in value.to_bytes(4))
    return first, second, third, fourth


def _nec(action: Action) -> Command:
    """Return the command of NEC, whose frame may have the 16 bits of its command several times."""
    address, command = action.number("address", 16), action.number("command", 16)
    count = action.count("command_repeats", range(1, MAX_COMMAND_REPEATS + 1))
    if count == 1:
        return nec(address & 0xFF, address >> 8, command & 0xFF, command >> 8)
    data = address | sum(command << 16 * (place + 1) for place in range(count))
    return sent_once(replace(_NEC, layout=f"data:{16 * (count + 1)}"), data=data)


def _samsung(action: Action) -> Command:
    bits = action.count("nbits", range(32, MAX_DATA_BITS + 1))
    data = action.lowest("data", bits)
    if bits > 32:
        return sent_once(replace(_SAMSUNG, layout=f"data:{bits}"), data=data)
    low, high, command, inverse = swapped_bytes(data)
    return samsung(low, high, command) if command ^ inverse == 0xFF else sent_once(_SAMSUNG, data=data)


def _samsung36(action: Action) -> Command:
    """Return the command of Samsung36, whose frame has a second header in the middle."""
    middle, after = _SAMSUNG36_PAUSES
    second = replace(_SAMSUNG36, layout="data:20").frame({"data": action.lowest("command", 20)}, header=False)
    timings = (*_SAMSUNG36.frame({"data": action.number("address", 16)}), -middle, *second, -after)
    return RawCommand((), timings, modulation=_SAMSUNG36.carrier)


def _toshiba_ac(action: Action) -> Command:
    """Return the command of Toshiba, which sends the first code twice, then the second one if there is one."""
    first, second = action.lowest("rc_code_1", 48), action.lowest("rc_code_2", 48, 0)
    timings: list[int] = []
    for code in (first, first, second) if second else (first, first):
        timings += (*_TOSHIBA_AC.frame({"data": code}), -_TOSHIBA_AC_PAUSE)
    return RawCommand(complete(timings[:-1]), modulation=_TOSHIBA_AC.carrier)


def _midea(action: Action) -> Command:
    """Return the command of Midea, which sends five bytes with a checksum, then all of them inverted."""
    data = action.octets("code", 5)
    checksum = reversed_bits(-sum(reversed_bits(byte, 8) for byte in data) & 0xFF, 8)
    return RawCommand(complete(midea_timings(int.from_bytes((*data, checksum)))), modulation=MIDEA.carrier)


def _haier(action: Action) -> Command:
    data = action.octets("code", 13)
    frame = _HAIER.frame({"data": int.from_bytes((*data, sum(data) & 0xFF))})
    leader = _HAIER.header[0]
    return RawCommand(complete((leader, -leader, *frame)), modulation=_HAIER.carrier)


def _mirage(action: Action) -> Command:
    data = action.octets("code", 14)
    checksum = sum((byte >> 4) + (byte & 0xF) for byte in data) & 0xFF
    return _framed(_MIRAGE, int.from_bytes((*data, checksum), "little"))


def _magiquest(action: Action) -> Command:
    return _framed(_MAGIQUEST, action.number("wand_id", 32) << 16 | action.number("magnitude", 16, 0xFFFF))


def _roomba(action: Action) -> Command:
    return _framed(_ROOMBA, action.number("data", 8))


def _dish(action: Action) -> Command:
    unit = action.count("address", range(1, 17))
    return dish_network({"F": action.number("command", 6), "S": unit - 1})


def _beo4(action: Action) -> Command:
    """Return the command of Bang & Olufsen, whose spaces depend on the bit before."""
    data = action.number("source", 8) << 8 | action.number("command", 8)
    spaces = [_BEO4_ZERO, _BEO4_ZERO, _BEO4_START, _BEO4_ZERO]
    before = 0
    for place in range(15, -1, -1):
        bit = data >> place & 1
        spaces.append(_BEO4_SAME if bit == before else _BEO4_ONE if bit else _BEO4_ZERO)
        before = bit
    timings = [duration for space in (*spaces, _BEO4_STOP) for duration in (_BEO4_PULSE, -space)]
    return RawCommand(complete([*timings, _BEO4_PULSE]), modulation=_BEO4_CARRIER)


def _dyson(action: Action) -> Command:
    data = action.number("code", 16) << 2 | action.number("index", 8, 0xFF) & 3
    return _framed(_DYSON, data & 0x7FFF)


def _gobox(action: Action) -> Command:
    return _framed(_GOBOX, _GOBOX_START << 17 | action.lowest("code", 17))


def _symphony(action: Action) -> Command:
    """Return the command of Symphony, whose press sends the frame twice or as often as the action says."""
    bits, repeats = action.number("nbits", 8), action.number("command_repeats", 8, 2)
    for field, value, maximum in (("nbits", bits, 32), ("command_repeats", repeats, 0xFF)):
        if not 1 <= value <= maximum:
            raise CodeError("value_invalid", protocol=action.protocol, field=field, value=str(value))
    frame = replace(_SYMPHONY, layout=f"data:{bits}").frame({"data": action.lowest("data", bits)})
    return RawCommand(complete(([*frame, -_SYMPHONY_PAUSE] * repeats)[:-1]), modulation=_SYMPHONY.carrier)


def _toto(action: Action) -> Command:
    """Return the command of Toto, which ends with a checksum."""
    codes = action.number("rc_code_1", 4, 0) << 4 | action.number("rc_code_2", 4, 0)
    command = action.number("command", 8)
    return _framed(_TOTO, _TOTO_START << 24 | codes << 16 | command << 8 | codes ^ command)


def _canalsat(protocol: BiphaseProtocol) -> Callable[[Action], Command]:
    def encode(action: Action) -> Command:
        values = {"device": action.number("device", 7), "address": action.number("address", 6, 0)}
        return RawCommand(
            *protocol.sent(values | {"command": action.number("command", 8)}), modulation=protocol.carrier
        )

    return encode


def _radio(action: Action) -> Command:
    raise CodeError("broadlink_radio", band=action.protocol)


def _lg(action: Action) -> Command:
    if action.number("nbits", 8, 28) == 32:
        return nec(*swapped_bytes(action.lowest("data", 32)))
    action.expect("nbits", 8, 28)
    return sent_once(LG, data=action.lowest("data", 28))


def _coolix(action: Action) -> Command:
    first, second = action.number("first", 24), action.number("second", 24, 0)
    timings = COOLIX.frame({"data": first})
    if second:
        timings += (-_COOLIX_PAUSE, *COOLIX.frame({"data": second}))
    return RawCommand(complete(timings), modulation=COOLIX.carrier)


def _sony(action: Action) -> Command:
    bits = action.number("nbits", 8, 12)
    if bits not in _SONY:
        raise CodeError("value_invalid", protocol=action.protocol, field="nbits", value=str(bits))
    data = reversed_bits(action.lowest("data", bits), bits)
    return build(_SONY[bits], address=data >> 7, command=data & 0x7F)


def _jvc(action: Action) -> Command:
    data = reversed_bits(action.number("data", 16), 16)
    return build("jvc", address=data & 0xFF, command=data >> 8)


def _panasonic(action: Action) -> Command:
    return build("panasonic", address=action.number("address", 16), command=action.number("command", 32))


def _pioneer(action: Action) -> Command:
    first, second = action.number("rc_code_1", 16), action.number("rc_code_2", 16, 0)
    # The high byte is sent with its highest bit first, the low one with its lowest
    address, command = reversed_bits(first >> 8, 8), first & 0xFF
    if not second:
        return build("pioneer", address=address, command=command)
    return build(
        "pioneer",
        address=reversed_bits(second >> 8, 8),
        command=second & 0xFF,
        preamble_address=address,
        preamble_command=command,
    )


def _rc5(action: Action) -> Command:
    return build("rc5", address=action.number("address", 5), command=action.number("command", 7))


def _rc6(action: Action) -> Command:
    return build("rc6", address=action.number("address", 8), command=action.number("command", 8))


def _aeha(action: Action) -> Command:
    data = bytearray(action.number("address", 16).to_bytes(2))
    for text in action.numbers("data"):
        value = integer(text)
        if value is None or value > 0xFF:
            raise CodeError("value_invalid", protocol=action.protocol, field="data", value=excerpt(text))
        data.append(value)
    # ESPHome sends the highest bit of each byte first
    swapped = bytes(reversed_bits(byte, 8) for byte in data)
    return build("aeha", data=swapped, modulation=_carrier(action, "38kHz"))


def _pronto(action: Action) -> Command:
    return parse_pronto(action.text("data"))


def _raw_timings(action: Action) -> Command:
    timings = complete(joined(numbers(",".join(action.numbers("code")))))
    carrier = _carrier(action, "0Hz")
    if not carrier:  # which no receiver of infrared detects
        raise CodeError("esphome_no_carrier")
    return RawCommand(timings, modulation=carrier)


def _carrier(action: Action, default: str) -> int:
    text = action.text("carrier_frequency") if "carrier_frequency" in action.values else default
    if not (found := _FREQUENCY.fullmatch(text.strip())):
        raise CodeError("value_invalid", protocol=action.protocol, field="carrier_frequency", value=excerpt(text))
    return round(float(found[1]) * (1000 if found[2] else 1))


PROTOCOLS: Mapping[str, Callable[[Action], Command]] = {
    **dict.fromkeys(RADIO, _radio),
    "aeha": _aeha,
    "beo4": _beo4,
    "canalsat": _canalsat(_CANALSAT),
    "canalsatld": _canalsat(_CANALSATLD),
    "coolix": _coolix,
    "dish": _dish,
    "dyson": _dyson,
    "gobox": _gobox,
    "haier": _haier,
    "jvc": _jvc,
    "lg": _lg,
    "magiquest": _magiquest,
    "midea": _midea,
    "mirage": _mirage,
    "nec": _nec,
    "panasonic": _panasonic,
    "pioneer": _pioneer,
    "pronto": _pronto,
    "raw": _raw_timings,
    "rc5": _rc5,
    "rc6": _rc6,
    "roomba": _roomba,
    "samsung": _samsung,
    "samsung36": _samsung36,
    "sony": _sony,
    "symphony": _symphony,
    "toshiba_ac": _toshiba_ac,
    "toto": _toto,
}
