"""Tests of adding a user station."""

from base64 import b64encode
import textwrap
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import trustme

from custom_components.anavi_weather.const import (
    CONF_CA_CERTIFICATE,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_LOCATION,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_SEND_STATISTICS,
    CONF_STATION_NAME,
)
from custom_components.anavi_weather.user_station.elasticsearch import STREAM
from custom_components.anavi_weather.user_station.entities import Selection
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from .user_station.certificates import pem, server_context
from .user_station.server import API_KEY, KEY_ID, KEY_SECRET, Server, elastic
from .user_station_flow_steps import (
    ERRORS,
    STATES,
    add,
    answer,
    break_server,
    repair_server,
    required,
    server_input,
    start,
    suggested,
)


async def test_a_user_station_is_added(hass: HomeAssistant, station: MockConfigEntry, server: Server) -> None:
    form = await start(hass)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})
    assert required(form) == {CONF_URL, CONF_API_KEY, CONF_NAMESPACE}

    form = await answer(hass, form, **server_input(server, **{CONF_URL: f" {server.url}/ "}))
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
        CONF_SEND_STATISTICS: True,
        CONF_LOCATION: "none",
    }
    assert set(station.runtime_data.forwarders) == {subentry.subentry_id}


@pytest.mark.usefixtures("station")
async def test_a_certificate_is_used(hass: HomeAssistant, server: Server) -> None:
    authority = trustme.CA()
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    pasted = textwrap.indent(f"\ufeffOur authority:\n{pem(authority)}".replace("\n", "\r\n"), "  ")
    subentry = await add(hass, server, ca_certificate=pasted)
    assert subentry.data[CONF_CA_CERTIFICATE] == pem(authority)
    assert subentry.data[CONF_URL].startswith("https://127.0.0.1:")


