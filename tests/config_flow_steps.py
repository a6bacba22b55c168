"""Steps of the config flow, for its tests."""

from typing import Any

from custom_components.anavi_weather.const import CONF_BUS, DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Start adding a station."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def choose(hass: HomeAssistant, form: ConfigFlowResult, bus: str) -> ConfigFlowResult:
    """Select a bus."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], {CONF_BUS: bus})


async def confirm(hass: HomeAssistant, form: ConfigFlowResult) -> ConfigFlowResult:
    """Confirm the detected chips."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()
    return result


def preselected(form: ConfigFlowResult) -> Any:
    """Return the bus that is preselected in a form."""
    assert form["data_schema"]
    return next(iter(form["data_schema"].schema)).default()
