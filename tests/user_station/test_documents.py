"""Tests of the documents of states."""

from collections.abc import Iterator
from datetime import UTC, datetime
import gzip
import json
import math
from pathlib import Path
from typing import Any
import zlib

from aiohttp import set_zlib_backend
from aiohttp.compression_utils import ZLibBackend
from hypothesis import given, strategies as st
from isal import isal_zlib
import pytest

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.user_station import documents
from custom_components.anavi_weather.user_station.documents import (
    MAX_ATTRIBUTES,
    MAX_TEXT,
    Encoder,
    Identities,
    Origin,
    Sent,
    Station,
)
from custom_components.anavi_weather.user_station.names import Span
from custom_components.anavi_weather.user_station.recorder_rows import Row

STATION = Station("0123", "Farol", "1.2.3", "2026.10.4", "4567")
LOCATED = STATION._replace(location={"lat": -23.5, "lon": -46.6}, elevation=0.0)
TIME = 1_790_000_000.123456
ISO = "2026-09-21T14:13:20.123456Z"
ACTION = b'{"create":{}}\n'
TEMPLATE = Path(__file__).parents[2] / "docker" / "user_station" / "elasticsearch" / "index_template.json"

type Document = dict[str, Any]


def row(state: str | None = "on", attributes: str | None = None, **more: Any) -> Row:
    """Return a row of the recorder."""
    known = {"state_id": 7, "entity_id": "sensor.t", "last_updated_ts": TIME, "last_changed_ts": None, "twin": 0}
    return Row(**{**known, "state": state, "attributes": attributes, **more})


def encode(
    row: Row, origins: dict[str, Origin] | None = None, station: Station = STATION
) -> tuple[Sent, Document | None]:
    """Return the state of a row, and its document if it has one."""
    (sent,), lines = Encoder(station, Identities(origins or {})).encode([row])
    if not lines:
        return sent, None
    (line,) = lines
    assert line.startswith(ACTION)
    assert line.endswith(b"\n")
    body = line[len(ACTION) : -1]
    assert b"\n" not in body
    return sent, json.loads(body, parse_constant=pytest.fail)


def document(row: Row, origins: dict[str, Origin] | None = None, station: Station = STATION) -> Document:
    """Return the document of a row."""
    sent, found = encode(row, origins, station)
    assert sent == Sent(row.state_id, row.entity_id or "", row.last_updated_ts)
    assert found is not None
    return found


def leaves(document: Document, path: str = "") -> Iterator[tuple[str, object]]:
    """Return the fields of a document with their values."""
    for name, value in document.items():
        if isinstance(value, dict) and f"{path}{name}" not in FIELDS:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def mapped(properties: Document, path: str = "") -> Iterator[tuple[str, str]]:
    """Return the fields of a mapping with their types."""
    for name, field in properties.items():
        if "properties" in field:
            yield from mapped(field["properties"], f"{path}{name}.")
        else:
            yield f"{path}{name}", field["type"]


FIELDS = dict(mapped(json.loads(TEMPLATE.read_text(encoding="utf-8"))["template"]["mappings"]["properties"]))


def test_a_state() -> None:
    attributes = (
        '{"state_class":"measurement","unit_of_measurement":"°C","device_class":"temperature",'
        '"friendly_name":"Farol Temperature","extra":[1,{"a":null}]}'
    )
    found = document(
        row("21.5", attributes, last_changed_ts=TIME - 10), {"sensor.t": Origin("anavi_weather", "dew_point")}
    )
    assert found == {
        "@timestamp": ISO,
        "station": {
            "id": "0123",
            "name": "Farol",
            "version": "1.2.3",
            "home_assistant": "2026.10.4",
            "instance": "4567",
        },
        "entity": {
            "id": "sensor.t",
            "domain": "sensor",
            "name": "Farol Temperature",
            "device_class": "temperature",
            "state_class": "measurement",
            "unit": "°C",
            "platform": "anavi_weather",
            "key": "dew_point",
        },
        "state": {"value": "21.5", "number": 21.5, "changed": "2026-09-21T14:13:10.123456Z"},
        "attributes": attributes,
    }


def test_a_state_that_changed_when_it_was_updated() -> None:
    assert document(row())["state"]["changed"] == ISO


def test_an_entity_without_registry_data() -> None:
    found = document(row("on", None, entity_id="light.x"))
    assert found["entity"] == {"id": "light.x", "domain": "light"}
    assert found.keys() == {"@timestamp", "station", "entity", "state"}


