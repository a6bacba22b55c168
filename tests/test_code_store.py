"""Tests of the storage of commands."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
import errno
import json
import os
from pathlib import Path
import threading
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather import code_index, code_store
from custom_components.anavi_weather.code_index import Match, build_index
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.exceptions import InvalidActionError, StorageError
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode_message
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from .conftest import is_loaded, store_codes, value
from .repair_forms import submit_repair

KEY = f"{DOMAIN}.01STATION.codes"
LOAD = CodeStore.async_load
LOAD_FILE = Store._async_load
WRITE_FILE = Store._async_write_data
RAW = "raw:38000:4000,-2000,500,-1500,500,-700,500,-1500,900,-700,500,-40000"


@pytest.fixture
async def codes(hass: HomeAssistant) -> CodeStore:
    """Return an empty store."""
    codes = CodeStore(hass, "01STATION")
    await codes.async_load()
    return codes


def match(codes: CodeStore, code: str) -> Match | None:
    """Return the stored command that a code matches."""
    timings = parse(code).get_raw_timings()
    return codes.match(decode_message(timings), timings)


async def test_commands_are_saved_at_once_and_loaded(
    hass: HomeAssistant, hass_storage: dict[str, Any], codes: CodeStore
) -> None:
    assert codes.codes == {}

    await store_codes(codes, {"TV": {"Power": ["nec:4,8"]}})
    await store_codes(codes, {"TV": {"Up": ("nec:4,9",), "Power": ["nec:4,10", "nec:4,11"]}, "Fan": {"On": [RAW]}})

    expected = {
        "TV": {"Power": ["nec:0x04,0x0a", "nec:0x04,0x0b"], "Up": ["nec:0x04,0x09"]},
        "Fan": {"On": [RAW]},
    }
    assert codes.codes == expected
    assert hass_storage[KEY]["data"] == expected
    again = CodeStore(hass, "01STATION")
    await again.async_load()
    assert again.codes == expected
    assert match(again, "nec:4,11") == ("TV", "Power")
    assert match(again, RAW) == ("Fan", "On")
    assert match(again, "nec:4,8") is None
    assert match(again, "raw:38000:100,-200,300") is None


async def test_a_setup_does_not_wait_until_thousands_of_commands_are_decoded(
    hass: HomeAssistant, hass_storage: dict[str, Any], codes: CodeStore
) -> None:
    await store_codes(codes, {"TV": {"Power": ["nec:4,8"]}})
    again = CodeStore(hass, "01STATION")
    decoded = threading.Event()

    def build(*arguments: Any) -> object:
        decoded.wait()
        return build_index(*arguments)

    with patch.object(code_store, "INDEX_PATIENCE", 0), patch.object(code_store, "build_index", build):
        await again.async_load()
        assert again.codes == {"TV": {"Power": ["nec:0x04,0x08"]}}
        assert match(again, "nec:4,8") is None

        addition = hass.async_create_task(store_codes(again, {"TV": {"Up": ["nec:4,9"]}}))
        await asyncio.sleep(0)
        assert "Up" not in again.codes["TV"]
        decoded.set()
        await addition

    assert hass_storage[KEY]["data"] == again.codes == {"TV": {"Power": ["nec:0x04,0x08"], "Up": ["nec:0x04,0x09"]}}
    assert match(again, "nec:4,8") == ("TV", "Power")


async def test_files_are_written_atomically(hass: HomeAssistant, codes: CodeStore) -> None:
    assert codes._store._atomic_writes


async def test_deleting_the_last_command_deletes_the_device(hass_storage: dict[str, Any], codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"Power": ["nec:4,8"], "Up": ["nec:4,9"], "Down": ["nec:4,10"]}})

    await codes.async_delete("TV", ["Up", "Up"])
    assert hass_storage[KEY]["data"] == codes.codes == {"TV": {"Power": ["nec:0x04,0x08"], "Down": ["nec:0x04,0x0a"]}}
    assert match(codes, "nec:4,9") is None

    with pytest.raises(InvalidActionError, match="command_unknown"):
        await codes.async_delete("TV", ["Power", "Up"])
    assert list(codes.codes["TV"]) == ["Power", "Down"]

    await codes.async_delete("TV", ["Power", "Down"])
    assert hass_storage[KEY]["data"] == codes.codes == {}
    with pytest.raises(InvalidActionError, match="device_unknown"):
        await codes.async_rename("TV", "Television")


async def test_concurrent_changes_lose_nothing(codes: CodeStore) -> None:
    await asyncio.gather(*(store_codes(codes, {f"{number}": {"On": [f"nec:1,{number}"]}}) for number in range(9)))

    assert set(codes.codes) == {f"{number}" for number in range(9)}
    await asyncio.gather(codes.async_delete("1", ["On"]), codes.async_delete("2", ["On"]))
    assert len(codes.codes) == 7


@pytest.fixture
def files(hass: HomeAssistant, tmp_path: Path) -> Iterator[Path]:
    """Let Home Assistant's storage use files, as outside of tests, and return their folder."""
    with (
        patch.object(hass.config, "config_dir", str(tmp_path)),
        patch.object(Store, "_async_load", LOAD_FILE),
        patch.object(Store, "_async_write_data", WRITE_FILE),
    ):
        yield tmp_path / ".storage"


