"""Search for infrared codes in folders with collections: lirc-remotes, Flipper-IRDB, SmartIR, IRDB, and single files.

A file is found by its path below the folder. SmartIR numbers its files, so they are also found by the manufacturer and the
models in them, and a lircd.conf by the comments at its beginning. Nothing is stored between searches.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
import heapq
import os
from pathlib import Path
import re
from typing import NamedTuple

from .ir_codes.remote_file import clean_name

MAX_FOUND = 50
MAX_DEPTH = 8
HEAD_BYTES = 4096

SUFFIXES = (".conf", ".csv", ".girr", ".ir", ".json", ".lircd", ".toml", ".xml", ".yaml", ".yml")

_WORD = re.compile(r"[^\W_]+")
_SMARTIR = re.compile(
    rb'"(?:manufacturer|supportedModels)"\s{0,9}:\s{0,9}(?:"(?P<one>[^"\n]{1,100})|\[(?P<many>[^\]]{1,1000}))'
)
_LIRCD = re.compile(
    rb"^#\s{0,9}(?:brand|model|supported devices|devices? being)[^:\n]{0,60}:(.{1,200})", re.MULTILINE | re.IGNORECASE
)
_DESCRIPTIONS = {".json": _SMARTIR, ".conf": _LIRCD, ".lircd": _LIRCD}


class CodeFile(NamedTuple):
    """A file that was found."""

    path: Path
    label: str
    """The path below the folder, and what the file says about its device."""


class SearchResult(NamedTuple):
    """The files that fit best."""

    files: list[CodeFile]
    is_complete: bool
    """Whether everything was searched, and nothing else fits."""


def search_code_files(folders: Iterable[Path], query: str, is_stopped: Callable[[], bool]) -> SearchResult:
    """Return the files in which all words of a query occur. Blocks until everything is searched, or `is_stopped`.

    The memory does not depend on the number of files.
    """
    words = _words(query)
    best: list[tuple[int, int, str, Path]] = []
    count = 0
    is_complete = True
    for folder, path in _walk(folders):
        if is_stopped():
            is_complete = False
            break
        if path and path.suffix.lower() in SUFFIXES and (rank := _rank(folder, path, words)) is not None:
            count += 1
            best.append(rank)
            if len(best) == 2 * MAX_FOUND:
                best = heapq.nsmallest(MAX_FOUND, best)
    files = [CodeFile(path, label) for _, _, label, path in heapq.nsmallest(MAX_FOUND, best)]
    return SearchResult(files, is_complete and count <= MAX_FOUND)


def is_within(folder: Path, path: Path) -> bool:
    """Return whether a path is in a folder after all links are followed. Blocks."""
    with suppress(OSError, RuntimeError):
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    return False


def _walk(folders: Iterable[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Yield all files with their folder, but no hidden ones, and none outside the folder that a link leads to.

    Yields None for each folder in it.
    """
    for folder in folders:
        seen: set[tuple[int, int]] = set()  # folders, which links may lead to again
        waiting = [(folder, 0)]
        while waiting:
            current, depth = waiting.pop()
            with suppress(OSError), os.scandir(current) as entries:
                status = current.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                for entry in entries:
                    path = Path(entry.path)
                    if entry.name.startswith(".") or (entry.is_symlink() and not is_within(folder, path)):
                        continue
                    if entry.is_dir():
                        yield folder, None
                        if depth < MAX_DEPTH:
                            waiting.append((path, depth + 1))
                    elif entry.is_file():
                        yield folder, path


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _rank(folder: Path, path: Path, words: Collection[str]) -> tuple[int, int, str, Path] | None:
    """Return the rank of a file, of which the smallest is the best, and its label; None if it does not fit."""
    label = " ".join("".join(char if char.isprintable() else " " for char in str(path.relative_to(folder))).split())
    suffix = path.suffix.lower()
    if suffix == ".json" or (suffix in _DESCRIPTIONS and not _fits(label, words)):
        description = _description(path)
        if suffix == ".json" and not description:  # not SmartIR's: collections have other files, too
            return None
        label = f"{label} · {description}"
    if not _fits(label, words):
        return None
    return -len(set(words) & set(_words(label))), len(label), label, path


def _fits(text: str, words: Collection[str]) -> bool:
    """Return whether all words are in a text, with or without the separators in it."""
    parts = _words(text)
    searched = f"{' '.join(parts)} {''.join(parts)}"
    return bool(words) and all(word in searched for word in words)


def _description(path: Path) -> str:
    """Return what the beginning of a file says about its device."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return ""
    parts = (found[found.lastindex or 0] for found in _DESCRIPTIONS[path.suffix.lower()].finditer(head))
    return clean_name(" ".join(part.decode("utf-8", "replace").replace('"', "") for part in parts))
