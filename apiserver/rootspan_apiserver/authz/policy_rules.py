"""The rules of roles: which verbs on which resources or URLs.

Upstream: pkg/apis/rbac/v1/evaluation_helpers.go, plugin/pkg/auth/authorizer/rbac/rbac.go (RuleAllows)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.kube.go_quote import quoted_list
from rootspan_apiserver.kube.meta import JSONObject

ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule. It is about resources or about URLs; without `resource_names` it holds for every name."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: JSONObject) -> "PolicyRule":
        """Return a rule of an object."""
        return cls(
            verbs=tuple(rule.get("verbs") or ()),
            api_groups=tuple(rule.get("apiGroups") or ()),
            resources=tuple(rule.get("resources") or ()),
            resource_names=tuple(rule.get("resourceNames") or ()),
            non_resource_urls=tuple(rule.get("nonResourceURLs") or ()),
        )

    def json(self) -> JSONObject:
        """Return the rule as a part of an object, without empty lists."""
        rule: JSONObject = {
            "verbs": list(self.verbs),
            "apiGroups": list(self.api_groups),
            "resources": list(self.resources),
            "resourceNames": list(self.resource_names),
            "nonResourceURLs": list(self.non_resource_urls),
        }
        return {key: value for key, value in rule.items() if value}

    def is_about(self, attributes: AuthorizationAttributes) -> bool:
        """Return whether the rule allows an action on some object: whether `resource_names` has its name is the caller's to ask."""
        if attributes.verb not in self.verbs and ALL not in self.verbs:
            return False
        if not attributes.is_resource:
            return any(url_covers(url, attributes.path) for url in self.non_resource_urls)
        if attributes.group not in self.api_groups and ALL not in self.api_groups:
            return False
        resources, subresource = self.resources, attributes.subresource
        if ALL in resources:
            return True
        if not subresource:
            return attributes.resource in resources
        return f"{attributes.resource}/{subresource}" in resources or f"*/{subresource}" in resources

    def __str__(self) -> str:
        """Return the rule as the messages about escalation show it."""
        parts = (
            ("APIGroups", self.api_groups),
            ("Resources", self.resources),
            ("NonResourceURLs", self.non_resource_urls),
            ("ResourceNames", self.resource_names),
            ("Verbs", self.verbs),
        )
        return "{" + ", ".join(f"{name}:{quoted_list(values)}" for name, values in parts if values) + "}"


def url_covers(pattern: str, path: str) -> bool:
    """Return whether a URL of a rule is `path`, or ends in `*` and begins like it."""
    return pattern == path or (pattern.endswith(ALL) and path.startswith(pattern.rstrip(ALL)))


def rules_of(role: JSONObject) -> tuple[PolicyRule, ...]:
    """Return the rules of a role."""
    return tuple(map(PolicyRule.of, role.get("rules") or ()))


def rules_json(rules: Iterable[PolicyRule]) -> list[JSONObject]:
    """Return rules as the `rules` of a role."""
    return [rule.json() for rule in rules]
