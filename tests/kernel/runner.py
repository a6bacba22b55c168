"""Runs the tests of a kernel guest, which is too slow for pytest."""

# ruff: noqa: T201

from collections.abc import Callable, Mapping
import sys
import time
import traceback
from typing import Any

type Test = Callable[..., Any]


def _call(test: Test) -> object:
    return test()


def run(namespace: Mapping[str, Any], call: Callable[[Test], object] = _call) -> int:
    """Run the functions of a module that are named `test_…`, in their order, and print a verdict for each.

    Args:
        namespace: the module's globals.
        call: runs one test, with the arguments that the module's tests take.

    Returns:
        The number of tests that failed.
    """
    failed = 0
    for name, test in list(namespace.items()):
        if not name.startswith("test_"):
            continue
        start = time.monotonic()
        try:
            call(test)
        except Exception:  # noqa: BLE001  # the remaining tests run whatever this one raised
            traceback.print_exc(file=sys.stdout)
            failed += 1
            verdict = "FAILED"
        else:
            verdict = "ok"
        title = name.removeprefix("test_").replace("_", " ")
        print(f"{verdict}: {title} ({time.monotonic() - start:.1f} s)", flush=True)
    return failed