@contextmanager
def full_disk() -> Iterator[None]:
    """Let writes fail as on a full disk."""

    def write(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with patch("homeassistant.util.file.AtomicWriter.sync", write):
        yield


async def replace_power(codes: CodeStore) -> None:
    """Add a command in place of another."""
    await store_codes(codes, {"TV": {"Power": ["nec:1,1"]}})


async def delete_power(codes: CodeStore) -> None:
    """Delete a command."""
    await codes.async_delete("TV", ["Power"])


@pytest.mark.parametrize("change", [replace_power, delete_power])
async def test_a_change_that_cannot_be_saved_changes_nothing(
    codes: CodeStore, files: Path, caplog: pytest.LogCaptureFixture, change: Callable[[CodeStore], Awaitable[None]]
) -> None:
    """Case 19. Home Assistant's storage only logs the error."""
    await store_codes(codes, {"TV": {"Power": ["nec:4,8"], "Up": ["nec:4,9"]}})
    before = (files / KEY).read_bytes()

    with full_disk(), pytest.raises(StorageError) as raised:
        await change(codes)

    assert raised.value.translation_key == "codes_not_saved"
    assert "No space left on device" in caplog.text
    assert (files / KEY).read_bytes() == before
    assert match(codes, "nec:4,8") == ("TV", "Power")
    assert match(codes, "nec:1,1") is None
    assert codes.codes == {"TV": {"Power": ["nec:0x04,0x08"], "Up": ["nec:0x04,0x09"]}}


async def test_nothing_is_changed_while_home_assistant_stops(hass: HomeAssistant, codes: CodeStore) -> None:
    hass.set_state(CoreState.stopping)
    with pytest.raises(StorageError) as raised:
        await store_codes(codes, {"TV": {"Power": ["nec:4,8"]}})
    hass.set_state(CoreState.running)
    assert raised.value.translation_key == "codes_stopping"
    assert not codes.codes


@pytest.mark.parametrize(
    ("limit", "value", "key"),
    [("MAX_COMMANDS", 3, "too_many_commands_stored"), ("MAX_CHARACTERS", 42, "codes_too_large")],
)
async def test_the_commands_of_a_station_have_limits(codes: CodeStore, limit: str, value: int, key: str) -> None:
    """Case 22."""
    with patch.object(code_store, limit, value):
        await store_codes(codes, {"TV": {"Power": ["nec:4,8"], "Up": ["nec:4,9"]}, "Fan": {"On": ["nec:4,1"]}})
        with pytest.raises(InvalidActionError) as raised:
            await store_codes(codes, {"Fan": {"Off": ["nec:4,2"]}})
        assert raised.value.translation_key == key
        await store_codes(codes, {"Fan": {"On": ["nec:4,2"]}})
    assert codes.codes["Fan"] == {"On": ["nec:0x04,0x02"]}


async def test_a_device_does_not_replace_another(codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"Power": ["nec:4,8"]}, "Fan": {"On": ["nec:5,8"]}})
    before = dict(codes.codes)
    for change in (codes.async_restore("TV", {"Power": ["nec:0x04,0x09"]}), codes.async_rename("Fan", "TV")):
        with pytest.raises(InvalidActionError) as error_info:
            await change
        assert error_info.value.translation_key == "device_exists"
        assert error_info.value.translation_placeholders == {"name": "TV"}
    assert codes.codes == before


async def test_a_change_outlives_a_reload(
    hass: HomeAssistant, hass_storage: dict[str, Any], station: MockConfigEntry
) -> None:
    """Case 20."""
    writing, write = asyncio.Event(), asyncio.Event()
    save = Store.async_save

    async def async_save(store: Store[Any], data: Any) -> None:
        writing.set()
        await write.wait()
        await save(store, data)

    with patch.object(Store, "async_save", async_save):
        adding = asyncio.create_task(store_codes(station.runtime_data.codes, {"TV": {"Power": ["nec:4,8"]}}))
        await writing.wait()
        reloading = asyncio.create_task(hass.config_entries.async_reload(station.entry_id))
        await asyncio.sleep(0)
        write.set()
        await adding
        await reloading
    await hass.async_block_till_done()
    await store_codes(station.runtime_data.codes, {"Fan": {"On": ["nec:4,9"]}})
    assert hass_storage[KEY]["data"] == {"TV": {"Power": ["nec:0x04,0x08"]}, "Fan": {"On": ["nec:0x04,0x09"]}}
    assert station.runtime_data.codes.codes == hass_storage[KEY]["data"]


