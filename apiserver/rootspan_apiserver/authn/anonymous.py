"""Requests without credentials (--anonymous-auth).

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/anonymous/anonymous.go
"""

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials
from rootspan_apiserver.kube.users import ALL_UNAUTHENTICATED, ANONYMOUS, User


class AnonymousAuthenticator:
    """Authenticates requests without a bearer token as `system:anonymous`. It must be the last authenticator."""

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the anonymous user, valid for every requested audience; None if there is a token."""
        if credentials.token:
            return None
        return Authenticated(User(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,)), credentials.audiences)
