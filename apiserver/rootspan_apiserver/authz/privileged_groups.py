"""The group `system:masters`, which is allowed everything whatever the mode.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory/builtin.go
"""

from rootspan_apiserver.authz.authorizer import ALLOW, NO_OPINION, AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.kube.users import MASTERS


class PrivilegedGroups:
    """Allows members of `system:masters` every action and has no opinion about other users."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow` or `no opinion`."""
        return ALLOW if MASTERS in attributes.user.groups else NO_OPINION
