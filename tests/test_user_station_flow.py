"""Tests of adding a user station, of changing and of removing it."""

from base64 import b64encode
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_schema_suggested_value
import voluptuous as vol

from custom_components.anavi_weather.const import (
    CONF_CA_CERTIFICATE,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_STATION_NAME,
    DOMAIN,
    SUBENTRY_USER_STATION,
)
from custom_components.anavi_weather.user_station.elasticsearch import STREAM
from custom_components.anavi_weather.user_station.entities import Selection
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .user_station.certificates import Authority
from .user_station.server import API_KEY, KEY_ID, KEY_SECRET, Server, elastic

STATES = {CONF_STATION_NAME: "Farol", CONF_ENTITIES: Selection.STATION, CONF_SEND_HISTORY: True}


def where(server: Server, **more: str) -> dict[str, str]:
    """Return what is typed in of a server."""
    return {CONF_URL: server.url, CONF_API_KEY: API_KEY, CONF_NAMESPACE: "default", **more}


async def start(hass: HomeAssistant, subentry: ConfigSubentry | None = None) -> SubentryFlowResult:
    """Start adding a user station, or changing it."""
    context: dict[str, Any] = {"source": SOURCE_USER}
    if subentry:
        context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    return await hass.config_entries.subentries.async_init(
        ("01STATION", SUBENTRY_USER_STATION),
        context=context,  # type: ignore[arg-type]
    )


async def answer(hass: HomeAssistant, form: SubentryFlowResult, **answers: Any) -> SubentryFlowResult:
    """Fill a form in."""
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], answers)
    await hass.async_block_till_done()
    return result


async def add(hass: HomeAssistant, server: Server, **more: Any) -> ConfigSubentry:
    """Add a user station."""
    names = {CONF_NAMESPACE, CONF_CA_CERTIFICATE}
    form = await answer(hass, await start(hass), **where(server, **{key: more[key] for key in names & more.keys()}))
    assert form["step_id"] == "states", form["errors"]
    result = await answer(hass, form, **{**STATES, **{key: more[key] for key in more.keys() - names}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = hass.config_entries.async_get_entry("01STATION")
    assert entry
    return list(entry.subentries.values())[-1]


def suggested(form: SubentryFlowResult, field: str) -> Any:
    """Return what a form has in a field when it comes up."""
    assert form["data_schema"]
    return get_schema_suggested_value(form["data_schema"].schema, field)


def required(form: SubentryFlowResult) -> set[str]:
    """Return the fields that have to be filled in."""
    assert form["data_schema"]
    return {str(key) for key in form["data_schema"].schema if isinstance(key, vol.Required)}


async def test_a_user_station_is_added(hass: HomeAssistant, station: MockConfigEntry, server: Server) -> None:
    form = await start(hass)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})
    assert required(form) == {CONF_URL, CONF_API_KEY, CONF_NAMESPACE}

    form = await answer(hass, form, **where(server, **{CONF_URL: f" {server.url}/ "}))
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "states", {})
    assert suggested(form, CONF_STATION_NAME) == hass.config.location_name

    result = await answer(hass, form, **{**STATES, CONF_STATION_NAME: " Farol "})

    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "127.0.0.1")
    (subentry,) = station.subentries.values()
    assert subentry.unique_id == f"{server.url} default"
    assert subentry.data == {
        CONF_URL: server.url,
        CONF_API_KEY: API_KEY,
        CONF_NAMESPACE: "default",
        CONF_STATION_NAME: "Farol",
        CONF_ENTITIES: "station",
        CONF_CHOSEN_ENTITIES: [],
        CONF_SEND_HISTORY: True,
    }
    assert set(station.runtime_data.forwarders) == {subentry.subentry_id}


@pytest.mark.usefixtures("station")
async def test_a_certificate_is_used(hass: HomeAssistant, server: Server) -> None:
    authority = Authority()
    await server.stop()
    await server.start(authority.serve("127.0.0.1"))
    subentry = await add(hass, server, ca_certificate=f"\n{authority.pem}\n")
    assert subentry.data[CONF_CA_CERTIFICATE] == authority.pem.strip()
    assert subentry.data[CONF_URL].startswith("https://127.0.0.1:")


@pytest.mark.usefixtures("station")
async def test_a_key_may_be_typed_in_as_its_two_parts(hass: HomeAssistant, server: Server) -> None:
    form = await answer(hass, await start(hass), **where(server, api_key=f" {KEY_ID}:{KEY_SECRET}\n"))
    assert form["step_id"] == "states"
    assert b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode() == API_KEY


