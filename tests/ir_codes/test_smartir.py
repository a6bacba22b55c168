"""Tests of SmartIR's device files."""

import base64
import json
import struct
from typing import Any

from hypothesis import given, settings, strategies as st
from infrared_protocols.commands import Command
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse, smartir, to_text
from custom_components.anavi_weather.ir_codes.broadlink import to_broadlink
from custom_components.anavi_weather.ir_codes.smartir import parse_smartir

from .helpers import strict_all

CODE = to_broadlink(parse("nec:4,8"))[4:]
OTHER = to_broadlink(parse("nec:4,9"))[4:]
PRONTO = "0000 006D 0001 0000 0156 00AC"


def read(text: str) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Return the commands of a file."""
    return strict_all(parse_smartir(text))


def _file(commands: Any, encoding: Any = "Base64", controller: Any = "Broadlink", **more: Any) -> str:
    return json.dumps({"commandsEncoding": encoding, "supportedController": controller, "commands": commands, **more})


def _only(text: str) -> RawCommand:
    ((commands,),) = (device.values() for device in read(text).values())
    (command,) = commands
    assert isinstance(command, RawCommand)
    return command


def test_climate() -> None:
    text = _file(
        {
            "off": CODE.rstrip("="),
            "cool": {"low": {"18": CODE, "18.5": OTHER, "_comment": "as at night"}, "high": {"swing": {"24": CODE}}},
            "$comment": "none",
            "heat": {"low": {"30": ""}},
            "dry": None,
            "fan_only": [],
        },
        manufacturer="LG",
        supportedModels=["P12RK\x00", "other"],
    )
    assert {device: list(commands) for device, commands in read("\ufeff" + text).items()} == {
        "LG P12RK": ["off", "cool_low_18", "cool_low_18.5", "cool_high_swing_24"]
    }


def test_media_player() -> None:
    devices = read(_file({"on": CODE, "sources": {"Channel 1": [CODE, OTHER], "Channel 2": [CODE]}, "x": ["", ""]}))
    commands = devices["SmartIR"]
    assert list(commands) == ["on", "sources_Channel 1", "sources_Channel 2"]
    # Both in one press, half a second apart like SmartIR
    (both,) = commands["sources_Channel 1"]
    assert isinstance(both, RawCommand)
    assert len(both.once) == 2 * 68
    assert both.once[67] == -500_000


@pytest.mark.parametrize(
    ("encoding", "controller", "code"),
    [
        ("Base64", "Broadlink", CODE),
        ("Base64", "Broadlink", "b64:" + CODE),
        ("Hex", "Broadlink", base64.b64decode(CODE).hex(" ")),
        ("Raw", "ESPHome", json.dumps(parse("nec:4,8").get_raw_timings())),
        ("Raw", "ESPHome", parse("nec:4,8").get_raw_timings()),
        ("Raw", "LOOKin", " ".join(map(str, parse("nec:4,8").get_raw_timings()))),
        ("raw", "MQTT", str(parse("nec:4,8").get_raw_timings())),
    ],
)
def test_encodings(encoding: str, controller: str, code: Any) -> None:
    command = _only(_file({"on": code}, encoding, controller))
    sent = parse("nec:4,8").get_raw_timings()
    assert all(abs(a - b) <= 17 for a, b in zip(command.get_raw_timings(), sent, strict=True))


def test_pronto_and_blasters() -> None:
    assert _only(_file({"on": PRONTO}, "Pronto")).once == (8993, -4523)
    assert _only(_file({"on": PRONTO.replace(" ", "")}, "Pronto", "Xiaomi")).once == (8993, -4523)
    tuya = base64.b64encode(bytes.fromhex("07 2823 9411 3002 4006")).decode()
    for code in (tuya, json.dumps({"ir_code_to_send": tuya}), json.dumps({"code": tuya})):
        for controller in ("MQTT", "UFOR11", "ZHA"):
            assert _only(_file({"on": code}, "Raw", controller)).once == (9000, -4500, 560, -1600)


def test_sequence_with_repeats() -> None:
    packet = to_broadlink(parse("samsung32:7,2,repeat_count=1"))
    command = _only(_file({"on": [packet, packet]}))
    assert len(command.once) == 4 * 68
    assert [index for index, one in enumerate(command.once) if one == -500_000] == [135, 271]


def test_sequence_keeps_a_longer_pause() -> None:
    command = _only(_file({"on": [[100, -200, 100, -900_000], [200, -300]]}, "Raw", "ESPHome"))
    assert command.once == (100, -200, 100, -900_000, 200, -500_000)


def test_longest_sequence_and_deepest_name() -> None:
    assert len(_only(_file({"on": [CODE] * 16})).once) == 16 * 68
    deep: Any = CODE
    for key in reversed("abcdefgh"):
        deep = {key: deep}
    assert list(read(_file(deep))["SmartIR"]) == ["a_b_c_d_e_f_g_h"]


@pytest.mark.parametrize(
    ("encoding", "code", "timings"), [("Raw", [1, -1], 2), ("Pronto", "5000 0073 0000 0001 0000 000C", 1)]
)
def test_most_timings_of_a_file(encoding: str, code: Any, timings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command without raw timings counts as one."""
    monkeypatch.setattr(smartir, "MAX_FILE_TIMINGS", 2 * timings)
    read(_file({"a": code, "b": code}, encoding, "ESPHome"))
    with pytest.raises(CodeError) as error:
        read(_file({"a": code, "b": code, "c": code}, encoding, "ESPHome"))
    assert error.value.key == "file_too_long"


