"""The option `--quick`: no processes, kernels or servers, no search for every possible fault, and one case of each test.

Of a test with several cases, each in a Home Assistant of its own, only the first runs. Properties are tried with few examples.
"""

from collections import Counter
import os
from pathlib import Path
import sys
from typing import Any

from hypothesis import settings
import pytest

TESTS = Path(__file__).parent
FOLDERS = ("docker", "end_to_end", "kernel")  # all of their tests are left out
DATABASE_SERVERS = ("mariadb", "postgresql")
SLOW = ("end_to_end", "exhaustive")
STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
LEFT_OUT = "left_out"
QUICK_EXAMPLES = 20  # for each property that does not state another number

settings.register_profile("quick", deadline=None, max_examples=QUICK_EXAMPLES)

_left_out: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out what starts a process, a kernel or a server, and more cases of the same test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Hold the tests to it."""
    if config.getoption("quick"):
        settings.load_profile("quick")
        sys.addaudithook(_refuse_processes)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need more than this process, and leave them out if that is wanted."""
    for item in items:
        if _folder(item) in FOLDERS or _needs_database_server(item):
            item.add_marker("end_to_end")
    if not config.getoption("quick"):
        return
    quick = _first_cases([item for item in items if not any(map(item.get_closest_marker, SLOW))])
    left_out = [item for item in items if item not in quick]
    items[:] = quick
    config.hook.pytest_deselected(items=left_out)
    _left_out.update(map(_folder, left_out))
    if hasattr(config, "workeroutput"):
        config.workeroutput[LEFT_OUT] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has left out; each leaves out the same."""
    _left_out.update(getattr(node, "workeroutput", {}).get(LEFT_OUT, {}) if not _left_out else {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out."""
    if _left_out:
        counts = ", ".join(f"{count} of tests/{folder}" for folder, count in sorted(_left_out.items()))
        terminalreporter.write_line(f"--quick left out {_left_out.total()} tests: {counts}")


def _folder(item: pytest.Item) -> str:
    """Return the folder of tests/ that a test belongs to; of one in tests/ itself, its file."""
    return item.path.relative_to(TESTS).parts[0]


def _first_cases(items: list[pytest.Item]) -> dict[pytest.Item, None]:
    """Return the tests in their order, with one case of those that start a Home Assistant for each.

    Tests with snapshots keep their cases, because a snapshot that no test uses is a failure.
    """
    functions = set[str]()
    chosen = dict[pytest.Item, None]()
    for item in items:
        function = item.nodeid.partition("[")[0]
        fixtures = getattr(item, "fixturenames", ())
        if "hass" not in fixtures or "snapshot" in fixtures or function not in functions:
            chosen[item] = None
        functions.add(function)
    return chosen


def _needs_database_server(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("database") in DATABASE_SERVERS


def _refuse_processes(event: str, _: tuple[Any, ...]) -> None:
    if event in STARTS and "PYTEST_CURRENT_TEST" in os.environ:
        raise RuntimeError("a test starts a process: mark it with end_to_end")
