"""Tests of the repair of a fleet whose server rejects the API key."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.fleet_coordinator import FleetCoordinator
from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, repairs_flow_manager
from homeassistant.const import CONF_API_KEY, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from .conftest import value
from .user_station.harness import until
from .user_station.server import API_KEY, KEY_ID, KEY_SECRET, Server, elastic

ISSUE = "fleet_key_01FLEET"
CONNECTED = "binary_sensor.fleet_casa_connectivity"
REVOKED = "cmVhZGVyczpzZWNyZXQ="  # base64 of readers:secret


def reject(server: Server, status: int = 401) -> None:
    """Let the server reject every request."""

    async def answer(_: object) -> Any:
        return elastic({"error": {"type": "security_exception", "reason": "action is unauthorized"}}, status)

    server.check = answer


async def read(hass: HomeAssistant, coordinator: FleetCoordinator, times: int = 1) -> None:
    """Read the fleet a number of times."""
    for _ in range(times):
        await coordinator.async_refresh()
    await hass.async_block_till_done()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_rejected_several_times_creates_an_issue(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    server: Server,
    coordinator: FleetCoordinator,
    status: int,
) -> None:
    """A server that starts may reject a request or two."""
    reject(server, status)
    await read(hass, coordinator, 2)
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE)
    await read(hass, coordinator)
    issue = issue_registry.async_get_issue(DOMAIN, ISSUE)
    assert issue
    assert (issue.translation_key, issue.translation_placeholders) == ("fleet_key_rejected", {"fleet": "Casa"})
    assert issue.is_fixable

    server.check = None
    await read(hass, coordinator)
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE)
    reject(server)
    await read(hass, coordinator, 2)
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE), "the count begins again"


async def test_another_failure_neither_creates_the_issue_nor_deletes_it(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, server: Server, coordinator: FleetCoordinator
) -> None:
    reject(server, 503)
    await read(hass, coordinator, 4)
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE)
    reject(server)
    await read(hass, coordinator, 3)
    reject(server, 503)
    await read(hass, coordinator)
    assert issue_registry.async_get_issue(DOMAIN, ISSUE)


async def test_the_issue_is_deleted_with_the_fleet(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    entry: MockConfigEntry,
    server: Server,
    coordinator: FleetCoordinator,
) -> None:
    reject(server)
    await read(hass, coordinator, 3)
    hass.config_entries.async_remove_subentry(entry, "01FLEET")
    await hass.async_block_till_done()
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE)


async def open_form(hass: HomeAssistant) -> Any:
    """Open the form of the issue."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager
    form = await manager.async_init(DOMAIN, data={"issue_id": ISSUE})
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "confirm", {})
    return form


async def submit(hass: HomeAssistant, form: Any, api_key: str) -> Any:
    """Submit a key."""
    manager = repairs_flow_manager(hass)
    assert manager
    result = await manager.async_configure(form["flow_id"], {CONF_API_KEY: api_key})
    await hass.async_block_till_done()
    return result


async def test_a_new_key_is_stored_and_used(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, entry: MockConfigEntry, coordinator: FleetCoordinator
) -> None:
    fleet = entry.subentries["01FLEET"]
    before = dict(fleet.data)
    hass.config_entries.async_update_subentry(entry, fleet, data={**before, CONF_API_KEY: REVOKED})
    await hass.async_block_till_done()
    await read(hass, entry.runtime_data.fleets["01FLEET"], 3)
    assert value(hass, CONNECTED) == STATE_OFF
    form = await open_form(hass)
    assert form["description_placeholders"] == {"fleet": "Casa", "detail": ""}

    result = await submit(hass, form, f" {KEY_ID}:{KEY_SECRET}\n")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.subentries["01FLEET"].data == {**before, CONF_API_KEY: API_KEY}
    assert not issue_registry.async_get_issue(DOMAIN, ISSUE)
    await until(lambda: value(hass, CONNECTED) == STATE_ON)


@pytest.mark.parametrize(
    ("status", "errors"),
    [(401, {"base": "key_refused"}), (403, {"base": "privilege_missing"}), (503, {"base": "failed"})],
)
async def test_a_key_that_does_not_work_is_not_stored(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    server: Server,
    coordinator: FleetCoordinator,
    status: int,
    errors: dict[str, str],
) -> None:
    reject(server)
    await read(hass, coordinator, 3)
    form = await open_form(hass)
    reject(server, status)

    form = await submit(hass, form, f"{KEY_ID}:{KEY_SECRET}")

    assert (form["type"], form["errors"]) == (FlowResultType.FORM, errors)
    assert form["description_placeholders"]["detail"]
    assert entry.subentries["01FLEET"].data[CONF_API_KEY] == API_KEY


async def test_a_server_without_summaries(hass: HomeAssistant, server: Server, coordinator: FleetCoordinator) -> None:
    reject(server)
    await read(hass, coordinator, 3)
    form = await open_form(hass)
    server.check = server.fleet = None
    assert (await submit(hass, form, API_KEY))["errors"] == {"base": "fleet_missing"}


async def test_a_text_that_is_no_key(hass: HomeAssistant, server: Server, coordinator: FleetCoordinator) -> None:
    reject(server)
    await read(hass, coordinator, 3)
    asked = len(server.requests)
    form = await submit(hass, await open_form(hass), "no key")
    assert form["errors"] == {CONF_API_KEY: "api_key_invalid"}
    assert len(server.requests) == asked, "it is sent nowhere"


async def test_a_fleet_that_was_removed_meanwhile_needs_no_key(
    hass: HomeAssistant, entry: MockConfigEntry, server: Server, coordinator: FleetCoordinator
) -> None:
    reject(server)
    await read(hass, coordinator, 3)
    form = await open_form(hass)
    hass.config_entries.async_remove_subentry(entry, "01FLEET")
    await hass.async_block_till_done()
    assert (await submit(hass, form, f"{KEY_ID}:{KEY_SECRET}"))["type"] is FlowResultType.CREATE_ENTRY
