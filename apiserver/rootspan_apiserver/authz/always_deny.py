"""The mode AlwaysDeny, for tests of clients: only `system:masters` is allowed anything.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory/builtin.go
"""

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, AuthorizationDecision, UserRules
from rootspan_apiserver.kube.users import User


class AlwaysDeny:
    """Allows nothing. Like upstream's it has no opinion rather than denying, so that later modes may allow a request."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `no opinion` with a reason."""
        return AuthorizationDecision("no opinion", "Everything is forbidden.")

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return no rules."""
        return UserRules()
