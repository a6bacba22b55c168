"""Tests of the protocols by IrpTransmogrifier's names."""

from copy import copy
from itertools import chain
import re

import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, as_raw, parse, to_text
from custom_components.anavi_weather.ir_codes.irp import IRP_PROTOCOLS, irp_commands, reversed_bits
from custom_components.anavi_weather.ir_codes.message import frames

from .helpers import refused

# The bits of a press's first frame in the IRP notation, copied from IrpTransmogrifier: field:bits:shift, lowest bit first
LOWEST_FIRST = {
    "nec1": "D:8,S:8,F:8,~F:8",
    "nec2-f16": "D:8,S:8,F:8,E:8",
    "necx2": "D:8,S:8,F:8,~F:8",
    "nec1-rnc": "D:8,S:8,F:8,~F:4:4,~F:4",
    "aiwa": "D:8,S:5,~D:8,~S:5,F:8,~F:8",
    "tivo": "133:8,48:8,F:8,U:4,~F:4:4",
    "jvc": "D:8,F:8",
    "panasonic": "2:8,32:8,D:8,S:8,F:8,D^S^F:8",
    "jvc-48": "3:8,1:8,D:8,S:8,F:8,D^S^F:8",
    "denon-k": "84:8,50:8,0:4,D:4,S:4,F:12,(D*16)^S^(F*16)^(F>>4):8",
    "fujitsu": "20:8,99:8,0:4,E:4,D:8,S:8,F:8",
    "kaseikyo": "M:8,N:8,((M^N)>>4)^M^N:4,D:4,S:8,F:8,E:4,((D^S^F^E*16)>>4)^(D^S^F^E*16):4",
    "denon": "D:5,F:8,0:2",
    "sharp{1}": "D:5,F:8,1:2",
    "roku": "D:8,S:8,F:7,0:1,~F:7,1:1",
    "apple": "D:8,135:8,1-(D.bit_count()+4+F.bit_count()+PairID.bit_count())%2:1,F:7,PairID:8",
    "nec1-y1": "D:8,S:8,F:8,~F:7,F:1:7",
    "nec1-y2": "D:8,S:8,F:8,F:1,~F:7:1",
    "nec1-y3": "D:8,S:8,F:8,F:1,~F:6:1,F:1:7",
}
UNITS = {
    # Pulses and spaces of a 0, of a 1, and of the header in units of µs, copied from IrpTransmogrifier
    "akai": ("D:3,F:7", 289, (1, 2.6), (1, 6.3), ()),
    "dgtec": ("D:8,F:8,~F:8", 560, (1, 1), (1, 3), (16, 8)),
    "emerson": ("D:6,F:6,~D:6,~F:6", 872, (1, 1), (1, 3), (4, 4)),
    "panasonic_old": ("D:5,F:6,~D:5,~F:6", 833, (1, 1), (1, 3), (4, 4)),
    "scatl-6": ("D:6,F:6,~D:6,~F:6", 846, (1, 1), (1, 3), (4, 4)),
    "g.i.cable": ("F:8,D:4,-(D+F+(F>>4)):4", 490, (1, 4.5), (1, 9), (18, 9)),
    "jvc{2}": ("D:8,F:8", 527, (1, 1), (1, 3), ()),
    "mitsubishi": ("D:8,F:8", 300, (1, 3), (1, 7), ()),
}
DITTOS = {"dgtec": (16, -4, 1), "g.i.cable": (18, -4.5, 1)}
CARRIERS = {"emerson": 36_700, "g.i.cable": 38_700, "mitsubishi": 32_600, "panasonic_old": 57_600, "scatl-6": 57_600}
HIGHEST_FIRST = {
    "rca": "D:4,F:8,~D:4,~F:8",
    "rca-38": "D:4,F:8,~D:4,~F:8",
}
SAMPLES = (
    {"D": 0x0, "S": 0x0, "F": 0x0, "E": 0x0, "U": 0, "M": 0x20, "N": 0x02, "PairID": 0},
    {"D": 0x5, "S": 0xB, "F": 0x2D, "E": 0x3, "U": 9, "M": 0xAA, "N": 0x5A, "PairID": 0x35},
    {"D": 0xE, "S": 0x4, "F": 0x71, "E": 0xA, "U": 2, "M": 0x13, "N": 0x80, "PairID": 0xC4},
)


def bits(notation: str, values: dict[str, int], *, highest_first: bool = False) -> list[int]:
    """Return the bits of a frame by its IRP notation."""
    found = []
    for part in notation.split(","):
        expression, width, shift = re.fullmatch(r"(.+?):(\d+)(?::(\d+))?", part).groups()  # type: ignore[union-attr]
        value = eval(expression, {}, values) >> int(shift or 0)  # noqa: S307
        places = range(int(width))
        found += [value >> place & 1 for place in (reversed(places) if highest_first else places)]
    return found


