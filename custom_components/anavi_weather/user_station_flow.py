"""Subentry flow of a user station: the server, and the states to send."""

from base64 import b64decode, b64encode
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import valid_domain
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    LabelSelector,
    LabelSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_CA_CERTIFICATE,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_EXCLUDE,
    CONF_INCLUDE,
    CONF_LOCATION,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_SEND_STATISTICS,
    CONF_STATION_NAME,
)
from .forwarding import async_create_elasticsearch
from .user_station.elasticsearch import NAMESPACE, STREAM
from .user_station.entities import Selection, entity_ids
from .user_station.errors import CertificateInvalidError, ElasticsearchError, StorageError
from .user_station.location import Precision
from .user_station.tls import extract_certificates, has_private_key, is_private

DEFAULT_NAMESPACE = "default"
EXAMPLE = "https://elasticsearch.example.org:9200"
MAX_NAME = 100

NAMESPACE_SELECTOR = TextSelector()
SERVER_SCHEMA = {
    vol.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
    vol.Required(CONF_API_KEY): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
    vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
    vol.Required(CONF_NAMESPACE, default=DEFAULT_NAMESPACE): NAMESPACE_SELECTOR,
}
COMMON_RULES = {
    vol.Optional("domains", default=list): TextSelector(TextSelectorConfig(multiple=True)),
    vol.Optional("globs", default=list): TextSelector(TextSelectorConfig(multiple=True)),
    vol.Optional("labels", default=list): LabelSelector(LabelSelectorConfig(multiple=True)),
    vol.Optional("areas", default=list): AreaSelector(AreaSelectorConfig(multiple=True)),
}
EXCLUDED_ENTITIES = {
    vol.Optional(CONF_ENTITIES, default=list): EntitySelector(EntitySelectorConfig(multiple=True)),
}
STATES_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_STATION_NAME): TextSelector(),
        vol.Required(CONF_ENTITIES, default=Selection.STATION): SelectSelector(
            SelectSelectorConfig(
                options=list(Selection), mode=SelectSelectorMode.LIST, translation_key="user_station_entities"
            )
        ),
        vol.Optional(CONF_CHOSEN_ENTITIES, default=list): EntitySelector(EntitySelectorConfig(multiple=True)),
        vol.Optional(CONF_INCLUDE, default=dict): section(vol.Schema(COMMON_RULES), {"collapsed": True}),
        vol.Optional(CONF_EXCLUDE, default=dict): section(
            vol.Schema(EXCLUDED_ENTITIES | COMMON_RULES), {"collapsed": True}
        ),
        vol.Required(CONF_SEND_HISTORY, default=True): BooleanSelector(),
        vol.Required(CONF_SEND_STATISTICS, default=True): BooleanSelector(),
        vol.Required(CONF_LOCATION, default=Precision.NONE): SelectSelector(
            SelectSelectorConfig(
                options=list(Precision), mode=SelectSelectorMode.DROPDOWN, translation_key="user_station_location"
            )
        ),
    }
)


class InvalidInputError(Exception):
    """Invalid input in a field of the form."""

    def __init__(self, field: str, key: str) -> None:
        """Initialize the error with the field and the translation key."""
        super().__init__(key)
        self.errors = {field: key}


