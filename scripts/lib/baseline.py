"""Results of the tests without a fault, and the tests that they suggest for one."""

from collections.abc import Collection, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TypedDict

from mutants import Mutant


class Baseline(TypedDict):
    """Results of the tests without a fault."""

    sources: str
    """Fingerprint of the files that the results depend on."""
    failed: list[str]
    durations: dict[str, float]
    """Seconds of CPU."""
    imported: dict[str, list[int]]
    """Lines executed while a file is imported, by file."""
    tests: dict[str, dict[str, list[str]]]
    """Tests that execute a line, by file and line."""
    modules: list[str]


def mirrors(file: Path, tests: Sequence[Path]) -> list[str]:
    """Return the test files that mirror a module, such as `test_forwarder.py` and `test_forwarder_server.py`."""
    names = ("init", file.parent.name) if file.stem == "__init__" else (file.stem,)
    return [str(path) for name in names for path in tests if path.stem.startswith(f"test_{name}")]


def choose(mutant: Mutant, names: Collection[str], baseline: Baseline, files: Sequence[Path], most: float) -> list[str]:
    """Return the mirroring tests, and the quickest others that fit into this many seconds.

    Of the others, the tests that execute the file come first.
    """
    durations, own = baseline["durations"], tuple(f"{name}::" for name in mirrors(mutant.file, files))
    executing = {test for tests in baseline["tests"][str(mutant.file)].values() for test in tests}
    ordered = sorted(names, key=lambda test: (not test.startswith(own), test not in executing, durations[test]))
    spent = accumulate(0.0 if test.startswith(own) else durations[test] for test in ordered)
    return [test for test, seconds in zip(ordered, spent, strict=True) if seconds <= most]
