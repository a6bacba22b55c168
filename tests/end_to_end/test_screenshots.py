"""Tests of the documentation's pictures and of scripts/screenshots."""

from itertools import pairwise
from pathlib import Path
import subprocess

from PIL import Image, ImageSequence
import pytest

from .conftest import SCRIPTS, needs_browser

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

FOLDER = SCRIPTS.parent / "docs" / "images"
SIZES = {
    "config-flow": (1280, 640),
    "dashboard": (1440, 1030),
    "dashboard-phone": (400, 860),
    "device": (1280, 1060),
    "learning": (1280, 640),
    "remote": (1440, 1030),
    "repair": (1280, 640),
    "user-station": (1280, 640),
}
LANGUAGES = ("", ".pt-BR")
TOUR_SIZE = (1000, 640)
TOUR_FRAMES = 10  # at least
MAXIMUM_BYTES = 80_000
MAXIMUM_TOUR_BYTES = 750_000
SERVER = {"ELASTICSEARCH_URL", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD"}


def screenshots(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run scripts/screenshots without a server for a user station."""
    return subprocess.run(
        ["env", *(f"--unset={name}" for name in SERVER), SCRIPTS / "screenshots", *options],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def assert_picture(file: Path) -> None:
    """Assert that a picture has the right size and is not blank."""
    with Image.open(file) as image:
        assert image.format == "PNG"
        assert image.size == SIZES[file.stem.removesuffix(".pt-BR")]
        colors = image.convert("RGB").getcolors(image.width * image.height)
    assert colors is not None and len(colors) > 50
    assert max(count for count, _ in colors) < 0.95 * image.width * image.height


def assert_tour(file: Path) -> None:
    """Assert that an animation goes on from step to step, and begins again."""
    with Image.open(file) as image:
        assert (image.format, image.size, image.info["loop"]) == ("WEBP", TOUR_SIZE, 0)
        frames = [frame.convert("L").resize((100, 64)).tobytes() for frame in ImageSequence.Iterator(image)]
    assert len(frames) >= TOUR_FRAMES
    assert all(one != other for one, other in pairwise(frames))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SIZES)
def test_pictures_of_the_documentation(name: str, language: str) -> None:
    file = FOLDER / f"{name}{language}.png"
    assert_picture(file)
    assert file.stat().st_size <= MAXIMUM_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_tours_of_the_documentation(language: str) -> None:
    file = FOLDER / f"tour{language}.webp"
    assert_tour(file)
    assert file.stat().st_size <= MAXIMUM_TOUR_BYTES


@needs_browser
def test_pictures_are_made(tmp_path: Path) -> None:
    """Each picture is taken when the page shows its text; one that needs a missing server is reported as skipped."""
    result = screenshots("--output", tmp_path, "--language", "pt-BR", "user-station", "learning", "tour")

    assert result.returncode == 0, result.stdout + result.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"learning.pt-BR.png", "tour.pt-BR.webp"}
    assert_picture(tmp_path / "learning.pt-BR.png")
    assert_tour(tmp_path / "tour.pt-BR.webp")
    assert "user-station.pt-BR: SKIPPED: ELASTICSEARCH_URL" in result.stdout


@needs_browser
def test_unknown_name(tmp_path: Path) -> None:
    result = screenshots("--output", tmp_path, "kitchen")

    assert result.returncode == 2
    assert "unknown picture kitchen" in result.stderr
    assert not list(tmp_path.iterdir())
