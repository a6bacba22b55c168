"""Tests of files with infrared codes."""

import os
from pathlib import Path, PurePath

import pytest

from custom_components.anavi_weather import code_files
from custom_components.anavi_weather.code_files import read_code_file, remote_name


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\n\xc3\xa9", "a\né"),
        (b"\xe9\n", "é\n"),
        (b"", ""),
        ("\ufeffé\r\n".encode("utf-16-le"), "é\n"),
        ("\ufeffé\r\n".encode("utf-16-be"), "é\n"),
        ("\ufeffé".encode("utf-16-le") + b"x", "é\ufffd"),
    ],
)
def test_text(tmp_path: Path, data: bytes, text: str) -> None:
    file = tmp_path / "tv.ir"
    file.write_bytes(data)
    assert read_code_file(file) == text


@pytest.mark.parametrize("data", [b"abcdefgh", "é".encode("latin-1") * 8])
def test_no_more_is_read_than_shows_that_the_file_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(code_files, "MAX_FILE_LENGTH", 4)
    file = tmp_path / "tv.ir"
    file.write_bytes(data)
    assert len(read_code_file(file)) == 5


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(FileNotFoundError):
            read_code_file(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/media/irdb/codes/Sony/TV/1,-1.csv", "Sony TV"),
        ("/media/Sony/VCR/26,73.csv", "Sony VCR"),
        ("1,-1.csv", "1,-1"),
        ("/media/Sony/TV/television.csv", "television"),
        ("/media/TVs/Sony.ir", "Sony"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert remote_name(PurePath(path)) == name
