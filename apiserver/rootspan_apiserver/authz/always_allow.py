"""The mode AlwaysAllow.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory/builtin.go
"""

from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    AuthorizationAttributes,
    AuthorizationDecision,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.kube.users import User

_EVERYTHING = UserRules(
    resource_rules=(ResourceRule(verbs=("*",), api_groups=("*",), resources=("*",)),),
    non_resource_rules=(NonResourceRule(verbs=("*",), non_resource_urls=("*",)),),
)


class AlwaysAllow:
    """Allows everything. Where it is one of the modes, requests without credentials are answered with 401."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow`."""
        return ALLOW

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return one rule for resources and one for URLs."""
        return _EVERYTHING
