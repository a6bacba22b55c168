"""Tests of the storage of Home Assistant's Broadlink integration."""

import json
from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes import broadlink_storage, parse
from custom_components.anavi_weather.ir_codes.broadlink import to_broadlink
from custom_components.anavi_weather.ir_codes.broadlink_storage import is_broadlink_storage, parse_broadlink_storage

from .helpers import refused, same, strict_all

CODE = to_broadlink(parse("nec:4,8"))[4:]
OTHER = to_broadlink(parse("nec:4,9"))[4:]


def storage(data: Any) -> str:
    """Return a file of Home Assistant's storage."""
    content = {"version": 1, "minor_version": 1, "key": "broadlink_remote_780f77000000_codes", "data": data}
    return json.dumps(content, indent=2)


def test_devices() -> None:
    text = storage({"TV": {"power": CODE, "lamp": [CODE, OTHER]}, "Fan": {"on": f"b64:{OTHER}"}, "empty": {}})
    assert is_broadlink_storage(text)
    devices = strict_all(parse_broadlink_storage("\ufeff" + text))
    assert {name: list(commands) for name, commands in devices.items()} == {"TV": ["power", "lamp"], "Fan": ["on"]}
    # A toggle command is two codes that presses send in turn
    code, other = parse(f"b64:{CODE}"), parse(f"b64:{OTHER}")
    first, second = devices["TV"]["lamp"]
    assert same(first, code)
    assert same(second, other)
    assert same(devices["Fan"]["on"][0], other)


def test_codes_that_cannot_be_read() -> None:
    commands = {"radio": "sgACAA==", "none": [], "number": 4, "numbers": [4], "": CODE, "fine": CODE}
    (remote,) = parse_broadlink_storage(storage({"TV": commands})).values()
    assert list(remote.commands) == ["fine"]
    assert {name: error.key for name, error in remote.unreadable.items()} == {
        "radio": "broadlink_radio",
        "none": "broadlink_storage_code",
        "number": "broadlink_storage_code",
        "numbers": "broadlink_storage_code",
        "–": "name_invalid",
    }


def test_lengths_of_names() -> None:
    names = ["x", "x" * 100, "x" * 101]
    for name in names[:2]:
        assert strict_all(parse_broadlink_storage(storage({name: {name: CODE}})))[name].keys() == {name}
    (remote,) = parse_broadlink_storage(storage({"TV": {names[2]: CODE}})).values()
    assert list(remote.unreadable.values())[0].key == "name_invalid"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (storage({}), "file_empty"),
        (storage({"TV": {}}), "file_empty"),
        (storage([]), "broadlink_storage"),
        (storage({"TV": CODE}), "broadlink_storage"),
        ("[]", "broadlink_storage"),
        ("{", "json_invalid"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_broadlink_storage, text) == key


@pytest.mark.parametrize(("bad", "shown"), [("", "–"), ("T\x00V", "T V"), ("x" * 101, "x" * 100 + "…")])
def test_a_bad_name_spoils_its_device_only(bad: str, shown: str) -> None:
    remotes = parse_broadlink_storage(storage({"TV": {"power": CODE}, bad: {"power": CODE, "mute": CODE}}))
    assert list(remotes["TV"].commands) == ["power"]
    assert not remotes[shown].commands
    assert [(name, error.key) for name, error in remotes[shown].unreadable.items()] == [
        ("power", "name_invalid"),
        ("mute", "name_invalid"),
    ]


def found(data: Any) -> dict[str, tuple[list[str], list[str]]]:
    """Return the names of the commands of each device that can be read, and of those that cannot."""
    remotes = parse_broadlink_storage(storage(data))
    return {name: (list(remote.commands), list(remote.unreadable)) for name, remote in remotes.items()}


@pytest.mark.parametrize("names", [("TV", "TV\n"), ("TV\n", "TV")])
def test_a_bad_name_that_looks_like_a_good_one(names: tuple[str, str]) -> None:
    commands = {"TV": {"a": CODE, "b": CODE}, "TV\n": {"d": CODE}}
    assert found({name: commands[name] for name in names}) == {"TV": (["a", "b"], []), "TV 2": ([], ["d"])}
    codes = {"TV": CODE, "TV\n": OTHER}
    assert found({"x": {name: codes[name] for name in names}}) == {"x": (["TV"], ["TV 2"])}


def test_bad_names_that_look_the_same() -> None:
    assert found({"\x01": {"a": CODE}, "\x02": {"b": CODE}}) == {"–": ([], ["a"]), "– 2": ([], ["b"])}
    assert found({"TV": {"\x01": CODE, "\x02": CODE}}) == {"TV": ([], ["–", "– 2"])}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadlink_storage, "MAX_COMMANDS", 2)
    monkeypatch.setattr(broadlink_storage, "MAX_CODES", 2)
    assert parse_broadlink_storage(storage({"TV": {"a": [CODE] * 2}, "Fan": {"b": CODE}}))
    (remote,) = parse_broadlink_storage(storage({"TV": {"a": [CODE] * 3}})).values()
    assert remote.unreadable["a"].key == "broadlink_storage_code"
    assert refused(parse_broadlink_storage, storage({"TV": {"a": CODE, "b": CODE}, "Fan": {"c": CODE}})) == (
        "too_many_commands"
    )


def test_other_files_are_not_taken_for_storages() -> None:
    assert not is_broadlink_storage('{"commands": {}, "key": "smartir"}')