QUALITY_FLAGS = '{"quality_flags":["step","sun"]}'


def test_a_reading_that_failed_checks_has_their_names() -> None:
    found = document(row("21.5", QUALITY_FLAGS), {"sensor.t": Origin(DOMAIN, "temperature")})
    assert found["quality"] == {"flags": ["step", "sun"]}
    assert found["state"]["number"] == 21.5
    assert FIELDS["quality.flags"] == "keyword"


@pytest.mark.parametrize(
    ("attributes", "origins"),
    [
        (QUALITY_FLAGS, {}),
        (QUALITY_FLAGS, {"sensor.t": Origin("mqtt", None)}),
        ('{"quality_flags":"step"}', {"sensor.t": Origin(DOMAIN, "temperature")}),
        ('{"quality_flags":[7,null,["step"]]}', {"sensor.t": Origin(DOMAIN, "temperature")}),
        (json.dumps({"quality_flags": ["s" * (MAX_TEXT + 1)]}), {"sensor.t": Origin(DOMAIN, "temperature")}),
    ],
)
def test_what_is_no_flag_of_ours_stays_an_attribute(attributes: str, origins: dict[str, Origin]) -> None:
    found = document(row("21.5", attributes), origins)
    assert "quality" not in found
    assert found["attributes"] == attributes


def test_an_entity_without_a_key() -> None:
    found = document(row(), {"sensor.t": Origin("mqtt", None)})
    assert found["entity"] == {"id": "sensor.t", "domain": "sensor", "platform": "mqtt"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-0.0", 0),
        ("21.50", 21.5),
        ("-40", -40),
        ("999999999999999.999", 999999999999999.999),
        ("9999999999999999", 9999999999999999.0),
        ("00.5", 0.5),
        ("+5", 5),
        ("12.", 12),
        (".5", 0.5),
        ("1e3", 1000),
        ("1E-3", 0.001),
        ("007", 7),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("9" * 255, float("9" * 255)),
        # Not finite
        ("1e999", None),
        ("-1e999", None),
        ("nan", None),
        ("NaN", None),
        ("inf", None),
        ("-Infinity", None),
        # Not numbers
        ("", None),
        ("on", None),
        ("unknown", None),
        ("unavailable", None),
        ("1_000", None),
        ("1,5", None),
        (" 1", None),
        ("1\n", None),
        ("0x10", None),
        ("٣", None),
        ("1.2.3", None),
        ("e5", None),
        (".", None),
        ("-", None),
    ],
)
def test_numeric_states_have_a_number(text: str, number: float | None) -> None:
    state = document(row(text))["state"]
    assert state.get("number") == number
    assert state.get("value", "") == text


@pytest.mark.parametrize("state", [None, ""])
def test_a_removed_entity(state: str | None) -> None:
    assert document(row(state))["state"] == {"removed": True, "changed": ISO}


@pytest.mark.parametrize(
    "text", ["ção", "雪", "🌦", "a\nb", "a\r\n\u2028b", 'quote"', "back\\slash", "\x00", "{}", "x" * 255]
)
def test_text_is_unchanged(text: str) -> None:
    found = document(row(text, json.dumps({"friendly_name": text})))
    assert found["state"]["value"] == text
    assert found["entity"]["name"] == text


def test_invalid_unicode_is_refused() -> None:
    sent, found = encode(row("\ud800"))
    assert found is None
    assert sent.encoding_error


def attributes_of(size: int) -> str:
    """Return attributes of this size, in bytes."""
    text = json.dumps({"a": ""})
    return json.dumps({"a": "x" * (size - len(text))})


