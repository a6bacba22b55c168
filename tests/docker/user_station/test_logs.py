"""Tests of Logstash's pipeline, which cannot be run here, against what its plugins take."""

import json
import re

import pytest

from .files import FOLDER

PIPELINE = (FOLDER / "logstash" / "logs.conf").read_text(encoding="utf-8")
# logstash-output-elasticsearch 12 refuses, with `data_stream => "true"`, everything else: the template and ILM are the stream's.
TAKEN = re.compile(r"hosts|api_key|ssl_\w+|data_stream\w*|pipeline|routing")


def block(name: str) -> str:
    """Return a plugin's settings."""
    found = re.search(rf"^ +{name} {{\n(.*?)^ +}}$", PIPELINE, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def test_the_output_has_only_what_a_data_stream_takes() -> None:
    settings = re.findall(r"^ +(\w+) =>", block("elasticsearch"), re.MULTILINE)
    assert {"data_stream", "api_key", "ssl_certificate_authorities"} <= set(settings)
    assert [name for name in settings if not TAKEN.fullmatch(name)] == []


def test_every_field_that_is_made_is_in_the_index_template() -> None:
    template = json.loads((FOLDER / "elasticsearch" / "logs_template.json").read_text(encoding="utf-8"))
    made = re.findall(r'=> "((?:\[\w+\])+)"', PIPELINE)
    assert "[station][name]" in made
    for path in made:
        field = template["template"]["mappings"]
        for name in re.findall(r"\w+", path):
            field = field["properties"][name]
        assert "type" in field, path


@pytest.mark.parametrize("name", ["README.md", "README.pt-BR.md"])
def test_a_container_starts_while_the_user_station_is_away(name: str) -> None:
    """By TCP, Docker connects first, and starts no container if it cannot."""
    addresses = re.findall(r"gelf-address: (\w+)://", (FOLDER / name).read_text(encoding="utf-8"))
    assert addresses == ["udp"]
