"""Puts small faults into a package, one at a time, and lists those that no test notices.

A fault inside a function is tried by the tests that execute its line: in a process forked off a pytest that has collected
them, where the function's code is exchanged. A fault that takes effect while the module is imported is tried by a pytest
of its own. No file is changed.

In the station's own modules the median fault takes 0.6 s of CPU inside a function and 3.5 s at import, or 4 s and 27 s if
no test notices it. Before that, the tests run once without a fault, which takes 150 s there, unless nothing has changed.
The tests that do not mirror the file are limited by `--seconds`: try survivors `--again` with more.

Two published tools were compared in November 2026, on `phat/bh1750.py` and `coordinator.py`, and both run here. mutmut
3.8.1 forks too, but leaves module-level code alone, and each function with a decorator other than a single `staticmethod`
or `classmethod`. Those hold 2828 of our 12808 faults (2270 if `@override` is ignored), 572 of 2001 in the station's own
modules and 147 of 183 in `bh1750.py`, where mutmut makes 45 mutants. cosmic-ray 8.7.0 reaches everything, but starts
pytest for each mutant: 7 s of CPU in `bh1750.py`, and 441 mutants instead of 183 because it tries every operator in place
of every other, also in annotations. Its workers change the file itself.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
import gc
import hashlib
import importlib
from importlib.machinery import SourceFileLoader
import json
import os
from pathlib import Path
import sys
import time
from types import CodeType, FunctionType
from typing import NamedTuple

from baseline import Baseline, choose
from child import in_child
import coverage
from hypothesis import HealthCheck, Phase, settings
from mutants import Mutant, exchange, find_functions, find_mutants, mutated
import pytest

INTEGRATION = Path("custom_components/anavi_weather")
CACHE = Path(".cache/mutation")
SOURCES = ("custom_components", "tests", "scripts/lib", "pyproject.toml", "requirements_test.txt")

CHECKED = 100  # for one of this many faults, the tests are also run without it
IMPORT_FACTOR = 10
# The folder of a package's modules, and the pattern of its tests
TESTS = {
    "station": (".", "test_*.py"),
    "phat": ("phat", "phat/test_*.py"),
    "ir_codes": ("ir_codes", "ir_codes/test_*.py"),
    "user_station": ("user_station", "user_station/test_*.py"),
}

# Imported before the plugins, in their order
PATCHES = ("pytest_homeassistant_custom_component.patch_recorder", "pytest_homeassistant_custom_component.patch_time")
PRELOADED = ("homeassistant.", "infrared_protocols.", "sqlalchemy.")
ARGUMENTS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile", "mutation")

# The same examples for each fault, without shrinking
settings.register_profile(
    "mutation",
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Trial(NamedTuple):
    """A fault inside a function, with the tests that may notice it."""

    mutant: Mutant
    tests: list[str]


type Report = Callable[[Mutant, str], None]


class Failures:
    """A pytest plugin that reports each failing test."""

    def __init__(self, report: Callable[[str], object]) -> None:
        """Initialize the plugin with a function that receives a test's name."""
        self._report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report a failed test."""
        if report.failed:
            self._report(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Report a file that cannot be collected."""
        if report.failed:
            self._report(report.nodeid)


