"""Certificates that a user pastes, and the addresses that a key may be sent to."""

from base64 import b64decode
from ipaddress import ip_address
import re
import ssl

from yarl import URL

from .errors import CertificateInvalidError

CERTIFICATE = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----(.*?)-----END (?:X509 )?CERTIFICATE-----", re.DOTALL)
PRIVATE_KEY = re.compile(r"BEGIN [A-Z0-9 ]*PRIVATE KEY")


def has_private_key(text: str) -> bool:
    """Return whether a text contains a private key, which belongs on its own machine only."""
    return PRIVATE_KEY.search(text) is not None


def extract_certificates(text: str) -> str:
    r"""Return the certificates in a text (PEM), without anything around them.

    They may be indented, have other line ends, or none: `\n` in JSON, or spaces after a paste into one line.

    Raises:
        CertificateInvalidError: if the text contains no certificate, or a damaged one.
    """
    try:
        encoded = ["".join(block.split()) for block in CERTIFICATE.findall(text.replace(r"\n", "\n"))]
        certificates = [ssl.DER_cert_to_PEM_cert(b64decode(block, validate=True)) for block in encoded]
    except ValueError as err:
        raise CertificateInvalidError(str(err)) from err
    if not certificates:
        raise CertificateInvalidError("no certificate")
    return "".join(certificates)


def trust(certificate: str | None) -> ssl.SSLContext | bool:
    """Return the certificates to trust, for aiohttp. Must run in an executor.

    Args:
        certificate: A private authority's certificates (PEM); none: those of the system.

    Raises:
        CertificateInvalidError: if the text contains no certificates, or a damaged one.
    """
    if not certificate:
        return True
    try:
        context = ssl.create_default_context(cadata=extract_certificates(certificate))
    except ssl.SSLError as err:
        raise CertificateInvalidError(str(err)) from err
    # Strict verification demands a key usage, which the authorities of Elasticsearch's own tools do not have
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def is_private(url: URL) -> bool:
    """Return whether requests to an address are encrypted, or stay on this machine."""
    if url.scheme == "https" or url.host == "localhost":
        return True
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return False
