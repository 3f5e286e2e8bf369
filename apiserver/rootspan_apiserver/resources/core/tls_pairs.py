"""Whether a certificate and a private key belong together, in the words of Go.

Upstream: pkg/registry/core/secret/strategy.go (warningsForSecret), which calls Go's crypto/tls.X509KeyPair
"""

import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

_MARK = re.compile(rb"-----(BEGIN|END) ([^\r\n-]*)-----")


def pair_fault(certificate: bytes, key: bytes) -> str:
    """Return why a certificate and a key are no pair, "" if they are."""
    blocks = list(_blocks(certificate))
    certificates = [text for kind, text in blocks if kind == "CERTIFICATE"]
    if not certificates:
        return _no_certificate([kind for kind, _ in blocks])
    blocks = list(_blocks(key))
    keys = [text for kind, text in blocks if kind == "PRIVATE KEY" or kind.endswith(" PRIVATE KEY")]
    if not keys:
        return _no_key([kind for kind, _ in blocks])
    try:
        public = load_pem_x509_certificate(certificates[0]).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "x509: malformed certificate"
    try:
        own = load_pem_private_key(keys[0], None).public_key()
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return "tls: failed to parse private key"
    if type(own) is not type(public):
        return "tls: private key type does not match public key type"
    written = {each.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for each in (own, public)}
    return "tls: private key does not match public key" if len(written) > 1 else ""


def _blocks(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the type and the text of each whole block of PEM, in one pass."""
    opened = None
    for mark in _MARK.finditer(text):
        if mark[1] == b"BEGIN":
            opened = mark
        elif opened is not None and opened[2] == mark[2]:
            yield mark[2].decode(errors="replace"), text[opened.start() : mark.end()]
            opened = None


def _no_certificate(skipped: list[str]) -> str:
    if not skipped:
        return "tls: failed to find any PEM data in certificate input"
    if len(skipped) == 1 and skipped[0].endswith("PRIVATE KEY"):
        words = "but did find a private key; PEM inputs may have been switched"
        return f"tls: failed to find certificate PEM data in certificate input, {words}"
    words = "after skipping PEM blocks of the following types"
    return f'tls: failed to find "CERTIFICATE" PEM block in certificate input {words}: [{" ".join(skipped)}]'


def _no_key(skipped: list[str]) -> str:
    if not skipped:
        return "tls: failed to find any PEM data in key input"
    if skipped == ["CERTIFICATE"]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    words = "after skipping PEM blocks of the following types"
    return (
        f'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input {words}: [{" ".join(skipped)}]'
    )
