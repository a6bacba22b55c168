"""Tests of Tasmota's codes (issue 15)."""

from contextlib import suppress
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse, to_text
from custom_components.anavi_weather.ir_codes.smartir import parse_smartir
from custom_components.anavi_weather.ir_codes.tasmota import parse_tasmota

from .helpers import refused

TIMINGS = (4630, -2465, 400, -310, 400, -310, 400, -2465, 400, -40_000)
COMPACT = "+4630-2465+400-310Cd+400bE"


def message(protocol: Any, bits: Any, data: Any, **more: Any) -> str:
    """Return a message in JSON."""
    return json.dumps({"Protocol": protocol, "Bits": bits, "Data": data, **more})


@pytest.mark.parametrize(
    ("protocol", "bits", "data", "text"),
    [
        ("NEC", 32, "0x20DF10EF", "nec:0x04,0x08"),
        ("nec", 32, 0x20DF10EF, "nec:0x04,0x08"),
        ("SAMSUNG", 32, "0xE0E040BF", "samsung32:0x07,0x02"),
        ("SONY", 12, "0xA90", "sony:0x01,0x15"),
        ("SONY", 15, "0xA8A", "sony15:0x51,0x28"),
        ("JVC", 16, "0xC5E8", "jvc:0xa3,0x17"),
        ("PANASONIC", 48, "0x40040100BCBD", "panasonic:0x4004,0x100bcbd"),
        ("PANASONIC", 48, "0x100BCBD", "panasonic:0x4004,0x100bcbd"),
        ("RC5", 12, "0x78C", "rc5:0x1e,0x0c"),
        ("RC5", 12, "0xF8C", "rc5:0x1e,0x0c,0x01"),
        ("RC5X", 13, "0x178C", "rc5:0x1e,0x4c"),
        ("RC6", 20, "0x1040C", "rc6:0x04,0x0c,toggle=0x01"),
        ("RC6", 36, "0xC800F040C", "rc6_mce:0x800f04,0x0c"),
        ("RC6", 36, "0xC800F840C", "rc6_mce:0x800f04,0x0c,0x01"),
        ("RC6", 36, "0xC123456F8", "rc6_6a_32:0x123456,0xf8"),
        ("RC6", 36, "0xCF5F2DD97", "rc6_6a_32:0xf5f2dd,0x97"),
        ("RC6", 36, "0xDF5F25D97", "rc6_6a_32:0xf5f25d,0x97,toggle=0x01"),
        ("RC6", 36, "0xD800F040C", "rc6_6a_32:0x800f04,0x0c,toggle=0x01"),
        ("NEC_LIKE", 32, "0x20DF10EF", "nec:0x04,0x08"),
        ("NEC (non-strict)", 32, "0x20DF10EF", "nec:0x04,0x08"),
        ("EPSON", 32, "0xC1AA09F6", "nec2:0x5583,0x6f90,repeat_count=2"),
        ("AIWA_RC_T501", 15, "0x7F", "nec42:0x06e,0x00,repeat_count=1"),
        ("SANYO_LC7461", 42, "0x1D8113F00FF", "nec42:0x06e,0x00"),
        ("SANYO_LC7461", 42, "0x1D8113F00FE", "nec42ext:0x3f2206e,0x7f00"),
        ("SHARP", 15, "0x454A", "sharp:0x11,0x4a,0x01"),
        ("DENON", 15, "0x2278", "sharp:0x02,0x79,0x00"),
        ("DENON", 14, "0x1278", "sharp:0x04,0x79,0x00"),
        ("DENON", 48, "0x2A4C028D6CE3", "panasonic:0x2a4c,0x28d6ce3"),
        ("RCMM", 12, "0x63C", "rcmm12:0x06,0x3c"),
        ("RCMM", 24, "0xE0A600", "rcmm24:0xe0a6,0x00"),
        ("RCMM", 32, "0x28e0a600", "rcmm32:0x28e026,0x00,0x01"),
        ("PIONEER", 32, "0xA55A38C7", "pioneer:0xa5,0x1c"),
        ("PIONEER", 64, "0xA55A6A95A55A50AF", "pioneer:0xa5,0x0a,0xa5,0x56"),
    ],
)
def test_messages(protocol: str, bits: int, data: str | int, text: str) -> None:
    expected = parse(text).get_raw_timings()
    sent = message(protocol, bits, data, DataLSB="0x0", Repeat=0)
    for code in (
        sent,
        sent.lower(),
        f'{{"IrReceived": {sent}}}',
        f'{{"irreceived": {sent}}}',
        f"IRSend {sent}",
        f"irsend1 {sent}",
    ):
        assert parse(code).get_raw_timings() == expected


