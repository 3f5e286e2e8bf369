"""A chain of authenticators, of which the first that recognizes the credentials decides.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/union/union.go, authenticator/audagnostic.go
"""

from collections.abc import Iterable
from dataclasses import replace

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Authenticator,
    Credentials,
    InvalidCredentialsError,
    common_audiences,
)

INVALID_TOKEN = "invalid bearer token"


class UnionAuthenticator:
    """Consults `authenticators` in order, also after one has rejected the credentials, and `otherwise` where none has.

    Credentials without audiences are valid for the server's own `audiences`.
    """

    def __init__(
        self,
        authenticators: Iterable[Authenticator],
        audiences: Iterable[str] = (),
        otherwise: Authenticator | None = None,
    ) -> None:
        self._authenticators = tuple(authenticators)
        self._audiences = tuple(audiences)
        self._otherwise = otherwise

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of the first authenticator that recognizes the credentials, None if the request has none.

        Raises:
            InvalidCredentialsError: authenticators reject the credentials, or none recognizes the token.
        """
        audiences = self._audiences
        if credentials.audiences:
            audiences = common_audiences(audiences, credentials.audiences)
        rejections: list[InvalidCredentialsError] = []
        for authenticator in self._authenticators:
            try:
                found = await authenticator.authenticate(credentials)
            except InvalidCredentialsError as exc:
                rejections.append(exc)
                continue
            if found is None or (not found.audiences and credentials.audiences and not audiences):
                continue
            return found if found.audiences else replace(found, audiences=audiences)
        if credentials.token:
            # Upstream's authenticator of the loopback client rejects every token but its own.
            rejections.insert(0, InvalidCredentialsError(INVALID_TOKEN))
        if rejections:
            raise _aggregate(rejections)
        return None if self._otherwise is None else await self._otherwise.authenticate(credentials)


def _aggregate(rejections: list[InvalidCredentialsError]) -> InvalidCredentialsError:
    """Return all reasons as one, written as Go's `errors.NewAggregate` does."""
    reasons = list(dict.fromkeys(map(str, rejections)))
    annotations = {name: value for each in rejections for name, value in each.annotations.items()}
    return InvalidCredentialsError(reasons[0] if len(reasons) == 1 else f"[{', '.join(reasons)}]", annotations)