def sent(name: str, values: dict[str, int], count: int) -> list[int]:
    """Return the first bits that are sent: in all of these protocols, the space is short or long."""
    timings = irp_commands(name, values)[0].get_raw_timings()
    spaces = [-space for space in (timings[3::2] if timings[0] > 2000 else timings[1::2])][:count]
    limit = (min(spaces) + max(spaces)) / 2 if max(spaces) > 1.5 * min(spaces) else 800
    return [int(space > limit) for space in spaces]


@pytest.mark.parametrize("name", LOWEST_FIRST)
@pytest.mark.parametrize("values", SAMPLES, ids=("low", "mixed", "high"))
def test_frames_with_the_lowest_bit_first(name: str, values: dict[str, int]) -> None:
    expected = bits(LOWEST_FIRST[name], values)
    assert sent(name, values, len(expected)) == expected


@pytest.mark.parametrize("name", HIGHEST_FIRST)
@pytest.mark.parametrize("values", SAMPLES[1:], ids=("mixed", "high"))
def test_frames_with_the_highest_bit_first(name: str, values: dict[str, int]) -> None:
    expected = bits(HIGHEST_FIRST[name], values, highest_first=True)
    assert sent(name, values, len(expected)) == expected


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("device", [0, 5])
@pytest.mark.parametrize("function", [0, 0x2D])
def test_frames_that_are_only_sent(name: str, device: int, function: int) -> None:
    notation, unit, zero, one, header = UNITS[name]
    (command,) = irp_commands(name, {"D": device, "F": function})

    cells = [one if bit else zero for bit in bits(notation, {"D": device, "F": function})]
    expected = [unit * count * sign for cell in (header, *cells) for count, sign in zip(cell, (1, -1), strict=False)]
    assert command.get_raw_timings() == pytest.approx([*expected, unit], abs=1)
    assert command.modulation == CARRIERS.get(name, 38_000)
    held = copy(command)
    held.repeat_count = 1
    frame = command.get_raw_timings()
    repeat = [duration * unit for duration in DITTOS[name]] if name in DITTOS else frame
    assert held.get_raw_timings()[: len(frame)] == frame
    assert held.get_raw_timings()[len(frame) + 1 :] == pytest.approx(repeat, abs=1)


# The bits of a frame that is repeated, in the IRP notation, copied from IrpTransmogrifier
HELD_FRAMES = {
    "nec2": "D:8,S:8,F:8,~F:8",
    "nec2-f16": "D:8,S:8,F:8,E:8",
    "necx2": "D:8,S:8,F:8,~F:8",
    "aiwa2": "D:8,S:5,~D:8,~S:5,F:8,~F:8",
    "roku": "D:8,S:8,F:7,1:1,~F:7,0:1",
    "roku-8bit": "D:8,S:8,F:7,~F:1:7,~F:7,F:1:7",
}
# The unit of a ditto, the pulse and space of its header, and its bit
HELD_DITTOS = {
    "nec1": (564, (16, -4), ""),
    "nec1-f16": (564, (16, -4), ""),
    "necx1": (564, (8, -8), "~D:1"),
    "aiwa": (550, (16, -8), ""),
}


def held_timings(name: str, values: dict[str, int], repeats: int) -> tuple[list[int], int]:
    """Return what is sent for a held key, and the number of durations of a repeat with the pause after it."""
    (command,) = irp_commands(name, values)
    held = copy(command)
    held.repeat_count = repeats
    return held.get_raw_timings(), len(as_raw(command).repeat)


@pytest.mark.parametrize("name", HELD_FRAMES)
@pytest.mark.parametrize("values", SAMPLES, ids=("low", "mixed", "high"))
def test_frames_that_are_repeated_while_a_key_is_held(name: str, values: dict[str, int]) -> None:
    for repeats in (1, 2):
        timings, length = held_timings(name, values, repeats)
        assert len(timings) == (repeats + 1) * length - 1
        assert [int(space < -1000) for space in timings[1 - length :][3::2]] == bits(HELD_FRAMES[name], values)


