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
    try:
        found, expiry, begin = _audience(claims), _time(claims, "exp"), _time(claims, "nbf")
        _check_types(claims)
    except ClaimError as exc:
        raise InvalidCredentialsError(f"oidc: failed to unmarshal claims: {exc}") from exc
    _check_sources(claims)
    _check_audience(found, sorted(set(audiences)))
    _check_times(expiry, begin, time.time())
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
        raise ClaimError(f"json: cannot unmarshal {_kind(value)} into Go value of type {told}")
    return value


def _check_types(claims: Mapping[str, Any]) -> None:
    for name in ("iss", "sub", "nonce", "at_hash"):
        _check_type(claims.get(name), str, name, "string")
    _check_type(claims.get("_claim_names"), dict, "_claim_names", "map[string]string")
    for value in (claims.get("_claim_names") or {}).values():
        _check_type(value, str, "_claim_names", "string")
    _check_type(claims.get("_claim_sources"), dict, "_claim_sources", "map[string]oidc.claimSource")
    for value in (claims.get("_claim_sources") or {}).values():
        _check_type(value, dict, "_claim_sources", "oidc.claimSource")


def _check_type(value: Any, kind: type, name: str, told: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise ClaimError(f"json: cannot unmarshal {_kind(value)} into Go struct field idToken.{name} of type {told}")


def _check_sources(claims: Mapping[str, Any]) -> None:
    """Raise InvalidCredentialsError for a distributed claim without a source."""
    for source in (claims.get("_claim_names") or {}).values():
        if not source:
            raise InvalidCredentialsError("oidc: failed to obtain source from claim name")
        if source not in (claims.get("_claim_sources") or {}):
            raise InvalidCredentialsError("oidc: source does not exist")


def _audience(claims: Mapping[str, Any]) -> list[str]:
    value = claims.get("aud")
    if isinstance(value, str):
        return [value]
    _check_type(value, list, "aud", "[]string")
    for each in value or ():
        _check_type(each, str, "aud", "string")
    return value or []


def _check_audience(found: list[str], audiences: list[str]) -> None:
    if not set(audiences) & set(found):
        expected = quote(audiences[0]) if len(audiences) == 1 else f"in {_listed(audiences)}"
        raise InvalidCredentialsError(f"oidc: expected audience {expected} got {_listed(found)}")


def _check_times(expiry: float | None, begin: float | None, now: float) -> None:
    if expiry is None or expiry < now:
        raise InvalidCredentialsError(f"oidc: token is expired (Token Expiry: {_shown(expiry)})")
    if begin is not None and now + _LEEWAY < begin:
        told = f"current time {_shown(now)} before the nbf (not before) time: {_shown(begin)}"
        raise InvalidCredentialsError(f"oidc: {told}")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time, which may be a number in a text."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ClaimError(f"json: cannot unmarshal {_kind(value)} into Go value of type json.Number")
    try:
        found = float(value)
    except (ValueError, OverflowError) as exc:
        text = quote(f'"{value}"')
        raise ClaimError(f"json: invalid number literal, trying to unmarshal {text} into Number") from exc
    if not -(2**62) < found < 2**62:
        raise ClaimError(f"{name} is out of range")
    return float(int(found))


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "object")


def _shown(seconds: float | None) -> str:
    try:
        moment = "0001-01-01T00:00:00Z" if seconds is None else from_seconds(int(seconds))
    except ValueError:
        return "out of range"
    return f"{moment[:10]} {moment[11:19]} +0000 UTC"


def _listed(texts: Iterable[str]) -> str:
    return "[" + " ".join(map(quote, texts)) + "]"
