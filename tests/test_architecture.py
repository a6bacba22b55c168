"""Tests that modules import only what docs/architecture.md allows."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from custom_components import anavi_weather

FOLDER = Path(anavi_weather.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
MAX_LINES = 400  # lines


def module(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Return the imports of a module. Imports within the package start with a dot."""
    return tuple(iterate_imports(path))


def iterate_imports(path: Path) -> Iterator[str]:
    package = path.parent.relative_to(FOLDER).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [] if not node.level else ["", *package[: len(package) - node.level + 1]]
            names = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*names, alias.name]) for alias in node.names)


def knows(path: Path, *parts: str) -> list[str]:
    return [name for name in imported(path) if any(name == part or name.startswith(f"{part}.") for part in parts)]


def of(*folders: str) -> list[Path]:
    return [path for path in MODULES if module(path).startswith(folders)]


def knowing(paths: list[Path], *parts: str) -> dict[str, list[str]]:
    """Return the modules that import something, and what they import of it."""
    return {module(path): names for path in paths if (names := knows(path, *parts))}


def imported_modules(path: Path) -> set[Path]:
    """Return the modules of the package that a module imports, including those for type checking."""
    found = set()
    for name in imported(path):
        if name.startswith("."):
            parts = name.removeprefix(".").split(".")
            candidates = [
                FOLDER.joinpath(*parts[:count], *end)
                for count in range(len(parts), -1, -1)
                for end in (("__init__.py",), ())
            ]
            files = [file if file.suffix else file.with_suffix(".py") for file in candidates]
            found.add(next(file for file in files if file.is_file()))
    return found - {path}


PURE = (
    "phat/",
    "ir_codes/",
    "key_tracker.py",
    "meteorology.py",
    "press_collector.py",
    "pressure_history.py",
    "quality.py",
)


def test_pure_modules_do_not_import_home_assistant() -> None:
    assert knowing(of(*PURE), "homeassistant") == {}


def test_the_board_and_the_codes_do_not_import_each_other() -> None:
    assert knowing(of("phat/"), ".ir_codes", ".user_station") == {}
    assert knowing(of("ir_codes/"), ".phat", ".user_station") == {}
    assert knowing(of("meteorology.py"), ".phat", ".ir_codes", ".user_station") == {}


def test_there_are_no_import_cycles() -> None:
    TopologicalSorter({path: imported_modules(path) for path in MODULES}).prepare()


def test_simulated_chips_know_nothing_of_the_drivers() -> None:
    """Otherwise the simulation would repeat a mistake in a driver."""
    drivers = (".phat.bh1750", ".phat.bmp180", ".phat.bmx280", ".phat.htu21d", "bme280")
    assert knowing(of("phat/simulat"), *drivers) == {}


def test_forwarding_does_not_import_the_board() -> None:
    assert knowing(of("user_station/"), ".phat", ".ir_codes", ".coordinator", ".transceiver") == {}


def test_few_modules_use_the_recorders_tables() -> None:
    recorder = "homeassistant.components.recorder"
    names = ("commits", "log", "names", "rows", "statistics", "tables")
    found = knowing(MODULES, f"{recorder}.db_schema", f"{recorder}.util", "sqlalchemy")
    assert list(found) == [f"user_station/recorder_{name}.py" for name in names]


def test_one_module_uses_http() -> None:
    """The other uses the library with which aiohttp compresses."""
    assert list(knowing(of("user_station/"), "aiohttp")) == [
        "user_station/compression.py",
        "user_station/elasticsearch.py",
    ]


def test_no_module_is_long() -> None:
    lengths = {module(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_test_helper_is_named_like_the_module_that_it_helps_to_test() -> None:
    helpers = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if path.name != "__init__.py"}
    assert not helpers & set(map(module, MODULES))


def test_a_forbidden_import_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_architecture.FOLDER", tmp_path)
    (tmp_path / "phat").mkdir()
    path = tmp_path / "phat/chip.py"
    path.write_text(
        "from ..coordinator import A\nfrom .. import sensor\nfrom .i2c import Bus\nimport homeassistant.core\n"
    )
    assert list(imported(path)) == [".coordinator.A", ".sensor", ".phat.i2c.Bus", "homeassistant.core"]
    assert knows(path, "homeassistant", ".coordinator") == [".coordinator.A", "homeassistant.core"]


def test_an_import_cycle_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_architecture.FOLDER", tmp_path)
    (tmp_path / "phat").mkdir()
    sources = {
        "phat/__init__.py": "from .chip import Chip",
        "phat/chip.py": "from ..entity import Entity",
        "entity.py": "if TYPE_CHECKING:\n    from . import sensor",
        "sensor.py": "from .phat import Chip\nimport math",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source)

    graph = {tmp_path / name: imported_modules(tmp_path / name) for name in sources}

    assert graph[tmp_path / "sensor.py"] == {tmp_path / "phat/__init__.py"}
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()
