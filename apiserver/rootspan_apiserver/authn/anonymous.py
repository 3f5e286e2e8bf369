"""Requests without credentials (--anonymous-auth).

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/anonymous/anonymous.go
"""

from collections.abc import Iterable

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials
from rootspan_apiserver.kube.users import ALL_UNAUTHENTICATED, ANONYMOUS, User


class AnonymousAuthenticator:
    """Authenticates requests without a bearer token as `system:anonymous`, for some paths only if any are given.

    It must be the last authenticator.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = frozenset(paths)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the anonymous user, valid for every requested audience; None if there is a token, or for another path."""
        if credentials.token or (self._paths and credentials.path not in self._paths):
            return None
        return Authenticated(User(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,)), credentials.audiences)