@pytest.mark.parametrize(
    ("protocol", "bits", "data", "start", "frames"),
    [
        # What IRremoteESP8266 sends in its tests: the first durations, and how often at least
        ("DISH", 16, "0x9C00", [400, -6100, 400, -1700, 400, -2800, 400, -2800, 400, -1700], 4),
        ("MITSUBISHI", 16, "0xE242", [300, -2100, 300, -2100, 300, -2100, 300, -900], 2),
        ("GICABLE", 16, "0x8807", [9000, -4400, 550, -4400, 550, -2200, 550, -2200], 2),
        ("SAMSUNG36", 36, "0x400E00FF", [4515, -4438, 512, -490, 512, -490, 512, -490, 512, -490, 512, -490], 1),
        ("LG2", 28, "0x880094D", [3200, -9900, 480, -1600, 480, -550, 480, -550, 480, -550, 480, -1600], 1),
        ("MIDEA", 48, "0x55AA55AA55AA", [4480, -4480, 560, -560, 560, -1680, 560, -560], 1),
    ],
)
@pytest.mark.parametrize("repeats", [0, 4])
def test_more_protocols(protocol: str, bits: int, data: str, start: list[int], frames: int, repeats: int) -> None:
    timings = parse(message(protocol, bits, data, Repeat=repeats)).get_raw_timings()
    assert timings[: len(start)] == pytest.approx(start, rel=0.12)
    pauses = [duration for duration in timings[8:] if duration < -(5800 if protocol == "DISH" else 10_000)]
    assert len(pauses) == max(frames, repeats + 1) - 1


def test_the_second_frame_of_midea_is_inverted() -> None:
    timings = parse(message("MIDEA", 48, "0x55AA55AA55AA")).get_raw_timings()
    assert bits_of_spaces(timings[:99]) == f"{0x55AA55AA55AA:048b}"
    assert bits_of_spaces(timings[100:]) == f"{0xAA55AA55AA55:048b}"
    assert timings[99] == -5600


def test_the_second_part_of_samsung36() -> None:
    timings = parse(message("SAMSUNG36", 36, "0x400E00FF")).get_raw_timings()
    assert bits_of_spaces(timings[:35]) == f"{0x400:016b}"
    assert bits_of_spaces(timings[34:]) == f"{0xE00FF:020b}"


def test_frames_of_g_i_cable_and_lg2_are_repeated_by_a_ditto() -> None:
    assert parse(message("GICABLE", 16, "0x8807")).get_raw_timings()[-3:] == [8820, -2205, 490]
    assert parse(message("LG2", 28, "0x880094D", Repeat=1)).get_raw_timings()[-3:] == [3200, -2250, 550]


def test_repeats_of_sharp() -> None:
    press = parse(message("SHARP", 15, "0x454A")).get_raw_timings()
    twice = parse(message("SHARP", 15, "0x454A", Repeat=1)).get_raw_timings()
    assert twice == [*press, *press[:-1]]


@pytest.mark.parametrize(
    ("protocol", "bits", "data"),
    [
        ("EPSON", 16, "0x1"),
        ("SAMSUNG36", 32, "0x1"),
        ("SHARP", 16, "0x1"),
        ("SHARP", 15, "0x454B"),
        ("DENON", 16, "0x1"),
        ("RCMM", 20, "0x1"),
        ("RCMM", 12, "0x1000"),
        ("PIONEER", 48, "0x1"),
        ("PIONEER", 32, "0xA55B38C7"),
        ("PIONEER", 64, "0xA55A6A95A55A50AE"),
        ("DISH", 8, "0x0"),
        ("SANYO_LC7461", 40, "0x1"),
        ("AIWA_RC_T501", 16, "0x1"),
        ("MITSUBISHI", 8, "0x1"),
        ("GICABLE", 16, "0x8808"),
        ("GICABLE", 8, "0x0"),
        ("MIDEA", 24, "0x1"),
        ("LG2", 16, "0x1"),
        ("JVC", 8, "0x0"),
        ("PANASONIC", 40, "0x0"),
    ],
)
def test_messages_of_another_length_are_refused(protocol: str, bits: int, data: str) -> None:
    assert refused(parse, message(protocol, bits, data)) == "value_invalid"


