"""Tests of searching the user's folders for the commands of an infrared device."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather import infrared_search_flow
from custom_components.anavi_weather.code_folders import SearchResult, search_code_files
from custom_components.anavi_weather.code_store import CodeStore
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .infrared_device_steps import answer, choose, start_new

IRDB = "functionname,protocol,device,subdevice,function\nPOWER,NEC1,4,-1,8\n"
SEARCH = "custom_components.anavi_weather.infrared_search_flow.search_code_files"


@pytest.fixture(name="folders", autouse=True)
def _folders(hass: HomeAssistant, tmp_path: Path) -> tuple[Path, Path]:
    """Return the configuration's folder and the media folder, with some files."""
    config, media = tmp_path / "config", tmp_path / "media"
    hass.config.config_dir = str(config)
    hass.config.media_dirs = {"local": str(media)}
    for file, text in {
        config / "ir" / "irdb" / "codes" / "Sony" / "TV" / "1,-1.csv": IRDB,
        config / "secret" / "Sony.csv": IRDB,
        media / "Sony.ir": "hello",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return config, media


@pytest.fixture(name="form")
async def _form(hass: HomeAssistant, station: MockConfigEntry) -> SubentryFlowResult:
    """Return the form that asks for the brand and the model."""
    return await choose(hass, await start_new(hass, "TV"), "search")


async def search(hass: HomeAssistant, form: SubentryFlowResult, query: str) -> SubentryFlowResult:
    """Search, and wait for the next step."""
    step = await answer(hass, form, query=query)
    if step["type"] is FlowResultType.SHOW_PROGRESS:  # a quick search may be finished already
        step = await hass.config_entries.subentries.async_configure(step["flow_id"])
    return step


def labels(form: SubentryFlowResult) -> list[str]:
    """Return the files to choose from."""
    assert form["data_schema"]
    ((selector),) = form["data_schema"].schema.values()
    return [option["label"] for option in selector.config["options"]]


async def test_a_file_is_found_and_imported(
    hass: HomeAssistant, form: SubentryFlowResult, folders: tuple[Path, Path], codes: CodeStore
) -> None:
    assert form["description_placeholders"]
    assert form["description_placeholders"]["folders"] == f"`{folders[0]}/ir`, `{folders[1]}`"

    form = await search(hass, form, "sony")

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "found")
    assert form["description_placeholders"] == {"query": "sony", "count": "2", "detail": ""}
    assert labels(form) == ["Sony.ir", "irdb/codes/Sony/TV/1,-1.csv"]
    menu = await answer(hass, form, file="1")
    assert menu["step_id"] == "menu"
    assert codes.codes == {"TV": {"POWER": ["nec:0x04,0x08"]}}


async def test_a_file_that_cannot_be_read_leaves_the_choice(
    hass: HomeAssistant, form: SubentryFlowResult, codes: CodeStore
) -> None:
    form = await answer(hass, await search(hass, form, "sony"), file="0")

    assert form["errors"] == {"file": "failed"}
    assert form["description_placeholders"]
    assert form["description_placeholders"]["detail"].startswith("The kind of file is unknown")
    assert (await answer(hass, form, file="1"))["step_id"] == "menu"


async def test_a_file_that_is_replaced_with_a_link_meanwhile(
    hass: HomeAssistant, form: SubentryFlowResult, folders: tuple[Path, Path], codes: CodeStore
) -> None:
    config, media = folders
    form = await search(hass, form, "sony")
    (media / "Sony.ir").unlink()
    (media / "Sony.ir").symlink_to(config / "secret" / "Sony.csv")

    form = await answer(hass, form, file="0")

    assert form["description_placeholders"]
    assert form["description_placeholders"]["detail"] == "Sony.ir is no longer in the folder. Search again."
    assert not codes.codes


async def test_a_file_that_the_system_refuses(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    form = await search(hass, form, "sony")
    with patch("pathlib.Path.open", side_effect=PermissionError(13, "Permission denied")):
        form = await answer(hass, form, file="0")
    assert form["description_placeholders"]
    assert form["description_placeholders"]["detail"].startswith(
        "Home Assistant can't read Sony.ir (Permission denied)"
    )


async def test_searching_again(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    form = await answer(hass, await search(hass, form, "sony"))
    assert form["step_id"] == "search"
    form = await search(hass, form, "sony tv")
    assert labels(form) == ["irdb/codes/Sony/TV/1,-1.csv"]


async def test_nothing_is_found(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    form = await search(hass, form, "sony radio")
    assert (form["step_id"], form["errors"]) == ("search", {"query": "nothing_found"})
    assert (await search(hass, form, "sony"))["step_id"] == "found"


async def test_a_search_with_too_many_results(
    hass: HomeAssistant, form: SubentryFlowResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.anavi_weather.code_folders.MAX_FOUND", 1)
    form = await search(hass, form, "sony")
    assert form["step_id"] == "found_some"
    assert labels(form) == ["Sony.ir"]
    assert (await answer(hass, form, file="0"))["errors"] == {"file": "failed"}


async def test_a_search_that_takes_too_long(
    hass: HomeAssistant, form: SubentryFlowResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infrared_search_flow, "MAX_SECONDS", -1)
    form = await search(hass, form, "sony")
    assert (form["step_id"], form["errors"]) == ("search", {"query": "search_stopped"})


async def test_a_search_does_not_delay_the_end_of_home_assistant(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    hass.set_state(CoreState.stopping)
    form = await search(hass, form, "sony")
    hass.set_state(CoreState.running)
    assert form["errors"] == {"query": "search_stopped"}


async def test_a_quick_search_shows_no_progress(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    with patch.object(infrared_search_flow, "QUICK_SECONDS", None):
        form = await answer(hass, form, query="sony")
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "found")


async def test_a_flow_that_is_left_stops_its_search(
    hass: HomeAssistant, form: SubentryFlowResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infrared_search_flow, "QUICK_SECONDS", 0)
    searching, stopped = Event(), Event()

    def wait(folders: Iterable[Path], query: str, is_stopped: Callable[[], bool]) -> SearchResult:
        searching.set()
        while not is_stopped():
            sleep(0)
        stopped.set()
        return search_code_files(folders, query, is_stopped)

    with patch(SEARCH, wait):
        progress = await hass.config_entries.subentries.async_configure(form["flow_id"], {"query": "sony"})
        await hass.async_add_executor_job(searching.wait)
        hass.config_entries.subentries.async_abort(progress["flow_id"])
        await hass.async_add_executor_job(stopped.wait)


async def test_a_progress_that_is_asked_for_early(
    hass: HomeAssistant, form: SubentryFlowResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infrared_search_flow, "QUICK_SECONDS", 0)
    going = Event()

    def wait(*_: Any) -> SearchResult:
        going.wait()
        return SearchResult([], True)

    with patch(SEARCH, wait):
        progress = await hass.config_entries.subentries.async_configure(form["flow_id"], {"query": "sony"})
        again = await hass.config_entries.subentries.async_configure(progress["flow_id"])
        assert again["type"] is FlowResultType.SHOW_PROGRESS
        going.set()
        await hass.async_block_till_done()
    form = await hass.config_entries.subentries.async_configure(progress["flow_id"])
    assert form["errors"] == {"query": "nothing_found"}