@pytest.mark.parametrize("empty", ["", "[]", " [ ] ", "==", [], ["", "[]"], None])
def test_entries_without_a_code(empty: Any) -> None:
    assert list(read(_file({"on": CODE, "off": empty}))["SmartIR"]) == ["on"]


def test_comma_after_the_last_element() -> None:
    text = _file({"on,]": CODE, 'a",}': CODE, "list": [CODE, "X"]})
    (commands,) = read(text.replace(', "X"]', ",\n]").replace("}}", ",\t}}")).values()
    assert list(commands) == ["on,]", 'a",}', "list"]


def test_base64_ends_with_its_padding() -> None:
    assert CODE.endswith("=")
    codes = [_only(_file({"on": CODE + more})).once for more in ("", CODE, "v")]
    assert codes[0] == codes[1] == codes[2]


def test_timings_that_programs_write_with_a_point() -> None:
    assert _only(_file({"on": [560.0, -1600.0, 560]}, "Raw", "ESPHome")).once == (560, -1600, 560, -40000)


def test_pause_of_esphome_in_two_parts() -> None:
    for code in ("[560, -1600, 560, -4000, -30000]", [560, -1600, 560, -4000, -30000]):
        assert _only(_file({"on": code}, "Raw", "ESPHome")).once == (560, -1600, 560, -34000)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{", "json_invalid"),
        ('{"' + '\\"' * 200_000, "json_invalid"),
        ("", "json_invalid"),
        ("1" * 5000, "json_invalid"),
        ("[" * 200_000, "json_too_deep"),
        ("[]", "smartir_no_commands"),
        ("{}", "smartir_no_commands"),
        ('{"commands": []}', "smartir_no_commands"),
        (_file({}), "file_empty"),
        (_file({"on": ""}), "file_empty"),
        (_file({"on": CODE}, "Raw", "Xiaomi"), "xiaomi_code"),
        (_file({"on": CODE}, "Raw", "Unknown"), "smartir_encoding"),
        (_file({"on": CODE}, None, None), "smartir_encoding"),
        (_file({"on": CODE}, ["Base64"]), "smartir_encoding"),
        (_file({"on": 1}), "smartir_code"),
        (_file({"on": [1, 2]}), "smartir_code"),
        (_file({"on": [CODE, 2]}), "smartir_code"),
        (_file({"on": [CODE, [CODE]]}), "smartir_code"),
        (_file({"on": [CODE] * 17}), "smartir_sequence"),
        (_file({"on": [PRONTO, PRONTO.replace("6D", "73")]}, "Pronto"), "smartir_carriers"),
        (_file({"on": "sgA"}), "broadlink_length"),
        (_file({"on": "sgACAA=="}), "broadlink_radio"),
        (_file({"on": "2"}, "Hex"), "hex_invalid"),
        (_file({"on": {"x": 5}}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": [1, True]}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": [1, 1.5]}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": [1, float("nan")]}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": [1, float("inf")]}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": [[1, 2], ["x"]]}, "Raw", "ESPHome"), "smartir_code"),
        (_file({"on": "{"}, "Raw", "MQTT"), "json_invalid"),
        (_file({"on": '{"a": 1}'}, "Raw", "MQTT"), "smartir_code"),
        (_file({"\n": CODE}), "name_invalid"),
        (_file({"a\x07": CODE}), "name_invalid"),
        (_file({"a": CODE, "a ": CODE}), "name_invalid"),
        (_file({"a" * 101: CODE}), "name_invalid"),
        (_file({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": CODE}}}}}}}}}), "json_too_deep"),
    ],
)
def test_refused(text: str, key: str) -> None:
    with pytest.raises(CodeError) as error:
        read(text)
    assert error.value.key == key


def test_place_of_an_error() -> None:
    with pytest.raises(CodeError) as error:
        read(_file({"cool": {"24": "JgAC"}}))
    assert error.value.placeholders["command"] == "cool_24"
    with pytest.raises(CodeError) as error:
        read('{\n"commands": {,"a"}}')
    assert error.value.line == 2


def test_an_unreadable_code_is_named() -> None:
    """Case 15."""
    (remote,) = parse_smartir(_file({"cool": {"24": CODE, "25": "sgACAA==", "26": OTHER}})).values()
    assert list(remote.commands) == ["cool_24", "cool_26"]
    assert {name: error.key for name, error in remote.unreadable.items()} == {"cool_25": "broadlink_radio"}


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smartir, "MAX_COMMANDS", 1)
    with pytest.raises(CodeError) as error:
        read(_file({"a": CODE, "b": CODE}))
    assert error.value.key == "too_many_commands"


def test_decompressed_codes_are_limited() -> None:
    code = base64.b64encode(bytes.fromhex("010100" + "e0ff01" * 29)).decode()
    with pytest.raises(CodeError) as error:
        read(_file({str(number): code for number in range(1000)}, "Raw", "MQTT"))
    assert error.value.key == "file_too_long"


_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from([CODE, PRONTO, "[1, -2]"])
    ),
    lambda children: st.one_of(st.lists(children), st.dictionaries(st.text(), children)),
    max_leaves=15,
)