@pytest.mark.parametrize(
    ("text", "omitted"),
    [
        (attributes_of(MAX_ATTRIBUTES), None),
        (attributes_of(MAX_ATTRIBUTES + 1), "too_large"),
        (attributes_of(10_000_000), "too_large"),
        ('{"a":"' + "é" * (MAX_ATTRIBUTES // 2) + '"}', "too_large"),
        ('{"a":"\ud800"}', "not_json"),
        ('{"a":', "not_json"),
        ("null", "not_json"),
        ("[1,2]", "not_json"),
        ('"text"', "not_json"),
        ("1", "not_json"),
        ('{"a": NaN}', "not_json"),
        ('{"a": Infinity}', "not_json"),
        ("\x00", "not_json"),
        ("[" * 5000, "not_json"),
        ('{"a":' * 2000 + "1" + "}" * 2000, "not_json"),
        ('{"a": 1e999}', "not_json"),
    ],
)
def test_attributes_that_cannot_be_stored_are_omitted(text: str, omitted: str | None) -> None:
    found = document(row("5", text))
    assert found.get("attributes_omitted") == omitted
    assert ("attributes" in found) is (omitted is None)
    assert found["state"]["number"] == 5
    assert found["entity"]["id"] == "sensor.t"


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_no_attributes(text: str | None) -> None:
    found = document(row("5", text))
    assert "attributes" not in found
    assert "attributes_omitted" not in found


@pytest.mark.parametrize("value", [5, None, True, ["a"], {"a": "b"}, "x" * (MAX_TEXT + 1)])
def test_only_short_strings_have_a_field_of_their_own(value: object) -> None:
    text = json.dumps({"friendly_name": value, "device_class": value, "unit_of_measurement": value})
    found = document(row("5", text))
    assert found["entity"] == {"id": "sensor.t", "domain": "sensor"}
    assert found["attributes"] == text


def test_the_longest_string_with_a_field_of_its_own() -> None:
    name = "x" * MAX_TEXT
    assert document(row("5", json.dumps({"friendly_name": name})))["entity"]["name"] == name


def test_attributes_cannot_replace_fields_of_the_entity() -> None:
    found = document(row("5", '{"id":"other","domain":"other","platform":"other","key":"other"}'))
    assert found["entity"] == {"id": "sensor.t", "domain": "sensor"}


KEY = '{"event_type":"pressed","device":"tv","name":"power","protocol":"nec","code":"nec:0x04,0x08"}'


def test_a_received_key() -> None:
    found = document(row("2026", KEY, entity_id="event.key"), {"event.key": Origin(DOMAIN, "key")})
    assert found["event"] == {"type": "pressed"}
    assert found["infrared"] == {"device": "tv", "name": "power", "protocol": "nec", "code": "nec:0x04,0x08"}


@pytest.mark.parametrize("origins", [{}, {"event.key": Origin("mqtt", None)}])
def test_an_event_of_another_integration(origins: dict[str, Origin]) -> None:
    found = document(row("2026", KEY, entity_id="event.key"), origins)
    assert found["event"] == {"type": "pressed"}
    assert "infrared" not in found


def test_an_event_without_attributes_has_no_event_fields() -> None:
    found = document(row("2026", None, entity_id="event.key"), {"event.key": Origin(DOMAIN, "key")})
    assert found.keys() == {"@timestamp", "station", "entity", "state"}


def test_only_events_have_an_event_type() -> None:
    assert "event" not in document(row("2026", KEY), {"sensor.t": Origin(DOMAIN, None)})


def test_a_state_is_sent_under_the_name_that_its_entity_had() -> None:
    origin, other = Origin(DOMAIN, "dew_point"), Origin("mqtt", None)
    old = Span("sensor.new", None, TIME, "e", "sensor.old")
    new = Span("sensor.new", TIME, None, "e", "sensor.new")
    identities = Identities({"sensor.new": other, "sensor.x": other}, {"sensor.new": ((old, origin), (new, origin))})
    rows = [
        row(entity_id="sensor.new", last_updated_ts=TIME - 1),
        row(entity_id="sensor.new"),
        row(entity_id="sensor.x"),
        row(entity_id="sensor.new", last_updated_ts=None),
    ]
    sent, lines = Encoder(STATION, identities).encode(rows)
    assert [one.entity_id for one in sent] == ["sensor.new", "sensor.new", "sensor.x", "sensor.new"], "as recorded"
    assert [json.loads(line.splitlines()[1])["entity"] for line in lines] == [
        {"id": "sensor.old", "domain": "sensor", "platform": DOMAIN, "key": "dew_point"},
        {"id": "sensor.new", "domain": "sensor", "platform": DOMAIN, "key": "dew_point"},
        {"id": "sensor.x", "domain": "sensor", "platform": "mqtt"},
    ]


def test_a_state_from_before_an_entity_had_its_name_is_of_the_name_alone() -> None:
    new = Span("sensor.new", TIME, None, "e", "sensor.new")
    encoder = Encoder(STATION, Identities({"sensor.new": Origin("mqtt", None)}, {"sensor.new": ((new, None),)}))
    _, (line,) = encoder.encode([row(entity_id="sensor.new", last_updated_ts=TIME - 1)])
    assert json.loads(line.splitlines()[1])["entity"] == {"id": "sensor.new", "domain": "sensor", "platform": "mqtt"}


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (-1.5, "1969-12-31T23:59:58.500000Z"),
        (1.0000004, "1970-01-01T00:00:01.000000Z"),
        (253402300799.0, "9999-12-31T23:59:59.000000Z"),
        # Not in the calendar
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (1e18, None),
        (-1e18, None),
        (253402300800.0, None),
        (1e300, None),
    ],
)
def test_times(timestamp: float | None, text: str | None) -> None:
    sent, found = encode(row(last_updated_ts=timestamp))
    assert (found and found["@timestamp"]) == text
    assert (sent.encoding_error is None) is (text is not None)


