"""Tests of the brand images: Home Assistant's specification, and that they match their source."""

from pathlib import Path
import subprocess

from PIL import Image, ImageChops, ImageStat
import pytest

from custom_components import anavi_weather

from .end_to_end.conftest import SCRIPTS, needs_browser

FOLDER = Path(anavi_weather.__file__).parent / "brand"
# https://github.com/home-assistant/brands#image-specification: an icon is square, a logo's short side has 128 to 256 pixels
SIZES = {"icon": (256, 256), "icon@2x": (512, 512), "logo": (384, 128), "logo@2x": (768, 256)}
IMAGES = {f"{prefix}{name}.png": size for prefix in ("", "dark_") for name, size in SIZES.items()}
MAXIMUM_BYTES = 20_000
VISIBLE = 8  # of 255
ROUNDING = 4.0  # of 255, on average; pngquant changes colors


def channels(file: Path) -> Image.Image:
    """Return an image with its colors multiplied by its opacity."""
    with Image.open(file) as image:
        assert image.format == "PNG"
        return image.convert("RGBA").convert("RGBa")


def test_the_folder_has_no_other_files() -> None:
    assert {file.name for file in FOLDER.iterdir()} == IMAGES.keys()


@pytest.mark.parametrize("name", IMAGES)
def test_size_transparency_and_trimming(name: str) -> None:
    file = FOLDER / name
    image = channels(file)
    assert image.size == IMAGES[name]
    assert file.stat().st_size <= MAXIMUM_BYTES

    *_, opacity = image.split()
    corners = [opacity.getpixel((x, y)) for x in (0, image.width - 1) for y in (0, image.height - 1)]
    assert corners == [0, 0, 0, 0]
    assert opacity.getextrema() == (0, 255)
    assert opacity.point([255 * (value > VISIBLE) for value in range(256)]).getbbox() == (0, 0, *image.size)


@pytest.mark.parametrize("name", SIZES)
def test_dark_images_are_brighter(name: str) -> None:
    light, dark = (ImageStat.Stat(channels(FOLDER / f"{prefix}{name}.png")) for prefix in ("", "dark_"))
    assert sum(dark.mean[:3]) > sum(light.mean[:3])


@needs_browser
@pytest.mark.end_to_end
def test_images_match_their_source(tmp_path: Path) -> None:
    result = subprocess.run(
        [SCRIPTS / "brand", "--output", tmp_path], capture_output=True, text=True, timeout=180, check=False
    )
    assert result.returncode == 0, result.stderr
    for name in IMAGES:
        difference = ImageChops.difference(channels(FOLDER / name), channels(tmp_path / name))
        assert max(ImageStat.Stat(difference).mean) < ROUNDING, name
