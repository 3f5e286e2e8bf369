"""Bearer tokens of service accounts: signed by the server, checked by the server (JWT, ES256).

https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens. The key is made when the
process starts, so a token does not outlive the server it came from.
"""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from rootspan_apiserver.authentication import Credentials, Unauthenticated
from rootspan_apiserver.identity import ALL_AUTHENTICATED, User

_HALF = 32
_HASH = ec.ECDSA(hashes.SHA256())


class ServiceAccountTokens:
    """Issues tokens, and knows the users of those it issued. `issuer` is the server's own URL or name."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._key = ec.generate_private_key(ec.SECP256R1())

    def issue(
        self,
        namespace: str,
        name: str,
        uid: str,
        *,
        audiences: Sequence[str] = (),
        seconds: int = 3600,
        bound: Mapping[str, Mapping[str, str]] | None = None,
    ) -> tuple[str, float]:
        """A token of a service account, and when it expires (seconds since the epoch). `bound` names the object that it is made for:
        `{"pod": {"name": …, "uid": …}}`."""
        now = int(time.time())
        claims = {
            "aud": list(audiences) or [self.issuer],
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "kubernetes.io": {"namespace": namespace, **(bound or {}), "serviceaccount": {"name": name, "uid": uid}},
            "nbf": now,
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }
        signed = _encoded(orjson.dumps({"alg": "ES256", "typ": "JWT"})) + b"." + _encoded(orjson.dumps(claims))
        r, s = decode_dss_signature(self._key.sign(signed, _HASH))
        signature = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
        return (signed + b"." + _encoded(signature)).decode(), float(now + seconds)

    async def authenticate(self, credentials: Credentials) -> User | None:
        """The service account of a token of this issuer. Raises Unauthenticated for one that is forged or expired."""
        token = credentials.token
        if token.count(".") != 2:
            return None
        signed, _, signature = token.rpartition(".")
        try:
            claims: dict[str, Any] = orjson.loads(_decoded(signed.partition(".")[2]))
            raw = _decoded(signature)
        except ValueError:
            return None
        if not isinstance(claims, dict) or claims.get("iss") != self.issuer:
            return None
        der = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
        try:
            self._key.public_key().verify(der, signed.encode(), _HASH)
        except InvalidSignature as exc:
            raise Unauthenticated from exc
        if not claims["nbf"] <= time.time() + 1 or time.time() >= claims["exp"] or self.issuer not in claims["aud"]:
            raise Unauthenticated
        bound = claims["kubernetes.io"]
        namespace = bound["namespace"]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", ALL_AUTHENTICATED)
        return User(claims["sub"], bound["serviceaccount"]["uid"], groups)


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
