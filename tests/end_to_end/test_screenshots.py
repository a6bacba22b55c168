"""Tests of the documentation's pictures and of scripts/screenshots."""

from pathlib import Path
import subprocess

from PIL import Image
import pytest

from .conftest import SCRIPTS, needs_browser

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

FOLDER = SCRIPTS.parent / "docs" / "images"
SIZES = {
    "config-flow": (1280, 640),
    "dashboard": (1440, 1030),
    "dashboard-phone": (400, 860),
    "dashboard.pt-BR": (1440, 1030),
    "device": (1280, 1060),
    "learning": (1280, 640),
    "repair": (1280, 640),
    "user-station": (1280, 640),
}
QUICK = ("device", "learning", "config-flow")
MAXIMUM_BYTES = 80_000
SERVER = {"ELASTICSEARCH_URL", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD"}


def screenshots(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run scripts/screenshots without a server for a user station."""
    return subprocess.run(
        ["env", *(f"--unset={name}" for name in SERVER), SCRIPTS / "screenshots", *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_picture(file: Path) -> None:
    """Assert that a picture has the right size and is not blank."""
    with Image.open(file) as image:
        assert image.format == "PNG"
        assert image.size == SIZES[file.stem]
        colors = image.convert("RGB").getcolors(image.width * image.height)
    assert colors is not None and len(colors) > 50
    assert max(count for count, _ in colors) < 0.95 * image.width * image.height


@pytest.mark.parametrize("name", SIZES)
def test_pictures_of_the_documentation(name: str) -> None:
    file = FOLDER / f"{name}.png"
    assert_picture(file)
    assert file.stat().st_size <= MAXIMUM_BYTES


@needs_browser
def test_pictures_are_made(tmp_path: Path) -> None:
    """Each picture is taken when the page shows its text; one that needs a missing server is reported as skipped."""
    result = screenshots("--output", tmp_path, "user-station", *QUICK)

    assert result.returncode == 0, result.stdout + result.stderr
    assert {file.stem for file in tmp_path.iterdir()} == set(QUICK)
    for file in tmp_path.iterdir():
        assert_picture(file)
    assert "user-station: SKIPPED: ELASTICSEARCH_URL" in result.stdout


@needs_browser
def test_unknown_name(tmp_path: Path) -> None:
    result = screenshots("--output", tmp_path, "kitchen")

    assert result.returncode == 2
    assert "unknown picture kitchen" in result.stderr
    assert not list(tmp_path.iterdir())
