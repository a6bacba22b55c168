"""Tests of certificates, and of the addresses that a key may be sent to."""

import pytest
import trustme
from yarl import URL

from custom_components.anavi_weather.user_station.elasticsearch import is_private, trust
from custom_components.anavi_weather.user_station.errors import CannotConnectError, NoTlsError, TlsNotTrustedError

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


async def test_untrusted_certificates(server: Server, connect: Connect, authority: trustme.CA) -> None:
    for context, trusted in (
        (server_context(authority, "127.0.0.1"), True),
        (server_context(authority, "127.0.0.1"), trust(pem(trustme.CA()))),
        (server_context(authority, "elasticsearch.example.org"), trust(pem(authority))),
        (server_context(authority, "127.0.0.1", expired=True), trust(pem(authority))),
    ):
        await server.stop()
        await server.start(context)
        with pytest.raises(TlsNotTrustedError):
            await connect(trusted=trusted).async_check()
        with pytest.raises(TlsNotTrustedError):
            await connect(trusted=trusted).async_bulk(DOCUMENT, 1, compressed=False)
    assert not server.requests


async def test_a_server_with_and_without_tls(server: Server, connect: Connect, authority: trustme.CA) -> None:
    with pytest.raises(NoTlsError):
        await connect(server.url.replace("http", "https")).async_check()
    await server.stop()
    await server.start(server_context(authority, "127.0.0.1"))
    with pytest.raises(CannotConnectError):
        await connect(server.url.replace("https", "http")).async_check()


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "olá",
        "\x00",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_invalid_certificates_are_rejected(text: str) -> None:
    with pytest.raises(ValueError):
        trust(text)


def test_a_key_is_not_a_certificate(authority: trustme.CA) -> None:
    with pytest.raises(ValueError):
        trust(authority.private_key_pem.bytes().decode())


@pytest.mark.parametrize("nothing", [None, ""])
def test_public_authorities_are_trusted_by_default(nothing: str | None) -> None:
    assert trust(nothing) is True


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://elasticsearch.example.org:9200", True),
        ("http://localhost:9200", True),
        ("http://127.0.0.1:9200", True),
        ("http://127.9.9.9:9200", True),
        ("http://[::1]:9200", True),
        ("http://192.168.1.2:9200", False),
        ("http://localhost.example.org:9200", False),
        ("http://elasticsearch:9200", False),
        ("http:", False),
    ],
)
def test_which_addresses_are_private(url: str, private: bool) -> None:
    assert is_private(URL(url)) is private