@pytest.mark.parametrize(("repeats", "frames"), [(0, 4), (3, 4), (5, 6)])
def test_symphony(repeats: int, frames: int) -> None:
    """Issue 8811 of Tasmota."""
    timings = parse(message("SYMPHONY", 11, "0x1FD", Repeat=repeats)).get_raw_timings()
    frame = [pulse for bit in f"{0x1FD:011b}" for pulse in ((1250, -400) if bit == "1" else (400, -1250))]
    assert timings == [*[*frame[:-1], frame[-1] - 6600] * (frames - 1), *frame[:-1]]
    assert refused(parse, message("SYMPHONY", 13, "0x1FD")) == "value_invalid"


def test_timings_in_a_list() -> None:
    """Issue 8811 of Tasmota."""
    timings = [1340, 378, 1306, 380, 466, 1192, 470]
    text = message("UNKNOWN", 66, "0x1", Hash="0x268C17C3", RawData=timings)
    for code in (text, f'{{"IrReceived": {text}}}', f"IRSend3 {text}"):
        found = parse(code)
        assert list(map(abs, found.get_raw_timings()[:7])) == timings
    assert found.repeat_count == 2
    for wrong in ([1340, 378], [1340, 0, 378], [1340, "378", 1306], [1340, -378, 1306], [1340, True, 1306]):
        assert refused(parse, message("UNKNOWN", 66, "0x1", RawData=wrong)) == "protocol_unknown"


def test_openmqttgateway() -> None:
    nec = {"value": 551489775, "bits": 32, "protocol": 3, "hex": "0x20DF10EF", "protocol_name": "NEC"}
    assert to_text(parse(json.dumps(nec))) == "nec:0x04,0x08"
    assert to_text(parse(json.dumps({**nec, "hex": "0x20DF10EF", "value": 0}))) == "nec:0x04,0x08"
    del nec["hex"]
    assert to_text(parse(json.dumps(nec))) == "nec:0x04,0x08"
    unknown = {"bits": 13, "protocol_name": "UNKNOWN", "protocol": -1, "raw": "2448,558,1256, 574,632"}
    assert parse(json.dumps(unknown)).get_raw_timings() == [2448, -558, 1256, -574, 632]
    assert refused(parse, json.dumps({**unknown, "raw": ""})) == "protocol_unknown"


@pytest.mark.parametrize("text", ["A90:SONY:12", "0xA90:sony:12", "a90:Sony:12"])
def test_esp8266_http_ir_blaster(text: str) -> None:
    assert to_text(parse(text)) == "sony:0x01,0x15"
    assert to_text(parse("20DF10EF:NEC:32")) == "nec:0x04,0x08"
    assert refused(parse, "DDF9B038:UNKNOWN:51") == "protocol_unknown"


@pytest.mark.parametrize(("repeats", "frames"), [(0, 2), (1, 2), (2, 3), (5, 6)])
def test_coolix(repeats: int, frames: int) -> None:
    command = parse(message("COOLIX", 24, "0xB27BE0", Repeat=repeats))
    assert isinstance(command, RawCommand)
    timings = command.get_raw_timings()
    assert len(timings) == 100 * frames - 1
    assert timings[:4] == [4692, -4416, 552, -1656]
    assert timings[98:102] == [552, -5244, 4692, -4416]
    assert timings[:99] == timings[-99:]


def bits_of_spaces(timings: list[int]) -> str:
    """Return the bits of the spaces after a frame's header."""
    return "".join(str(int(space < -1000)) for space in timings[3::2])


