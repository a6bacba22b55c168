"""Tests of reconfiguring and removing a user station."""

from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import (
    CONF_CA_CERTIFICATE,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_EXCLUDE,
    CONF_INCLUDE,
    CONF_NAMESPACE,
    CONF_STATION_NAME,
    DOMAIN,
    SUBENTRY_USER_STATION,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .user_station.server import API_KEY, Server
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

# Chosen entities


async def test_chosen_entities_survive_a_rename(
    hass: HomeAssistant, station: MockConfigEntry, entity_registry: er.EntityRegistry, server: Server
) -> None:
    temperature = entity_registry.async_get("sensor.simulated_phat_temperature")
    assert temperature
    chosen = ["sensor.simulated_phat_temperature", "sun.sun"]
    subentry = await add(hass, server, entities="chosen", chosen_entities=chosen)
    assert subentry.data[CONF_CHOSEN_ENTITIES] == [temperature.id, "sun.sun"]

    entity_registry.async_update_entity(temperature.entity_id, new_entity_id="sensor.outside")
    form = await answer(hass, await start(hass, subentry), **server_input(server))
    assert suggested(form, CONF_CHOSEN_ENTITIES) == ["sensor.outside", "sun.sun"]
    form = await answer(hass, form, **{**STATES, CONF_STATION_NAME: " ", CONF_CHOSEN_ENTITIES: ["sensor.outside"]})
    assert suggested(form, CONF_CHOSEN_ENTITIES) == ["sensor.outside"]

    await answer(hass, form, **{**STATES, CONF_ENTITIES: "all", CONF_CHOSEN_ENTITIES: ["sensor.outside"]})
    (subentry,) = station.subentries.values()
    assert subentry.data[CONF_CHOSEN_ENTITIES] == [], "what is not used is not kept"


async def test_filters_are_stored_without_what_is_empty(
    hass: HomeAssistant, station: MockConfigEntry, entity_registry: er.EntityRegistry, server: Server
) -> None:
    humidity = entity_registry.async_get("sensor.simulated_phat_humidity")
    assert humidity
    exclude = {"entities": [humidity.entity_id], "globs": ["*_battery"], "domains": []}
    subentry = await add(hass, server, entities="chosen", include={"domains": ["sensor"]}, exclude=exclude)
    assert subentry.data[CONF_INCLUDE] == {"domains": ["sensor"]}
    assert subentry.data[CONF_EXCLUDE] == {"entities": [humidity.id], "globs": ["*_battery"]}

    entity_registry.async_update_entity(humidity.entity_id, new_entity_id="sensor.outside")
    form = await answer(hass, await start(hass, subentry), **server_input(server))
    assert form["data_schema"]
    (excluded,) = (key for key in form["data_schema"].schema if key == CONF_EXCLUDE)
    fields = {str(key): key.description for key in form["data_schema"].schema[excluded].schema.schema}
    assert fields["entities"] == {"suggested_value": ["sensor.outside"]}
    await answer(hass, form, **{**STATES, CONF_ENTITIES: "all", CONF_INCLUDE: {"domains": ["sensor"]}})
    (subentry,) = station.subentries.values()
    assert not {CONF_INCLUDE, CONF_EXCLUDE} & subentry.data.keys(), "what is not used is not kept"


@pytest.mark.parametrize("section", [CONF_INCLUDE, CONF_EXCLUDE])
@pytest.mark.usefixtures("station")
async def test_domains_are_checked(hass: HomeAssistant, server: Server, section: str) -> None:
    form = await answer(hass, await start(hass), **server_input(server))
    form = await answer(
        hass, form, **{**STATES, CONF_ENTITIES: "chosen", section: {"domains": ["sensor.x"], "globs": ["*"]}}
    )
    assert form["errors"] == (
        {"base": "domain_invalid"} if section == CONF_INCLUDE else {CONF_CHOSEN_ENTITIES: "no_entities"}
    )
    form = await answer(hass, form, **{**STATES, section: {"domains": ["Sensor"]}})
    assert form.get("errors") == ({"base": "domain_invalid"} if section == CONF_EXCLUDE else None)


@pytest.mark.parametrize("section", [CONF_INCLUDE, CONF_EXCLUDE])
@pytest.mark.parametrize("glob", ["Person.*", "person", "device_tracker.*, person.*", "person.[ab", "person."])
@pytest.mark.usefixtures("station")
async def test_a_pattern_that_matches_nothing_is_rejected(
    hass: HomeAssistant, server: Server, section: str, glob: str
) -> None:
    """Otherwise entities that were to be excluded are sent."""
    form = await answer(hass, await start(hass), **server_input(server))
    chosen = {**STATES, CONF_ENTITIES: "chosen", CONF_INCLUDE: {"domains": ["sensor"]}}
    form = await answer(hass, form, **{**chosen, section: {"globs": ["sensor.*", f" {glob}"]}})
    assert (form["errors"], form["description_placeholders"]) == ({"base": "glob_invalid"}, {"pattern": glob})
    assert (await answer(hass, form, **chosen))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("station")
async def test_rows_of_rules_are_stripped(hass: HomeAssistant, server: Server) -> None:
    form = await answer(hass, await start(hass), **server_input(server))
    form = await answer(
        hass, form, **{**STATES, CONF_ENTITIES: "chosen", CONF_INCLUDE: {"globs": ["", " "], "domains": [" "]}}
    )
    assert form["errors"] == {CONF_CHOSEN_ENTITIES: "no_entities"}
    exclude = {"globs": [" person.* ", ""], "domains": ["sun "]}
    result = await answer(hass, form, **{**STATES, CONF_EXCLUDE: exclude})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_EXCLUDE] == {"globs": ["person.*"], "domains": ["sun"]}


# Reconfiguring


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
async def test_a_failed_check_changes_nothing(
    hass: HomeAssistant, station: MockConfigEntry, server: Server, error: str
) -> None:
    subentry = await add(hass, server)
    await break_server(server, error)
    form = await answer(hass, await start(hass, subentry), **server_input(server))
    assert (form["step_id"], form["errors"]) == ("reconfigure", {"base": error})
    assert station.subentries == {subentry.subentry_id: subentry}
    await repair_server(server)
    form = await answer(hass, form, **server_input(server))
    result = await answer(hass, form, **STATES)
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(("title", "expected"), [(None, "localhost"), ("Casa", "Casa")])
async def test_a_title_follows_the_address_unless_the_user_chose_it(
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
        form = await answer(hass, await start(hass, subentry), **server_input(server, url=url))
    await answer(hass, form, **STATES)
    (subentry,) = station.subentries.values()
    assert (subentry.title, subentry.unique_id) == (expected, f"{url} default")


async def test_a_user_station_cannot_become_a_duplicate(
    hass: HomeAssistant, station: MockConfigEntry, server: Server
) -> None:
    other = await Server().start()
    await add(hass, server)
    subentry = await add(hass, other)
    result = await answer(hass, await start(hass, subentry), **server_input(server))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert station.subentries[subentry.subentry_id].data[CONF_URL] == other.url
    await hass.config_entries.async_unload(station.entry_id)
    await other.stop()


# Removing


def identifiers(registry: dr.DeviceRegistry) -> set[str]:
    """Return the identifiers of all devices."""
    return {identifier for device in registry.devices for _, identifier in device.identifiers}


@pytest.mark.parametrize("what", ["user station", "station"])
async def test_removing_a_user_station_leaves_nothing(
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


async def test_the_checkpoint_of_another_user_station_is_kept(
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