def test_an_impossible_time_of_change_is_refused() -> None:
    sent, found = encode(row(last_changed_ts=math.inf))
    assert found is None
    assert sent.encoding_error == "inf is not a time"


def test_a_state_without_a_time_is_refused_with_a_reason() -> None:
    assert encode(row(last_updated_ts=None))[0].encoding_error == "the recorder has no time for it"


@pytest.mark.parametrize("entity_id", [None, ""])
def test_a_state_without_an_entity_is_refused(entity_id: str | None) -> None:
    sent, found = encode(row(entity_id=entity_id))
    assert found is None
    assert sent == Sent(7, "?", TIME, "the recorder has no entity for it")


def test_states_with_the_same_time_differ_by_nanoseconds() -> None:
    times = [document(row(twin=twin))["@timestamp"] for twin in (0, 1, 2, 999)]
    assert times == [ISO, f"{ISO[:-1]}001Z", f"{ISO[:-1]}002Z", f"{ISO[:-1]}999Z"]


def test_more_than_a_thousand_states_with_the_same_time_are_refused() -> None:
    sent, found = encode(row(twin=1000))
    assert found is None
    assert sent.encoding_error == "a thousand states have the same time"


@given(st.floats(min_value=-4e9, max_value=4e9))
def test_times_are_exact_to_the_microsecond(timestamp: float) -> None:
    text = document(row(last_updated_ts=timestamp))["@timestamp"]
    assert datetime.fromisoformat(text) == datetime.fromtimestamp(timestamp, UTC)


def test_a_refused_row_does_not_hold_up_the_others() -> None:
    sent, lines = Encoder(STATION, Identities({})).encode([row("1"), row(entity_id=None), row("2", state_id=8)])
    assert [one.encoding_error is None for one in sent] == [True, False, True]
    assert [json.loads(line.splitlines()[1])["state"]["value"] for line in lines] == ["1", "2"]


@pytest.mark.parametrize(
    ("pasts", "name"),
    [
        ({}, "_describe_current"),
        ({"sensor.t": [(Span("sensor.t", None, TIME - 1, "e", "sensor.t"), None)]}, "_describe_cached"),
    ],
    ids=["current", "renamed"],
)
def test_the_cache_of_attributes_is_bounded(pasts: dict[str, list[tuple[Span, Origin | None]]], name: str) -> None:
    encoder = Encoder(STATION, Identities({}, pasts))
    cache = getattr(encoder, name)
    rows = [row(str(number), json.dumps({"a": number})) for number in range(2 * documents.CACHED)]
    rows += [row("5", attributes_of(documents.CACHED_ATTRIBUTES + 1))]
    _, lines = encoder.encode(rows)
    assert len(lines) == len(rows)
    assert cache.cache_info().currsize == documents.CACHED
    assert cache.cache_info().misses == 2 * documents.CACHED
    encoder.encode([row("5", attributes_of(documents.CACHED_ATTRIBUTES))] * 2)
    assert cache.cache_info().hits == 1


texts = st.text(st.characters(exclude_categories=()), max_size=50)  # with what is no Unicode
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from(
    ["friendly_name", "device_class", "state_class", "unit_of_measurement", "event_type", "device", "code", "id"]
)
attribute_texts = st.none() | texts | st.dictionaries(names | texts, json_values, max_size=5).map(json.dumps)
rows = st.builds(
    Row,
    state_id=st.integers(min_value=1, max_value=2**63),
    entity_id=st.none() | texts | st.sampled_from(["sensor.t", "event.key"]),
    state=st.none() | texts | st.floats().map(str),
    last_updated_ts=st.none() | st.floats(),
    last_changed_ts=st.none() | st.floats(),
    attributes=attribute_texts,
    twin=st.integers(min_value=0, max_value=2000),
)


