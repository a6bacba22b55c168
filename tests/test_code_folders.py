"""Tests of the search in folders with infrared codes."""

from collections.abc import Callable
import heapq
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from custom_components.anavi_weather import code_folders
from custom_components.anavi_weather.code_folders import is_within, search_code_files


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a folder with parts of the collections in their layouts."""
    folder = tmp_path / "ir"
    smartir = {"manufacturer": "LG", "supportedModels": ["P12RK", "Dual-Cool 9"], "commands": {}}
    files = {
        "lirc-remotes/remotes/sony/RM-D302.lircd.conf": "# brand:   Sony\n# model no. of remote control: RM-D302\n",
        "lirc-remotes/remotes/unknown/0815.lircd.conf": "#\n# brand: Grundig\n#\n# devices being controlled by it: TP 741\n",
        "Flipper-IRDB/TVs/Samsung/Samsung_BN59.ir": "Filetype: IR signals file\n",
        "Flipper-IRDB/TVs/Samsung/picture.jpg": "Samsung BN59",
        "SmartIR/codes/climate/1062.json": json.dumps(smartir, indent=2),
        "SmartIR/codes/climate/1063.json": json.dumps({"manufacturer": "Gree"}),
        "IRDB/database/categories/Heater/Rowenta/Rowenta_5870/config.json": json.dumps({"devices": ["Rowenta"]}),
        "IRDB/database/categories/Heater/Rowenta/Rowenta_5870/Rowenta_5870.ir": "Filetype: IR signals file\n",
        "irdb/codes/Samsung/TV/7,7.csv": "functionname,protocol,device,subdevice,function\n",
        "esphome/fan.yaml": "",
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def found(folder: Path, query: str, is_stopped: Callable[[], bool] = lambda: False) -> list[str]:
    """Return the labels of the files that a search finds."""
    return [file.label for file in search_code_files([folder], query, is_stopped).files]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("sony", ["lirc-remotes/remotes/sony/RM-D302.lircd.conf"]),
        ("SONY rmd302", ["lirc-remotes/remotes/sony/RM-D302.lircd.conf"]),
        ("samsung", ["irdb/codes/Samsung/TV/7,7.csv", "Flipper-IRDB/TVs/Samsung/Samsung_BN59.ir"]),
        ("Samsung bn-59", ["Flipper-IRDB/TVs/Samsung/Samsung_BN59.ir"]),
        ("LG p12", ["SmartIR/codes/climate/1062.json · LG P12RK, Dual-Cool 9"]),
        ("dualcool", ["SmartIR/codes/climate/1062.json · LG P12RK, Dual-Cool 9"]),
        ("climate gree", ["SmartIR/codes/climate/1063.json · Gree"]),
        ("grundig 741", ["lirc-remotes/remotes/unknown/0815.lircd.conf · Grundig TP 741"]),
        ("fan", ["esphome/fan.yaml"]),
        ("rowenta 5870", ["IRDB/database/categories/Heater/Rowenta/Rowenta_5870/Rowenta_5870.ir"]),
        ("sony p12", []),
        ("", []),
        (" - ", []),
    ],
)
def test_search(folder: Path, query: str, labels: list[str]) -> None:
    assert found(folder, query) == labels


def test_whole_words_come_first(tmp_path: Path) -> None:
    for name in ("tvs/a.ir", "abc/tv.ir", "abcdef/tv.ir"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert found(tmp_path, "tv") == ["abc/tv.ir", "abcdef/tv.ir", "tvs/a.ir"]


def test_several_folders(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "media"
    other.mkdir()
    (other / "samsung.ir").touch()
    result = search_code_files([tmp_path / "missing", folder, other], "samsung", lambda: False)
    assert [file.path for file in result.files][0] == other / "samsung.ir"
    assert len(result.files) == 3
    assert result.is_complete


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ir").touch()
    (folder / "link.ir").symlink_to(outside / "secret.ir")
    (folder / "linked").symlink_to(outside)
    (folder / "broken.ir").symlink_to(outside / "missing.ir")
    (folder / "fan.ir").symlink_to(folder / "esphome" / "fan.yaml")
    assert found(folder, "link") == found(folder, "secret") == found(folder, "broken") == []
    assert found(folder, "fan") == ["fan.ir", "esphome/fan.yaml"]


def test_links_in_circles(folder: Path) -> None:
    (folder / "esphome" / "again").symlink_to(folder)
    (folder / "esphome" / "loop").symlink_to(folder / "esphome" / "loop")
    assert found(folder, "fan") == ["esphome/fan.yaml"]


def test_folder_that_is_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(folder)
    (folder / "fan.ir").symlink_to(folder / "esphome" / "fan.yaml")
    assert found(tmp_path / "config", "fan") == ["fan.ir", "esphome/fan.yaml"]


def test_other_entries_are_skipped(folder: Path) -> None:
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "fan.ir").touch()
    (folder / ".fan.ir").touch()
    os.mkfifo(folder / "fan.ir")
    (folder / "fan.conf").mkdir()
    assert found(folder, "fan") == ["esphome/fan.yaml"]


def test_depth_is_limited(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * code_folders.MAX_DEPTH)
    (deep / "e").mkdir(parents=True)
    (deep / "fan.ir").touch()
    (deep / "e" / "fan.ir").touch()
    assert len(found(tmp_path, "fan")) == 1


def test_files_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert found(folder, "p12") == []
    assert found(folder, "sony") == ["lirc-remotes/remotes/sony/RM-D302.lircd.conf"]


def test_names_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"fan \xff\n\x1b.ir")).touch()
    assert found(tmp_path, "fan") == ["fan .ir"]


def test_best_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_folders, "MAX_FOUND", 3)
    for number in range(3):
        (tmp_path / f"{'x' * number}fan.ir").touch()
    assert search_code_files([tmp_path], "fan", lambda: False).is_complete
    for number in range(3, 10):
        (tmp_path / f"{'x' * number}fan.ir").touch()
        assert not search_code_files([tmp_path], "fan", lambda: False).is_complete
    result = search_code_files([tmp_path], "fan", lambda: False)
    assert [file.label for file in result.files] == ["fan.ir", "xfan.ir", "xxfan.ir"]
    assert not result.is_complete


def test_memory_does_not_depend_on_the_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def nsmallest(count: int, ranks: list[tuple[int, int, str, Path]]) -> list[tuple[int, int, str, Path]]:
        lengths.append(len(ranks))
        return heapq.nsmallest(count, ranks)

    monkeypatch.setattr(code_folders, "MAX_FOUND", 3)
    monkeypatch.setattr(code_folders, "heapq", SimpleNamespace(nsmallest=nsmallest))
    for number in range(20):
        (tmp_path / f"{number}fan.ir").touch()
    assert len(found(tmp_path, "fan")) == 3
    assert max(lengths) == 6


def test_kinds_of_files(tmp_path: Path) -> None:
    for suffix in ("conf", "CSV", "girr", "ir", "lircd", "toml", "xml", "yaml", "yml", "txt", "zip"):
        (tmp_path / f"fan.{suffix}").touch()
    found_kinds = {label.partition(".")[2] for label in found(tmp_path, "fan")}
    assert found_kinds == {"conf", "CSV", "girr", "ir", "lircd", "toml", "xml", "yaml", "yml"}


def test_stopped(folder: Path) -> None:
    (folder / "fan.ir").touch()
    (folder / "empty").mkdir()
    answers = iter([False, True])
    result = search_code_files([folder / "empty", folder], "fan", lambda: next(answers))
    assert not result.is_complete
    assert next(answers, None) is None


def test_stopped_among_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    answers = iter([False, True])
    assert not search_code_files([tmp_path], "fan", lambda: next(answers)).is_complete


def test_is_within(folder: Path, tmp_path: Path) -> None:
    assert is_within(folder, folder / "esphome" / "fan.yaml")
    assert not is_within(folder, tmp_path)
    assert not is_within(folder, folder / ".." / "ir2")
    assert not is_within(folder, folder / "missing")
