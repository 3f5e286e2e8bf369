"""A cache of what an authenticator says of tokens, keyed by a hash of the token, so that no token is kept in memory.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/token/cache/cached_token_authenticator.go
"""

import asyncio
import hashlib
import hmac
import secrets
from contextlib import suppress
from time import perf_counter

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Authenticator,
    Credentials,
    InvalidCredentialsError,
)
from rootspan_apiserver.kube.expiring_cache import ExpiringCache
from rootspan_apiserver.telemetry.token_cache_metrics import TokenCacheMetrics

CACHE_SIZE = 32_768
LOOKUP_SECONDS = 30.0
"""The time of one look-up, which several requests may wait for."""


class CachedTokenAuthenticator:
    """Remembers for `seconds` whom tokens belong to, and which are not known; errors are not remembered. 0 seconds switch the cache off.

    Requests with the same token and audiences that come at the same time cause one look-up.
    """

    def __init__(self, inner: Authenticator, seconds: float, metrics: TokenCacheMetrics) -> None:
        self._inner = inner
        self._seconds = seconds
        self._metrics = metrics
        self._secret = secrets.token_bytes(32)
        self._found: ExpiringCache[bytes, tuple[Authenticated | None]] = ExpiringCache(CACHE_SIZE)
        self._running: dict[bytes, asyncio.Task[Authenticated | None]] = {}

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of a token, None if there is no token or the authenticator does not know it.

        Raises:
            InvalidCredentialsError: the authenticator rejects the token.
        """
        if not credentials.token:
            return None
        started, key = perf_counter(), self._key(credentials)
        if known := self._found.get(key):
            self._metrics.request(hit=True, seconds=perf_counter() - started)
            return known[0]
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._fetch(key, credentials))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        self._metrics.blocked.inc()
        try:
            return await asyncio.shield(task)
        finally:
            self._metrics.blocked.dec()
            self._metrics.request(hit=False, seconds=perf_counter() - started)

    async def aclose(self) -> None:
        """End the look-ups that are running."""
        for task in list(self._running.values()):
            task.cancel()
            with suppress(asyncio.CancelledError, InvalidCredentialsError):
                await task

    async def _fetch(self, key: bytes, credentials: Credentials) -> Authenticated | None:
        succeeded = False
        self._metrics.in_flight.inc()
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await self._inner.authenticate(credentials)
            succeeded = True
        except TimeoutError as exc:
            raise InvalidCredentialsError("context deadline exceeded") from exc
        finally:
            self._metrics.in_flight.dec()
            self._metrics.fetch(succeeded=succeeded)
        if self._seconds > 0:
            self._found.set(key, (found,), self._seconds)
        return found

    def _key(self, credentials: Credentials) -> bytes:
        hashed = hmac.new(self._secret, digestmod=hashlib.sha256)
        token = credentials.token.encode("utf-8", "surrogateescape")
        for part in (token, *(audience.encode() for audience in credentials.audiences)):
            # The length before each part: "xy" and "z" are not "x" and "yz".
            hashed.update(len(part).to_bytes(4, "big") + part)
        return hashed.digest()
