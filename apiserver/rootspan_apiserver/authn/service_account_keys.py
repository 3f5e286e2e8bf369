"""The keys of service account tokens: one signs them, and several may verify them.

Upstream: staging/src/k8s.io/client-go/util/keyutil/key.go, pkg/serviceaccount/jwt.go, pkg/serviceaccount/openidmetadata.go
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, RSAKey

from rootspan_apiserver.authn.jose import SigningKey
from rootspan_apiserver.processes.private_files import kept

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_NO_CURVE = "unknown private key curve, must be 256, 384, or 521"
_FILE = "service-account.key"
_Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_Public = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class KeyFileError(ValueError):
    """A file with keys of service accounts is not usable."""


@dataclass(frozen=True, slots=True)
class ServiceAccountKeys:
    """The private key that signs tokens, and the public keys that verify them."""

    signing: SigningKey
    verifying: tuple[SigningKey, ...]

    @property
    def algorithm(self) -> str:
        """The algorithm of new signatures, as JOSE names it."""
        return _algorithm(self.signing)

    def with_id(self, key_id: str) -> Sequence[SigningKey]:
        """Return the keys that may verify a token: the one with the id, or all of them where a token names none."""
        return tuple(key for key in self.verifying if key.kid == key_id) if key_id else self.verifying

    def algorithms(self) -> list[str]:
        """Return the algorithms of all public keys."""
        return sorted({_algorithm(key) for key in self.verifying})

    def key_set(self) -> dict[str, Any]:
        """Return the public keys as a JSON Web Key Set, with their members in the order of go-jose."""
        return {"keys": [_published(key) for key in self.verifying]}


def generated() -> ServiceAccountKeys:
    """Return a new key."""
    return _pair(ec.generate_private_key(ec.SECP256R1()))


def kept_in(folder: Path) -> ServiceAccountKeys:
    """Return the key that is kept in the folder, which is made if there is none. Raises KeyFileError."""
    path = folder / _FILE
    try:
        return _pair(_private_key(kept(path, _new_pem)))
    except (OSError, ValueError) as exc:
        raise KeyFileError(f"unable to keep the key of service accounts in {path}: {exc}") from exc


def read(verifying: Iterable[str], signing: str, otherwise: ServiceAccountKeys) -> ServiceAccountKeys:
    """Read the key files of the operator.

    Args:
        verifying: --service-account-key-file.
        signing: --service-account-signing-key-file.
        otherwise: The key that signs where no such file is given.

    Raises:
        KeyFileError: A file cannot be read, or has no key that is usable.
    """
    keys = otherwise if not signing else _pair(_read_signing(signing))
    public = tuple(_jwk(key) for path in verifying for key in _read_verifying(path))
    if not public:
        return keys
    return ServiceAccountKeys(keys.signing, public if signing else (*public, *otherwise.verifying))


def _read_signing(path: str) -> _Private:
    failed = "failed to parse service-account-issuer-key-file"
    data = _content(path, f"{failed}: ")
    try:
        key = _private_key(data)
    except ValueError as exc:
        raise KeyFileError(f"{failed}: error reading private key file {path}: {exc}") from exc
    if not _usable(key):
        why = "failed to build token generator: could not generate signer for ECDSA keypair"
        raise KeyFileError(f"{why}: {_NO_CURVE}")
    return key


def _read_verifying(path: str) -> list[_Public]:
    keys = list(_public_keys(_content(path)))
    if not keys:
        why = "data does not contain any valid RSA or ECDSA public keys"
        raise KeyFileError(f"error reading public key file {path}: {why}")
    if not all(map(_usable, keys)):
        raise KeyFileError(f"error reading public key file {path}: {_NO_CURVE}")
    return keys


def _content(path: str, prefix: str = "") -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise KeyFileError(f"{prefix}open {path}: {(exc.strerror or str(exc)).lower()}") from exc


def _private_key(data: bytes) -> _Private:
    """Return the first private key in PEM blocks. Raises ValueError."""
    for block in _BLOCK.finditer(data):
        if block[1].endswith(b"PRIVATE KEY"):
            key = _parsed(block[0])
            if isinstance(key, _Private):
                return key
    raise ValueError("data does not contain a valid RSA or ECDSA private key")


def _public_keys(data: bytes) -> Iterator[_Public]:
    """Yield the keys in PEM blocks, which are public keys, private keys and certificates. Other blocks are left out."""
    for block in _BLOCK.finditer(data):
        key = _parsed(block[0])
        public = key.public_key() if isinstance(key, _Private) else key
        if isinstance(public, _Public):
            yield public


def _usable(key: _Private | _Public) -> bool:
    return isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) or key.curve.name in _CURVES


def _parsed(block: bytes) -> object:
    """Return what is in a PEM block, None for what is not known."""
    try:
        if b"PRIVATE KEY" in block:
            return serialization.load_pem_private_key(block, None)
        if b"CERTIFICATE" in block:
            return x509.load_pem_x509_certificate(block).public_key()
        return serialization.load_pem_public_key(block)
    except (ValueError, TypeError):
        return None


def _new_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def _pair(key: _Private) -> ServiceAccountKeys:
    return ServiceAccountKeys(_jwk(key), (_jwk(key.public_key()),))


def _jwk(key: _Private | _Public) -> SigningKey:
    """Return a key with its id, which is the digest of the public key in its standard form."""
    public = key.public_key() if isinstance(key, _Private) else key
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return RSAKey(key, None, {"kid": key_id})
    return ECKey(key, None, {"kid": key_id})


def _algorithm(key: SigningKey) -> str:
    raw = key.raw_value
    if isinstance(raw, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return "RS256"
    return _CURVES[raw.curve.name]


def _published(key: SigningKey) -> dict[str, Any]:
    numbers = key.as_dict(private=False)
    head = {"use": "sig", "kty": numbers["kty"], "kid": numbers["kid"]}
    if "crv" in numbers:
        head["crv"] = numbers["crv"]
    return {**head, "alg": _algorithm(key), **{name: value for name, value in numbers.items() if name not in head}}
