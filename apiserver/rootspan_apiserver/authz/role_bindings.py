"""Which roles a user has: the roles and bindings of the cluster by name and by subject, as the watch cache has them.

Upstream: pkg/registry/rbac/validation/rule.go
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from rootspan_apiserver.authz.policy_rules import PolicyRule, rules_of
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.users import User, account_user_name
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject
from rootspan_apiserver.storage.cache_reads import CacheReads
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key

GROUP = "rbac.authorization.k8s.io"
T = TypeVar("T")
Who = tuple[str, str]
"""A subject: `User` or `Group`, and the name. A service account is the user that it is."""


class UnresolvedRoleError(Exception):
    """There is no role such as a binding refers to. The text is that of kube-apiserver's listers."""


@dataclass(frozen=True, slots=True)
class BoundRole:
    """A RoleBinding; with the namespace "" a ClusterRoleBinding."""

    namespace: str
    name: str
    role_kind: str
    role_name: str
    subjects: tuple[JSONObject, ...]

    @classmethod
    def of(cls, key: ObjectKey, binding: JSONObject) -> "BoundRole":
        """Return a binding of an object."""
        role, subjects = binding.get("roleRef") or {}, tuple(binding.get("subjects") or ())
        return cls(key.namespace, key.name, role.get("kind", ""), role.get("name", ""), subjects)

    def to(self, subject: int) -> str:
        """Return what it gives to one of its subjects: `RoleBinding "v/default" of ClusterRole "view" to Group "devs"`."""
        kind, name = "ClusterRoleBinding", self.name
        if self.namespace:
            kind, name = "RoleBinding", f"{name}/{self.namespace}"
        who = self.subjects[subject]
        subject_name = who.get("name", "")
        if who.get("kind") == "ServiceAccount":
            subject_name = f"{subject_name}/{self._namespace_of(who)}"
        role = f"{self.role_kind} {quote(self.role_name)}"
        return f"{kind} {quote(name)} of {role} to {who.get('kind', '')} {quote(subject_name)}"

    def who(self) -> Iterator[Who]:
        """Yield the subjects in order."""
        for subject in self.subjects:
            kind, name = subject.get("kind", ""), subject.get("name", "")
            if kind == "ServiceAccount":
                kind, name = "User", account_user_name(self._namespace_of(subject), name)
            yield kind, name

    def _namespace_of(self, account: JSONObject) -> str:
        namespace: str = account.get("namespace") or self.namespace
        return namespace


class RoleBindings:
    """The roles and bindings in the watch cache. `generation` counts their changes."""

    def __init__(self, cache: CacheReads, registry: Registry) -> None:
        self._cache = cache
        self.generation = 0
        self._resources: list[Resource] = []
        self._by_subject: dict[tuple[str, Who], dict[str, tuple[int, BoundRole]]] = {}

        def following(plural: str, parse: Callable[[ObjectKey, JSONObject], T], changed: "Changed[T]") -> "_Parsed[T]":
            resource = registry.builtin(plural, GROUP)
            parsed = _Parsed(resource, parse, changed)
            cache.subscribe(resource, parsed)
            self._resources.append(resource)
            return parsed

        self._roles = {
            "Role": following("roles", _rules, self._role_changed),
            "ClusterRole": following("clusterroles", _rules, self._role_changed),
        }
        following("rolebindings", BoundRole.of, self._rebind)
        following("clusterrolebindings", BoundRole.of, self._rebind)

    async def catch_up(self) -> None:
        """Wait until the writes of this process are here. Raises StatusError where the cache does not keep up."""
        for resource in self._resources:
            if not self._cache.is_caught_up(resource):
                await self._cache.catch_up(resource)

    def rules(self, namespace: str, kind: str, name: str) -> tuple[PolicyRule, ...]:
        """Return the rules of the role that a binding in `namespace` refers to. Raises UnresolvedRoleError."""
        roles = self._roles.get(kind)
        if roles is None:
            raise UnresolvedRoleError(f"unsupported role reference kind: {quote(kind)}")
        rules = roles.objects.get(ObjectKey(namespace if kind == "Role" else "", name))
        if rules is None:
            raise UnresolvedRoleError(f"{kind.lower()}.{GROUP} {quote(name)} not found")
        return rules

    def of(self, user: User, namespace: str) -> Iterator[tuple[BoundRole, int]]:
        """Yield the bindings that apply to a user in a namespace, each with its first subject that is the user.

        Those for the whole cluster come first, both in the order of names. kube-apiserver takes them in any order.
        """
        who = [("User", user.name), *(("Group", group) for group in user.groups)]
        for scope in ("", namespace) if namespace else ("",):
            found: dict[str, tuple[int, BoundRole]] = {}
            for each in who:
                for name, applying in self._by_subject.get((scope, each), {}).items():
                    if name not in found or applying[0] < found[name][0]:
                        found[name] = applying
            yield from ((binding, subject) for _, (subject, binding) in sorted(found.items()))

    def _role_changed(self, old: tuple[PolicyRule, ...] | None, new: tuple[PolicyRule, ...] | None) -> None:
        self.generation += 1

    def _rebind(self, old: BoundRole | None, new: BoundRole | None) -> None:
        self.generation += 1
        if old is not None:
            for who in set(old.who()):
                applying = self._by_subject[old.namespace, who]
                del applying[old.name]
                if not applying:
                    del self._by_subject[old.namespace, who]
        if new is not None:
            for subject, who in enumerate(new.who()):
                self._by_subject.setdefault((new.namespace, who), {}).setdefault(new.name, (subject, new))


Changed = Callable[[T | None, T | None], None]
"""Takes what an object was and is; None before it was created and after it is deleted."""


def _rules(key: ObjectKey, role: JSONObject) -> tuple[PolicyRule, ...]:
    return rules_of(role)


class _Parsed(Generic[T]):
    """Keeps what `parse` makes of each object of a resource, and tells `changed` of every change."""

    def __init__(self, resource: Resource, parse: Callable[[ObjectKey, JSONObject], T], changed: Changed[T]) -> None:
        self.resource = resource
        self.objects: dict[ObjectKey, T] = {}
        self._parse = parse
        self._changed = changed

    def reset(self, objects: Iterable[StoredObject]) -> None:
        for key in tuple(self.objects):
            self._set(key, None)
        for stored in objects:
            self._put(stored)

    def observe(self, change: Change) -> None:
        if change.deleted:
            self._set(object_key(self.resource, change.object.key), None)
        else:
            self._put(change.object)

    def _put(self, stored: StoredObject) -> None:
        key = object_key(self.resource, stored.key)
        self._set(key, self._parse(key, stored.decode()))

    def _set(self, key: ObjectKey, new: T | None) -> None:
        old = self.objects.pop(key, None)
        if new is not None:
            self.objects[key] = new
        self._changed(old, new)
