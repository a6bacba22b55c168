"""Tests that the documentation calls everything in the UI by its name there."""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import re
from typing import Any

import hass_frontend
import pytest

from homeassistant import components

from .test_readme import FOLDER, PAGES, PORTUGUESE, ROOT, name, read, texts

BLUEPRINTS = ROOT / "blueprints" / "automation" / "anavi_weather"
MESSAGES = ROOT / "docker" / "user_station" / "kibana" / "messages"
FOR_USERS = ("README", "docs/api", "docs/automations", "docs/configuration", "docs/forwarding", "docs/infrared", "docs/quality",
             "docs/rain", "docs/raspberry-pi", "docs/troubleshooting", "docs/weather", "docker/remote_station/README",
             "docker/user_station/README")  # fmt: skip
GUIDE = [page for page in PAGES if name(page).partition(".")[0] in FOR_USERS]

# Names in other programs' UI, which no package has
FOREIGN = {
    "ANAVI Weather", "HACS", "Marketplace", "Raspberry Pi OS (64-bit)", "⋮",
    # Not translated by Home Assistant
    "Event received",
    # Kibana
    "Dev Tools", "Discover", "Exclude", "Maps", "Stack Management", "Rules", "Users",
    # Firefox and Chrome
    "Privacy & Security", "Certificates", "View certificates", "Authorities", "Privacy and security", "Security",
    "Manage certificates", "Privacidade e Segurança", "Certificados", "Ver certificados", "Autoridades",
    "Privacidade e segurança", "Segurança", "Gerenciar certificados",
}  # fmt: skip
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_PATH = re.compile(r"(?<!\*)\*([^*|]+ → [^*|]+)\*(?!\*)")
# An emphasis, which is no name: begins in lower case, ends like a sentence, or is long. A path of names has arrows.
_EMPHASIS = re.compile(r"(?!.* → )(?:[^\WA-ZÀ-Ý]|.*[.:,]$|(?:\S+\s+){5,}|.*[\[`])", re.DOTALL)


def strings(tree: Any) -> Iterator[str]:
    """Yield all texts in a part of translations."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from strings(value)
    else:
        yield str(tree)


def loaded(path: Path) -> Iterator[str]:
    yield from strings(json.loads(path.read_text(encoding="utf-8")))


@cache
def known(language: str) -> set[str]:
    """Return the texts of this project's UI and of Home Assistant's."""
    folder = Path(hass_frontend.__file__).parent / "static" / "translations"
    found = {*strings(texts(language)), *loaded(MESSAGES / f"{language}.json"), *FOREIGN}
    for path in folder.rglob(f"{language}-*.json"):
        if re.fullmatch(rf"{language}-[0-9a-f]+\.json", path.name):
            found.update(loaded(path))
    for path in Path(components.__file__).parent.glob(f"*/translations/{language}.json"):
        found.update(loaded(path))
    for path in (BLUEPRINTS if language == "en" else BLUEPRINTS / language).glob("*.yaml"):
        title = re.search(r'name: "ANAVI Weather: (.+)"', path.read_text(encoding="utf-8"))
        assert title
        found.add(title[1][0].upper() + title[1][1:])
    for path in (FOLDER / "frontend").glob("*.js"):
        found.update(re.findall(r'"([^"\n]+)"', path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("page", GUIDE, ids=name)
def test_names_in_bold_are_those_of_the_ui(page: Path) -> None:
    language = "pt-BR" if page.name.endswith(PORTUGUESE) else "en"
    prose = read(page).prose
    bold = (re.sub(r"\s+", " ", found) for found in (*_BOLD.findall(prose), *_PATH.findall(prose)))
    parts = {part for text in bold if not _EMPHASIS.match(text) for part in text.split(" → ")}
    assert sorted(parts - known(language)) == []


def test_a_wrong_name_is_noticed() -> None:
    assert not {"Add a user station", "Adicionar estação do usuário"} & known("en")
    assert {"Add user station", "Devices & services", "Storm warning"} <= known("en")


def test_an_emphasis_is_no_name() -> None:
    assert all(map(_EMPHASIS.match, ("three times", "Back up first.", "The recorder's database is the queue")))
    assert not any(map(_EMPHASIS.match, ("Send states again", "Settings → Dashboards → Add dashboard", "Áreas")))
