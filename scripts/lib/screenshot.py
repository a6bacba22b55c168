"""Take a picture of a page of a running scripts/develop, and print its text.

Fails if a card shows an error. Needs Chromium, from the variable CHROMIUM or the PATH.
"""

import argparse
from pathlib import Path
import sys

from browser import ROOT, PageError, open_browser, open_page, read_login, read_page
from playwright.sync_api import Error


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshot", description=__doc__)
    parser.add_argument("--path", default="/anavi-weather", help="path of the page (default: %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("screenshot.png"),
        metavar="FILE",
        help="default: %(default)s",
    )
    parser.add_argument("--width", type=int, default=1400, help="default: %(default)s")
    parser.add_argument("--height", type=int, default=1100, help="default: %(default)s")
    parser.add_argument("--language", help="language of the page, such as pt-BR")
    parser.add_argument(
        "--click",
        action="append",
        default=[],
        metavar="TEXT",
        help="click on this text first; repeat it to click several, one after another",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=ROOT / ".develop",
        metavar="FOLDER",
        help="folder of scripts/develop (default: .develop)",
    )
    return parser.parse_args()


def take(options: argparse.Namespace) -> str:
    """Open the page, save the picture even if the page has an error, and return the text."""
    login = read_login(options.config)
    with open_browser() as browser:
        page = open_page(browser, login, (options.width, options.height), options.language)
        try:
            page.goto(login["url"] + options.path)
            text = read_page(page)
            for label in options.click:
                # A transparent layer above a card's text receives the click.
                page.get_by_text(label, exact=True).first.click(force=True)
                text = read_page(page)
            return text
        finally:
            page.screenshot(path=options.output)


def main() -> int:
    """Take the picture, print the text, and return the exit code."""
    options = arguments()
    try:
        text = take(options)
    except PageError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"screenshot: the browser failed: {error.message}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
