"""Tests of certificates in the forms in which they are pasted, and of the addresses that a key may be sent to."""

import json
import textwrap

import pytest
import trustme
from yarl import URL

from custom_components.anavi_weather.user_station.errors import CertificateInvalidError
from custom_components.anavi_weather.user_station.tls import extract_certificates, has_private_key, is_private, trust

from .certificates import pem

AUTHORITY = trustme.CA()
PEM = pem(AUTHORITY)
OTHER_PEM = pem(trustme.CA())
PRIVATE_KEY = AUTHORITY.private_key_pem.bytes().decode()


FORMS = {
    "PEM": PEM,
    "without a last line end": PEM.strip(),
    "byte order mark": f"\ufeff{PEM}",
    "CRLF": PEM.replace("\n", "\r\n"),
    "CR": PEM.replace("\n", "\r"),
    "one line": PEM.replace("\n", " "),
    "JSON": json.dumps(PEM),
    "indented": textwrap.indent(PEM, "    "),
    "spaces at the ends of lines": PEM.replace("\n", "  \n"),
    "text around it": f"Certificação 🔒 of our authority:\n\n{PEM}\n-- \nRegards",
    "old name": PEM.replace("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE").replace(
        "END CERTIFICATE", "END X509 CERTIFICATE"
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_found_in_any_form_and_stored_in_one(form: str) -> None:
    """Case 39."""
    assert extract_certificates(FORMS[form]) == PEM
    assert trust(FORMS[form])


def test_all_certificates_are_found() -> None:
    assert extract_certificates(f"root:\n{PEM}intermediate:\n{OTHER_PEM}") == PEM + OTHER_PEM


def test_a_private_key_is_not_extracted() -> None:
    assert extract_certificates(PRIVATE_KEY + PEM) == PEM


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "olá",
        "\x00",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nação\n-----END CERTIFICATE-----",
    ],
)
def test_a_text_without_a_whole_certificate_is_rejected(text: str) -> None:
    with pytest.raises(CertificateInvalidError):
        extract_certificates(text)
    with pytest.raises(CertificateInvalidError):
        trust(text)


def test_a_private_key_alone_is_rejected() -> None:
    with pytest.raises(CertificateInvalidError):
        trust(PRIVATE_KEY)


def test_a_certificate_must_be_one() -> None:
    with pytest.raises(CertificateInvalidError):
        trust("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")


@pytest.mark.parametrize("kind", ["", "RSA ", "ENCRYPTED ", "OPENSSH ", "PGP "])
def test_private_keys_are_detected(kind: str) -> None:
    assert has_private_key(f"{PEM}\n> -----BEGIN {kind}PRIVATE KEY-----")
    assert has_private_key(PRIVATE_KEY)
    assert not has_private_key(PEM)


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
