"""Tests of YAML files as trees."""

import pytest
import yaml

from custom_components.anavi_weather.ir_codes import CodeError, yaml_tree
from custom_components.anavi_weather.ir_codes.yaml_tree import Node, load_yaml

from .helpers import refused


@pytest.fixture(autouse=True, params=["CSafeLoader", "SafeLoader"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the parsers in C and in Python, of which an installation may have one only."""
    monkeypatch.setattr(yaml_tree, "_Loader", getattr(yaml, request.param))


def test_tree() -> None:
    root = load_yaml("a: 1\nb: [x, 'y', !lambda return z;]\nc:\n  - d: !secret e\n---\nother: document\n")
    assert [key for key, _ in root.entries] == ["a", "b", "c"]
    values = [*root.get("b").children, root.get("c").children[0].get("d")]  # type: ignore[union-attr]
    assert [(node.tag, node.value) for node in values if node] == [
        ("", "x"),
        ("", "y"),
        ("!lambda", "return z;"),
        ("!secret", "e"),
    ]


def test_missing_keys() -> None:
    root = load_yaml("a: [1]")
    assert root.get("b") is None
    assert root.get("a").get("b") is None  # type: ignore[union-attr]


def test_empty() -> None:
    assert load_yaml("# nothing\n") == Node()


def test_tags_create_nothing_and_aliases_are_empty() -> None:
    root = load_yaml("a: &a !!python/object/apply:os.system [ls]\nb: *a\n<<: *a\n")
    assert [key for key, _ in root.entries] == ["a", "b", "<<"]
    assert root.get("b") == Node()


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x00", "- a\nb", "%YAML 9.9\n---\n"])
def test_invalid(text: str) -> None:
    assert refused(load_yaml, text) == "yaml_invalid"


def test_line_of_an_error() -> None:
    with pytest.raises(CodeError) as error:
        load_yaml("a: 1\nb: 2\nc: d: e\n")
    assert error.value.line == 3


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(load_yaml, "[" * 70) == "yaml_too_large"
    assert load_yaml("[" * 60 + "]" * 60)
    monkeypatch.setattr(yaml_tree, "MAX_NODES", 4)
    assert load_yaml("[1, 2, 3]")
    assert refused(load_yaml, "[1, 2, 3, 4]") == "yaml_too_large"
