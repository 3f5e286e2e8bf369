"""A chain of authenticators, of which the first that recognizes the credentials decides.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/union/union.go, authenticator/audagnostic.go
"""

from collections.abc import Iterable

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Authenticator,
    Credentials,
    InvalidCredentialsError,
    common_audiences,
)

INVALID_TOKEN = "invalid bearer token"


class UnionAuthenticator:
    """Consults `authenticators` in order. Credentials without audiences are valid for the server's own `audiences`."""

    def __init__(self, authenticators: Iterable[Authenticator], audiences: Iterable[str] = ()) -> None:
        self._authenticators = tuple(authenticators)
        self._audiences = tuple(audiences)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of the first authenticator that recognizes the credentials, None if the request has none.

        Raises:
            InvalidCredentialsError: an authenticator rejects the credentials, or none recognizes the token.
        """
        audiences = self._audiences
        if credentials.audiences:
            audiences = common_audiences(audiences, credentials.audiences)
        for authenticator in self._authenticators:
            try:
                found = await authenticator.authenticate(credentials)
            except InvalidCredentialsError as exc:
                # Upstream aggregates the errors of all authenticators; that of the loopback client rejects the token, too.
                raise InvalidCredentialsError(f"[{INVALID_TOKEN}, {exc}]") from exc
            if found is None or (not found.audiences and credentials.audiences and not audiences):
                continue
            return found if found.audiences else Authenticated(found.user, audiences)
        if credentials.token:
            raise InvalidCredentialsError(INVALID_TOKEN)
        return None
