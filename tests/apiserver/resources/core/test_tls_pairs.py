"""Certificates and keys that are pairs, and those that are none."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rootspan_apiserver.resources.core.tls_pairs import pair_fault

OWN, OTHER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())


def pem_of(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_of(key: EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


CERTIFICATE = certificate_of(OWN)
EMPTY = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
ODD = b"-----BEGIN X-----\n-----END X-----\n"


@pytest.mark.parametrize(
    ("certificate", "key", "fault"),
    [
        (CERTIFICATE, pem_of(OWN), ""),
        (ODD + CERTIFICATE, ODD + pem_of(OWN), ""),
        (b"a", b"b", "tls: failed to find any PEM data in certificate input"),
        (b"-----BEGIN X-----\n" * 60_000, b"", "tls: failed to find any PEM data in certificate input"),
        (
            pem_of(OWN),
            b"",
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
        ),
        (
            ODD + ODD,
            b"",
            'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [X X]',
        ),
        (CERTIFICATE, b"b", "tls: failed to find any PEM data in key input"),
        (
            CERTIFICATE,
            CERTIFICATE,
            "tls: found a certificate rather than a key in the PEM for the private key",
        ),
        (
            CERTIFICATE,
            ODD,
            'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [X]',
        ),
        (EMPTY, pem_of(OWN), "x509: malformed certificate"),
        (CERTIFICATE, EMPTY.replace(b"CERTIFICATE", b"PRIVATE KEY"), "tls: failed to parse private key"),
        (CERTIFICATE, pem_of(OTHER), "tls: private key does not match public key"),
        (CERTIFICATE, pem_of(Ed25519PrivateKey.generate()), "tls: private key type does not match public key type"),
    ],
    ids=range(13),
)
def test_fault_of_pair(certificate: bytes, key: bytes, fault: str) -> None:
    """The words are those of Go's TLS library."""
    assert pair_fault(certificate, key) == fault