class Choice:
    """A pytest plugin that runs chosen tests in order, after those that exist only with the fault.

    A fault may change the names of tests, which contain parameters. That alone does not count as noticed.
    """

    def __init__(self, chosen: Sequence[str], known: Collection[str]) -> None:
        """Initialize the plugin with the names of the chosen tests and of all that exist without a fault."""
        self._places = {name: place for place, name in enumerate(chosen)}
        self._known = known

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose the tests."""
        items[:] = [item for item in items if item.nodeid in self._places or item.nodeid not in self._known]
        items.sort(key=lambda item: self._places.get(item.nodeid, -1))


class BaselineRun:
    """A pytest plugin that runs every test without a fault, and records the lines it executes."""

    def __init__(self, files: Sequence[Path], sources: str, output: Path) -> None:
        """Initialize the plugin with a package's files, the fingerprint of all sources, and the file to write."""
        self._files = files
        self._sources = sources
        self._output = output
        self._imported: dict[str, list[int]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """Import the package before the tests do."""
        tracer = _tracer()
        tracer.start()
        _import(self._files)
        tracer.stop()
        self._imported = {str(file): tracer.get_data().lines(str(file.resolve())) or [] for file in self._files}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests."""
        tracer, failed = _tracer(), list[str]()
        durations: dict[str, float] = {}
        session.config.pluginmanager.register(Failures(failed.append))
        tracer.start()
        for item, following in _with_next(session.items):
            tracer.switch_context(item.nodeid)
            begin = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            durations[item.nodeid] = time.process_time() - begin
        tracer.stop()
        data = tracer.get_data()
        tests = {
            str(file): {
                str(line): [test for test in names if test]
                for line, names in data.contexts_by_lineno(str(file.resolve())).items()
            }
            for file in self._files
        }
        modules = [name for name in sys.modules if name.startswith(PRELOADED)]
        baseline = Baseline(
            sources=self._sources,
            failed=failed,
            durations=durations,
            imported=self._imported,
            tests=tests,
            modules=modules,
        )
        self._output.write_text(json.dumps(baseline), encoding="utf-8")
        return True


class TrialRun:
    """A pytest plugin that tries faults inside functions."""

    def __init__(self, trials: Sequence[Trial], durations: dict[str, float], report: Report) -> None:
        """Initialize the plugin with the faults, the tests' seconds of CPU, and a function that receives each outcome."""
        self._trials = trials
        self._durations = durations
        self._report = report

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """Import the modules with faults, of which Home Assistant would import some only during a test."""
        _import(sorted({trial.mutant.file for trial in self._trials}))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the faults."""
        items = {item.nodeid: item for item in session.items}
        functions = find_functions({trial.mutant.file for trial in self._trials})
        gc.freeze()  # so that no process examines, and thereby copies, the memory of this one
        for number, (mutant, tests) in enumerate(self._trials):
            seconds = 10 + 3 * sum(self._durations[test] for test in tests)
            chosen = [items[test] for test in tests]
            if number % CHECKED == 0:
                said = in_child(partial(_try, session, chosen, None, ()), seconds)
                if said != "survived":
                    raise pytest.UsageError(f"in this order, tests fail without a fault: {said}")
            trying = partial(_try, session, chosen, mutant, functions[mutant.file])
            self._report(mutant, in_child(trying, seconds))
        return True


def _try(
    session: pytest.Session,
    items: Sequence[pytest.Item],
    mutant: Mutant | None,
    functions: Iterable[FunctionType],
    report: Callable[[str], None],
) -> None:
    if mutant and not exchange(mutant, functions):
        report("import")
    session.config.pluginmanager.register(Failures(lambda test: report(f"killed by {test}")))
    for item, following in _with_next(items):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    report("survived")


def _import(files: Iterable[Path]) -> None:
    for file in files:
        importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))


def _tracer() -> coverage.Coverage:
    return coverage.Coverage(data_file=None, source=[str(INTEGRATION)])


def _with_next(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def try_import(mutant: Mutant, baseline: Baseline, files: Sequence[Path], seconds: float) -> str:
    """Try a fault that takes effect while its module is imported."""
    durations = baseline["durations"]
    # Starting pytest takes longer than most tests.
    chosen = choose(mutant, durations, baseline, files, IMPORT_FACTOR * seconds)
    paths = dict.fromkeys(test.partition("::")[0] for test in chosen)

    def work(report: Callable[[str], None]) -> None:
        path = str(mutant.file.resolve())
        code = compile(mutated(mutant), path, "exec")
        original = SourceFileLoader.get_code

        def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
            return code if self.path == path else original(self, fullname)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
        plugins = [Failures(lambda test: report(f"killed by {test}")), Choice(chosen, durations)]
        if status := pytest.main(["-x", *ARGUMENTS, *paths], plugins=plugins):
            report(f"killed with status {status}")
        report("survived")

    return in_child(work, 20 + 3 * sum(durations[test] for test in chosen))


def run_pytest(files: Sequence[Path], plugin: object) -> None:
    """Run pytest in a process of its own.

    Raises:
        SystemExit: if pytest fails.
    """
    if (pid := os.fork()) == 0:
        os._exit(int(pytest.main([*ARGUMENTS, *map(str, files)], plugins=[plugin])))
    if status := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit(f"mutation: pytest ended with status {status}")


def arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("package", choices=tuple(TESTS), help="a package; station: the modules beside the packages")
    parser.add_argument(
        "--file", action="append", default=[], help="try only the faults in this file, such as bh1750.py"
    )
    parser.add_argument("--sample", type=int, help="try this many faults, chosen at random")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="CPU time per fault for tests that do not mirror the file"
    )
    parser.add_argument("--again", action="store_true", help="try only the faults that survived the previous run")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random choice")
    return parser.parse_args()


def select_mutants(files: Sequence[Path], options: argparse.Namespace, log: Path) -> tuple[list[Mutant], int]:
    """Return the faults to try, and how many the files have."""
    mutants = [
        mutant for file in files if not options.file or file.name in options.file for mutant in find_mutants(file)
    ]
    total = len(mutants)
    if options.again:
        survivors = {line.split("\t")[2] for line in _lines(log) if not line.startswith("killed")}
        mutants = [mutant for mutant in mutants if mutant.name in survivors]
    return sorted(sorted(mutants, key=partial(_lot, options.seed))[: options.sample]), total


def measure(files: Sequence[Path], tests: Sequence[Path], output: Path) -> Baseline:
    """Run the tests without a fault, unless nothing has changed since they last ran.

    Raises:
        SystemExit: if one of them fails.
    """
    sources = _fingerprint()
    baseline: Baseline | None = json.loads(output.read_text(encoding="utf-8")) if output.exists() else None
    if baseline is None or baseline["failed"] or baseline["sources"] != sources:
        run_pytest(tests, BaselineRun(files, sources, output))
        baseline = json.loads(output.read_text(encoding="utf-8"))
    if baseline["failed"]:
        sys.exit("mutation: without a fault, these fail: " + ", ".join(baseline["failed"]))
    return baseline


def try_all(mutants: Sequence[Mutant], baseline: Baseline, files: Sequence[Path], seconds: float, log: Path) -> None:
    """Try faults, and write the outcome of each to the log."""

    def report(mutant: Mutant, text: str) -> None:
        with log.open("a", encoding="utf-8") as out:
            out.write(f"{text}\t{mutant}\t{mutant.name}\n")

    trials, imports = list[Trial](), list[Mutant]()
    for mutant in mutants:
        lines = baseline["tests"][str(mutant.file)]
        tests = {test for line in mutant.lines for test in lines.get(str(line), ())}
        if mutant.line in baseline["imported"][str(mutant.file)]:
            imports.append(mutant)
        elif tests:
            trials.append(Trial(mutant, choose(mutant, tests, baseline, files, seconds)))
        else:
            report(mutant, "not executed")
    if trials:
        run_pytest(files, TrialRun(trials, baseline["durations"], report))
    # The code of some cannot be replaced
    results = _results(log)
    imports += [trial.mutant for trial in trials if results[str(trial.mutant)] == "import"]
    for name in (*PATCHES, *baseline["modules"]):
        importlib.import_module(name)
    for mutant in imports:
        report(mutant, try_import(mutant, baseline, files, seconds))


def main() -> int:
    """Try the faults, and print those that survived."""
    options = arguments()
    os.environ["COVERAGE_CORE"] = "ctrace"  # the only core that records which test executed a line
    sys.path.insert(0, str(Path.cwd()))
    CACHE.mkdir(parents=True, exist_ok=True)
    folder, pattern = TESTS[options.package]
    tests = sorted(Path("tests").glob(pattern))
    files = sorted((INTEGRATION / folder).glob("*.py"))
    log = CACHE / f"{options.package}.log"
    baseline = measure(files, tests, CACHE / f"{options.package}.json")
    mutants, total = select_mutants(files, options, log)
    log.unlink(missing_ok=True)
    try_all(mutants, baseline, tests, options.seconds, log)

    results = _results(log)
    counts = Counter(text.split(" ")[0] for text in results.values())
    print(*(f"{text}: {mutant}" for mutant, text in results.items() if not text.startswith("killed")), sep="\n")
    print(f"{total} faults, {len(results)} tried, {counts['killed']} killed, {len(results) - counts['killed']} not")
    return 0


def _lot(seed: int, mutant: Mutant) -> bytes:
    """Return a fault's sort key for sampling, which does not depend on the other faults."""
    return hashlib.sha256(f"{seed} {mutant.name}".encode()).digest()


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for source in map(Path, SOURCES):
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def _results(log: Path) -> dict[str, str]:
    return {mutant: text for text, mutant, _ in (line.split("\t") for line in _lines(log))}


if __name__ == "__main__":
    sys.exit(main())