@pytest.mark.parametrize("repeats", [0, 1, 3])
def test_lg(repeats: int) -> None:
    timings = parse(message("LG", 28, "0x8800347", Repeat=repeats)).get_raw_timings()
    assert timings[:4] == [8500, -4250, 550, -1600]
    assert bits_of_spaces(timings[:59]) == f"{0x8800347:028b}"
    assert len(timings) == 59 + 4 * repeats
    if repeats:
        assert sum(map(abs, timings[:60])) == 108_050
        assert timings[60:63] == [8500, -2250, 550]
        assert timings[59::4] == [timings[59], *[8500 + 2250 + 550 - 108_050] * (repeats - 1)]


@pytest.mark.parametrize("repeats", [0, 2])
def test_lg_of_32_bits(repeats: int) -> None:
    timings = parse(message("LG", 32, "0xB4B40CF3", Repeat=repeats)).get_raw_timings()
    assert timings[:4] == [4480, -4480, 560, -1680]
    assert bits_of_spaces(timings[:67]) == f"{0xB4B40CF3:032b}"
    assert timings[68:71] == [8950, -2250, 550]
    assert len(timings) == 67 + 4 * (repeats + 1)


@pytest.mark.parametrize(
    ("protocol", "bits", "data", "lowest_first"),
    [
        ("NEC", 32, "0x20DF10EF", "0x04FB08F7"),
        ("SONY", 12, "0xA90", "0x5009"),
        ("RC5", 12, 0x78C, 0xE031),
        ("LG", 28, "0x8800347", "0x1001C0E2"),
    ],
)
def test_lowest_bit_of_each_byte_first(protocol: str, bits: int, data: str | int, lowest_first: str | int) -> None:
    expected = parse(message(protocol, bits, data)).get_raw_timings()
    assert (
        parse(json.dumps({"Protocol": protocol, "Bits": bits, "DataLSB": lowest_first})).get_raw_timings() == expected
    )
    # As in Tasmota, the other form wins
    assert parse(message(protocol, bits, data, DataLSB="0x1")).get_raw_timings() == expected


def test_vendor() -> None:
    text = json.dumps({"Vendor": "NEC", "Bits": 32, "Data": "0x20DF10EF"})
    assert to_text(parse(text)) == "nec:0x04,0x08"
    assert to_text(parse(text.replace("NEC", "no").replace("{", '{"Protocol": "NEC", '))) == "nec:0x04,0x08"


def test_samsung_without_an_inverse() -> None:
    timings = parse(message("SAMSUNG", 32, "0xE0E04040")).get_raw_timings()
    assert bits_of_spaces(timings) == f"{0xE0E04040:032b}"


def test_hex_without_quotes() -> None:
    code = '{"Protocol":"NEC","Bits":32,"Data":0x20DF10EF,"Repeat":0x0}'
    assert to_text(parse(code)) == "nec:0x04,0x08"


def test_repeats() -> None:
    assert parse(message("NEC", 32, "0x20DF10EF", Repeat=2)).repeat_count == 2
    # A remote control repeated what was received, which is no wish to repeat it
    received = parse(json.dumps({"IrReceived": json.loads(message("NEC", 32, "0x20DF10EF", Repeat=1))}))
    assert received.repeat_count == 0


@pytest.mark.parametrize(
    ("command", "repeats"), [("IRSend", 1), ("IRSend0", 1), ("IRSend2", 1), ("IRSend3", 2), ("irsend16", 15)]
)
def test_repeats_of_the_command(command: str, repeats: int) -> None:
    sent = message("NEC", 32, "0x20DF10EF", Repeat=1)
    assert parse(f"{command} {sent}").repeat_count == repeats


def test_repeats_of_timings() -> None:
    for code in (COMPACT, f"0,{COMPACT}", "0,4630,2465,400,310,400,310,400,2465,400"):
        command = parse(f"IRSend3 {code}")
        assert command.get_raw_timings() == [*TIMINGS, *TIMINGS, *TIMINGS[:-1]]
    assert refused(parse, f"IRSend102 {COMPACT}") == "repeat_count_out_of_range"


