"""The mode AlwaysAllow.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory/builtin.go
"""

from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    NO_OPINION,
    AuthorizationAttributes,
    AuthorizationDecision,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, User

PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")
"""The URLs of the ClusterRole `system:public-info-viewer`."""
_EVERYTHING = UserRules(
    resource_rules=(ResourceRule(verbs=("*",), api_groups=("*",), resources=("*",)),),
    non_resource_rules=(NonResourceRule(verbs=("*",), non_resource_urls=("*",)),),
)
_PUBLIC = UserRules(non_resource_rules=(NonResourceRule(verbs=("get",), non_resource_urls=PUBLIC_PATHS),))


class AlwaysAllow:
    """Allows authenticated users everything, and anonymous users the version and health endpoints.

    kube-apiserver rejects all anonymous requests in this mode (401); here they get the 403 that RBAC's default roles give.
    """

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow` or `no opinion`."""
        if ALL_AUTHENTICATED in attributes.user.groups:
            return ALLOW
        public = attributes.verb == "get" and attributes.path.rstrip("/") in PUBLIC_PATHS
        return ALLOW if public and not attributes.is_resource else NO_OPINION

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return one rule that allows everything, or the public paths for anonymous users."""
        return _EVERYTHING if ALL_AUTHENTICATED in user.groups else _PUBLIC
