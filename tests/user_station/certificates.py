"""Certificates of private authorities."""

from datetime import UTC, datetime, timedelta
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import trustme


def pem(authority: trustme.CA) -> str:
    """Return an authority's certificate."""
    return authority.cert_pem.bytes().decode()


def pem_without_key_usage(authority: trustme.CA) -> str:
    """Return an authority's certificate in the form of elasticsearch-certutil and Elasticsearch's automatic setup."""
    certificate = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder(
        certificate.issuer,
        certificate.subject,
        certificate.public_key(),
        certificate.serial_number,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )
    for extension in certificate.extensions:
        if not isinstance(extension.value, x509.KeyUsage):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def server_context(authority: trustme.CA, host: str, *, valid_days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
    """Return the TLS context of a server with this name or address.

    Args:
        authority: The authority that signs its certificate.
        host: The name or the address.
        valid_days: When the certificate's validity begins and ends, in days from now.
    """
    begin, end = (datetime.now(UTC) + timedelta(days=days) for days in valid_days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_before=begin, not_after=end).configure_cert(context)
    return context
