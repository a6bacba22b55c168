"""Tests of importing, listing and exporting codes."""

import os
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import as_raw, parse
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er

from .conftest import entity_of, press, store_codes

REMOTES = Path(__file__).parent / "ir_codes" / "remotes"
FLIPPER = """Filetype: IR signals file
Version: 1
#
name: Power
type: parsed
protocol: NEC
address: 04 00 00 00
command: 08 00 00 00
"""
LIRCD = """begin remote
  name {name}
  bits 16
  flags SPACE_ENC
  header 9000 4500
  one 560 1690
  zero 560 560
  ptrail 560
  pre_data_bits 16
  pre_data 0x20DF
  gap 40000
  begin codes
    KEY_POWER {code}
  end codes
end remote
"""


async def call(hass: HomeAssistant, service: str, **data: Any) -> Any:
    """Call an action and return the devices of its response."""
    response = await hass.services.async_call(
        DOMAIN, service, {"config_entry_id": "01STATION", **data}, blocking=True, return_response=True
    )
    assert response
    return response["devices"]


@pytest.mark.parametrize("path", sorted(REMOTES.glob("*.conf")), ids=lambda path: path.name)
async def test_a_lircd_conf_is_imported(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc, path: Path) -> None:
    hass.config.allowlist_external_dirs.add(str(REMOTES))

    devices = await call(hass, "import_codes", path=str(path))

    ((device, names),) = devices.items()
    assert names == sorted(codes.codes[device])
    assert names
    assert await call(hass, "list_commands") == devices
    for name in names:
        text = codes.codes[device][name][0]
        # The file contains timings distorted by a receiver
        decoded = decode(parse(text).get_raw_timings())
        await press(pair, (decoded and decoded.text) or text)
        state = hass.states.get(entity_of(hass, "event", "key"))
        assert state
        # A file may contain a code twice, and then the first command matches
        match = codes.codes[state.attributes["device"]][state.attributes["name"]]
        timings, match_timings = (parse(texts[0]).get_raw_timings() for texts in (codes.codes[device][name], match))
        assert decode(timings) == decode(match_timings)
        assert len(timings) == len(match_timings)


async def test_a_text_is_imported(hass: HomeAssistant, codes: CodeStore) -> None:
    assert await call(hass, "import_codes", text=LIRCD.format(name="ACME", code="0x10EF")) == {"ACME": ["KEY_POWER"]}
    assert list(codes.codes) == ["ACME"]


async def test_a_text_that_does_not_name_its_device(hass: HomeAssistant, codes: CodeStore) -> None:
    """Case 28."""
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", text=FLIPPER)
    assert raised.value.translation_key == "code_file_without_name"
    assert not codes.codes


async def test_replaced_commands_are_listed(hass: HomeAssistant, codes: CodeStore) -> None:
    """Case 28."""
    await store_codes(codes, {"TV": {"Power": ["nec:1,1"], "Up": ["nec:1,2"]}, "Fan": {"Power": ["nec:1,3"]}})
    response = await hass.services.async_call(
        DOMAIN,
        "import_codes",
        {"config_entry_id": "01STATION", "text": FLIPPER, "device": "TV"},
        blocking=True,
        return_response=True,
    )
    assert response == {"devices": {"TV": ["Power"]}, "replaced": {"TV": ["Power"]}, "unreadable": {}}
    assert codes.codes["TV"] == {"Power": ["nec:0x04,0x08"], "Up": ["nec:0x01,0x02"]}


def flipper(*commands: tuple[str, str]) -> str:
    """Return a Flipper file with NEC commands, given by name and byte."""
    keys = (
        f"name: {name}\ntype: parsed\nprotocol: NEC\naddress: 04 00 00 00\ncommand: {byte} 00 00 00\n"
        for name, byte in commands
    )
    return "Filetype: IR signals file\nVersion: 1\n" + "".join(keys)


async def test_unreadable_commands_are_named(hass: HomeAssistant, codes: CodeStore) -> None:
    """Cases 15 and 16."""
    text = flipper(("Power", "08"), *((f"Bad {number}", "xx") for number in range(12)), ("Up", "09"))
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", text=text, device="TV")
    assert raised.value.translation_key == "commands_unreadable"
    assert raised.value.translation_placeholders
    assert (raised.value.translation_placeholders["count"], raised.value.translation_placeholders["total"]) == (
        "12",
        "14",
    )
    lines = raised.value.translation_placeholders["commands"].splitlines()
    assert lines[0].startswith("- Bad 0: Line 12, “Bad 0”: ")
    assert len(lines) == 11
    assert lines[-1] == "- …"
    assert not codes.codes


