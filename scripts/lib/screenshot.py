"""Take a picture of a page of a running scripts/develop, and print the text that is on it.

Fails when a card shows an error. Needs Chromium: of the environment variable CHROMIUM, or of the PATH.
"""

import argparse
from pathlib import Path
import sys

from browser import ROOT, PageError, open_browser, open_page, read_login, read_page
from playwright.sync_api import Error


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshot", description=__doc__)
    parser.add_argument("--path", default="/anavi-weather", help="of the page (default: %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("screenshot.png"),
        metavar="FILE",
        help="default: %(default)s",
    )
    parser.add_argument("--width", type=int, default=1400, help="default: %(default)s")
    parser.add_argument("--height", type=int, default=1100, help="default: %(default)s")
    parser.add_argument("--language", help="of the page, as pt-BR")
    parser.add_argument(
        "--click",
        action="append",
        default=[],
        metavar="TEXT",
        help="first click on what says this; several are clicked one after another",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=ROOT / ".develop",
        metavar="FOLDER",
        help="what scripts/develop was started with (default: .develop)",
    )
    return parser.parse_args()


def take(options: argparse.Namespace) -> str:
    """Open the page, save the picture even if something is wrong on it, and return the text."""
    login = read_login(options.config)
    with open_browser() as browser:
        page = open_page(browser, login, (options.width, options.height), options.language)
        try:
            page.goto(login["url"] + options.path)
            text = read_page(page)
            for label in options.click:
                # A card's text lies below a layer that is what is really clicked.
                page.get_by_text(label, exact=True).first.click(force=True)
                text = read_page(page)
            return text
        finally:
            page.screenshot(path=options.output)


def main() -> int:
    """Take the picture and print the text; return the exit code."""
    options = arguments()
    try:
        text = take(options)
    except PageError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"screenshot: the browser says: {error.message}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
