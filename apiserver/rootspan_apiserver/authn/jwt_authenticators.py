"""The providers of a configuration, which can be replaced while the server runs.

Upstream: pkg/kubeapiserver/authenticator/config.go (newJWTAuthenticator, updateAuthenticationConfig)
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials
from rootspan_apiserver.authn.jwt_configuration import JWTConfiguration
from rootspan_apiserver.authn.oidc import OIDCAuthenticator

READY_SECONDS = 60.0
"""How long the providers of a new configuration have until the old ones are kept."""
LINGER = 60.0
"""How long the connections to old providers stay open, for requests that are being authenticated."""


class JWTAuthenticators:
    """Authenticates the tokens of each issuer of the configuration."""

    def __init__(self, algorithms: tuple[str, ...]) -> None:
        self._algorithms = algorithms
        self._authenticators: Sequence[OIDCAuthenticator] = ()
        self._stack = contextlib.AsyncExitStack()
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self, configurations: Iterable[JWTConfiguration]) -> None:
        """Authenticate by the configurations, as soon as their providers are found."""
        self._stack, self._authenticators = await self._entered(configurations)

    async def replace(self, configurations: Iterable[JWTConfiguration]) -> None:
        """Authenticate by other configurations once all their providers are found. Raises TimeoutError, and keeps the old ones."""
        stack, authenticators = await self._entered(configurations)
        try:
            async with asyncio.timeout(READY_SECONDS):
                for each in authenticators:
                    await each.ready()
        except BaseException as exc:
            problems = [each.problem for each in authenticators if each.problem]
            await stack.aclose()
            if isinstance(exc, TimeoutError):
                raise TimeoutError("; ".join(problems)) from exc
            raise
        old, self._stack, self._authenticators = self._stack, stack, authenticators
        task = asyncio.create_task(_close_later(old))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def aclose(self) -> None:
        """Close the connections to all providers."""
        leaving = self._leaving.copy()
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        await self._stack.aclose()

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of a token of one of the issuers, None for other tokens. Raises InvalidCredentialsError."""
        for each in self._authenticators:
            if (found := await each.authenticate(credentials)) is not None:
                return found
        return None

    async def _entered(
        self, configurations: Iterable[JWTConfiguration]
    ) -> tuple[contextlib.AsyncExitStack, Sequence[OIDCAuthenticator]]:
        stack = contextlib.AsyncExitStack()
        made = [OIDCAuthenticator(each, self._algorithms) for each in configurations]
        return stack, [await stack.enter_async_context(each) for each in made]


async def _close_later(stack: contextlib.AsyncExitStack) -> None:
    try:
        await asyncio.sleep(LINGER)
    finally:
        await stack.aclose()