@pytest.mark.usefixtures("station")
async def test_a_namespace_is_in_the_title(hass: HomeAssistant, server: Server) -> None:
    privileges = server.privileges

    async def allow(request: Any) -> Any:
        if "_has_privileges" in request.path:
            return elastic({"has_all_requested": True, "index": {f"{STREAM}lab": privileges}})
        return None

    server.check = allow
    subentry = await add(hass, server, namespace=" lab ")
    assert subentry.title == "127.0.0.1 (lab)"
    assert subentry.data[CONF_NAMESPACE] == "lab"


# Errors, and recovery from each


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({CONF_URL: "elasticsearch"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "ftp://127.0.0.1"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://host:port"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://host:99999"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://[::1"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://elastic:secret@host:9200"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://:secret@host:9200"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://host:9200?pretty"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "https://host:9200#a"}, CONF_URL, "url_invalid"),
        ({CONF_URL: "http://host:9200"}, CONF_URL, "tls_required"),
        ({CONF_URL: "http://192.168.1.2:9200"}, CONF_URL, "tls_required"),
        ({CONF_NAMESPACE: ""}, CONF_NAMESPACE, "namespace_invalid"),
        ({CONF_NAMESPACE: "Default"}, CONF_NAMESPACE, "namespace_invalid"),
        ({CONF_NAMESPACE: "a/b"}, CONF_NAMESPACE, "namespace_invalid"),
        ({CONF_NAMESPACE: "a-b"}, CONF_NAMESPACE, "namespace_invalid"),
        ({CONF_NAMESPACE: "a" * 101}, CONF_NAMESPACE, "namespace_invalid"),
        ({CONF_API_KEY: ""}, CONF_API_KEY, "api_key_invalid"),
        ({CONF_API_KEY: "not base64"}, CONF_API_KEY, "api_key_invalid"),
        ({CONF_API_KEY: "çççç"}, CONF_API_KEY, "api_key_invalid"),
        ({CONF_API_KEY: b64encode(b"no colon").decode()}, CONF_API_KEY, "api_key_invalid"),
        ({CONF_CA_CERTIFICATE: "certificate"}, CONF_CA_CERTIFICATE, "ca_certificate_invalid"),
        ({CONF_CA_CERTIFICATE: "certificação"}, CONF_CA_CERTIFICATE, "ca_certificate_invalid"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_what_cannot_be_right_is_told_at_its_field(
    hass: HomeAssistant, server: Server, typed: dict[str, str], field: str, error: str
) -> None:
    form = await answer(hass, await start(hass), **where(server, **typed))
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {field: error})
    assert server.requests == []
    assert all(suggested(form, key) == text for key, text in where(server, **typed).items()), "nothing is typed again"

    form = await answer(hass, form, **where(server))
    assert form["step_id"] == "states"
    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


ERRORS = (
    "cannot_connect",
    "tls_not_trusted",
    "not_elasticsearch",
    "key_refused",
    "privilege_missing",
    "not_time_series",
    "busy",
    "too_large",
    "unexpected_answer",
)


async def break_(server: Server, error: str) -> None:
    """Let a server be as an error says."""

    async def nginx(_: Any) -> Any:
        answer = elastic({})
        del answer.headers["X-Elastic-Product"]
        return answer

    async def failing(_: Any) -> Any:
        return elastic({}, {"key_refused": 401, "busy": 503, "too_large": 413}[error])

    async def odd(request: Any) -> Any:
        return elastic({}, 400) if "_data_stream" in request.path else None

    match error:
        case "cannot_connect":
            await server.stop()
        case "tls_not_trusted":
            await server.stop()
            await server.start(Authority().serve("127.0.0.1"))
        case "not_elasticsearch":
            server.check = nginx
        case "privilege_missing":
            server.privileges["auto_configure"] = False
        case "not_time_series":
            server.streams = None
        case "unexpected_answer":
            server.check = odd
        case _:
            server.check = failing


async def mend(server: Server) -> None:
    """Let a server be as it was."""
    await server.stop()
    fresh = Server()
    server.check, server.privileges, server.streams = None, fresh.privileges, fresh.streams
    await server.start()


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.usefixtures("station")
async def test_what_is_wrong_with_the_server_is_told(hass: HomeAssistant, server: Server, error: str) -> None:
    await break_(server, error)
    form = await answer(hass, await start(hass), **where(server))
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {"base": error})
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["stream"] == f"{STREAM}default"
    assert API_KEY not in placeholders["detail"]
    if error == "privilege_missing":
        assert placeholders["detail"] == "auto_configure"

    await mend(server)
    form = await answer(hass, form, **where(server))
    assert (form["step_id"], form["errors"]) == ("states", {})
    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({CONF_ENTITIES: Selection.CHOSEN}, CONF_CHOSEN_ENTITIES, "no_entities"),
        ({CONF_ENTITIES: Selection.CHOSEN, CONF_CHOSEN_ENTITIES: []}, CONF_CHOSEN_ENTITIES, "no_entities"),
        ({CONF_STATION_NAME: " "}, CONF_STATION_NAME, "name_invalid"),
        ({CONF_STATION_NAME: "x" * 101}, CONF_STATION_NAME, "name_invalid"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_what_is_wrong_with_the_choice_is_told(
    hass: HomeAssistant, server: Server, typed: dict[str, Any], field: str, error: str
) -> None:
    form = await answer(hass, await start(hass), **where(server))
    form = await answer(hass, form, **{**STATES, **typed})
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "states", {field: error})
    assert suggested(form, CONF_ENTITIES) == typed.get(CONF_ENTITIES, Selection.STATION)
    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("station")
async def test_an_entity_that_is_none_is_refused(hass: HomeAssistant, server: Server) -> None:
    form = await answer(hass, await start(hass), **where(server))
    with pytest.raises(InvalidData):
        await answer(hass, form, **{**STATES, CONF_ENTITIES: "everything"})


# Several


@pytest.mark.usefixtures("station")
async def test_a_user_station_is_not_added_twice(hass: HomeAssistant, server: Server) -> None:
    await add(hass, server)
    result = await answer(hass, await start(hass), **where(server, url=server.url + "/"))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_several_user_stations_are_possible(
    hass: HomeAssistant, station: MockConfigEntry, server: Server
) -> None:
    other = await Server().start()
    await add(hass, server)
    await add(hass, other)
    assert len(station.runtime_data.forwarders) == 2
    await hass.config_entries.async_unload(station.entry_id)
    await other.stop()


# Chosen entities


async def test_chosen_entities_are_known_by_what_stays(
    hass: HomeAssistant, station: MockConfigEntry, entity_registry: er.EntityRegistry, server: Server
) -> None:
    temperature = entity_registry.async_get("sensor.simulated_phat_temperature")
    assert temperature
    chosen = ["sensor.simulated_phat_temperature", "sun.sun"]
    subentry = await add(hass, server, entities="chosen", chosen_entities=chosen)
    assert subentry.data[CONF_CHOSEN_ENTITIES] == [temperature.id, "sun.sun"]

    entity_registry.async_update_entity(temperature.entity_id, new_entity_id="sensor.outside")
    form = await answer(hass, await start(hass, subentry), **where(server))
    assert suggested(form, CONF_CHOSEN_ENTITIES) == ["sensor.outside", "sun.sun"]
    form = await answer(hass, form, **{**STATES, CONF_STATION_NAME: " ", CONF_CHOSEN_ENTITIES: ["sensor.outside"]})
    assert suggested(form, CONF_CHOSEN_ENTITIES) == ["sensor.outside"]

    await answer(hass, form, **{**STATES, CONF_ENTITIES: "all", CONF_CHOSEN_ENTITIES: ["sensor.outside"]})
    (subentry,) = station.subentries.values()
    assert subentry.data[CONF_CHOSEN_ENTITIES] == [], "what is not used is not kept"


# Changing


async def test_a_user_station_is_changed(hass: HomeAssistant, station: MockConfigEntry, server: Server) -> None:
    subentry = await add(hass, server)
    form = await start(hass, subentry)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "reconfigure", {})
    assert form["data_schema"]
    assert list(form["data_schema"].schema) == [CONF_URL, CONF_API_KEY, CONF_CA_CERTIFICATE, CONF_NAMESPACE]
    assert required(form) == {CONF_URL, CONF_NAMESPACE}
    assert suggested(form, CONF_URL) == server.url
    assert suggested(form, CONF_API_KEY) is None, "a key is not shown"

    form = await answer(hass, form, **{CONF_URL: server.url, CONF_NAMESPACE: "default"})
    assert form["step_id"] == "states"
    assert suggested(form, CONF_STATION_NAME) == "Farol"
    forwarder = station.runtime_data.forwarders[subentry.subentry_id]

    result = await answer(hass, form, **{**STATES, CONF_STATION_NAME: "Torre", CONF_ENTITIES: "all"})

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    (changed,) = station.subentries.values()
    assert changed.subentry_id == subentry.subentry_id
    assert changed.data[CONF_API_KEY] == API_KEY, "a key that is left out stays"
    assert (changed.data[CONF_STATION_NAME], changed.data[CONF_ENTITIES]) == ("Torre", "all")
    assert station.runtime_data.forwarders[subentry.subentry_id] is not forwarder


