"""The claims of a token of a provider, as Go reads them, and whether the token is for this server and valid now.

Upstream: https://github.com/coreos/go-oidc (verify.go),
staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go (unmarshalClaim, stringOrArray)
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.authn.jose import SignedToken
from rootspan_apiserver.authn.oidc_provider import OIDCProvider
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.times import from_seconds

T = TypeVar("T")
_LEEWAY = 60.0
_KINDS: Mapping[type, str] = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}


class ClaimError(InvalidCredentialsError):
    """A claim is absent, or of the wrong type."""


async def verify(
    token: SignedToken, provider: OIDCProvider, audiences: Iterable[str], algorithms: tuple[str, ...]
) -> Mapping[str, Any]:
    """Return the claims of a token. Raises InvalidCredentialsError."""
    if token.algorithm not in algorithms:
        told = f"expected {_listed(algorithms)} got {quote(token.algorithm)}"
        raise InvalidCredentialsError(f"oidc: id token signed with unsupported algorithm, {told}")
    await provider.verify(token)
    claims = token.payload
    _check_audience(claims, sorted(set(audiences)))
    _check_times(claims, time.time())
    return claims


def text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that is a text. Raises ClaimError."""
    return _typed(claims, name, str, "string", "")


def boolean(claims: Mapping[str, Any], name: str) -> bool:
    """Return a claim that is true or false. Raises ClaimError."""
    return _typed(claims, name, bool, "bool", False)


def text_or_list(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a claim that is a text, or a list of them. Raises ClaimError."""
    value = claims.get(name)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return () if name in claims and value is None else (text(claims, name),)


def _typed(claims: Mapping[str, Any], name: str, kind: type[T], told: str, empty: T) -> T:
    if name not in claims:
        raise ClaimError("claim not present")
    value = claims[name]
    if value is None:
        return empty
    if not isinstance(value, kind):
        raise ClaimError(f"json: cannot unmarshal {_KINDS.get(type(value), 'object')} into Go value of type {told}")
    return value


def _check_audience(claims: Mapping[str, Any], audiences: list[str]) -> None:
    value = claims.get("aud") or []
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise InvalidCredentialsError("oidc: failed to unmarshal claims: the audience is no text and no list of texts")
    if not set(audiences) & set(found):
        expected = quote(audiences[0]) if len(audiences) == 1 else f"in {_listed(audiences)}"
        raise InvalidCredentialsError(f"oidc: expected audience {expected} got {_listed(found)}")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expiry, begin = _time(claims, "exp"), _time(claims, "nbf")
    if expiry is None or expiry < now:
        raise InvalidCredentialsError(f"oidc: token is expired (Token Expiry: {_shown(expiry)})")
    if begin is not None and now + _LEEWAY < begin:
        told = f"current time {_shown(now)} before the nbf (not before) time: {_shown(begin)}"
        raise InvalidCredentialsError(f"oidc: {told}")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2**62) < value < 2**62:
        raise InvalidCredentialsError(f"oidc: failed to unmarshal claims: {name} is no time")
    return float(int(value))


def _shown(seconds: float | None) -> str:
    try:
        moment = "0001-01-01T00:00:00Z" if seconds is None else from_seconds(int(seconds))
    except ValueError:
        return "out of range"
    return f"{moment[:10]} {moment[11:19]} +0000 UTC"


def _listed(texts: Iterable[str]) -> str:
    return "[" + " ".join(map(quote, texts)) + "]"
