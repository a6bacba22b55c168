"""Tests of servers with certificates that are trusted, and with others."""

import pytest
import trustme

from custom_components.anavi_weather.user_station.elasticsearch import Elasticsearch
from custom_components.anavi_weather.user_station.errors import (
    CannotConnectError,
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ElasticsearchError,
    NoTlsError,
    TlsNotTrustedError,
)
from custom_components.anavi_weather.user_station.tls import trust

from .certificates import pem, pem_without_key_usage, server_context
from .server import DOCUMENT, Connect, Server


async def test_a_private_authority_is_trusted(server: Server, connect: Connect, authority: trustme.CA) -> None:
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    await connect(trusted=trust(pem(authority))).async_check()


async def test_one_of_several_authorities_is_trusted(server: Server, connect: Connect, authority: trustme.CA) -> None:
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    await connect(trusted=trust(f"Some words\n{pem(trustme.CA())}\n{pem(authority)}\r\n")).async_check()


async def test_an_authority_made_by_elasticsearch_is_trusted(server: Server, connect: Connect) -> None:
    """elasticsearch-certutil and Elasticsearch's automatic setup omit the key usage."""
    authority = trustme.CA()
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    await connect(trusted=trust(pem_without_key_usage(authority))).async_check()


async def assert_rejected(client: Elasticsearch, error: type[ElasticsearchError]) -> None:
    """Assert that the client sends nothing to a server."""
    with pytest.raises(error) as raised:
        await client.async_check()
    assert type(raised.value) is error
    with pytest.raises(error):
        await client.async_bulk(DOCUMENT, 1, compressed=False)


async def test_untrusted_certificates(server: Server, connect: Connect, authority: trustme.CA) -> None:
    for context, trusted in (
        (server_context(authority, "127.0.0.1"), True),
        (server_context(authority, "127.0.0.1"), trust(pem(trustme.CA()))),
        (server_context(authority, "elasticsearch.example.org"), trust(pem(authority))),
    ):
        await server.stop()
        await server.start(context)
        await assert_rejected(connect(trusted=trusted), TlsNotTrustedError)
    assert not server.requests


@pytest.mark.parametrize(
    ("begins", "ends", "error"),
    [(-9, -1, CertificateExpiredError), (1, 9, CertificateNotYetValidError)],
)
async def test_certificates_of_another_time(
    server: Server, connect: Connect, authority: trustme.CA, begins: int, ends: int, error: type[ElasticsearchError]
) -> None:
    """An expired one must be renewed; one that is not valid yet tells of a wrong clock."""
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1", valid_days=(begins, ends)))
    await assert_rejected(connect(trusted=trust(pem(authority))), error)
    assert not server.requests


async def test_nothing_is_sent_with_a_damaged_certificate(server: Server, connect: Connect) -> None:
    await assert_rejected(connect(trusted=None), CertificateInvalidError)
    assert not server.requests


async def test_a_server_with_and_without_tls(server: Server, connect: Connect, authority: trustme.CA) -> None:
    with pytest.raises(NoTlsError):
        await connect(server.url.replace("http", "https")).async_check()
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    with pytest.raises(CannotConnectError):
        await connect(server.url.replace("https", "http")).async_check()
