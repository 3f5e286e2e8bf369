"""May this user do this: attributes in, decision out (`authorizer.Attributes` of k8s.io/apiserver)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, MASTERS, User

_PUBLIC = frozenset({"/healthz", "/livez", "/readyz", "/version"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked. `path` is set for what is not a resource; `name` and `namespace` may be empty."""

    user: User
    verb: str
    is_resource: bool
    namespace: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`no opinion` lets the next authorizer speak; nobody's opinion is a refusal."""

    verdict: Literal["allow", "deny", "no opinion"]
    reason: str = ""


ALLOW = Decision("allow")
DENY = Decision("deny")
NO_OPINION = Decision("no opinion")


class Authorizer(Protocol):
    async def authorize(self, attributes: Attributes) -> Decision: ...


class Chain:
    """The first authorizer with an opinion."""

    def __init__(self, authorizers: Iterable[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    async def authorize(self, attributes: Attributes) -> Decision:
        reasons = []
        for authorizer in self._authorizers:
            decision = await authorizer.authorize(attributes)
            if decision.verdict != "no opinion":
                return decision
            if decision.reason:
                reasons.append(decision.reason)
        return Decision("no opinion", ", ".join(reasons)) if reasons else NO_OPINION


class PrivilegedGroups:
    """`system:masters` may do everything, whatever the mode."""

    async def authorize(self, attributes: Attributes) -> Decision:
        return ALLOW if MASTERS in attributes.user.groups else NO_OPINION


class AllowAuthenticated:
    """The mode AlwaysAllow: everybody whom the server knows may do everything; the anonymous may ask for its version and health.

    kube-apiserver takes no anonymous requests in this mode at all. Here they are refused by name, as where RBAC knows nothing of them.
    """

    async def authorize(self, attributes: Attributes) -> Decision:
        if ALL_AUTHENTICATED in attributes.user.groups:
            return ALLOW
        public = not attributes.is_resource and attributes.verb == "get" and attributes.path.rstrip("/") in _PUBLIC
        return ALLOW if public else NO_OPINION


class AlwaysDeny:
    async def authorize(self, attributes: Attributes) -> Decision:
        return Decision("no opinion", "Everything is forbidden.")


def attributes_of(user: User, info: RequestInfo) -> Attributes:
    """What a request asks for."""
    if not info.is_resource_request:
        return Attributes(user, info.verb, False, path=info.path)
    return Attributes(
        user,
        info.verb,
        True,
        info.namespace,
        info.api_group,
        info.api_version,
        info.resource,
        info.subresource,
        info.name,
        info.path,
    )


def refusal(attributes: Attributes, reason: str) -> str:
    """The sentence of a 403 after `is forbidden: ` (`responsewriters.Forbidden`)."""
    after = f": {reason}" if reason else ""
    name = quote(attributes.user.name)
    if not attributes.is_resource:
        return f"User {name} cannot {attributes.verb} path {quote(attributes.path)}{after}"
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f"in the namespace {quote(attributes.namespace)}" if attributes.namespace else "at the cluster scope"
    return f"User {name} cannot {attributes.verb} resource {quote(resource)} in API group {quote(attributes.group)} {where}{after}"