@pytest.mark.parametrize("error", ERRORS)
async def test_a_change_to_what_does_not_work_changes_nothing(
    hass: HomeAssistant, station: MockConfigEntry, server: Server, error: str
) -> None:
    subentry = await add(hass, server)
    await break_(server, error)
    form = await answer(hass, await start(hass, subentry), **where(server))
    assert (form["step_id"], form["errors"]) == ("reconfigure", {"base": error})
    assert station.subentries == {subentry.subentry_id: subentry}
    await mend(server)
    form = await answer(hass, form, **where(server))
    result = await answer(hass, form, **STATES)
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(("title", "expected"), [(None, "localhost"), ("Casa", "Casa")])
async def test_a_title_follows_the_address_unless_the_user_named_it(
    hass: HomeAssistant, station: MockConfigEntry, server: Server, title: str | None, expected: str
) -> None:
    subentry = await add(hass, server)
    if title:
        hass.config_entries.async_update_subentry(station, subentry, title=title)
        await hass.async_block_till_done()
    (subentry,) = station.subentries.values()
    with patch("custom_components.anavi_weather.user_station_flow.async_create_elasticsearch") as create:
        create.return_value.async_check.return_value = None
        url = server.url.replace("127.0.0.1", "localhost")
        form = await answer(hass, await start(hass, subentry), **where(server, url=url))
    await answer(hass, form, **STATES)
    (subentry,) = station.subentries.values()
    assert (subentry.title, subentry.unique_id) == (expected, f"{url} default")


