"""Base of the subentry flows that connect to a server: its address, its key and its certificate."""

from abc import abstractmethod
from base64 import b64decode, b64encode
import binascii
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from .const import CONF_CA_CERTIFICATE, CONF_NAMESPACE
from .user_station.elasticsearch import NAMESPACE, STREAM
from .user_station.errors import CertificateInvalidError, ElasticsearchError, StorageError
from .user_station.tls import extract_certificates, has_private_key, is_private

DEFAULT_NAMESPACE = "default"
EXAMPLE = "https://elasticsearch.example.org:9200"

NAMESPACE_SELECTOR = TextSelector()
SERVER_SCHEMA = {
    vol.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
    vol.Required(CONF_API_KEY): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
    vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
    vol.Required(CONF_NAMESPACE, default=DEFAULT_NAMESPACE): NAMESPACE_SELECTOR,
}


class InvalidInputError(Exception):
    """Invalid input in a field of the form."""

    def __init__(self, field: str, key: str, **placeholders: str) -> None:
        """Initialize the error with the field, and the translation key with its placeholders."""
        super().__init__(key)
        self.errors = {field: key}
        self.placeholders = placeholders


class ServerFlow(ConfigSubentryFlow):
    """Subentry flow that adds or reconfigures a connection to a server."""

    unique_prefix = ""
    """Distinguishes connections of different kinds to the same server."""

    def __init__(self) -> None:
        """Initialize the flow."""
        self._server: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the server of a new connection."""
        return await self._async_step_server("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle a change of the server. A key that is left out is kept."""
        return await self._async_step_server("reconfigure", user_input)

    @abstractmethod
    async def _async_check(self) -> None:
        """Check the connection to the server.

        Raises:
            ElasticsearchError: if it does not work.
        """

    @abstractmethod
    async def _async_step_next(self) -> SubentryFlowResult:
        """Show the step after the server."""

    async def _async_step_server(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        detail = ""
        known = self._known()
        if user_input is not None:
            try:
                self._server = _normalised(user_input, known.get(CONF_API_KEY, ""))
                self._raise_if_configured()
                await self._async_check()
            except InvalidInputError as err:
                errors = err.errors
            except CertificateInvalidError as err:
                errors[CONF_CA_CERTIFICATE] = err.key
            except ElasticsearchError as err:
                errors["base"] = ElasticsearchError.key if isinstance(err, StorageError) else err.key
                detail = str(err)
            else:
                return await self._async_step_next()
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

    def _known(self) -> Mapping[str, Any]:
        """Return the data to reconfigure, or nothing for a new connection."""
        return self._get_reconfigure_subentry().data if self.source == SOURCE_RECONFIGURE else {}

    def _raise_if_configured(self) -> None:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        unique_id = self._unique_id(self._server)
        if any(
            subentry.unique_id == unique_id and subentry.subentry_id != own
            for subentry in self._get_entry().subentries.values()
        ):
            raise AbortFlow("already_configured")

    def _finish(self, data: dict[str, Any]) -> SubentryFlowResult:
        title, unique_id = _title(data), self._unique_id(data)
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

    def _unique_id(self, data: Mapping[str, Any]) -> str:
        return f"{self.unique_prefix}{data[CONF_URL]} {data[CONF_NAMESPACE]}"


def _normalised(user_input: Mapping[str, Any], known_key: str) -> dict[str, Any]:
    """Return the user's input in the form that is stored.

    Raises:
        CertificateInvalidError: if the CA certificate is damaged.
        InvalidInputError: if another field is invalid.
    """
    text = user_input[CONF_URL].strip().rstrip("/")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as err:
        raise InvalidInputError(CONF_URL, "url_invalid") from err
    if url.scheme not in ("http", "https") or not host or port is None or _has_more(url):
        raise InvalidInputError(CONF_URL, "url_invalid")
    if not is_private(url):
        raise InvalidInputError(CONF_URL, "tls_required")
    namespace = user_input[CONF_NAMESPACE].strip()
    if not NAMESPACE.fullmatch(namespace):
        raise InvalidInputError(CONF_NAMESPACE, "namespace_invalid")
    data = {
        CONF_URL: str(url),
        CONF_API_KEY: encode_api_key(user_input.get(CONF_API_KEY, "").strip() or known_key),
        CONF_NAMESPACE: namespace,
    }
    if certificate := user_input.get(CONF_CA_CERTIFICATE, "").strip():
        if has_private_key(certificate):
            raise InvalidInputError(CONF_CA_CERTIFICATE, "ca_certificate_has_key")
        data[CONF_CA_CERTIFICATE] = extract_certificates(certificate)
    return data


def _has_more(url: URL) -> bool:
    """Return whether an address has parts that are not supported, like a user and a password."""
    return bool(url.user or url.password or url.query or url.fragment)


def encode_api_key(api_key: str) -> str:
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