@given(
    st.dictionaries(st.text(), _JSON),
    st.sampled_from(["Base64", "Hex", "Pronto", "Raw"]),
    st.sampled_from(["Broadlink", "ESPHome", "LOOKin", "MQTT", "Xiaomi"]),
    _JSON,
    _JSON,
)
@settings(deadline=None)
def test_any_file(commands: Any, encoding: str, controller: str, manufacturer: Any, models: Any) -> None:
    text = _file(commands, encoding, controller, manufacturer=manufacturer, supportedModels=models)
    try:
        devices = read(text)
    except CodeError:
        return
    all_commands: list[Command] = [one for device in devices.values() for many in device.values() for one in many]
    assert all(map(to_text, all_commands))


@pytest.mark.parametrize(
    ("bad", "shown"),
    [("a\x07", "a"), ("a" * 101, "a" * 100 + "…"), ("\n", "–"), (" on", "on")],
)
def test_a_bad_name_spoils_its_command_only(bad: str, shown: str) -> None:
    """Case 15."""
    (remote,) = parse_smartir(_file({"off": CODE, "on": CODE, bad: CODE, "last": CODE})).values()
    assert list(remote.commands) == [name for name in ("off", "on", "last") if name != shown]
    assert {name: error.key for name, error in remote.unreadable.items()} == {shown: "name_invalid"}


def test_codes_that_share_a_name_are_unreadable() -> None:
    (remote,) = parse_smartir(_file({"a": CODE, "a ": CODE, " a": CODE, "b": CODE})).values()
    assert list(remote.commands) == ["b"]
    assert list(remote.unreadable) == ["a"]


TUYA = base64.b64encode(b"\x0b" + struct.pack("<6H", 9000, 4500, 560, 1690, 560, 40000)).decode()
TUYA_TIMINGS = (9000, -4500, 560, -1690, 560, -40000)


@pytest.mark.parametrize("controller", ["MQTT", "UFOR11", "ZHA"])
@pytest.mark.parametrize("encoding", ["Raw", "Base64"])
@pytest.mark.parametrize("form", ["{}", '{{"ir_code_to_send": "{}"}}'])
def test_blasters_take_codes_of_broadlink_and_of_tuya(controller: str, encoding: str, form: str) -> None:
    """Zigbee2mqtt's issue 32812: a blaster that takes Broadlink's codes."""
    if form != "{}" and encoding == "Base64":
        return
    assert _only(_file({"on": form.format(CODE)}, encoding, controller)).once == _only(_file({"on": CODE})).once
    assert _only(_file({"on": form.format(TUYA)}, encoding, controller)).once == TUYA_TIMINGS


@pytest.mark.parametrize("encoding", ["Raw", "Base64"])
def test_radio_codes_for_blasters(encoding: str) -> None:
    (remote,) = parse_smartir(_file({"on": "sgAIAAECAwQFBgcI"}, encoding, "MQTT")).values()
    assert remote.unreadable["on"].key == "broadlink_radio"


def test_other_controllers_take_no_codes_of_tuya() -> None:
    (remote,) = parse_smartir(_file({"on": TUYA})).values()
    assert remote.unreadable["on"].key == "broadlink_type"


def test_messages_that_are_objects() -> None:
    """SmartIR's issue 1084."""
    nec = {"Protocol": "NEC", "Bits": 32, "Data": "0x20DF10EF"}
    commands = {"off": {"ir_code_to_send": TUYA}, "cool": {"low": {"18": {"ir_code_to_send": TUYA}, "19": nec}}}
    ((remote),) = parse_smartir(_file(commands, "Raw", "MQTT")).values()
    assert list(remote.commands) == ["off", "cool_low_18", "cool_low_19"]
    assert to_text(remote.commands["cool_low_19"][0]) == "nec:0x04,0x08"
    (remote,) = parse_smartir(_file({"off": {"ir_code_to_send": 5}, "on": TUYA}, "Raw", "MQTT")).values()
    assert {name: error.key for name, error in remote.unreadable.items()} == {"off": "smartir_code"}
    (remote,) = parse_smartir(_file({"off": {"ir_code_to_send": TUYA}})).values()
    assert {name: error.key for name, error in remote.unreadable.items()} == {"off": "smartir_code"}
