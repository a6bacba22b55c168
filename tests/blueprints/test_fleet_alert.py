"""Tests of the blueprint that warns of the alerts of a fleet."""

from datetime import datetime, timedelta

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util

from .conftest import Automate, Wait, minutes

FROST = "binary_sensor.beach_frost"
SILENT = "binary_sensor.farm_silent"
NAMES = {FROST: "Casa da praia Frost", SILENT: "![x](http://example.org) *Farm* Silent"}


async def show(hass: HomeAssistant, entity_id: str, state: str, since: datetime | None = None) -> None:
    """Set the state of an alert."""
    attributes = {"friendly_name": NAMES[entity_id]} | ({"since": since} if since else {})
    hass.states.async_set(entity_id, state, attributes)
    await hass.async_block_till_done()


async def begin(hass: HomeAssistant, entity_id: str) -> datetime:
    """Let an alert begin, and return the time."""
    since = dt_util.utcnow()
    await show(hass, entity_id, STATE_ON, since)
    return since


async def test_an_alert_that_begins(hass: HomeAssistant, automate: Automate, warnings: list[ServiceCall]) -> None:
    await show(hass, FROST, STATE_OFF)
    await show(hass, SILENT, STATE_OFF)
    await automate("fleet_alert", alerts=[FROST, SILENT])
    assert not warnings

    await begin(hass, FROST)
    await begin(hass, SILENT)

    frost, silent = (warning.data for warning in warnings)
    assert frost == {
        "title": "Fleet alert",
        "message": "Casa da praia Frost",
        "notification_id": f"anavi_weather_{FROST}",
    }
    assert silent["message"] == r"\!\[x\]\(http\:\/\/example\.org\) \*Farm\* Silent", "names are no Markdown"


async def test_an_alert_that_ends_and_begins_again(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await show(hass, FROST, STATE_OFF)
    await automate("fleet_alert", alerts=[FROST])
    await begin(hass, FROST)
    await show(hass, FROST, STATE_OFF)
    assert len(warnings) == 1
    await wait(minutes(1))
    await begin(hass, FROST)
    assert len(warnings) == 2


async def test_an_alert_that_is_on_after_an_outage_is_not_repeated(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await show(hass, FROST, STATE_OFF)
    await automate("fleet_alert", alerts=[FROST])
    since = await begin(hass, FROST)
    await wait(timedelta(hours=1))
    for state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        await show(hass, FROST, state)
        await show(hass, FROST, STATE_ON, since)
    assert len(warnings) == 1


async def test_an_alert_that_began_in_an_outage(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await show(hass, FROST, STATE_OFF)
    await show(hass, SILENT, STATE_OFF)
    await automate("fleet_alert", alerts=[FROST, SILENT])
    await begin(hass, SILENT)
    await show(hass, FROST, STATE_UNAVAILABLE)
    await wait(timedelta(hours=1))
    await begin(hass, FROST)
    assert len(warnings) == 2


async def test_alerts_that_began_at_once_in_an_outage(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await show(hass, FROST, STATE_UNAVAILABLE)
    await show(hass, SILENT, STATE_UNAVAILABLE)
    await automate("fleet_alert", alerts=[FROST, SILENT])
    since = dt_util.utcnow()
    await wait(timedelta(seconds=2))
    await show(hass, FROST, STATE_ON, since)
    await show(hass, SILENT, STATE_ON, since)
    assert len(warnings) == 2