async def test_unreadable_commands_can_be_skipped(hass: HomeAssistant, codes: CodeStore) -> None:
    """Cases 15 and 16."""
    hass.config.language = "pt-BR"
    data = {"config_entry_id": "01STATION", "device": "TV", "skip_unreadable": True}
    response = await hass.services.async_call(
        DOMAIN,
        "import_codes",
        data | {"text": flipper(("Power", "08"), ("Bad", "xx"))},
        blocking=True,
        return_response=True,
    )
    assert response
    assert response["devices"] == {"TV": ["Power"]}
    assert response["unreadable"] == {
        "TV": {
            "Bad": "Linha 12, “Bad”: “command” é “xx 00 00 00”. Deve ter quatro bytes em hexadecimal, como 04 00 00 00."
        }
    }
    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(DOMAIN, "import_codes", data | {"text": flipper(("Bad", "xx"))}, blocking=True)
    assert raised.value.translation_key == "commands_unreadable"
    assert codes.codes == {"TV": {"Power": ["nec:0x04,0x08"]}}


async def test_the_response_is_optional(hass: HomeAssistant, codes: CodeStore) -> None:
    data = {"config_entry_id": "01STATION", "text": FLIPPER, "device": "TV"}
    await hass.services.async_call(DOMAIN, "import_codes", data, blocking=True)
    assert codes.codes


async def test_the_device_can_be_named(hass: HomeAssistant, codes: CodeStore) -> None:
    one = LIRCD.format(name="ACME", code="0x10EF")
    two = one + LIRCD.format(name="ECMA", code="0x40BF")

    assert await call(hass, "import_codes", text=one, device="TV") == {"TV": ["KEY_POWER"]}
    before = codes.codes["TV"]
    assert await call(hass, "import_codes", text=two, device="TV") == {
        "TV ACME": ["KEY_POWER"],
        "TV ECMA": ["KEY_POWER"],
    }
    assert await call(hass, "import_codes", text=FLIPPER, device="TV") == {"TV": ["Power"]}
    assert codes.codes["TV"] == {**before, "Power": ["nec:0x04,0x08"]}


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("", "code_file_empty", None),
        ("Hello", "code_file_unknown", None),
        (LIRCD.format(name="A", code="0x10EF") + LIRCD.format(name="B", code="power"), "commands_unreadable", None),
        (LIRCD.format(name="A", code="0x10EF") + "begin remote\nbegin remote\n", "code_", "17"),
    ],
)
async def test_a_bad_file_changes_nothing(
    hass: HomeAssistant, hass_storage: dict[str, Any], codes: CodeStore, text: str, key: str, line: str | None
) -> None:
    await store_codes(codes, {"A": {"KEY_POWER": ["nec:1,2"]}})

    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", text=text)

    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key
    assert raised.value.translation_key.startswith(key)
    assert raised.value.translation_key.endswith("_line") is (line is not None)
    assert (raised.value.translation_placeholders or {}).get("line") == line
    assert codes.codes == {"A": {"KEY_POWER": ["nec:0x01,0x02"]}}
    assert hass_storage[f"{DOMAIN}.01STATION.codes"]["data"] == codes.codes


async def test_a_damaged_key_of_a_lircd_conf(hass: HomeAssistant, codes: CodeStore) -> None:
    """Case 15 for a lircd.conf: the others are imported on agreement."""
    text = LIRCD.format(name="A", code="0x10EF\n    KEY_MUTE mute\n    KEY_UP 0x40BF")
    data = {"config_entry_id": "01STATION", "text": text, "skip_unreadable": True}

    answer = await hass.services.async_call(DOMAIN, "import_codes", data, blocking=True, return_response=True)

    assert answer
    assert answer["devices"] == {"A": ["KEY_POWER", "KEY_UP"]}
    assert answer["unreadable"] == {"A": {"KEY_MUTE": "Line 14: “KEY_MUTE” is “mute”. It must be a number."}}
    assert list(codes.codes["A"]) == ["KEY_POWER", "KEY_UP"]