async def test_a_user_station_cannot_become_another(
    hass: HomeAssistant, station: MockConfigEntry, server: Server
) -> None:
    other = await Server().start()
    await add(hass, server)
    subentry = await add(hass, other)
    result = await answer(hass, await start(hass, subentry), **where(server))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert station.subentries[subentry.subentry_id].data[CONF_URL] == other.url
    await hass.config_entries.async_unload(station.entry_id)
    await other.stop()


# Removing


def identifiers(registry: dr.DeviceRegistry) -> set[str]:
    """Return what the devices are known by."""
    return {identifier for device in registry.devices for _, identifier in device.identifiers}


@pytest.mark.parametrize("what", ["user station", "station"])
async def test_a_user_station_that_is_removed_leaves_nothing(
    hass: HomeAssistant,
    station: MockConfigEntry,
    server: Server,
    hass_storage: dict[str, Any],
    issue_registry: ir.IssueRegistry,
    device_registry: dr.DeviceRegistry,
    what: str,
) -> None:
    subentry = await add(hass, server)
    key = f"{DOMAIN}.{subentry.subentry_id}.checkpoint"
    hass_storage[key] = {"version": 1, "key": key, "data": {}}
    for kind in ("destination", "refused", "purged"):
        ir.async_create_issue(
            hass,
            DOMAIN,
            f"{kind}_{subentry.subentry_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key="user_station_key_refused",
        )
    assert identifiers(device_registry) == {"01STATION", subentry.subentry_id}

    if what == "station":
        assert await hass.config_entries.async_remove(station.entry_id)
    else:
        assert hass.config_entries.async_remove_subentry(station, subentry.subentry_id)
    await hass.async_block_till_done()

    assert key not in hass_storage
    assert not issue_registry.issues
    assert subentry.subentry_id not in identifiers(device_registry)


async def test_the_checkpoint_of_another_stays(
    hass: HomeAssistant, station: MockConfigEntry, server: Server, hass_storage: dict[str, Any]
) -> None:
    subentry = await add(hass, server)
    other = ConfigSubentry(
        data=MappingProxyType({**subentry.data, CONF_URL: "https://other.example.org"}),
        subentry_type=SUBENTRY_USER_STATION,
        title="other",
        unique_id="https://other.example.org default",
    )
    hass.config_entries.async_add_subentry(station, other)
    await hass.async_block_till_done()
    keys = [f"{DOMAIN}.{one.subentry_id}.checkpoint" for one in (subentry, other)]
    for key in keys:
        hass_storage[key] = {"version": 1, "key": key, "data": {}}

    hass.config_entries.async_remove_subentry(station, other.subentry_id)
    await hass.async_block_till_done()

    assert [key in hass_storage for key in keys] == [True, False]
