"""The audit policy: the first rule that matches a request says how much of it is recorded, and at which stages.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rootspan_apiserver.audit.level import Level, Stage
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import User


@dataclass(frozen=True, slots=True)
class RequestAuditConfig:
    """What is recorded of one request.

    Attributes:
        omit_stages: The stages at which there is no event.
        omit_managed_fields: Whether objects are recorded without the managers of their fields.
    """

    level: Level
    omit_stages: frozenset[Stage] = frozenset()
    omit_managed_fields: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResources:
    """Resources of an API group. Without resources all of the group are meant; names are those of objects."""

    group: str = ""
    resources: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def match(self, info: RequestInfo) -> bool:
        """Return whether a request is about one of the resources."""
        if self.group not in ("*", info.api_group):
            return False
        if not self.resources:
            return True
        if self.names and info.name not in self.names:
            return False
        part = info.subresource
        wanted = {"*", f"{info.resource}/{part}" if part else info.resource, f"{info.resource}/*"}
        if part:
            wanted.add(f"*/{part}")
        return not wanted.isdisjoint(self.resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPolicyRule:
    """A rule: what is recorded of the requests that match all that it names."""

    config: RequestAuditConfig
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    resources: tuple[GroupResources, ...] = ()
    namespaces: frozenset[str] = frozenset()
    non_resource_urls: tuple[str, ...] = ()

    def match(self, user: User | None, info: RequestInfo) -> bool:
        """Return whether the rule matches a request; there is no user where authentication failed."""
        if self.users and (user is None or user.name not in self.users):
            return False
        if self.groups and (user is None or self.groups.isdisjoint(user.groups)):
            return False
        if self.verbs and info.verb not in self.verbs:
            return False
        if self.namespaces or self.resources:
            return self._matches_resource(info)
        if self.non_resource_urls:
            return not info.is_resource_request and any(_is_below(info.path, url) for url in self.non_resource_urls)
        return True

    def _matches_resource(self, info: RequestInfo) -> bool:
        if not info.is_resource_request or (self.namespaces and info.namespace not in self.namespaces):
            return False
        return not self.resources or any(each.match(info) for each in self.resources)


def _is_below(path: str, url: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


class Policy:
    """The rules, in order. Requests that none of them matches are not recorded."""

    def __init__(self, rules: Iterable[AuditPolicyRule]) -> None:
        self._rules = tuple(rules)

    def config_for(self, user: User | None, info: RequestInfo) -> RequestAuditConfig:
        """Return what is recorded of a request; there is no user where authentication failed."""
        for rule in self._rules:
            if rule.match(user, info):
                return rule.config
        return _NOTHING


_NOTHING = RequestAuditConfig(Level.NONE)
METADATA_POLICY = Policy(
    [
        AuditPolicyRule(
            config=RequestAuditConfig(Level.METADATA, frozenset({Stage.REQUEST_RECEIVED, Stage.RESPONSE_STARTED}))
        )
    ]
)
"""One event a request: that of a server with an audit log and without a policy. kube-apiserver records nothing then."""