@pytest.fixture
def allowed(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a folder in Home Assistant's allowlist."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


async def test_a_path_is_imported(hass: HomeAssistant, codes: CodeStore, allowed: Path) -> None:
    for encoding in ("latin-1", "utf-8"):
        (allowed / "tv.ir").write_bytes(FLIPPER.replace("Power", "L\xf6schen").encode(encoding))
        assert await call(hass, "import_codes", path=str(allowed / "tv.ir")) == {"tv": ["L\xf6schen"]}


@pytest.mark.parametrize("kind", ["outside", "climbing", "link", "nul"])
async def test_a_path_that_is_not_allowed_raises_an_error(
    hass: HomeAssistant, codes: CodeStore, allowed: Path, tmp_path: Path, kind: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(FLIPPER, encoding="utf-8")
    (allowed / "link").symlink_to(secret)
    path = {
        "outside": str(secret),
        "climbing": f"{allowed}/../secret",
        "link": str(allowed / "link"),
        "nul": f"{allowed}/\0",
    }[kind]

    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", path=path)

    assert raised.value.translation_key == "path_not_allowed"
    assert raised.value.translation_placeholders == {"path": path}
    assert not codes.codes


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "loop", "unreadable"])
async def test_a_path_that_cannot_be_read_raises_an_error(
    hass: HomeAssistant, codes: CodeStore, allowed: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = allowed / kind
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "unreadable":
            path.write_text(FLIPPER, encoding="utf-8")

            def refuse(*args: Any, **kwargs: Any) -> None:
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", path=str(path))

    assert raised.value.translation_key == "path_not_readable"
    assert raised.value.translation_placeholders
    assert raised.value.translation_placeholders["path"] == str(path)
    assert raised.value.translation_placeholders["error"]
    assert not codes.codes


async def test_listed_commands_have_what_to_show(hass: HomeAssistant, codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"KEY_VOLUMEUP": ["nec:1,2"], "HDMI_1": ["nec:1,3"]}})

    response = await hass.services.async_call(
        DOMAIN, "list_commands", {"config_entry_id": "01STATION"}, blocking=True, return_response=True
    )

    assert response == {
        "devices": {"TV": ["HDMI_1", "KEY_VOLUMEUP"]},
        "keys": {"TV": {"KEY_VOLUMEUP": "volume_up", "HDMI_1": "HDMI 1"}},
    }


@pytest.fixture
async def user(hass: HomeAssistant, hass_admin_user: MockUser) -> MockUser:
    """Return a user without rights."""
    hass_admin_user.permissions  # noqa: B018  # the group of administrators exists
    return MockUser().add_to_hass(hass)


@pytest.mark.parametrize("service", ["list_commands", "export_codes", "import_codes"])
async def test_only_users_who_may_control_the_remote_may_use_its_codes(
    hass: HomeAssistant, codes: CodeStore, remote: str, user: MockUser, service: str
) -> None:
    """Case 21."""
    await store_codes(codes, {"TV": {"Power": ["nec:1,2"]}})
    data: dict[str, Any] = {"config_entry_id": "01STATION"}
    if service == "import_codes":
        data |= {"text": FLIPPER, "device": "TV"}

    async def act() -> None:
        await hass.services.async_call(
            DOMAIN, service, data, blocking=True, return_response=True, context=Context(user_id=user.id)
        )

    user.mock_policy({"entities": {"entity_ids": {remote: {"read": True}}}})
    with pytest.raises(Unauthorized):
        await act()
    assert codes.codes == {"TV": {"Power": ["nec:0x01,0x02"]}}

    user.mock_policy({"entities": {"entity_ids": {remote: {"control": True}}}})
    await act()

    er.async_get(hass).async_remove(remote)
    with pytest.raises(Unauthorized):
        await act()


async def test_only_administrators_may_name_a_file(
    hass: HomeAssistant, codes: CodeStore, allowed: Path, user: MockUser
) -> None:
    (allowed / "tv.ir").write_text(FLIPPER)
    user.mock_policy({"entities": True})
    data = {"config_entry_id": "01STATION", "path": str(allowed / "tv.ir")}
    with pytest.raises(Unauthorized):
        await hass.services.async_call(DOMAIN, "import_codes", data, blocking=True, context=Context(user_id=user.id))
    assert not codes.codes


async def test_a_file_that_is_too_large_raises_an_error(hass: HomeAssistant, codes: CodeStore, allowed: Path) -> None:
    (allowed / "large").write_bytes(b"#" * (5 << 20))
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "import_codes", path=str(allowed / "large"))
    assert raised.value.translation_key == "code_file_too_large"


