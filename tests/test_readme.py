"""Tests that the documentation is whole: its headings, links, fields and entities, in both languages."""

from collections.abc import Iterator, Mapping
from functools import cache
import json
from pathlib import Path
import re
import subprocess
from typing import Any, NamedTuple

import pytest

from custom_components import anavi_weather

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

# Where the documentation answers what the quality scale asks of it: a page, and the heading on it
ANSWERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "docs-actions": (
        ("README.md", "Actions"),
        ("docs/infrared.md", "Learn"),
        ("docs/infrared.md", "Send"),
        ("docs/infrared.md", "Import and export"),
    ),
    "docs-conditions": (),
    "docs-configuration-parameters": (("README.md", "Options"),),
    "docs-data-update": (("README.md", "How readings are updated"),),
    "docs-examples": (("README.md", "Automations"), ("docs/infrared.md", "Old remote controls drive automations")),
    "docs-high-level-description": (("README.md", "ANAVI Weather"),),
    "docs-installation-instructions": (("README.md", "Install"), ("README.md", "Prepare the Raspberry Pi")),
    "docs-installation-parameters": (("README.md", "Remote station"), ("README.md", "User station")),
    "docs-known-limitations": (("README.md", "Known limitations"), ("docs/infrared.md", "Limits")),
    "docs-removal-instructions": (("README.md", "Remove it"), ("docs/forwarding.md", "Remove it")),
    "docs-supported-devices": (("README.md", "Supported hardware"),),
    "docs-supported-functions": (("README.md", "Entities"), ("README.md", "Infrared")),
    "docs-triggers": (),
    "docs-troubleshooting": (("README.md", "Troubleshooting"), ("docs/forwarding.md", "Entities and repairs")),
    "docs-use-cases": (("README.md", "Automations"),),
}

# What Home Assistant names itself, by the device class or as the base entity
NAMED_BY_HOME_ASSISTANT = (
    "Temperature", "Humidity", "Atmospheric pressure", "Illuminance", "Absolute humidity", "Connected",
    "Infrared emitter", "Infrared receiver",
)  # fmt: skip

