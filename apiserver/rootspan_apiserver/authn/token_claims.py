"""The claims of a token, decoded as Go decodes them: each has its type, and what is absent is empty.

Upstream: https://github.com/go-jose/go-jose (jwt/claims.go, jwt/validation.go)
"""

import math
from dataclasses import dataclass
from typing import Self

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.authn.jose import JSONObjectOfToken
from rootspan_apiserver.kube.go_values import json_type

LEEWAY = 60.0
"""Tolerated clock skew between servers, in seconds."""
_OVERFLOW = -(1 << 63)
_JWT = "go-jose/go-jose/jwt: expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicClaims:
    """The registered claims. Times are in seconds since the epoch, None where they are absent."""

    issuer: str
    subject: str
    id: str
    audience: tuple[str, ...]
    expiry: int | None
    not_before: int | None
    issued_at: int | None

    @classmethod
    def read(cls, claims: JSONObjectOfToken) -> Self:
        """Raises InvalidCredentialsError for a claim of the wrong type, and one that is there twice."""
        check_unique(claims)
        return cls(
            issuer=text(claims, "iss"),
            subject=text(claims, "sub"),
            id=text(claims, "jti"),
            audience=_audience(claims),
            expiry=numeric_date(claims, "exp"),
            not_before=numeric_date(claims, "nbf"),
            issued_at=numeric_date(claims, "iat"),
        )

    @property
    def credential_id(self) -> str:
        """What identifies the token in users and audit events, "" for one without `jti`."""
        return f"JTI={self.id}" if self.id else ""

    def check_times(self, now: float) -> None:
        """Raises InvalidCredentialsError where the token is not valid at `now`, give or take `LEEWAY`."""
        if self.not_before is not None and now + LEEWAY < self.not_before:
            raise InvalidCredentialsError("service account token is not valid yet")
        if self.expiry is not None and now - LEEWAY > self.expiry:
            raise InvalidCredentialsError("service account token has expired")
        if self.issued_at is not None and now + LEEWAY < self.issued_at:
            raise InvalidCredentialsError("service account token is issued in the future")


def check_unique(claims: JSONObjectOfToken) -> None:
    """Raises InvalidCredentialsError for an object with a name that is there twice."""
    if claims.duplicate is not None:
        raise InvalidCredentialsError(f"json: duplicate key '{claims.duplicate}' in object")


def text(claims: JSONObjectOfToken, name: str) -> str:
    """Return a claim that is a text, "" for none. Raises InvalidCredentialsError."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidCredentialsError(f"json: cannot unmarshal {json_type(value)} into Go value of type string")
    return value


def nested(claims: JSONObjectOfToken, name: str, type_name: str) -> JSONObjectOfToken | None:
    """Return a claim that is an object, None for none. Raises InvalidCredentialsError, which tells `type_name`."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, JSONObjectOfToken):
        raise InvalidCredentialsError(f"json: cannot unmarshal {json_type(value)} into Go value of type {type_name}")
    check_unique(value)
    return value


def numeric_date(claims: JSONObjectOfToken, name: str) -> int | None:
    """Return a claim that is a time, None for none. Raises InvalidCredentialsError."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidCredentialsError(f"{_JWT} number value to unmarshal NumericDate")
    # Go converts what is too large for 64 bits to the smallest number.
    return int(value) if math.isfinite(value) and abs(value) < -_OVERFLOW else _OVERFLOW


def _audience(claims: JSONObjectOfToken) -> tuple[str, ...]:
    value = claims.get("aud", ())
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise InvalidCredentialsError(f"{_JWT} string or array value to unmarshal to Audience")
    return tuple(value)
