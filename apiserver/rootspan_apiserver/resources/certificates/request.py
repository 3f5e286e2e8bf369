"""The X.509 certificate request in a CertificateSigningRequest.

Upstream: pkg/apis/certificates/helpers.go (ParseCSR), pkg/apis/certificates/validation/validation.go (validateCSR), Go's crypto/x509 and
encoding/asn1
"""

from base64 import b64decode
from binascii import Error as NotBase64Error

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from rootspan_apiserver.resources.certificates.pem import block_types

BLOCK_TYPE = "CERTIFICATE REQUEST"
_BEGIN, _END = (f"-----{word} {BLOCK_TYPE}-----".encode() for word in ("BEGIN", "END"))
_CURVES = (ec.SECP224R1, ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
"""Those that Go knows."""


def parse_request(encoded: str) -> x509.CertificateSigningRequest:
    """Return the request in the first PEM block of a text that is encoded in base64.

    Raises:
        ValueError: the block is none of a request, or its contents cannot be read.
    """
    if next(block_types(encoded), "") != BLOCK_TYPE:
        raise ValueError(f"PEM block type must be {BLOCK_TYPE}")
    text = b64decode(encoded)
    begin = text.index(_BEGIN)
    der = _contents(text[begin + len(_BEGIN) : text.index(_END, begin)])
    if fault := _syntax_fault(der):
        raise ValueError(f"asn1: syntax error: {fault}")
    try:
        return x509.load_der_x509_csr(der)
    except ValueError as exc:
        raise ValueError("asn1: structure error: tags don't match") from exc


def _contents(text: bytes) -> bytes:
    """Return what is encoded in a PEM block; what is not base64 is no block."""
    try:
        return b64decode(b"".join(text.split()), validate=True)
    except NotBase64Error as exc:
        raise ValueError(f"PEM block type must be {BLOCK_TYPE}") from exc


def _syntax_fault(der: bytes) -> str:
    """Return what is wrong with the outermost element of a DER encoding as Go says it, "" if it is complete and the only one."""
    if not der:
        return "sequence truncated"
    length, start = (der[1] if len(der) > 1 else 0), 2
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(der[2:start])
    if len(der) < start:
        return "truncated tag or length"
    if len(der) < start + length:
        return "data truncated"
    if len(der) > start + length:
        return "trailing data"
    return "" if length else "sequence truncated"


def check_signature(request: x509.CertificateSigningRequest) -> None:
    """Check that the owner of the public key has signed the request.

    Raises:
        ValueError: he has not, or with a key or an algorithm that Go does not know.
    """
    try:
        key = request.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, _CURVES):
            raise ValueError("x509: unsupported elliptic curve")
        if request.is_signature_valid:
            return
    except UnsupportedAlgorithm as exc:
        raise ValueError("x509: cannot verify signature: algorithm unimplemented") from exc
    if isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("x509: ECDSA verification failure")
    if isinstance(key, ed25519.Ed25519PublicKey):
        raise ValueError("x509: Ed25519 verification failure")
    raise ValueError("crypto/rsa: verification error")


def organizations(request: x509.CertificateSigningRequest) -> list[str]:
    """Return the organizations of the subject: the groups of a user who has such a certificate."""
    return [str(each.value) for each in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
