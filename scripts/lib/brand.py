"""Draw the integration's brand images: icon and logo, small and large, for light and dark themes."""

import argparse
from pathlib import Path
import sys

from browser import ROOT, PageError, open_browser, save
from playwright.sync_api import Error, Page

SOURCE = ROOT / "docs" / "brand" / "anavi_weather.svg"
OUTPUT = ROOT / "custom_components" / "anavi_weather" / "brand"
HEIGHTS = {"icon": 256, "logo": 128}  # pixels
SCALES = {"": 1, "@2x": 2}
SCHEMES = {"": "light", "dark_": "dark"}
RATIO = "id => { const box = document.getElementById(id).viewBox.baseVal; return box.width / box.height; }"


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/brand", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER", help="default: the integration's")
    return parser.parse_args()


def draw(page: Page, folder: Path) -> None:
    """Draw each view of the source in each size and color scheme."""
    for prefix, scheme in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        for view, height in HEIGHTS.items():
            page.goto(f"{SOURCE.as_uri()}#{view}")
            ratio = page.evaluate(RATIO, view)
            for suffix, scale in SCALES.items():
                size = {"width": round(height * scale * ratio), "height": height * scale}
                page.set_viewport_size(size)
                save(folder / f"{prefix}{view}{suffix}.png", page.screenshot(omit_background=True))


def main() -> int:
    """Draw the images, and return the exit code."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        with open_browser() as browser:
            draw(browser.new_page(), options.output)
    except PageError as error:
        print(f"brand: {error}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"brand: the browser failed: {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
