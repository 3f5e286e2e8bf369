"""Which requests the rules and selectors of webhooks and policies match.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules/rules.go, namespace/matcher.go, object/matcher.go
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.selectors import LabelSelector

_CONFIGURATION = frozenset(
    {
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    }
)

Equivalents = Callable[[Resource], Iterable[Resource]]
"""Returns the other resources, in other versions or groups, that have the same objects as a resource."""


def configures_admission(resource: Resource) -> bool:
    """Return whether the objects of a resource configure admission: no webhook or policy sees them, so that they can be repaired."""
    return resource.kind.group == "admissionregistration.k8s.io" and resource.plural in _CONFIGURATION


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWithOperations:
    """The operations and resources that a webhook or policy matches; `*` matches all. `scope` is Cluster, Namespaced or `*`.

    `names` are those of the objects that a policy matches; without any it matches all.
    """

    operations: tuple[str, ...]
    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    scope: str = "*"
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> "RuleWithOperations":
        """Read a rule of an object of the API."""
        return cls(
            operations=tuple(rule.get("operations") or ()),
            groups=tuple(rule.get("apiGroups") or ()),
            versions=tuple(rule.get("apiVersions") or ()),
            resources=tuple(rule.get("resources") or ()),
            scope=rule.get("scope") or "*",
            names=tuple(rule.get("resourceNames") or ()),
        )

    def matches(self, attributes: AdmissionAttributes, resource: Resource) -> bool:
        """Return whether the rule matches a request, as if it were for the objects of `resource`."""
        kind = resource.kind
        return (
            _listed(self.operations, attributes.operation)
            and _listed(self.groups, kind.group)
            and _listed(self.versions, kind.version)
            and any(_resource_matches(each, resource.plural, attributes.subresource) for each in self.resources)
            and (self.scope == "*" or (self.scope == "Namespaced") == resource.namespaced)
            and (not self.names or attributes.name in self.names)
        )


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The resource by which a rule matches, and the kind in which the webhook or policy expects the object."""

    resource: Resource
    kind: GroupVersionKind


def match_rules(
    rules: Sequence[RuleWithOperations], attributes: AdmissionAttributes, equivalents: Equivalents | None
) -> RuleMatch | None:
    """Return how the first rule matches, None if no rule does; `equivalents` is None under the match policy Exact."""
    if any(rule.matches(attributes, attributes.resource) for rule in rules):
        return RuleMatch(attributes.resource, attributes.kind)
    if equivalents is None or not rules:
        return None
    others = [
        each
        for each in equivalents(attributes.resource)
        if not attributes.subresource or attributes.subresource in each.subresources
    ]
    for rule in rules:
        for other in others:
            if rule.matches(attributes, other):
                sub = other.subresources.get(attributes.subresource)
                return RuleMatch(other, sub.kind if sub else other.kind)
    return None


def object_matches(selector: LabelSelector, attributes: AdmissionAttributes) -> bool:
    """Return whether the labels of the object, new or old, are selected."""
    return not selector or any(
        obj is not None and selector.matches(labels_of(obj)) for obj in (attributes.object, attributes.old_object)
    )


async def namespace_matches(
    selector: LabelSelector, attributes: AdmissionAttributes, namespaces: NamespaceGetter
) -> bool:
    """Return whether the labels of the namespace are selected. An object without a namespace always matches.

    Raises:
        StatusError: the namespace could not be read.
    """
    if not selector or (not attributes.namespace and not attributes.is_namespace):
        return True
    if attributes.is_namespace and not attributes.subresource and attributes.operation in ("CREATE", "UPDATE"):
        return selector.matches(labels_of(attributes.object))
    namespace = await namespaces.get(attributes.namespace or attributes.name)
    return selector.matches(labels_of(namespace))


def labels_of(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return the labels of an object; none of None."""
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def _listed(listed: Sequence[str], value: str) -> bool:
    return "*" in listed or value in listed


def _resource_matches(pattern: str, plural: str, subresource: str) -> bool:
    resource, _, sub = pattern.partition("/")
    return resource in ("*", plural) and sub in ("*", subresource)
