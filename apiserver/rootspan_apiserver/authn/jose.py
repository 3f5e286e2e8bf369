"""Signed tokens (JWS in compact form): what they say before and after their signature is verified.

joserfc decodes them, and has the keys and the algorithms. JSON is read as go-jose reads it: names are case-sensitive, and one that is there
twice makes the token invalid.

Upstream: https://github.com/go-jose/go-jose (jws.go, jwt/jwt.go)
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import DecodeError, InvalidHeaderValueError, JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError

ALGORITHMS = ("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
NOT_VERIFIED = "go-jose/go-jose: error in cryptographic primitive"
_ENCODED = re.compile(r"(?:[\w-]{4})*(?:[\w-]{2,3})?", re.ASCII)
SigningKey = ECKey | RSAKey
"""A private key, or a public one."""


class _Registry(jws.JWSRegistry):
    """Takes tokens of the size of a request's head. Unknown parameters of the header are ignored unless they are critical."""

    max_header_length = max_payload_length = max_signature_length = 1 << 20


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


class JSONObjectOfToken(dict[str, Any]):
    """An object, which remembers the first of its names that was there twice, and all spellings of `iss`."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.duplicate: str | None = None
        self.issuers = [value for name, value in pairs if name.lower() == "iss"]
        if len(self) < len(pairs):
            names = [name for name, _ in pairs]
            self.duplicate = next(name for index, name in enumerate(names) if name in names[:index])


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token that is well-formed. Nothing that it says is to be believed before `verify`.

    Attributes:
        key_id: The `kid` of its header, "" for none.
        issuer: The issuer that it names.
        algorithm: The algorithm that its header names.
        payload: All of its claims.
    """

    key_id: str
    algorithm: str
    issuer: str
    payload: JSONObjectOfToken
    _signature: jws.CompactSignature | None

    def verify(self, key: SigningKey) -> None:
        """Check the signature. Raises InvalidCredentialsError."""
        if self._signature is None:
            raise InvalidCredentialsError(NOT_VERIFIED)
        try:
            if jws.validate_compact(self._signature, key, registry=_REGISTRY):
                return
        except (JoseError, ValueError) as exc:
            raise InvalidCredentialsError(NOT_VERIFIED) from exc
        raise InvalidCredentialsError(NOT_VERIFIED)


def untrusted(token: str, issuers: frozenset[str] | None = None) -> SignedToken | None:
    """Decode a token of one of the issuers, or of any; return None for all else."""
    if token.count(".") != 2 or not _ENCODED.fullmatch(token.rpartition(".")[2]):
        return None
    try:
        payload = _object(token.split(".")[1])
        issuer = _issuer(payload)
        if issuers is not None and issuer not in issuers:
            return None
        header = _object(token.split(".")[0])
    except (ValueError, RecursionError):
        return None
    key_id = header.get("kid", "")
    if header.duplicate is not None or not isinstance(key_id, str):
        return None
    signature = None
    try:
        signature = jws.extract_compact(token.encode(), registry=_REGISTRY)
        _REGISTRY.check_header(signature.headers())
    except (DecodeError, InvalidHeaderValueError):
        return None
    except JoseError:
        signature = None  # none that is valid is possible
    return SignedToken(key_id, str(header.get("alg", "")), issuer, payload, signature)


def sign(claims: bytes, key: SigningKey, algorithm: str) -> str:
    """Return the claims with a signature, whose header names the key."""
    return jws.serialize_compact({"alg": algorithm, "kid": key.kid}, claims, key, registry=_REGISTRY)


def _issuer(payload: JSONObjectOfToken) -> str:
    """Return the issuer as Go's own decoder reads it, which ignores case. Raises ValueError where it is no text."""
    for value in payload.issuers:
        if not isinstance(value, str):
            raise ValueError("the issuer is no text")
    return payload.issuers[-1] if payload.issuers else ""


def _object(segment: str) -> JSONObjectOfToken:
    """Return the object in a part of a token. Raises ValueError, RecursionError."""
    text = urlsafe_b64decode(segment.encode("ascii")).decode("utf-8", "replace")
    found = json.loads(text, object_pairs_hook=JSONObjectOfToken, parse_constant=_refuse)
    if not isinstance(found, JSONObjectOfToken):
        raise ValueError("no object")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