async def test_a_private_key_is_rejected_and_not_kept(
    hass: HomeAssistant, station: MockConfigEntry, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 39."""
    authority = trustme.CA()
    private_key = authority.private_key_pem.bytes().decode()
    form = await answer(
        hass, await start(hass), **server_input(server, ca_certificate=pem(authority) + private_key, namespace="A")
    )
    assert form["errors"] == {CONF_NAMESPACE: "namespace_invalid"}
    assert suggested(form, CONF_CA_CERTIFICATE) is None

    form = await answer(hass, form, **server_input(server, ca_certificate=private_key + pem(authority)))
    assert (form["step_id"], form["errors"]) == ("user", {CONF_CA_CERTIFICATE: "ca_certificate_has_key"})
    assert suggested(form, CONF_CA_CERTIFICATE) is None
    assert suggested(form, CONF_URL) == server.url
    assert server.requests == []

    form = await answer(hass, form, **server_input(server, ca_certificate=pem(authority)))
    await answer(hass, form, **STATES)
    (subentry,) = station.subentries.values()
    assert subentry.data[CONF_CA_CERTIFICATE] == pem(authority)
    assert private_key.splitlines()[1] not in caplog.text


@pytest.mark.usefixtures("station")
async def test_a_key_may_be_entered_unencoded(hass: HomeAssistant, server: Server) -> None:
    form = await answer(hass, await start(hass), **server_input(server, api_key=f" {KEY_ID}:{KEY_SECRET}\n"))
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


INVALID_INPUT = (
    ({CONF_URL: "elasticsearch"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "ftp://127.0.0.1"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "https://"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "https://host:port"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "https://host:99999"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "https://[::1"}, CONF_URL, "url_invalid"),
    ({CONF_URL: "https://xn--a.org"}, CONF_URL, "url_invalid"),
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
    ({CONF_API_KEY: f"{API_KEY[:8]}\n{API_KEY[8:]}"}, CONF_API_KEY, "api_key_invalid"),
    ({CONF_API_KEY: b64encode(b"no colon").decode()}, CONF_API_KEY, "api_key_invalid"),
    ({CONF_CA_CERTIFICATE: "certificate"}, CONF_CA_CERTIFICATE, "ca_certificate_invalid"),
    ({CONF_CA_CERTIFICATE: "certificação"}, CONF_CA_CERTIFICATE, "ca_certificate_invalid"),
)


@pytest.mark.usefixtures("station")
async def test_invalid_input_is_reported_at_its_field(
    hass: HomeAssistant, server: Server, subtests: pytest.Subtests
) -> None:
    for typed, field, error in INVALID_INPUT:
        with subtests.test(typed=typed):
            form = await answer(hass, await start(hass), **server_input(server, **typed))
            assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {field: error})
            assert server.requests == []
            assert all(suggested(form, key) == text for key, text in server_input(server, **typed).items()), (
                "nothing is typed again"
            )

            form = await answer(hass, form, **server_input(server))
            assert form["step_id"] == "states"
            server.requests.clear()

    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.usefixtures("station")
async def test_errors_of_the_server_are_reported(hass: HomeAssistant, server: Server, error: str) -> None:
    await break_server(server, error)
    form = await answer(hass, await start(hass), **server_input(server))
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {"base": error})
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["stream"] == f"{STREAM}default"
    assert API_KEY not in placeholders["detail"]
    if error == "privilege_missing":
        assert placeholders["detail"] == "auto_configure"

    await repair_server(server)
    form = await answer(hass, form, **server_input(server))
    assert (form["step_id"], form["errors"]) == ("states", {})
    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("valid_days", "error"), [((-9, -1), "certificate_expired"), ((1, 9), "certificate_not_yet_valid")]
)
@pytest.mark.usefixtures("station")
async def test_certificates_of_another_time_are_reported(
    hass: HomeAssistant, server: Server, valid_days: tuple[int, int], error: str
) -> None:
    """Case 38."""
    authority = trustme.CA()
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1", valid_days=valid_days))
    form = await answer(hass, await start(hass), **server_input(server, ca_certificate=pem(authority)))
    assert form["errors"] == {"base": error}
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    form = await answer(hass, form, **server_input(server, ca_certificate=pem(authority)))
    assert form["step_id"] == "states"


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
async def test_an_invalid_choice_of_states_is_reported(
    hass: HomeAssistant, server: Server, typed: dict[str, Any], field: str, error: str
) -> None:
    form = await answer(hass, await start(hass), **server_input(server))
    form = await answer(hass, form, **{**STATES, **typed})
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "states", {field: error})
    assert suggested(form, CONF_ENTITIES) == typed.get(CONF_ENTITIES, Selection.STATION)
    assert (await answer(hass, form, **STATES))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("name", ["x", "x" * 100])
@pytest.mark.usefixtures("station")
async def test_a_name_has_1_to_100_characters(hass: HomeAssistant, server: Server, name: str) -> None:
    form = await answer(hass, await start(hass), **server_input(server))
    result = await answer(hass, form, **{**STATES, CONF_STATION_NAME: f" {name} "})
    assert (result["type"], result["data"][CONF_STATION_NAME]) == (FlowResultType.CREATE_ENTRY, name)


@pytest.mark.usefixtures("station")
async def test_an_unknown_selection_is_rejected(hass: HomeAssistant, server: Server) -> None:
    form = await answer(hass, await start(hass), **server_input(server))
    with pytest.raises(InvalidData):
        await answer(hass, form, **{**STATES, CONF_ENTITIES: "everything"})


# Several


@pytest.mark.usefixtures("station")
async def test_a_user_station_is_not_added_twice(hass: HomeAssistant, server: Server) -> None:
    await add(hass, server)
    result = await answer(hass, await start(hass), **server_input(server, url=server.url + "/"))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_several_user_stations(hass: HomeAssistant, station: MockConfigEntry, server: Server) -> None:
    other = await Server().start()
    await add(hass, server)
    await add(hass, other)
    assert len(station.runtime_data.forwarders) == 2
    await hass.config_entries.async_unload(station.entry_id)
    await other.stop()
