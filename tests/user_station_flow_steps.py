"""Steps of the user station's flow, and the errors of its server, for the tests."""

from typing import Any

from pytest_homeassistant_custom_component.common import get_schema_suggested_value
import trustme
import voluptuous as vol

from custom_components.anavi_weather.const import (
    CONF_CA_CERTIFICATE,
    CONF_ENTITIES,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_STATION_NAME,
    SUBENTRY_USER_STATION,
)
from custom_components.anavi_weather.user_station.entities import Selection
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .user_station.certificates import server_context
from .user_station.server import API_KEY, Server, elastic

STATES = {CONF_STATION_NAME: "Farol", CONF_ENTITIES: Selection.STATION, CONF_SEND_HISTORY: True}


def server_input(server: Server, **more: str) -> dict[str, str]:
    """Return the input of the server step."""
    return {CONF_URL: server.url, CONF_API_KEY: API_KEY, CONF_NAMESPACE: "default", **more}


async def start(hass: HomeAssistant, subentry: ConfigSubentry | None = None) -> SubentryFlowResult:
    """Start adding or reconfiguring a user station."""
    context: dict[str, Any] = {"source": SOURCE_USER}
    if subentry:
        context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    return await hass.config_entries.subentries.async_init(
        ("01STATION", SUBENTRY_USER_STATION),
        context=context,  # type: ignore[arg-type]
    )


async def answer(hass: HomeAssistant, form: SubentryFlowResult, **answers: Any) -> SubentryFlowResult:
    """Submit a form."""
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], answers)
    await hass.async_block_till_done()
    return result


async def add(hass: HomeAssistant, server: Server, **more: Any) -> ConfigSubentry:
    """Add a user station."""
    names = {CONF_NAMESPACE, CONF_CA_CERTIFICATE}
    form = await answer(
        hass, await start(hass), **server_input(server, **{key: more[key] for key in names & more.keys()})
    )
    assert form["step_id"] == "states", form["errors"]
    result = await answer(hass, form, **{**STATES, **{key: more[key] for key in more.keys() - names}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = hass.config_entries.async_get_entry("01STATION")
    assert entry
    return list(entry.subentries.values())[-1]


def suggested(form: SubentryFlowResult, field: str) -> Any:
    """Return the suggested value of a field."""
    assert form["data_schema"]
    return get_schema_suggested_value(form["data_schema"].schema, field)


def required(form: SubentryFlowResult) -> set[str]:
    """Return the required fields of a form."""
    assert form["data_schema"]
    return {str(key) for key in form["data_schema"].schema if isinstance(key, vol.Required)}


ERRORS = (
    "cannot_connect",
    "tls_not_trusted",
    "not_elasticsearch",
    "opensearch",
    "key_refused",
    "privilege_missing",
    "not_time_series",
    "busy",
    "too_large",
    "unexpected_answer",
)


async def break_server(server: Server, error: str) -> None:
    """Make the server cause an error."""

    async def nginx(_: Any) -> Any:
        answer = elastic({})
        del answer.headers["X-Elastic-Product"]
        return answer

    async def opensearch(_: Any) -> Any:
        answer = await nginx(_)
        answer.headers["X-OpenSearch-Version"] = "OpenSearch/3.7.0 (opensearch)"
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
            await server.start(server_context(trustme.CA(), "127.0.0.1"))
        case "not_elasticsearch":
            server.check = nginx
        case "opensearch":
            server.check = opensearch
        case "privilege_missing":
            server.privileges["auto_configure"] = False
        case "not_time_series":
            server.streams = None
        case "unexpected_answer":
            server.check = odd
        case _:
            server.check = failing


async def repair_server(server: Server) -> None:
    """Make the server work again."""
    await server.stop()
    fresh = Server()
    server.check, server.privileges, server.streams = None, fresh.privileges, fresh.streams
    await server.start()
