"""A provider of tokens: its discovery document, and its keys, which are fetched again when a token was signed by none of them.

Upstream: https://github.com/coreos/go-oidc (oidc.go, jwks.go)
"""

import asyncio
import re
import ssl
import time
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.authn.jose import SignedToken, SigningKey
from rootspan_apiserver.kube.go_quote import quote

WELL_KNOWN = "/.well-known/openid-configuration"
TIMEOUT = 30.0
EXPIRY_DELTA = 30.0
"""Keys that expire within so many seconds are fetched again for a token that none of them has signed."""
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d+)")
_NOT_CACHED = re.compile(r"(?:^|[,\s])(?:no-store|no-cache|private)\b")
_MEMBERS = ("kty", "kid", "n", "e", "crv", "x", "y")


class ProviderError(Exception):
    """The provider cannot be reached, or what it says is not usable."""


def client_for(certificate_authority: str) -> httpx.AsyncClient:
    """Return a client that trusts the authority (PEM), or those of the system where it is ""."""
    context = ssl.create_default_context(cadata=certificate_authority or None)
    return httpx.AsyncClient(verify=context, timeout=TIMEOUT, follow_redirects=True)


class OIDCProvider:
    """One issuer; `discovery_url` is where its document is, if it is not below the issuer."""

    def __init__(self, client: httpx.AsyncClient, issuer: str, discovery_url: str = "") -> None:
        self._client = client
        self._issuer = issuer
        self._document_url = discovery_url or issuer.removesuffix("/") + WELL_KNOWN
        self._keys_url = ""
        self._keys: Sequence[tuple[str, SigningKey]] = ()
        self._expiry = 0.0
        self._fetching: asyncio.Task[None] | None = None

    @property
    def is_discovered(self) -> bool:
        """Whether `discover` has succeeded."""
        return bool(self._keys_url)

    async def discover(self) -> None:
        """Read the discovery document. Raises ProviderError."""
        document = _decoded(await self._get(self._document_url), "oidc: failed to decode provider discovery object")
        if document.get("issuer") != self._issuer:
            told = f"expected {quote(self._issuer)} got {quote(str(document.get('issuer') or ''))}"
            raise ProviderError(f"oidc: issuer did not match the issuer returned by provider, {told}")
        if not isinstance(url := document.get("jwks_uri"), str) or not url:
            raise ProviderError("provider did not return JWKS URL")
        self._keys_url = url

    async def verify(self, token: SignedToken) -> None:
        """Check the signature of a token. Raises InvalidCredentialsError."""
        if self._has_signed(token):
            return
        if time.monotonic() + EXPIRY_DELTA > self._expiry:
            await self._fetch()
            if self._has_signed(token):
                return
        raise InvalidCredentialsError("failed to verify signature: failed to verify id token signature")

    def _has_signed(self, token: SignedToken) -> bool:
        for key_id, key in self._keys:
            if token.key_id in ("", key_id):
                try:
                    token.verify(key)
                except InvalidCredentialsError:
                    continue
                return True
        return False

    async def _fetch(self) -> None:
        """Fetch the keys once for all who wait for them. Raises InvalidCredentialsError."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched())
            self._fetching.add_done_callback(self._end_fetching)
        try:
            await asyncio.shield(self._fetching)
        except ProviderError as exc:
            raise InvalidCredentialsError(f"failed to verify signature: fetching keys {exc}") from exc

    def _end_fetching(self, task: "asyncio.Task[None]") -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # seen by those who wait, if any do still

    async def _fetched(self) -> None:
        try:
            response = await self._get(self._keys_url)
        except ProviderError as exc:
            raise ProviderError(f"oidc: get keys failed {exc}") from exc
        found = _decoded(response, "oidc: failed to decode keys").get("keys")
        if not isinstance(found, list):
            raise ProviderError("oidc: failed to decode keys: no list of keys")
        self._keys = [key for each in found if (key := _key(each)) is not None]
        self._expiry = time.monotonic() + _lifetime(response.headers.get("cache-control", ""))

    async def _get(self, url: str) -> httpx.Response:
        try:
            response = await self._client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise ProviderError(f"Get {quote(url)}: {exc}") from exc
        if response.status_code != 200:
            raise ProviderError(f"{response.status_code} {response.reason_phrase}: {response.text}")
        return response


def _decoded(response: httpx.Response, failed: str) -> dict[str, Any]:
    try:
        found = orjson.loads(response.content)
    except orjson.JSONDecodeError as exc:
        raise ProviderError(f"{failed}: {exc}") from exc
    if not isinstance(found, dict):
        raise ProviderError(f"{failed}: no object")
    return found


def _key(document: Any) -> tuple[str, SigningKey] | None:
    """Return a public RSA or EC key and its id; None for all else, a symmetric key above all."""
    if not isinstance(document, dict):
        return None
    members = {name: document[name] for name in _MEMBERS if isinstance(document.get(name), str)}
    try:
        match members.get("kty"):
            case "RSA":
                return members.get("kid", ""), RSAKey.import_key(members)
            case "EC":
                return members.get("kid", ""), ECKey.import_key(members)
    except (JoseError, ValueError, KeyError):
        pass
    return None


def _lifetime(cache_control: str) -> float:
    """Return for how many seconds keys are good, 0 where the provider does not say."""
    age = _MAX_AGE.search(cache_control.lower())
    return float(age[1]) if age and not _NOT_CACHED.search(cache_control.lower()) else 0.0
