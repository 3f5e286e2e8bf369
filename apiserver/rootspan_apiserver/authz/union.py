"""A chain of authorizers, of which the first with an opinion decides.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/union/union.go
"""

from collections.abc import Iterable

from rootspan_apiserver.authz.authorizer import (
    NO_OPINION,
    AuthorizationAttributes,
    AuthorizationDecision,
    Authorizer,
    RuleResolver,
    UserRules,
)
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.kube.users import User


class UnionAuthorizer:
    """Consults `authorizers` in order."""

    def __init__(self, authorizers: Iterable[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return the first decision to allow or to deny; else `no opinion` with the reasons of all, one a line, and their errors."""
        reasons, errors = [], []
        for authorizer in self._authorizers:
            decision = await authorizer.authorize(attributes)
            if decision.verdict != "no opinion":
                return decision
            if decision.reason:
                reasons.append(decision.reason)
            if decision.error:
                errors.append(decision.error)
        if not reasons and not errors:
            return NO_OPINION
        return AuthorizationDecision("no opinion", "\n".join(reasons), listed(errors))

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return the rules of all authorizers that can list them."""
        found = [await each.rules_for(user, namespace) for each in self._authorizers if isinstance(each, RuleResolver)]
        return UserRules(
            resource_rules=[rule for rules in found for rule in rules.resource_rules],
            non_resource_rules=[rule for rules in found for rule in rules.non_resource_rules],
            incomplete=any(rules.incomplete for rules in found),
            errors=[error for rules in found for error in rules.errors],
        )
