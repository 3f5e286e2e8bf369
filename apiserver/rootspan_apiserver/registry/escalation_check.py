"""The check that a user grants, by a role or a binding, only what the user has.

It comes before validation, and reads roles and bindings from the store. Members of `system:masters` pass, and so do those who may
`escalate` the role, or `bind` the role of the binding.

Upstream: pkg/registry/rbac/escalation_check.go, pkg/registry/rbac/role/policybased/storage.go and its siblings,
pkg/registry/rbac/validation/rule.go (ConfirmNoEscalation)
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.authz.policy_rules import PolicyRule, rules_of
from rootspan_apiserver.authz.role_bindings import GROUP, BoundRole
from rootspan_apiserver.authz.rule_coverage import compact, missing_rules
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote, quoted_list
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, forbidden, listed, not_found
from rootspan_apiserver.kube.users import MASTERS, User
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.scope import object_key

_EVERYTHING = (
    PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",)),
    PolicyRule(verbs=("*",), non_resource_urls=("*",)),
)
_COLLECTED_BY_GC = ("ownerReferences", "finalizers", "managedFields")


class EscalationError(Exception):
    """A user grants what the user does not have. The text is the reason of the refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWrite:
    """A write of `obj` in place of `old` (None where there is none) by `user`, through a path that has this namespace and name."""

    user: User
    resource: Resource
    namespace: str
    name: str
    obj: JSONObject
    old: JSONObject | None


class EscalationCheck:
    """Checks writes of roles and bindings."""

    def __init__(self, store: Store, registry: Registry, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer
        self._roles = {
            "Role": registry.builtin("roles", GROUP),
            "ClusterRole": registry.builtin("clusterroles", GROUP),
        }
        self._bindings = {
            "": registry.builtin("clusterrolebindings", GROUP),
            "namespaced": registry.builtin("rolebindings", GROUP),
        }
        self._checks: dict[Resource, Callable[[RoleWrite], Awaitable[None]]] = {
            **dict.fromkeys(self._roles.values(), self._check_role),
            **dict.fromkeys(self._bindings.values(), self._check_binding),
        }

    async def confirm(self, write: RoleWrite) -> None:
        """Raises StatusError 403 where a role or binding grants more than its writer has; 404 where there is no role to bind."""
        check = self._checks.get(write.resource)
        if check is None or MASTERS in write.user.groups:
            return
        try:
            await check(write)
        except EscalationError as exc:
            name = write.obj["metadata"].get("name", "")
            raise forbidden(write.resource.group_resource, name, str(exc)) from exc

    async def _check_role(self, write: RoleWrite) -> None:
        if await self._may(write, "escalate", write.resource.plural, GROUP, write.name) or _is_for_gc(write):
            return
        await self._confirm(write, rules_of(write.obj))
        if _collects(write.obj) or (write.old is not None and _collects(write.old)):
            try:
                await self._confirm(write, _EVERYTHING)
            except EscalationError as exc:
                raise EscalationError("must have cluster-admin privileges to use the aggregationRule") from exc

    async def _check_binding(self, write: RoleWrite) -> None:
        if _is_for_gc(write):
            return
        reference = write.obj.get("roleRef") or {}
        kind, name = reference.get("kind", ""), reference.get("name", "")
        role = self._roles.get(kind)
        if role is None:
            raise StatusError(500, "", f"unsupported role reference kind: {quote(kind)}")
        if await self._may(write, "bind", role.plural, reference.get("apiGroup", ""), name):
            return
        await self._confirm(write, await self._rules(write, kind, write.namespace, name))

    async def _may(self, write: RoleWrite, verb: str, plural: str, group: str, name: str) -> bool:
        attributes = AuthorizationAttributes(
            user=write.user,
            verb=verb,
            is_resource=True,
            namespace=write.namespace,
            group=group,
            version="*",
            resource=plural,
            name=name,
        )
        return (await self._authorizer.authorize(attributes)).verdict == "allow"

    async def _confirm(self, write: RoleWrite, wanted: Iterable[PolicyRule]) -> None:
        """Raises EscalationError unless the user has all of these rules."""
        present: list[PolicyRule] = []
        errors = []
        async for rules in self._present(write):
            if isinstance(rules, str):
                errors.append(rules)
            else:
                present += rules
        if missing := missing_rules(present, wanted):
            user = f"user {quote(write.user.name)} (groups={quoted_list(write.user.groups)})"
            lines = sorted({str(rule) for rule in compact(missing)})
            why = f"{user} is attempting to grant RBAC permissions not currently held:\n" + "\n".join(lines)
            raise EscalationError(f"{why}; resolution errors: [{listed(errors)}]" if errors else why)

    async def _present(self, write: RoleWrite) -> AsyncIterator[tuple[PolicyRule, ...] | str]:
        """Yield the rules that the user has in the namespace, role by role, or why those of a role cannot be found."""
        meant = {("User", write.user.name), *(("Group", group) for group in write.user.groups)}
        for scope in ("", write.namespace) if write.namespace else ("",):
            resource = self._bindings["namespaced" if scope else ""]
            for stored in (await self._store.list(resource, scope, ListOptions())).items:
                binding = BoundRole.of(object_key(resource, stored.key), stored.decode())
                if meant.isdisjoint(binding.who()):
                    continue
                try:
                    yield await self._rules(write, binding.role_kind, scope, binding.role_name)
                except StatusError as exc:
                    yield exc.message

    async def _rules(self, write: RoleWrite, kind: str, namespace: str, name: str) -> tuple[PolicyRule, ...]:
        """Return the rules of a role. Raises StatusError; that it is missing is said of the resource of the request, as upstream does."""
        try:
            stored = await self._store.get(self._roles[kind], namespace if kind == "Role" else "", name)
        except StatusError as exc:
            raise not_found(write.resource.group_resource, name) if exc.code == 404 else exc from exc
        return rules_of(stored.decode())


def _collects(role: JSONObject) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _is_for_gc(write: RoleWrite) -> bool:
    """Return whether an update changes nothing but what the garbage collector needs for the deletion of the object."""
    if write.old is None:
        return False
    metadata = {key: value for key, value in write.obj["metadata"].items() if key not in _COLLECTED_BY_GC}
    kept = {key: value for key, value in write.old["metadata"].items() if key in _COLLECTED_BY_GC}
    return same({**write.obj, "metadata": {**metadata, **kept}}, write.old)