@pytest.mark.parametrize(
    "code",
    [
        COMPACT,
        f"0,{COMPACT}",
        f"IRsend 38000,{COMPACT}",
        message("UNKNOWN", 9, "0x1", RawData=COMPACT),
        "0,4630,2465,400,310,400,310,400,2465,400",
        "IRSend raw,38000,4630,2465,400,310,400,310,400,2465,400",
        "IRSend 38000, 4630, -2465, 400, -310, 400, -310, 400, -2465, 400",
    ],
)
def test_timings(code: str) -> None:
    command = parse(code)
    assert isinstance(command, RawCommand)
    assert (command.once, command.modulation) == (TIMINGS, 38_000)


def test_carrier() -> None:
    assert parse(f"36000,{COMPACT}").modulation == 36_000
    assert parse(f"36,{COMPACT}").modulation == 36_000
    assert parse("IRSend 36,415,277,166,277,166").modulation == 36_000


@pytest.mark.parametrize("text", ["9000,-4500,560", "+9000 -4500 +560", "38000,926,844", "AbCdEfGhIjKlMnOp", "[]", "x"])
def test_other_texts(text: str) -> None:
    assert parse_tasmota(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (message("IRHVAC", 32, 1), "protocol_unknown"),
        (message(None, 32, 1), "protocol_unknown"),
        (message("UNKNOWN", 32, 1, RawData=[1, 2]), "protocol_unknown"),
        (message("NEC", 32, "0x120DF10EF"), "value_invalid"),
        (message("NEC", 16, "0x20DF"), "value_invalid"),
        (message("NEC", 32, -1), "value_invalid"),
        (message("NEC", 32, 1.5), "value_invalid"),
        (message("NEC", 32, True), "value_invalid"),
        (message("NEC", 32, None), "value_invalid"),
        ('{"Protocol": "NEC", "Bits": 32}', "value_invalid"),
        ('{"Protocol": "NEC", "Bits": 32, "DataLSB": "x"}', "value_invalid"),
        (json.dumps({"Protocol": "NEC", "Bits": 32, "DataLSB": 1 << 128}), "value_invalid"),
        (message("NEC", 32, "0x20DF10EF", Repeat=1000), "repeat_count_out_of_range"),
        (message("RC6", 21, 1), "value_invalid"),
        (message("RC6", 20, "0x2040C"), "value_invalid"),
        (message("RC6", 36, "0x800F040C"), "value_invalid"),
        (message("RC6", 36, "0xE800F040C"), "value_invalid"),
        (message("RC6", 36, "0x1C800F040C"), "value_invalid"),
        (message("SONY", 13, 1), "value_invalid"),
        (message("COOLIX", 48, 1), "value_invalid"),
        (message("LG", 16, 1), "value_invalid"),
        (message("COOLIX", 24, 1, Repeat=101), "repeat_count_out_of_range"),
        (message("PANASONIC", 48, 1 << 48), "value_invalid"),
        ("{}", "empty"),
        ("{", "json_invalid"),
        ("+900-100Ef", "number_invalid"),
        (f"1,{COMPACT}", "carrier_out_of_range"),
        ("0,0,0", "zero_duration"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse, text) == key


def test_in_files_of_smartir() -> None:
    commands = {"on": message("NEC", 32, "0x20DF10EF"), "off": f"0,{COMPACT}", "up": "+900,-450,+560"}
    commands["lower"] = commands["on"].lower()
    commands["vendor"] = commands["on"].replace("Protocol", "vendor")
    commands["received"] = f'{{"IrReceived": {commands["on"]}}}'
    commands["bits"] = "raw,0,889,0010"
    text = json.dumps({"commandsEncoding": "Raw", "supportedController": "MQTT", "commands": commands})
    (remote,) = parse_smartir(text).values()
    texts = {name: to_text(codes[0]) for name, codes in remote.commands.items()}
    assert {texts[name] for name in ("on", "lower", "vendor", "received")} == {"nec:0x04,0x08"}
    assert texts["bits"] == "raw:38000:889,-889,1778,-40889"
    assert texts["off"] == "raw:38000:" + ",".join(map(str, TIMINGS))
    assert texts["up"] == "raw:38000:900,-450,560,-40000"


@given(st.text("0123456789+-,ABcdeIRSend {}:\"x'"))
def test_any_text(text: str) -> None:
    with suppress(CodeError):
        parse_tasmota(text)