async def test_the_first_of_equal_commands_matches(codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"Power": ["nec:4,8"]}, "Copy": {"Power": ["nec:4,8"]}})
    assert match(codes, "nec:4,8") == ("TV", "Power")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gree_ac:mode=cool,temperature=21", "gree_ac:mode=heat,temperature=21"),
        ("fujitsu_ac:temperature=20.0", "fujitsu_ac:temperature=21.0"),
        (f"{RAW[:-7]},-20000,500,-700,500", f"{RAW[:-7]},-20000,500,-1500,500"),
        (f"{RAW[:-7]},-7900,560", RAW),
    ],
)
async def test_a_state_is_matched_by_the_whole_message(codes: CodeStore, one: str, other: str) -> None:
    await store_codes(codes, {"AC": {"One": [one]}})
    assert match(codes, one) == ("AC", "One")
    assert match(codes, other) is None

    await store_codes(codes, {"AC": {"Other": [other]}})
    assert match(codes, one) == ("AC", "One")
    assert match(codes, other) == ("AC", "Other")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("nec:4,8", "One"),  # a key with two names is either
        ("necext:0x1234,0xf000", "One"),
        ("gree_ac:mode=cool,temperature=21", None),
        (RAW, None),
    ],
)
async def test_a_state_that_two_names_share_is_unknown(codes: CodeStore, code: str, name: str | None) -> None:
    await store_codes(codes, {"AC": {"One": [code], "Two": [code]}})
    assert match(codes, code) == (("AC", name) if name else None)

    await codes.async_delete("AC", ["Two"])
    await store_codes(codes, {"Copy": {"One": [code]}})
    assert match(codes, code) == ("AC", "One")


@pytest.mark.parametrize(
    ("learned", "heard"),
    [
        (f"{RAW[:-7]},-7900/560,-40000", f"{RAW[:-7]},-7900,560"),  # an end mark was learned as a ditto
        (f"{RAW[:-7]},-7900/560,-40000", RAW),
        (f"raw:38000:/{RAW[10:-7]},-30000", f"{RAW[:-7]},-30000,{RAW[10:]}"),
        (f"{RAW[:-7]},-20000/4000,-2000,500,-40000", RAW),
    ],
)
async def test_what_1_0_0_learned_is_recognized(codes: CodeStore, learned: str, heard: str) -> None:
    await store_codes(codes, {"TV": {"Power": [learned]}})
    assert match(codes, heard) == ("TV", "Power")


async def test_states_may_use_the_protocol_of_a_key(codes: CodeStore) -> None:
    """Then they differ in the address too."""
    one, *others = (f"necext:{0x1234 + address:#x},0xf000" for address in range(5))
    await store_codes(codes, {"TV": {"One": [one], "Two": [one], "Other": others[:-1]}})
    assert match(codes, one) == ("TV", "One")

    await store_codes(codes, {"TV": {"Last": others[-1:]}})
    assert match(codes, one) is None
    assert match(codes, others[0]) == ("TV", "Other")


async def test_a_message_may_begin_with_another_key(codes: CodeStore) -> None:
    """As those of some DVD players by Pioneer, and of air conditioners by Carrier."""
    first, second = (parse(f"nec:0xa3,{command}").get_raw_timings() for command in (0x99, 0x42))
    both = ",".join(map(str, [*first, -26_000, *second]))
    assert not codes.may_continue(first)
    await store_codes(codes, {"DVD": {"Play": [f"raw:40000:{both}"], "Pair": ["nec:0xa3,0x99"]}})

    assert codes.may_continue(first)
    assert not codes.may_continue(second)
    assert not codes.may_continue(parse("sony:1,2").get_raw_timings())
    assert not codes.may_continue([500, -500, 500])
    assert match(codes, f"raw:40000:{both}") == ("DVD", "Play")
    assert match(codes, "nec:0xa3,0x99") == ("DVD", "Pair")
    await codes.async_delete("DVD", ["Play"])
    assert not codes.may_continue(first)


@pytest.mark.parametrize("code", ["gree_ac:mode=cool,temperature=21", "raw:38000:9000,-2250,560"])
async def test_only_keys_are_whole_messages_that_may_continue(codes: CodeStore, code: str) -> None:
    timings = parse(code).get_raw_timings()
    longer = ",".join(map(str, [*(timings if timings[-1] > 0 else timings[:-1]), -20_000, 500, -500, 500, -900, 500]))
    await store_codes(codes, {"AC": {"Cool": [f"raw:38000:{longer}"]}})
    assert not codes.may_continue(timings)


