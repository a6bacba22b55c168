"""Connections to servers, from the data that a flow has stored."""

from collections.abc import Mapping
import ssl
from typing import Any

from yarl import URL

from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant

from .const import CONF_CA_CERTIFICATE, CONF_NAMESPACE
from .user_station.elasticsearch import Destination
from .user_station.tls import trust


def destination(data: Mapping[str, Any]) -> Destination:
    """Return the server in a connection's data, with its key and namespace."""
    return Destination(URL(data[CONF_URL]), data[CONF_API_KEY], data[CONF_NAMESPACE])


async def async_trust(hass: HomeAssistant, data: Mapping[str, Any]) -> ssl.SSLContext | bool:
    """Return the certificates to trust, see `tls.trust`.

    Raises:
        CertificateInvalidError: if the CA certificate in a connection's data is damaged.
    """
    return await hass.async_add_executor_job(trust, data.get(CONF_CA_CERTIFICATE))