@pytest.mark.parametrize("name", HELD_DITTOS)
@pytest.mark.parametrize("values", SAMPLES, ids=("low", "mixed", "high"))
def test_dittos_while_a_key_is_held(name: str, values: dict[str, int]) -> None:
    unit, header, data = HELD_DITTOS[name]
    cells = [(1, -3 if bit else -1) for bit in bits(data, values)] if data else []
    expected = [unit * duration for duration in (*header, *chain.from_iterable(cells), 1)]
    for repeats in (1, 2):
        timings, length = held_timings(name, values, repeats)
        assert timings[1 - length :] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("name", "after_press", "after_repeat"),
    [
        ("aiwa", 42 * 550, 165 * 550),
        ("aiwa2", 42 * 550, 42 * 550),
        ("emerson", 39 * 872, 39 * 872),
        ("g.i.cable", 84 * 490, 178 * 490),
        ("mitsubishi", 80 * 300, 80 * 300),
        ("panasonic_old", 44_000, 44_000),
        ("recs80", 45_000, 45_000),
        ("scatl-6", 40 * 846, 40 * 846),
    ],
)
def test_pauses_of_the_same_length(name: str, after_press: int, after_repeat: int) -> None:
    for values in SAMPLES[:2]:
        raw = as_raw(irp_commands(name, values)[0])
        press = raw.once or raw.repeat
        assert (-press[-1], -raw.repeat[-1]) == pytest.approx((after_press, after_repeat), abs=1)


def test_two_frames_of_which_the_second_is_repeated() -> None:
    (command,) = irp_commands("Pioneer-2Part", {"D0": 165, "F0": 1, "D": 170, "F": 2})
    assert to_text(command).startswith("raw:40000:9000,")
    frame = [*parse("pioneer:0xaa,0x02").get_raw_timings()]
    first = [*parse("pioneer:0xa5,0x01").get_raw_timings()]
    held = copy(command)
    held.repeat_count = 2
    found = frames(held.get_raw_timings())
    assert found == [first, frame, frame, frame]
    assert sum(map(abs, as_raw(command).once)) == 180_000


def test_recs80() -> None:
    first, second = irp_commands("RECS80", {"D": 5, "F": 0x2D})
    for toggle, command in enumerate((first, second)):
        expected = [1, toggle, 1, 0, 1, 1, 0, 1, 1, 0, 1]
        spaces = command.get_raw_timings()[1::2]
        assert [int(space < -6000) for space in spaces] == expected
        assert set(spaces) == {-158 * 31, -158 * 47}
    assert refused(irp_commands, "RECS80", {"D": 8, "F": 0}) == "value_out_of_range"
    assert refused(irp_commands, "RECS80", {"D": 0, "F": 64}) == "value_out_of_range"


def test_directv() -> None:
    (up,) = irp_commands("DirecTV", {"D": 12, "F": 0x21})
    assert isinstance(up, RawCommand)
    # Pulse and space have a bit each: 12 is 1100, 0x21 is 00100001, and its checksum 5 * 2 + 1 is 1011
    bits = [int(bit) for bit in "1100 00100001 1011".replace(" ", "")]
    data = [duration * (1 + bit) for duration, bit in zip((600, -600) * 8, bits, strict=True)]
    assert up.get_raw_timings() == [6000, -1200, *data, 600]
    assert (up.repeat[:2], up.repeat[2:], up.modulation) == ((3000, -1200), up.once[2:], 38_000)


def test_dish_network() -> None:
    (play,) = irp_commands("Dish_Network", {"D": 1, "S": 2, "F": 3})
    data = [
        duration for bit in "000011 01000 10000".replace(" ", "") for duration in (400, -1600 if bit == "1" else -2800)
    ]
    frame = [*data, 400, -6000]
    assert play.get_raw_timings() == [400, -6000, *frame * 4][:-1]
    assert play.modulation == 57_600
    (same,) = irp_commands("Dish_Network", {"F": 3})
    assert same.get_raw_timings()[2:14] == data[:12]