@pytest.mark.parametrize("device", ["x", "x" * 100])
async def test_a_device_has_1_to_100_characters(hass: HomeAssistant, codes: CodeStore, device: str) -> None:
    assert await call(hass, "import_codes", text=FLIPPER, device=device) == {device: ["Power"]}


@pytest.mark.parametrize("data", [{}, {"text": "a", "path": "b"}])
async def test_importing_without_valid_data_raises_an_error(
    hass: HomeAssistant, codes: CodeStore, data: dict[str, str]
) -> None:
    with pytest.raises(vol.Invalid):
        await call(hass, "import_codes", **data)


async def test_codes_are_exported_as_pronto(hass: HomeAssistant, codes: CodeStore) -> None:
    stored = {
        "TV": {"Power": ["nec:0x04,0x08"], "Mute": ["rc5:5,12,0", "rc5:5,12,1"]},
        "Fan": {"On": ["raw:40000:600,-500,600,-20000"]},
    }
    await store_codes(codes, stored)

    exported = await call(hass, "export_codes")

    assert exported.keys() == stored.keys()
    for device, commands in stored.items():
        assert exported[device].keys() == commands.keys()
        for name, texts in commands.items():
            for text, pronto in zip(texts, exported[device][name], strict=True):
                one, other = as_raw(parse(text)), as_raw(parse(pronto))
                assert list(other.once or other.repeat) == pytest.approx(list(one.once or one.repeat), abs=20)
                assert other.modulation == pytest.approx(one.modulation, rel=0.01)
    assert await call(hass, "export_codes", device="Fan") == {"Fan": exported["Fan"]}
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "export_codes", device="Radio")
    assert raised.value.translation_key == "device_unknown"


async def test_commands_that_pronto_cannot_represent_are_listed(hass: HomeAssistant, codes: CodeStore) -> None:
    await store_codes(codes, {"Fan": {"On": ["raw:38000:600,-4000000,600,-500,600"], "Off": ["nec:4,8"]}})

    response = await hass.services.async_call(
        DOMAIN, "export_codes", {"config_entry_id": "01STATION"}, blocking=True, return_response=True
    )

    assert response
    assert response["refused"] == {"Fan": ["On"]}
    assert response["devices"]["Fan"].keys() == {"Off"}  # type: ignore[call-overload, index, union-attr]


@pytest.mark.parametrize("service", ["list_commands", "export_codes", "import_codes"])
async def test_a_station_has_to_be_loaded(hass: HomeAssistant, station: MockConfigEntry, service: str) -> None:
    data = {"text": FLIPPER} if service == "import_codes" else {}
    await hass.config_entries.async_unload(station.entry_id)
    for entry_id in (station.entry_id, "missing"):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, service, **data, config_entry_id=entry_id)
        assert raised.value.translation_key == "station_not_loaded"


@pytest.mark.parametrize("service", ["list_commands", "export_codes", "import_codes"])
async def test_a_loaded_entry_of_another_integration_is_no_station(
    hass: HomeAssistant, station: MockConfigEntry, service: str
) -> None:
    data = {"text": FLIPPER} if service == "import_codes" else {}
    other = MockConfigEntry(domain="other")
    other.runtime_data = station.runtime_data
    other.add_to_hass(hass)
    other.mock_state(hass, ConfigEntryState.LOADED)

    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, service, **data, config_entry_id=other.entry_id)

    assert raised.value.translation_key == "station_not_loaded"


@pytest.mark.parametrize("name", ["", " TV", "T\nV", "x" * 101])
async def test_an_impossible_name_is_refused(hass: HomeAssistant, codes: CodeStore, name: str) -> None:
    with pytest.raises(ServiceValidationError, match="Choose another name"):
        await call(hass, "import_codes", text=FLIPPER, device=name)
    assert not codes.codes


async def test_a_device_that_1_0_0_stored_under_an_impossible_name(hass: HomeAssistant, codes: CodeStore) -> None:
    await codes.async_restore(" TV", {"Up": ["nec:4,8"]})
    await hass.async_block_till_done()
    assert await call(hass, "import_codes", text=FLIPPER, device=" TV") == {" TV": ["Power"]}
    assert list(codes.codes[" TV"]) == ["Up", "Power"]
