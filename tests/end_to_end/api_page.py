"""The examples in docs/api.md and the schemas of their answers in docs/openapi.yaml."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
import json
from pathlib import Path
import re
from typing import Any

from openapi_schema_validator import OAS31Validator

from homeassistant.util.yaml import load_yaml_dict

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "api.md"
DOCUMENT = DOCS / "openapi.yaml"

LEFT_OUT = "…"
BLOCK = re.compile(r"^(?:#+ (?P<heading>[^\n]+)|```(?P<language>\w+)\n(?P<content>.*?)^```)$", re.MULTILINE | re.DOTALL)
REQUEST = re.compile(r"http://homeassistant\.local:8123(?P<path>/[^\s\"'?]*)")
# Texts that differ from one day, or from one station, to another, but not in their kind
KINDS = (
    re.compile(r"-?\d+(\.\d+)?"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00"),
    re.compile(r"[0-9A-HJKMNP-TV-Z]{26}"),
)


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    content_type: str
    text: str

    @classmethod
    def parse(cls, message: str) -> Answer:
        """Return an answer that was written down with its head."""
        head, _, text = message.partition("\n\n")
        status_line, *lines = head.splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return cls(int(status_line.split()[1]), headers["content-type"], text.strip())

    @property
    def content(self) -> Any:
        """Return what the text says, where it is JSON: templates' answers are JSON of the type text."""
        return json.loads(self.text) if self.text[:1] in {"{", "["} else self.text


@dataclass(frozen=True)
class Example:
    """A command of the page, with the answer that it shows."""

    heading: str
    command: str
    shown: Answer | None

    @property
    def operation(self) -> tuple[str, str]:
        """Return the method and the path that are asked for."""
        match = REQUEST.search(self.command)
        assert match, self.command
        return ("post" if "--json" in self.command else "get"), match["path"]


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield the page's blocks: the heading above, the language, the content."""
    heading = ""
    for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if match["heading"]:
            heading = match["heading"]
        else:
            yield heading, match["language"], match["content"]


def examples() -> list[Example]:
    """Return the page's examples in their order."""
    found: list[Example] = []
    for heading, language, content in blocks():
        if language == "bash":
            found.append(Example(heading, content, None))
        elif found[-1].shown is None and found[-1].heading == heading:
            command = found.pop().command
            shown = Answer(HTTPStatus.OK, "", content) if language == "json" else Answer.parse(content)
            found.append(Example(heading, command, shown))
    return found


def compare(shown: Any, real: Any, where: str = "the answer") -> None:
    """Assert that an answer is like the one shown, apart from readings, times and ids."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), f"{where} is {real!r}"
        wanted = shown.keys() - {LEFT_OUT}
        assert wanted <= real.keys(), f"{where} lacks {wanted - real.keys()}"
        assert LEFT_OUT in shown or wanted == real.keys(), f"{where} has {real.keys() - wanted} besides"
        for key in wanted:
            compare(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), f"{where} is {real!r}"
        items = [item for item in shown if item != LEFT_OUT]
        assert LEFT_OUT in shown or len(items) == len(real), f"{where} has {len(real)} items"
        for item in items:
            assert any(_is_like(item, other) for other in real), f"{where} has nothing like {item}"
    elif isinstance(shown, str):
        assert isinstance(real, str), f"{where} is {real!r}"
        assert _is_text_like(shown, real), f"{where} is {real!r}, not {shown!r}"
    elif isinstance(shown, int | float) and not isinstance(shown, bool):
        assert isinstance(real, type(shown)), f"{where} is {real!r}"
    else:
        assert real is shown, f"{where} is {real!r}"


def _is_like(shown: Any, real: Any) -> bool:
    try:
        compare(shown, real)
    except AssertionError:
        return False
    return True


def _is_text_like(shown: str, real: str) -> bool:
    if shown.endswith(LEFT_OUT):
        return real.startswith(shown.removesuffix(LEFT_OUT))
    return shown == real or any(kind.fullmatch(shown) and kind.fullmatch(real) for kind in KINDS)


class Document:
    """The OpenAPI document."""

    def __init__(self) -> None:
        """Read it."""
        # Validators know plain types only.
        self.content: dict[str, Any] = json.loads(json.dumps(load_yaml_dict(str(DOCUMENT))))

    @property
    def operations(self) -> set[tuple[str, str]]:
        """Return all methods and paths."""
        return {(method, path) for path, methods in self.content["paths"].items() for method in methods}

    def find(self, method: str, path: str) -> tuple[str, str]:
        """Return the operation that a request is one of."""
        for found in self.operations:
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(found[1]))
            if found[0] == method and re.fullmatch(pattern, path):
                return found
        raise AssertionError(f"{method} {path} is not in the document")

    def check(self, operation: tuple[str, str], answer: Answer) -> None:
        """Assert that the document describes an answer."""
        method, path = operation
        response = self._resolve(self.content["paths"][path][method]["responses"][str(answer.status)])
        media_type = answer.content_type.partition(";")[0]
        assert media_type in response["content"], f"{operation} {answer.status}: {media_type}"
        schema = response["content"][media_type]["schema"]
        content = json.loads(answer.text) if media_type == "application/json" else answer.text
        errors = OAS31Validator(self.content | schema).iter_errors(content)
        assert not [f"{operation}: {error.message}" for error in errors]

    def _resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        reference = part.get("$ref")
        if reference is None:
            return part
        found = self.content
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        return found
