"""Tests that the documentation agrees with the code and with its translation.

They compare names, paths, options and numbers, never sentences: a page can be rewritten without changing a test.
"""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import re
import subprocess
from typing import Any, NamedTuple

import pytest

from custom_components import anavi_weather
from custom_components.anavi_weather.common_keys import NAMED_KEYS
from custom_components.anavi_weather.const import CONF_ALTITUDE, CONF_INTERVAL, CONF_TEMPERATURE_OFFSET
from custom_components.anavi_weather.options_flow import options_schema
from custom_components.anavi_weather.phat.chip import CHIPS
from custom_components.anavi_weather.user_units import altitude_unit, temperature_offset_unit
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import NumberSelector

FOLDER = Path(anavi_weather.__file__).parent
ROOT = FOLDER.parents[1]
README = ROOT / "README.md"
PORTUGUESE = ".pt-BR.md"
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"),
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
)  # fmt: skip

# Named by Home Assistant, by the device class or as the base entity
NAMED_BY_HOME_ASSISTANT = (
    "Temperature", "Humidity", "Atmospheric pressure", "Illuminance", "Connectivity",
    "Infrared emitter",
)  # fmt: skip

SCRIPTS = ROOT / "scripts"
TEMPLATE = ROOT / "docker" / "user_station" / "elasticsearch" / "index_template.json"
# A path below one of the project's folders, and not below another folder of the same name
PROJECT_PATH = re.compile(
    r"(?<![\w/.-])(?:scripts|benchmarks|docker|docs|tests|blueprints|custom_components/anavi_weather)/[\w/.-]*\w"
)
COMMAND = re.compile(r"scripts/([a-z-]+)((?: [^\s`|#;)]+)*)")

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"(#{1,6}) (.+)")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`*]")


class Page(NamedTuple):
    """The elements of a page, in order."""

    headings: list[tuple[int, str]]
    code: list[str]
    tables: list[int]
    """Number of rows of each."""
    links: list[str]
    prose: str


@cache
def read(path: Path) -> Page:
    """Return a page, with its code blocks taken out of its prose."""
    page = Page([], [], [], [], "")
    prose: list[str] = []
    block: list[str] | None = None
    rows = 0
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if _FENCE.match(line):
            if block is not None:
                page.code.append("\n".join(block))
            block = [line] if block is None else None
        elif block is not None:
            block.append(line)
        else:
            prose.append(line)
            if found := _HEADING.fullmatch(line):
                page.headings.append((len(found[1]), found[2]))
            if line.startswith("|"):
                rows += 1
            elif rows:
                page.tables.append(rows)
                rows = 0
    assert block is None, f"{path}: a code block is not closed"
    text = "\n".join(prose)
    page.links.extend(found[1] or found[2] for found in _LINK.finditer(text))
    return page._replace(prose=text)


def anchors(path: Path) -> list[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    made: list[str] = []
    for _, heading in read(path).headings:
        text = _MARKUP.sub(lambda found: found[1] or "", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        same = sum(other == anchor or re.fullmatch(rf"{re.escape(anchor)}-\d+", other) is not None for other in made)
        made.append(f"{anchor}-{same}" if same else anchor)
    return made


def target(page: Path, link: str) -> tuple[Path, str]:
    """Return the file and the anchor of a relative link."""
    path, _, anchor = link.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


def is_relative(link: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*:", link) is None


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_have_a_target(page: Path) -> None:
    wrong = []
    for link in filter(is_relative, read(page).links):
        path, anchor = target(page, link)
        if (
            not path.is_relative_to(ROOT)
            or not path.exists()
            or (anchor and (path.suffix != ".md" or anchor not in anchors(path)))
        ):
            wrong.append(link)
    assert not wrong


def plain(page: Path, link: str) -> str | tuple[str, int]:
    """Return the target of a link in a form that is the same in both languages.

    That is the name of the English file, and the number of the heading.
    """
    if not is_relative(link):
        return link.replace("pt-BR%2F", "")
    path, anchor = target(page, link)
    number = anchors(path).index(anchor) if anchor else -1
    return name(path).replace(".pt-BR.", "."), number


def twins() -> Iterator[tuple[Path, Path]]:
    """Yield the pages that exist in both languages."""
    for page in PAGES:
        if page.name.endswith(PORTUGUESE):
            yield page.with_name(page.name.replace(PORTUGUESE, ".md")), page


def comments_removed(code: str) -> str:
    """Return a code block without its translated comments and messages."""
    lines = (re.sub(r"\s+# .*|^# .*", "", line) for line in code.splitlines())
    return "\n".join(re.sub(r"(message: |add-station ).*", r"\1…", line) for line in lines)


@pytest.mark.parametrize(("english", "portuguese"), list(twins()), ids=name)
def test_the_portuguese_page_has_the_same_structure(english: Path, portuguese: Path) -> None:
    ours, theirs = read(english), read(portuguese)
    assert [level for level, _ in theirs.headings] == [level for level, _ in ours.headings]
    assert [comments_removed(code) for code in theirs.code] == [comments_removed(code) for code in ours.code]
    assert theirs.tables == ours.tables
    # The link to the other language is the one that differs
    assert [plain(portuguese, link) for link in theirs.links] == [plain(english, link) for link in ours.links]


def test_the_readme_exists_in_portuguese() -> None:
    assert README.with_name("README.pt-BR.md") in [portuguese for _, portuguese in twins()]


def texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((FOLDER / f"translations/{language}.json").read_text(encoding="utf-8"))
    return texts


def fields(tree: Any) -> Iterator[str]:
    """Yield the names of all fields in a part of the translations."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "data":
                yield from value.values()
            else:
                yield from fields(value)


def entity_names(language: str) -> Iterator[str]:
    """Yield the names of all entities that are not named as their device or as a key, without the name of a chip."""
    for entities in texts(language)["entity"].values():
        for name in (entity["name"] for key, entity in entities.items() if "name" in entity and key not in NAMED_KEYS):
            yield name.replace(" ({chip})", " (").removeprefix("{chip} ")


class Row(NamedTuple):
    """A row of a table."""

    cells: list[str]
    text: str


def guide(language: str) -> Iterator[Row]:
    """Yield the rows of the tables in a language's guide for users."""
    for page in GUIDE:
        yield from rows(ROOT / (f"{page}.md" if language == "en" else f"{page}.{language}.md"))


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a page's tables."""
    for line in read(path).prose.splitlines():
        if line.startswith("|"):
            yield Row([cell.strip() for cell in line.strip("|").split("|")], line)


def numbers(text: str) -> set[float]:
    """Return the numbers in a text, which may have a typographic minus."""
    return {float(found.replace("−", "-")) for found in re.findall(r"[-−]?\d+", text)}


def properties(mapping: dict[str, Any], parent: str = "") -> Iterator[str]:
    """Yield the full names of the fields of a mapping."""
    for key, field in mapping["properties"].items():
        if "properties" in field:
            yield from properties(field, f"{parent}{key}.")
        else:
            yield f"{parent}{key}"


LANGUAGES = {"en": README, "pt-BR": README.with_name("README.pt-BR.md")}
GUIDE = ("README", "docs/configuration", "docs/weather")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["config", "options", "config_subentries"])
def test_every_field_has_a_row(language: str, part: str) -> None:
    names = set(fields(texts(language)[part]))
    assert names
    assert names <= {name for row in guide(language) for name in row.cells[0].split(", ")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("option", [CONF_INTERVAL, CONF_TEMPERATURE_OFFSET, CONF_ALTITUDE])
def test_an_option_has_its_range_and_default(hass: HomeAssistant, language: str, option: str) -> None:
    schema = options_schema(temperature_offset_unit(hass), altitude_unit(hass))
    selector: NumberSelector = schema.schema[option]
    name = texts(language)["options"]["step"]["settings"]["data"][option]
    (text,) = (row.text for row in guide(language) if row.cells[0] == name)
    expected = {selector.config["min"], selector.config["max"]}
    if (default := schema({}).get(option)) is not None:
        expected.add(default)
    assert expected <= numbers(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CHIPS)
def test_a_chip_has_its_addresses(language: str, kind: str) -> None:
    (row,) = (row for row in guide(language) if row.cells[0].split(" ")[0] == kind)
    assert {int(address, 16) for address in re.findall(r"0x[0-9A-F]{2}", row.text)} == set(CHIPS[kind].addresses)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entity_has_a_row(language: str) -> None:
    named = [row.cells[0] for row in guide(language)]
    missing = []
    for entity in entity_names(language):
        kind, _, rest = entity.partition(": ")  # the keys of the simulated remote control share a row
        if not any(kind in cell and rest in cell for cell in named):
            missing.append(entity)
    assert missing == []


def test_every_entity_that_home_assistant_names_has_a_row() -> None:
    named = [row.cells[0] for row in guide("en")]
    assert [entity for entity in NAMED_BY_HOME_ASSISTANT if not any(entity in cell for cell in named)] == []


@pytest.mark.parametrize("key", sorted(texts("en")["entity"]))
def test_icons_belong_to_entities(key: str) -> None:
    icons = json.loads((FOLDER / "icons.json").read_text(encoding="utf-8"))["entity"]
    assert set(icons.get(key, ())) <= set(texts("en")["entity"][key])


@pytest.mark.parametrize("language", ["", ".pt-BR"])
@pytest.mark.parametrize("action", texts("en")["services"])
def test_every_action_is_documented_with_its_fields(action: str, language: str) -> None:
    page = "forwarding" if action == "send_again" else "infrared"
    prose = read(ROOT / f"docs/{page}{language}.md").prose
    names = {f"anavi_weather.{action}", *texts("en")["services"][action]["fields"]}
    assert sorted(name for name in names if f"`{name}`" not in prose) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_actions_exist(page: Path) -> None:
    used = re.findall(r"\b(?:action: |`)anavi_weather\.(\w+)", page.read_text(encoding="utf-8"))
    assert set(used) <= set(texts("en")["services"])


