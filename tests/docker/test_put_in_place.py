"""Tests of how a start of the container changes the user's folder."""

import json
from pathlib import Path
import shutil
from types import ModuleType

import pytest

from .compose import REMOTE_STATION

MINE = {
    "configuration.yaml": "# mine\n",
    "secrets.yaml": "password: mine\n",
    "automations.yaml": "- alias: mine\n",
    "custom_components/other/manifest.json": "{}",
    "custom_components/__init__.py": "",
}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(REMOTE_STATION)
    import put_in_place

    return put_in_place


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return what an image has baked in."""
    image = tmp_path / "image"
    bake(image, "1.0.0")
    (image / "configuration.yaml").write_text("# first\n")
    return image


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the folder of a new Home Assistant."""
    config = tmp_path / "config"
    config.mkdir()
    return config


def bake(image: Path, version: str) -> None:
    """Bake another version in."""
    folder = image / "custom_components/anavi_weather"
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, {"manifest.json": json.dumps({"version": version}), "phat/__init__.py": f"# {version}"})
    if version == "1.0.0":
        write(folder, {"only_in_1.py": ""})


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def tree(folder: Path, *, but: str = "nothing") -> dict[str, bytes | None]:
    """Return all that is in a folder."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
        if but not in path.parts
    }


def target(config: Path) -> Path:
    return config / "custom_components/anavi_weather"


def baked(image: Path) -> Path:
    return image / "custom_components/anavi_weather"


def is_in_place(image: Path, config: Path) -> bool:
    content = tree(target(config), but="__pycache__")
    content.pop(".baked_in")
    return content == tree(baked(image))


def test_new_folder(module: ModuleType, image: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It gets the integration, and a configuration with the files that this includes."""
    assert module.main(image, config) == 0
    assert is_in_place(image, config)
    assert (config / "configuration.yaml").read_text() == "# first\n"
    assert {path.name for path in config.iterdir()} == {
        "configuration.yaml", "automations.yaml", "scripts.yaml", "scenes.yaml", "custom_components",
    }  # fmt: skip
    assert "1.0.0 was put in place" in capsys.readouterr().out


def test_second_start_writes_nothing(
    module: ModuleType, image: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does it matter what Python has compiled meanwhile."""
    module.main(image, config)
    write(target(config), {"__pycache__/a.pyc": "", "phat/__pycache__/b.pyc": ""})
    before = tree(config)
    times = {path: path.stat().st_mtime_ns for path in config.rglob("*")}
    capsys.readouterr()
    assert module.main(image, config) == 0
    assert tree(config) == before
    assert {path: path.stat().st_mtime_ns for path in config.rglob("*")} == times
    assert capsys.readouterr().out == "[anavi_weather] 1.0.0 is already in place\n"


@pytest.mark.parametrize("version", ["2.0.0", "0.9.0"])
def test_other_image(
    module: ModuleType, image: Path, config: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    """A newer or older version replaces the integration, and leaves the user's files alone."""
    write(config, MINE)
    module.main(image, config)
    before = tree(config, but="anavi_weather")
    bake(image, version)
    assert module.main(image, config) == 0
    assert is_in_place(image, config)
    assert tree(config, but="anavi_weather") == before
    assert {name: (config / name).read_text() for name in MINE} == MINE
    assert f"{version} was put in place of 1.0.0" in capsys.readouterr().out


def test_restored_backup(module: ModuleType, image: Path, config: Path, tmp_path: Path) -> None:
    """A restored backup's integration is recognized and updated."""
    module.main(image, config)
    restored = tmp_path / "restored"
    shutil.copytree(config, restored)
    bake(image, "2.0.0")
    module.main(image, restored)
    assert is_in_place(image, restored)


def own_copy(target: Path) -> None:
    write(target, {"manifest.json": '{"version": "0.5.0"}', "mine.py": "# mine"})


def edited(target: Path) -> None:
    (target / "phat/__init__.py").write_text("# mine")


def added(target: Path) -> None:
    (target / "mine.py").touch()


def deleted(target: Path) -> None:
    (target / "only_in_1.py").unlink()


def broken_mark(target: Path) -> None:
    (target / ".baked_in").write_bytes(b"\xff\n")


@pytest.mark.parametrize("change", [own_copy, edited, added, deleted, broken_mark])
def test_users_own_is_left_alone(
    module: ModuleType, image: Path, config: Path, capsys: pytest.CaptureFixture[str], change: object
) -> None:
    """A copy from HACS or an edited one is used, and the log says so and names the fix."""
    assert callable(change)
    if change is not own_copy:
        module.main(image, config)
    change(target(config))
    bake(image, "2.0.0")
    before = tree(target(config))
    capsys.readouterr()
    assert module.main(image, config) == 0
    assert tree(target(config)) == before
    version = "0.5.0" if change is own_copy else "1.0.0"
    output = capsys.readouterr().out
    assert f"WARNING: {target(config)} ({version}) is used, not the image's 2.0.0" in output
    assert "move it out of custom_components" in output


@pytest.mark.parametrize("exists", [True, False])
def test_users_link_is_left_alone(module: ModuleType, image: Path, config: Path, tmp_path: Path, exists: bool) -> None:
    """A developer's link, even to something that is not there."""
    elsewhere = tmp_path / "elsewhere"
    if exists:
        own_copy(elsewhere)
    target(config).parent.mkdir()
    target(config).symlink_to(elsewhere)
    assert module.main(image, config) == 0
    assert target(config).readlink() == elsewhere
    assert elsewhere.exists() == exists


@pytest.mark.parametrize("left", [".anavi_weather.new", ".anavi_weather.old"])
def test_power_failure(module: ModuleType, image: Path, config: Path, left: str) -> None:
    """An interrupted replacement starts again."""
    write(target(config).parent / left, {"half.py": ""})
    assert module.main(image, config) == 0
    assert is_in_place(image, config)
    assert [path.name for path in target(config).parent.iterdir()] == ["anavi_weather"]


def test_disk_full(
    module: ModuleType,
    image: Path,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Home Assistant starts with the old version, and the log says why."""
    module.main(image, config)
    bake(image, "2.0.0")

    def copytree(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", copytree)
    assert module.main(image, config) == 0
    assert module.version(target(config)) == "1.0.0"
    assert "could not be put in place: [Errno 28] No space left on device" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["", "secrets.yaml", ".storage/auth"])
def test_folder_of_somebody_else(
    module: ModuleType,
    image: Path,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    """Nothing starts where Home Assistant could not write, and the log names the fix."""
    write(config, {"secrets.yaml": "", ".storage/auth": ""})
    before = tree(config)
    # The tests may run as root, whom nothing stops
    monkeypatch.setattr(module.os, "access", lambda tried, mode: tried != config / path)
    assert module.main(image, config) == 1
    assert tree(config) == before
    output = capsys.readouterr().out
    assert f"ERROR: {config / path} cannot be written" in output
    assert "sudo chown -R root: config" in output