_TOLD = ("docs/forwarding.md", "Entities and repairs")
REPAIRS = {
    "chip_claimed": ("README.md", "Troubleshooting", "or that a driver has claimed it"),
    "chip_failing": ("README.md", "Troubleshooting", "or fails"),
    "chip_no_answer": ("README.md", "Troubleshooting", "A repair says that a chip does not answer"),
    "user_station_key_refused": (*_TOLD, "| The API key is refused"),
    "user_station_no_tls": (*_TOLD, "| The server speaks no TLS"),
    "user_station_not_elasticsearch": (*_TOLD, "| Something else answers there"),
    "user_station_not_time_series": (*_TOLD, "| The stream is not a time series"),
    "user_station_privilege_missing": (*_TOLD, "or lacks a privilege"),
    "user_station_purge_near": (*_TOLD, "| States will be purged in"),
    "user_station_recorder_unexpected": (*_TOLD, "| The recorder's database cannot be read"),
    "user_station_server_behind": (*_TOLD, "| The clocks differ"),
    "user_station_states_purged": (*_TOLD, "| States were purged"),
    "user_station_states_refused": (*_TOLD, "were refused |"),
    "user_station_tls_not_trusted": (*_TOLD, "| The certificate is not trusted"),
}

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"(#{1,6}) (.+)")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`*]")


class Page(NamedTuple):
    """What a page is made of, in order."""

    headings: list[tuple[int, str]]
    code: list[str]
    tables: list[int]
    """Rows of each."""
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
    """Return the anchors of a page's headings, as GitHub makes them."""
    made: list[str] = []
    for _, heading in read(path).headings:
        text = _MARKUP.sub(lambda found: found[1] or "", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        same = sum(other == anchor or re.fullmatch(rf"{re.escape(anchor)}-\d+", other) is not None for other in made)
        made.append(f"{anchor}-{same}" if same else anchor)
    return made


def target(page: Path, link: str) -> tuple[Path, str]:
    """Return the file and the anchor that a relative link leads to."""
    path, _, anchor = link.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


def is_relative(link: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*:", link) is None


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_somewhere(page: Path) -> None:
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
    """Return what a link and its twin on a page in the other language have in common.

    That is its file's name in English, and which of its headings it leads to. What a twin does not have leads to English.
    """
    if not is_relative(link):
        return link.replace("pt-BR%2F", "")
    path, anchor = target(page, link)
    number = anchors(path).index(anchor) if anchor else -1
    return name(path).replace(".pt-BR.", "."), number


def twins() -> Iterator[tuple[Path, Path]]:
    """Return the pages that are there in both languages and are kept in step."""
    for page in PAGES:
        if page.name.endswith(PORTUGUESE) and page.parent in (ROOT, ROOT / "docs", ROOT / "docker" / "remote_station"):
            yield page.with_name(page.name.replace(PORTUGUESE, ".md")), page


def comments_removed(code: str) -> str:
    """Return a code block without what is translated in it: comments, and messages."""
    lines = (re.sub(r"\s+# .*|^# .*", "", line) for line in code.splitlines())
    return "\n".join(re.sub(r"(message: |add-station ).*", r"\1…", line) for line in lines)


@pytest.mark.parametrize(("english", "portuguese"), list(twins()), ids=name)
def test_the_portuguese_page_is_in_step(english: Path, portuguese: Path) -> None:
    ours, theirs = read(english), read(portuguese)
    assert [level for level, _ in theirs.headings] == [level for level, _ in ours.headings]
    assert [comments_removed(code) for code in theirs.code] == [comments_removed(code) for code in ours.code]
    assert theirs.tables == ours.tables
    # The link to the other language is the one that differs
    assert [plain(portuguese, link) for link in theirs.links] == [plain(english, link) for link in ours.links]


def test_the_readme_is_there_in_portuguese() -> None:
    assert README.with_name("README.pt-BR.md") in [portuguese for _, portuguese in twins()]


def linked_pages() -> set[Path]:
    return {README} | {
        path for link in filter(is_relative, read(README).links) if (path := target(README, link)[0]).suffix == ".md"
    }


def test_each_rule_for_the_documentation_is_mapped() -> None:
    scale = (FOLDER / "quality_scale.yaml").read_text(encoding="utf-8")
    assert sorted(ANSWERS) == sorted(set(re.findall(r"^  (docs-[a-z-]+):", scale, re.MULTILINE)))


@pytest.mark.parametrize("rule", ANSWERS)
def test_a_section_answers_a_rule(rule: str) -> None:
    if not ANSWERS[rule]:  # there is nothing to answer
        scale = (FOLDER / "quality_scale.yaml").read_text(encoding="utf-8")
        assert f"  {rule}:\n    status: exempt\n" in scale
    for page, heading in ANSWERS[rule]:
        path = ROOT / page
        assert path in linked_pages()
        assert heading in [text for _, text in read(path).headings]
        assert section(path, heading).strip()


def section(path: Path, heading: str) -> str:
    """Return what stands under a heading, up to the next one of the same level or above."""
    lines = path.read_text(encoding="utf-8").splitlines()
    level, _ = next(found for found in read(path).headings if found[1] == heading)
    begin = lines.index(f"{'#' * level} {heading}") + 1
    text: list[str] = []
    code = False
    for line in lines[begin:]:
        code ^= bool(_FENCE.match(line))
        if not code and (found := _HEADING.fullmatch(line)) and len(found[1]) <= level:
            break
        text.append(line)
    return "\n".join(text)


def texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((FOLDER / f"translations/{language}.json").read_text(encoding="utf-8"))
    return texts


def fields(tree: Any) -> Iterator[str]:
    """Return the names of all fields of a part of the translations."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "data":
                yield from value.values()
            else:
                yield from fields(value)


def entity_names(language: str) -> Iterator[str]:
    """Return the names of all entities, as far as they do not depend on a chip."""
    for entities in texts(language)["entity"].values():
        for entity in entities.values():
            yield entity["name"].replace(" ({chip})", " (").removeprefix("{chip} ")


LANGUAGES = {"en": README, "pt-BR": README.with_name("README.pt-BR.md")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["config", "options", "config_subentries"])
def test_every_field_is_told(language: str, part: str) -> None:
    names = set(fields(texts(language)[part]))
    assert names
    prose = read(LANGUAGES[language]).prose
    assert sorted(field for field in names if f"\n| {field} |" not in prose) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entity_is_told(language: str) -> None:
    prose = read(LANGUAGES[language]).prose
    table = prose[prose.index("\n## Enti") :]
    missing = []
    for entity in entity_names(language):
        kind, _, rest = entity.partition(": ")  # the keys of the simulated remote control stand in one row
        if kind not in table or rest not in table:
            missing.append(entity)
    assert missing == []


def test_every_entity_that_home_assistant_names_is_told() -> None:
    assert [entity for entity in NAMED_BY_HOME_ASSISTANT if entity not in section(README, "Entities")] == []


@pytest.mark.parametrize("key", sorted(texts("en")["entity"]))
def test_icons_are_of_entities_that_are_told(key: str) -> None:
    icons = json.loads((FOLDER / "icons.json").read_text(encoding="utf-8"))["entity"]
    assert set(icons.get(key, ())) <= set(texts("en")["entity"][key])


@pytest.mark.parametrize("action", texts("en")["services"])
def test_every_action_and_its_fields_are_told(action: str) -> None:
    prose = read(ROOT / "docs/infrared.md").prose
    rows = [line for line in prose.splitlines() if line.startswith(f"| `anavi_weather.{action}`")]
    assert len(rows) == 1
    for field in texts("en")["services"][action]["fields"]:
        assert f"`{field}`" in rows[0] or f"all have the required field `{field}`" in prose


@pytest.mark.parametrize("issue", texts("en")["issues"])
def test_every_repair_is_told(issue: str) -> None:
    page, heading, words = REPAIRS[issue]
    assert words in section(ROOT / page, heading)