class UserStationFlow(ConfigSubentryFlow):
    """Subentry flow that adds or reconfigures a user station."""

    def __init__(self) -> None:
        """Initialize the flow."""
        self._server: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the server of a new user station."""
        return await self._async_step_server("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle a change of the server. A key that is left out is kept."""
        return await self._async_step_server("reconfigure", user_input)

    async def async_step_states(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of the states to send."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                return self._finish(self._server | self._wanted(user_input))
            except InvalidInputError as err:
                errors = err.errors
        suggested = self._named(user_input or self._known()) or {CONF_STATION_NAME: self.hass.config.location_name}
        return self.async_show_form(
            step_id="states",
            data_schema=self.add_suggested_values_to_schema(STATES_SCHEMA, suggested),
            errors=errors,
            last_step=True,
        )

    async def _async_step_server(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        detail = ""
        known = self._known()
        if user_input is not None:
            try:
                self._server = _normalised(user_input, known.get(CONF_API_KEY, ""))
                self._raise_if_configured()
                await (await async_create_elasticsearch(self.hass, self._server)).async_check()
            except InvalidInputError as err:
                errors = err.errors
            except CertificateInvalidError as err:
                errors[CONF_CA_CERTIFICATE] = err.key
            except ElasticsearchError as err:
                errors["base"] = ElasticsearchError.key if isinstance(err, StorageError) else err.key
                detail = str(err)
            else:
                return await self.async_step_states()
        schema = {
            vol.Optional(CONF_API_KEY) if known and field == CONF_API_KEY else field: selector
            for field, selector in SERVER_SCHEMA.items()
        }
        suggested = user_input or {key: value for key, value in known.items() if key != CONF_API_KEY}
        if has_private_key(suggested.get(CONF_CA_CERTIFICATE, "")):
            suggested = {key: value for key, value in suggested.items() if key != CONF_CA_CERTIFICATE}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(schema), suggested),
            errors=errors,
            description_placeholders={
                "detail": detail,
                "example": EXAMPLE,
                "stream": STREAM + (user_input or {}).get(CONF_NAMESPACE, ""),
            },
            last_step=False,
        )

    def _wanted(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user's choice of states in the form that is stored.

        Raises:
            InvalidInputError: if a field is invalid.
        """
        name = user_input[CONF_STATION_NAME].strip()
        if not 0 < len(name) <= MAX_NAME:
            raise InvalidInputError(CONF_STATION_NAME, "name_invalid")
        is_choice = user_input[CONF_ENTITIES] == Selection.CHOSEN
        chosen = user_input[CONF_CHOSEN_ENTITIES] if is_choice else []
        include = _filled(user_input[CONF_INCLUDE]) if is_choice else {}
        exclude = _filled(user_input[CONF_EXCLUDE])
        if is_choice and not (chosen or include):
            raise InvalidInputError(CONF_CHOSEN_ENTITIES, "no_entities")
        if not all(map(valid_domain, (*include.get("domains", ()), *exclude.get("domains", ())))):
            raise InvalidInputError("base", "domain_invalid")
        if CONF_ENTITIES in exclude:
            exclude[CONF_ENTITIES] = self._registry_ids(exclude[CONF_ENTITIES])
        wanted = {**user_input, CONF_STATION_NAME: name, CONF_CHOSEN_ENTITIES: self._registry_ids(chosen)}
        filters = {CONF_INCLUDE: include, CONF_EXCLUDE: exclude}
        return {key: value for key, value in wanted.items() if key not in filters} | _filled(filters)

    def _registry_ids(self, entities: Iterable[str]) -> list[str]:
        """Return entities by their registry ids, which remain when they are renamed, if they have one."""
        registry = er.async_get(self.hass)
        entries = ((entity_id, registry.async_get(entity_id)) for entity_id in entities)
        return [entry.id if entry else entity_id for entity_id, entry in entries]

    def _named(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored data with the current entity ids."""
        named = dict(data)
        if chosen := data.get(CONF_CHOSEN_ENTITIES):
            named[CONF_CHOSEN_ENTITIES] = entity_ids(self.hass, chosen)
        if excluded := data.get(CONF_EXCLUDE, {}).get(CONF_ENTITIES):
            named[CONF_EXCLUDE] = {**data[CONF_EXCLUDE], CONF_ENTITIES: entity_ids(self.hass, excluded)}
        return named

    def _known(self) -> Mapping[str, Any]:
        """Return the data to reconfigure, or nothing for a new user station."""
        return self._get_reconfigure_subentry().data if self.source == SOURCE_RECONFIGURE else {}

    def _raise_if_configured(self) -> None:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        unique_id = _unique_id(self._server)
        if any(
            subentry.unique_id == unique_id and subentry.subentry_id != own
            for subentry in self._get_entry().subentries.values()
        ):
            raise AbortFlow("already_configured")

    def _finish(self, data: dict[str, Any]) -> SubentryFlowResult:
        title, unique_id = _title(data), _unique_id(data)
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        subentry = self._get_reconfigure_subentry()
        named_by_user = subentry.title != _title(subentry.data)
        return self.async_update_and_abort(
            self._get_entry(),
            subentry,
            unique_id=unique_id,
            title=subentry.title if named_by_user else title,
            data=data,
        )


def _normalised(user_input: Mapping[str, Any], known_key: str) -> dict[str, Any]:
    """Return the user's input in the form that is stored.

    Raises:
        CertificateInvalidError: if the CA certificate is damaged.
        InvalidInputError: if another field is invalid.
    """
    text = user_input[CONF_URL].strip().rstrip("/")
    try:
        url = URL(text)
        port = url.port
    except ValueError as err:
        raise InvalidInputError(CONF_URL, "url_invalid") from err
    if url.scheme not in ("http", "https") or not url.host or port is None or _has_more(url):
        raise InvalidInputError(CONF_URL, "url_invalid")
    if not is_private(url):
        raise InvalidInputError(CONF_URL, "tls_required")
    namespace = user_input[CONF_NAMESPACE].strip()
    if not NAMESPACE.fullmatch(namespace):
        raise InvalidInputError(CONF_NAMESPACE, "namespace_invalid")
    data = {
        CONF_URL: str(url),
        CONF_API_KEY: _encoded(user_input.get(CONF_API_KEY, "").strip() or known_key),
        CONF_NAMESPACE: namespace,
    }
    if certificate := user_input.get(CONF_CA_CERTIFICATE, "").strip():
        if has_private_key(certificate):
            raise InvalidInputError(CONF_CA_CERTIFICATE, "ca_certificate_has_key")
        data[CONF_CA_CERTIFICATE] = extract_certificates(certificate)
    return data


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {field: value for field, value in fields.items() if value}


def _has_more(url: URL) -> bool:
    """Return whether an address has parts that are not supported, like a user and a password."""
    return bool(url.user or url.password or url.query or url.fragment)


def _encoded(api_key: str) -> str:
    """Return an API key in the encoded form, the base64 of `id:key`.

    Raises:
        InvalidInputError: if it has neither form.
    """
    if ":" in api_key:
        return b64encode(api_key.encode()).decode()
    try:
        decoded = b64decode(api_key, validate=True)
    except (binascii.Error, ValueError) as err:
        raise InvalidInputError(CONF_API_KEY, "api_key_invalid") from err
    if b":" not in decoded:
        raise InvalidInputError(CONF_API_KEY, "api_key_invalid")
    return api_key


def _title(data: Mapping[str, Any]) -> str:
    host = URL(data[CONF_URL]).host or ""
    return host if data[CONF_NAMESPACE] == DEFAULT_NAMESPACE else f"{host} ({data[CONF_NAMESPACE]})"


def _unique_id(data: Mapping[str, Any]) -> str:
    return f"{data[CONF_URL]} {data[CONF_NAMESPACE]}"