@pytest.mark.parametrize(
    ("name", "values", "texts"),
    [
        ("NEC1", {"D": 4, "F": 8}, ["nec:0x04,0x08"]),
        ("nec", {"D": 4, "S": 251, "F": 8}, ["nec:0x04,0x08"]),
        ("NEC1", {"D": 4, "S": 5, "F": 8}, ["nec:0x504,0x08"]),
        ("NEC2", {"D": 4, "S": 5, "F": 8}, ["nec2:0x504,0xf708"]),
        ("NEC2-f16", {"D": 4, "F": 8, "E": 9}, ["nec2:0xfb04,0x908"]),
        ("NECx2", {"D": 7, "S": 7, "F": 2}, ["samsung32:0x07,0x02"]),
        ("NECx2", {"D": 7, "F": 2}, ["samsung32:0xf807,0x02"]),
        ("Pioneer", {"D": 165, "F": 28}, ["pioneer:0xa5,0x1c,repeat_count=1"]),
        ("Proton", {"D": 2, "F": 3}, ["proton:0x02,0x03"]),
        ("Audiovox", {"D": 2, "F": 3}, ["proton:0x02,0x03,modulation=40000"]),
        ("Proton-40", {"D": 2, "F": 3}, ["proton:0x02,0x03,modulation=40500"]),
        ("Sony12", {"D": 1, "F": 21}, ["sony:0x01,0x15"]),
        ("Sony15", {"D": 84, "F": 21}, ["sony15:0x54,0x15"]),
        ("Sony20", {"D": 26, "S": 73, "F": 21}, ["sony20:0x93a,0x15"]),
        ("Denon", {"D": 2, "F": 3}, ["sharp:0x02,0x03,0x00"]),
        ("Sharp", {"D": 2, "F": 3}, ["sharp:0x02,0x03,0x01"]),
        ("RC5", {"D": 30, "F": 65}, ["rc5:0x1e,0x41", "rc5:0x1e,0x41,0x01"]),
        (
            "RC5x",
            {"D": 16, "S": 65, "F": 2, "T": 1},
            ["marantz_extended:0x10,0x41,0x02", "marantz_extended:0x10,0x41,0x02,0x01"],
        ),
        ("StreamZap", {"D": 35, "F": 69}, ["rc5_sz:0x23,0x45", "rc5_sz:0x23,0x45,0x01"]),
        ("RC6", {"D": 128, "F": 21}, ["rc6:0x80,0x15", "rc6:0x80,0x15,0x01"]),
        ("RC6-6-20", {"D": 18, "S": 3, "F": 69}, ["rc6_6a_20:0x123,0x45", "rc6_6a_20:0x123,0x45,0x01"]),
        ("Replay", {"D": 171, "S": 205, "F": 239}, ["rc6_6a_24:0xabcd,0xef", "rc6_6a_24:0xabcd,0xef,0x01"]),
        ("MCE", {"D": 4, "S": 15, "F": 12}, ["rc6_mce:0x800f04,0x0c", "rc6_mce:0x800f04,0x0c,0x01"]),
        ("Nokia12", {"D": 6, "F": 60}, ["rcmm12:0x06,0x3c"]),
        ("Nokia", {"D": 18, "S": 52, "F": 86}, ["rcmm24:0x1234,0x56"]),
        (
            "Nokia32",
            {"D": 18, "S": 52, "X": 86, "F": 120},
            ["rcmm32:0x123456,0x78", "rcmm32:0x123456,0x78,0x01"],
        ),
    ],
)
def test_names(name: str, values: dict[str, int], texts: list[str]) -> None:
    assert list(map(to_text, irp_commands(name, values))) == texts


def test_address_that_is_sent_once_only() -> None:
    (command,) = irp_commands("NECx2", {"D": 7, "S": 0, "F": 2})
    assert [int(space < -1000) for space in command.get_raw_timings()[3:35:2]] == [1, 1, 1, *[0] * 13]
    raw = as_raw(command)
    assert not raw.once
    assert sum(map(abs, raw.repeat)) == 108_000


def test_every_protocol_is_encoded() -> None:
    for name, protocol in IRP_PROTOCOLS.items():
        values = {part.split(":")[0]: 1 for part in protocol.parameters.split() if not part.endswith("?")}
        assert irp_commands(name, values), name


@pytest.mark.parametrize("name", [name for name, entry in IRP_PROTOCOLS.items() if "?" in entry.parameters])
def test_optional_parameters_are_checked_too(name: str) -> None:
    values = {part.split(":")[0]: 1 for part in IRP_PROTOCOLS[name].parameters.split()}
    optional = next(part.split(":")[0] for part in IRP_PROTOCOLS[name].parameters.split() if part.endswith("?"))
    assert refused(irp_commands, name, {**values, optional: 256}) == "value_out_of_range"


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("XMP-1", {"D": 1, "F": 1}, "protocol_unknown"),
        ("Akai", {"D": 8, "F": 1}, "value_out_of_range"),
        ("Nokia32", {"D": 1, "S": 1, "F": 1}, "field_missing"),
        ("Sony12", {"D": 32, "F": 1}, "value_out_of_range"),
        ("Sony12", {"D": 1, "F": -1}, "value_out_of_range"),
        ("Pioneer", {"D": 1, "S": 2, "F": 1}, "value_invalid"),
    ],
)
def test_refused(name: str, values: dict[str, int], key: str) -> None:
    assert refused(irp_commands, name, values) == key


def test_refusal_names_the_parameter() -> None:
    with pytest.raises(CodeError) as error:
        irp_commands("Sony20", {"D": 1, "S": 256, "F": 1})
    assert error.value.placeholders == {"protocol": "Sony20", "field": "S", "maximum": "0xff"}


def test_reversed_bits() -> None:
    assert reversed_bits(0b0001_0011, 8) == 0b1100_1000
    assert reversed_bits(1, 4) == 8
