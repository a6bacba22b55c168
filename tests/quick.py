"""The option `--quick`: no processes, kernels or servers, no search for every possible fault, and one case of each test.

Properties are tried with few examples.
"""

from collections import Counter
from collections.abc import Iterator
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
QUICK_EXAMPLES = 20  # of each property

settings.register_profile("quick", deadline=None, max_examples=QUICK_EXAMPLES)

_left_out: Counter[str] = Counter()


def examples(number: int) -> int:
    """Return how many examples of a property are tried, which `--quick` limits."""
    return min(number, QUICK_EXAMPLES) if settings.get_current_profile_name() == "quick" else number


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


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out whole folders. Their modules need not even be imported."""
    return True if config.getoption("quick") and collection_path in {TESTS / name for name in FOLDERS} else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need more than this process, and leave them out if that is wanted."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in FOLDERS or _needs_database_server(item):
            item.add_marker("end_to_end")
    if not config.getoption("quick"):
        return
    alone = [item for item in items if not _needs_more(item)]
    quick = [*_first_cases(alone)]
    _left_out["tests that need a process, a server or much time"] = len(items) - len(alone)
    _left_out["more cases of the same tests"] = len(alone) - len(quick)
    config.hook.pytest_deselected(items=[*{*items} - {*quick}])
    items[:] = quick
    if hasattr(config, "workeroutput"):
        config.workeroutput[LEFT_OUT] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has left out; each leaves out the same."""
    _left_out.update(getattr(node, "workeroutput", {}).get(LEFT_OUT, {}) if not _left_out else {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out."""
    if _left_out:
        folders = ", ".join(f"tests/{name}" for name in FOLDERS)
        counts = ", ".join(f"{count:,} {reason}" for reason, count in _left_out.items())
        terminalreporter.write_line(f"--quick left out {folders}, {counts}")


def _first_cases(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield one case of each test, in their order.

    Tests with snapshots keep their cases, because a snapshot that no test uses is a failure.
    """
    seen = set[str]()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if function not in seen or "snapshot" in _fixtures(item):
            yield item
        seen.add(function)


def _needs_more(item: pytest.Item) -> bool:
    """Return whether a test needs a process or a server, which may be one of its own, or searches for long."""
    needs_server = "socket_enabled" in _fixtures(item) and "snapshot" not in _fixtures(item)
    return needs_server or any(map(item.get_closest_marker, SLOW))


def _fixtures(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


def _needs_database_server(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("database") in DATABASE_SERVERS


def _refuse_processes(event: str, _: tuple[Any, ...]) -> None:
    if event in STARTS and "PYTEST_CURRENT_TEST" in os.environ:
        raise RuntimeError("a test starts a process: mark it with end_to_end")