async def test_a_ditto_is_not_matched_by_its_protocol(codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"Held": ["raw:38000:9000,-2250,560"]}})
    assert match(codes, "raw:38000:9000,-2250,560") == ("TV", "Held")
    assert match(codes, "nec:4,8") is None


async def test_commands_of_sharp_that_1_0_0_stored_stay_those_of_denon(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """It sent an extension of 0 if a text had none."""
    texts = ["sharp:0x01,0x45", "sharp:0x01,0x45,0x01", "sharp:0x01,0x45,modulation=40000", "nec:0x01,0x45"]
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": {"TV": {"Power": texts}}}
    codes = CodeStore(hass, "01STATION")

    assert await codes.async_load() is None

    expected = ["sharp:0x01,0x45,0x00", texts[1], "sharp:0x01,0x45,0x00,modulation=40000", texts[3]]
    assert codes.codes == {"TV": {"Power": expected}}
    await store_codes(codes, {"TV": {"Up": ["sharp:1,2"]}})
    assert codes.codes["TV"]["Up"] == ["sharp:0x01,0x02,0x01"]
    again = CodeStore(hass, "01STATION")
    await again.async_load()
    assert again.codes == codes.codes


async def test_a_command_is_parsed_and_decoded_once(codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {f"{number}": [f"nec:4,{number}"] for number in range(50)}})

    with (
        patch.object(code_index, "decode_message", wraps=decode_message) as decoder,
        patch.object(code_index, "parse", wraps=parse) as parser,
    ):
        await store_codes(codes, {"TV": {"Power": ["nec:9,9"]}})

    assert decoder.call_count == 1
    assert parser.call_count == 0
    assert match(codes, "nec:4,49") == ("TV", "49")


async def test_an_unreadable_command_affects_nothing_else(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    simulator: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored = {"AC": {"Cool": ["brand_of_2030:1,2"]}, "TV": {"Power": ["nec:4,8"]}}
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": stored}

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(entry)
    assert value(hass, "sensor.simulated_phat_temperature")
    assert "Cannot read the command Cool of AC" in caplog.text
    codes: CodeStore = entry.runtime_data.codes
    assert codes.codes == stored
    assert match(codes, "nec:4,8") == ("TV", "Power")


async def load_from_file(codes: CodeStore) -> str | None:
    """Load commands as outside of tests, which replace all files."""
    with patch.object(Store, "_async_load", LOAD_FILE):
        return await LOAD(codes)


@pytest.mark.parametrize(
    "content",
    [
        {"version": 1, "key": KEY, "data": {"TV": {"Power": "nec:4,8"}}},
        {"version": 1, "key": KEY, "data": ["TV"]},
        {"version": 9, "key": KEY, "data": {}},
        {"version": 0, "key": KEY, "data": {}},
        {"version": 1, "key": KEY},
        {"data": {}},
        ["TV"],
        "TV",
    ],
    ids=str,
)
async def test_a_damaged_file_disables_only_the_commands(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: object,
    issue_registry: ir.IssueRegistry,
    tmp_path: Path,
    content: object,
) -> None:
    file = tmp_path / ".storage" / KEY
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    with (
        patch.object(hass.config, "config_dir", str(tmp_path)),
        patch.object(CodeStore, "async_load", load_from_file),
    ):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()

    assert is_loaded(entry)
    assert value(hass, "sensor.simulated_phat_temperature")
    (issue,) = issue_registry.issues.values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["station"] == "Simulated pHAT"
    assert json.loads((tmp_path / issue.translation_placeholders["file"]).read_text()) == content
    assert not file.exists()
    assert ":" not in issue.translation_placeholders["file"]

    await store_codes(entry.runtime_data.codes, {"TV": {"Power": ["nec:4,8"]}})
    assert match(entry.runtime_data.codes, "nec:4,8") == ("TV", "Power")
    await submit_repair(hass, issue.issue_id)
    assert not issue_registry.issues


async def test_a_damaged_file_that_cannot_be_renamed(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": ["TV"]}
    codes = CodeStore(hass, "01STATION")
    assert await codes.async_load(), "it exists only in the storage of the tests"
    assert codes.codes == {}


async def test_commands_survive_a_reload_and_are_removed_with_the_entry(
    hass: HomeAssistant, hass_storage: dict[str, Any], station: MockConfigEntry
) -> None:
    await store_codes(station.runtime_data.codes, {"TV": {"Power": ["nec:4,8"]}})

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert station.runtime_data.codes.codes == {"TV": {"Power": ["nec:0x04,0x08"]}}

    await hass.config_entries.async_remove(station.entry_id)
    await hass.async_block_till_done()
    assert KEY not in hass_storage