@given(rows)
def test_any_row_is_one_line_of_json_with_known_fields_or_is_refused(row: Row) -> None:
    sent, found = encode(row, {"event.key": Origin(DOMAIN, "key")})
    assert (sent.encoding_error is None) is (found is not None)
    assert (sent.state_id, sent.last_updated_ts) == (row.state_id, row.last_updated_ts) or math.isnan(
        row.last_updated_ts or 0
    )
    if found is None:
        assert sent.encoding_error
        return
    for field, value in leaves(found):
        match FIELDS[field]:
            case "double":
                assert math.isfinite(value)  # type: ignore[arg-type]
            case "boolean":
                assert value is True
            case "date_nanos":
                assert datetime.fromisoformat(str(value)[:26] + "Z")
            case _:
                assert isinstance(value, str)
    assert datetime.fromisoformat(found["@timestamp"][:26] + "Z")
    assert found["entity"]["id"] == row.entity_id


def test_the_fields_are_those_of_the_index_template() -> None:
    used: set[str] = set()
    every = '{"friendly_name":"n","device_class":"d","state_class":"s","unit_of_measurement":"u",' + KEY[1:]
    origins = {"event.key": Origin(DOMAIN, "key", "Board", "Garden", "Ground floor", ("Weather",))}
    every = every[:-1] + "," + QUALITY_FLAGS[1:]
    for one in (row("5", every, entity_id="event.key"), row(None, "[]", entity_id="event.key")):
        used |= {field for field, _ in leaves(document(one, origins, LOCATED))}
    assert used == FIELDS.keys()


# Locations


def test_a_station_with_a_location() -> None:
    """An elevation of 0 is one."""
    station = document(row(), station=LOCATED)["station"]
    assert (station["location"], station["elevation"]) == ({"lat": -23.5, "lon": -46.6}, 0.0)
    assert document(row())["station"].keys() == {"id", "name", "version", "home_assistant", "instance"}


TRACKER = {
    "latitude": -23.5505,
    "longitude": -46.6333,
    "Location": [-23.5505, -46.6333],
    "friendly_name": "Telefone São João",
}


@pytest.mark.parametrize("station", [STATION, LOCATED], ids=["without consent", "with a rounded location"])
@pytest.mark.parametrize("padding", ["", "x" * documents.CACHED_ATTRIBUTES], ids=["cached", "not cached"])
def test_coordinates_of_entities_are_not_sent_without_consent(station: Station, padding: str) -> None:
    found = document(row(attributes=json.dumps(TRACKER | {"padding": padding})), station=station)
    assert json.loads(found["attributes"]) == {"friendly_name": "Telefone São João", "padding": padding}
    assert "attributes_omitted" not in found
    assert "23.55" not in str(found)


def test_attributes_that_were_coordinates_only_are_none() -> None:
    assert "attributes" not in document(row(attributes='{"latitude":1.5,"longitude":2.5}'))


def test_coordinates_of_entities_are_sent_with_the_exact_location() -> None:
    text = json.dumps(TRACKER)
    assert document(row(attributes=text), station=LOCATED._replace(sends_coordinates=True))["attributes"] == text


def test_where_an_entity_is() -> None:
    origin = Origin(DOMAIN, "dew_point", device="Board", area="Garden", floor="Ground floor", labels=("A", "B"))
    entity = document(row(), {"sensor.t": origin})["entity"]
    assert {field: entity[field] for field in ("device", "area", "floor", "labels")} == {
        "device": "Board",
        "area": "Garden",
        "floor": "Ground floor",
        "labels": ["A", "B"],
    }


# Bodies


@pytest.fixture(params=[zlib, isal_zlib], ids=["zlib", "isal"])
def compression(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let aiohttp compress with zlib, or with what Home Assistant's image has."""
    before = ZLibBackend._zlib_backend
    set_zlib_backend(request.param)
    yield
    set_zlib_backend(before)


@pytest.mark.usefixtures("compression")
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_body_has_the_lines_of_all_pieces(count: int) -> None:
    encoder = Encoder(STATION, Identities({}))
    rows = [
        row(str(number), state_id=number, last_updated_ts=None if number % 7 == 3 else TIME) for number in range(count)
    ]
    sent, documents_sent, body = encoder.encode_compressed(rows)
    expected, lines = encoder.encode(rows)
    assert sent == expected
    assert documents_sent == len(lines)
    assert gzip.decompress(body) == b"".join(lines)
