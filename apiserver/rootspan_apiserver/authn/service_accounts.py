"""Bearer tokens of service accounts: JWTs (ES256) that the server signs and verifies.

https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens. The key is generated when the
process starts, so a token is valid until the server stops at most, and only while the objects that it names exist.

Upstream: pkg/serviceaccount/jwt.go, pkg/serviceaccount/claims.go, pkg/serviceaccount/util.go
"""

import base64
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    common_audiences,
)
from rootspan_apiserver.authn.service_account_objects import LEEWAY, ServiceAccountObjects
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, User

_ALGORITHM = "ES256"
_HALF = 32
_HASH = ec.ECDSA(hashes.SHA256())
_EXTRA = "authentication.kubernetes.io/"


class IssuedToken(NamedTuple):
    """A token, its expiry (seconds since the epoch), and the credential ID that identifies it in users and audit events."""

    token: str
    expires: float
    credential_id: str


class ServiceAccountTokens:
    """Issues tokens and authenticates them. `issuer` is the URL that identifies the server; it is the default audience."""

    def __init__(self, issuer: str, objects: ServiceAccountObjects) -> None:
        self.issuer = issuer
        self._objects = objects
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public_key = self._key.public_key()
        der = self._public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = _encoded(hashlib.sha256(der).digest()).decode()

    @property
    def algorithm(self) -> str:
        """The algorithm of the signatures, as JOSE names it."""
        return _ALGORITHM

    def key_set(self) -> dict[str, Any]:
        """Return the public keys as a JSON Web Key Set."""
        numbers = self._public_key.public_numbers()
        x, y = (_encoded(number.to_bytes(_HALF, "big")).decode() for number in (numbers.x, numbers.y))
        key = {"use": "sig", "kty": "EC", "kid": self._key_id, "crv": "P-256", "alg": _ALGORITHM, "x": x, "y": y}
        return {"keys": [key]}

    def issue(
        self,
        namespace: str,
        name: str,
        uid: str,
        *,
        audiences: Sequence[str] = (),
        seconds: int = 3600,
        bound: Mapping[str, Mapping[str, str]] | None = None,
    ) -> IssuedToken:
        """Issue a token of a service account for `audiences`, valid for `seconds`.

        Args:
            bound: The objects that the token is bound to: `{"pod": {"name": …, "uid": …}}`.
        """
        now = int(time.time())
        claims = {
            "aud": list(audiences) or [self.issuer],
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": str(uuid4()),
            "kubernetes.io": {"namespace": namespace, **(bound or {}), "serviceaccount": {"name": name, "uid": uid}},
            "nbf": now,
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }
        header = {"alg": _ALGORITHM, "kid": self._key_id}
        signed = _encoded(orjson.dumps(header)) + b"." + _encoded(orjson.dumps(claims, option=orjson.OPT_SORT_KEYS))
        r, s = decode_dss_signature(self._key.sign(signed, _HASH))
        signature = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
        token = (signed + b"." + _encoded(signature)).decode()
        return IssuedToken(token, float(now + seconds), _credential_id(claims))

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the service account of a token of this issuer, None for other tokens.

        Raises:
            InvalidCredentialsError: the signature, the expiry or the audience is wrong, or an object it names does not exist.
        """
        claims = self._verified(credentials.token)
        if claims is None:
            return None
        wanted = credentials.audiences or (self.issuer,)
        audiences = common_audiences(claims["aud"], wanted)
        if not audiences:
            why = f"{_listed(claims['aud'])} is invalid for the target audiences {_listed(wanted)}"
            raise InvalidCredentialsError(f"token audiences {why}")
        _check_times(claims, time.time())
        await self._objects.check(claims["kubernetes.io"])
        return Authenticated(_user(claims), audiences)

    def _verified(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token of this issuer, None for other tokens.

        Raises:
            InvalidCredentialsError: the signature is not valid.
        """
        if token.count(".") != 2:
            return None
        signed, _, signature = token.rpartition(".")
        try:
            header, claims = (orjson.loads(_decoded(part)) for part in signed.split("."))
            raw = _decoded(signature)
        except ValueError:
            return None
        if not isinstance(header, dict) or header.get("alg") != _ALGORITHM:
            return None
        if not isinstance(claims, dict) or claims.get("iss") != self.issuer:
            return None
        if (header.get("kid") or self._key_id) != self._key_id:
            raise InvalidCredentialsError("invalid signature, no keys found")
        der = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
        try:
            self._public_key.verify(der, signed.encode(), _HASH)
        except InvalidSignature as exc:
            raise InvalidCredentialsError("go-jose/go-jose: error in cryptographic primitive") from exc
        return claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    if now + LEEWAY < claims["nbf"]:
        raise InvalidCredentialsError("service account token is not valid yet")
    if now - LEEWAY > claims["exp"]:
        raise InvalidCredentialsError("service account token has expired")


def _user(claims: Mapping[str, Any]) -> User:
    bound = claims["kubernetes.io"]
    extra = {f"{_EXTRA}credential-id": (_credential_id(claims),)}
    for claim in ("node", "pod"):
        for field, value in bound.get(claim, {}).items():
            extra[f"{_EXTRA}{claim}-{field}"] = (value,)
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{bound['namespace']}", ALL_AUTHENTICATED)
    return User(claims["sub"], bound["serviceaccount"]["uid"], groups, extra)


def _credential_id(claims: Mapping[str, Any]) -> str:
    return f"JTI={claims['jti']}"


def _listed(audiences: Iterable[str]) -> str:
    return "[" + " ".join(map(quote, audiences)) + "]"


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