@pytest.mark.parametrize("page", ["docs/forwarding.md", "docs/forwarding.pt-BR.md"])
def test_every_field_of_a_document_is_documented(page: str) -> None:
    documented: set[str] = set()
    for row in rows(ROOT / page):
        parent = ""
        for found in re.findall(r"`([@\w.]+)`", row.text):
            documented.add(f"{parent}{found}" if found.startswith(".") else found)
            if not found.startswith("."):
                parent = found.partition(".")[0]
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    assert sorted(set(properties(template["template"]["mappings"])) - documented) == []


def test_the_oldest_home_assistant_is_named() -> None:
    oldest = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))["homeassistant"].rpartition(".")[0]
    for page in LANGUAGES.values():
        assert oldest in read(page).prose


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_in_code_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = {found.rstrip(".") for found in PROJECT_PATH.findall(text)}
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_of_commands_exist(page: Path) -> None:
    wrong = []
    for command, options in COMMAND.findall(page.read_text(encoding="utf-8")):
        sources = (SCRIPTS / command, SCRIPTS / "lib" / f"{command}.py")
        source = "".join(file.read_text(encoding="utf-8") for file in sources if file.is_file())
        wrong += [f"{command} {option}" for option in re.findall(r"--[a-z-]+", options) if option not in source]
    assert wrong == []


def test_every_command_is_in_the_contributing_guide() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    commands = [file.name for file in SCRIPTS.iterdir() if file.is_file()]
    assert sorted(command for command in commands if f"`scripts/{command}" not in guide) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_percent_signs_follow_their_numbers(page: Path) -> None:
    assert re.findall(r"\d\s%", read(page).prose) == []


@pytest.mark.parametrize(("language", "page"), [("en", "docs/forwarding.md"), ("pt-BR", "docs/forwarding.pt-BR.md")])
def test_repairs_of_user_stations_are_listed(language: str, page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    issues = json.loads((FOLDER / "translations" / f"{language}.json").read_text(encoding="utf-8"))["issues"]
    titles = [issue["title"].removeprefix("{user_station}: ") for key, issue in issues.items() if "user_station" in key]
    rows = [title[0].upper() + title[1:].replace("{hours}", "…") for title in titles]
    assert [row for row in rows if f"\n| {row} |" not in text] == []
