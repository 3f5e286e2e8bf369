"""The mode RBAC: what the roles that are bound to a user allow.

Nothing is read from etcd for a decision: roles and bindings are kept as the watch cache has them, what a user has is kept until one of
them changes, and which of a user's rules are about a verb and a resource is kept too.

Upstream: plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go (VisitRulesFor)
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rootspan_apiserver.authz.authorizer import (
    NO_OPINION,
    AuthorizationAttributes,
    AuthorizationDecision,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.authz.policy_rules import ALL, PolicyRule
from rootspan_apiserver.authz.role_bindings import BoundRole, RoleBindings, UnresolvedRoleError
from rootspan_apiserver.kube.status import StatusError, listed
from rootspan_apiserver.kube.users import User

KEPT = 256
"""How many users are kept, and how many questions of each."""


class RBACAuthorizer:
    """Allows what a rule allows; where none does, its reason are the roles that bindings refer to and that are not there."""

    def __init__(self, bindings: RoleBindings) -> None:
        self._bindings = bindings
        self._known: dict[tuple[str, tuple[str, ...], str], _Grants] = {}
        self._generation = -1

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow`, with the binding as the reason, or `no opinion`."""
        return (await self._grants(attributes.user, attributes.namespace)).decide(attributes)

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return the rules of the user in the order of the names of bindings."""
        grants = await self._grants(user, namespace)
        rules = [each.rule for each in grants.all]
        return UserRules(
            resource_rules=[_resource_rule(rule) for rule in rules if rule.resources],
            non_resource_rules=[_non_resource_rule(rule) for rule in rules if rule.non_resource_urls],
            errors=grants.errors,
        )

    async def _grants(self, user: User, namespace: str) -> "_Grants":
        bindings = self._bindings
        with contextlib.suppress(StatusError):  # then the decision is that of a server that lags behind
            await bindings.catch_up()
        if bindings.generation != self._generation or len(self._known) > KEPT:
            self._known.clear()
            self._generation = bindings.generation
        key = user.name, user.groups, namespace
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _resolved(bindings, user, namespace)
        return found


@dataclass(eq=False)
class _Grant:
    """A rule, and to which subject of which binding the user owes it."""

    rule: PolicyRule
    binding: BoundRole
    subject: int

    @cached_property
    def decision(self) -> AuthorizationDecision:
        """What it decides where it allows an action."""
        return AuthorizationDecision("allow", f"RBAC: allowed by {self.binding.to(self.subject)}")


class _Grants:
    """What one user has in one namespace: `all` rules in order, and the `errors` of those that are not there."""

    def __init__(self, grants: Sequence[_Grant], errors: Sequence[str]) -> None:
        self.all = grants
        self.errors = errors
        self._refused = AuthorizationDecision("no opinion", f"RBAC: {listed(errors)}") if errors else NO_OPINION
        self._about: dict[tuple[str, ...], list[_Grant]] = {}
        self._about_urls = [each for each in grants if each.rule.non_resource_urls]
        self._about_resource: dict[str, list[int]] = {}
        for position, each in enumerate(grants):
            for resource in each.rule.resources:
                self._about_resource.setdefault(resource, []).append(position)

    def decide(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return the decision about an action of the user."""
        for grant in self._candidates(attributes):
            names = grant.rule.resource_names
            if not names or attributes.name in names:
                return grant.decision
        return self._refused

    def _candidates(self, attributes: AuthorizationAttributes) -> Sequence[_Grant]:
        """Return the rules that allow an action if the name is right."""
        if attributes.is_resource:
            asked: tuple[str, ...] = attributes.verb, attributes.group, attributes.resource, attributes.subresource
        else:
            asked = attributes.verb, attributes.path
        found = self._about.get(asked)
        if found is None:
            if len(self._about) >= KEPT:
                self._about.clear()
            possible = self._possible(attributes) if attributes.is_resource else self._about_urls
            found = self._about[asked] = [each for each in possible if each.rule.is_about(attributes)]
        return found

    def _possible(self, attributes: AuthorizationAttributes) -> list[_Grant]:
        """Return the rules that name the resource of an action, or any resource, in order."""
        resource, subresource = attributes.resource, attributes.subresource
        names = (ALL, f"{resource}/{subresource}", f"{ALL}/{subresource}") if subresource else (ALL, resource)
        positions = {position for name in names for position in self._about_resource.get(name, ())}
        return [self.all[position] for position in sorted(positions)]


def _resolved(bindings: RoleBindings, user: User, namespace: str) -> _Grants:
    grants: list[_Grant] = []
    errors: list[str] = []
    for binding, subject in bindings.of(user, namespace):
        try:
            rules = bindings.rules(binding.namespace, binding.role_kind, binding.role_name)
        except UnresolvedRoleError as exc:
            errors.append(str(exc))
        else:
            grants += [_Grant(rule, binding, subject) for rule in rules]
    return _Grants(grants, errors)


def _resource_rule(rule: PolicyRule) -> ResourceRule:
    return ResourceRule(
        verbs=rule.verbs, api_groups=rule.api_groups, resources=rule.resources, resource_names=rule.resource_names
    )


def _non_resource_rule(rule: PolicyRule) -> NonResourceRule:
    return NonResourceRule(verbs=rule.verbs, non_resource_urls=rule.non_resource_urls)
