"""Which webhooks a request is for: rules, selectors and the match policy, as upstream's `ShouldCallHook` reads them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.names import is_namespace
from rootspan_apiserver.admission.namespaces import Namespaces
from rootspan_apiserver.admission.webhooks.configuration import Rule, Webhook
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import forbidden
from rootspan_apiserver.resources.resource import Resource

_EXEMPT = frozenset(
    {
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    }
)


def exempt(resource: Resource) -> bool:
    """Whether objects of this resource are never sent to webhooks: those that configure admission, lest a broken one lock itself in."""
    return resource.kind.group == "admissionregistration.k8s.io" and resource.plural in _EXEMPT


@dataclass(frozen=True, slots=True)
class Invocation:
    """A webhook to be called, and as what resource and kind it is to see the object."""

    webhook: Webhook
    resource: Resource
    kind: GroupVersionKind


class Matcher:
    """`equivalents` gives the other resources, of other versions and groups, whose objects are those of a resource."""

    def __init__(self, namespaces: Namespaces, equivalents: Callable[[Resource], Iterable[Resource]]) -> None:
        self._namespaces = namespaces
        self._equivalents = equivalents

    async def invocation(self, webhook: Webhook, attributes: Attributes) -> Invocation | None:
        """How to call `webhook`, or None if it has nothing to do with the request.

        Raises:
            StatusError: that cannot be told, because the namespace is not to be had or a condition cannot be evaluated.
        """
        found = self._by_rules(webhook, attributes)
        if found is None or not _object_matches(webhook, attributes):
            return None
        if not await self._namespace_matches(webhook, attributes):
            return None
        if webhook.has_match_conditions:
            if webhook.ignores_failure:
                return None
            why = f"match conditions of webhook {webhook.name} cannot be evaluated: CEL expressions are not supported"
            raise forbidden(attributes.resource.group_resource, attributes.name, why)
        return found

    def _by_rules(self, webhook: Webhook, attributes: Attributes) -> Invocation | None:
        if any(_rule_matches(rule, attributes, attributes.resource) for rule in webhook.rules):
            return Invocation(webhook, attributes.resource, attributes.kind)
        if not webhook.equivalent:
            return None
        others: Sequence[Resource] = [
            each
            for each in self._equivalents(attributes.resource)
            if not attributes.subresource or attributes.subresource in each.subresources
        ]
        for rule in webhook.rules:
            for other in others:
                if _rule_matches(rule, attributes, other):
                    sub = other.subresources.get(attributes.subresource)
                    return Invocation(webhook, other, sub.kind if sub else other.kind)
        return None

    async def _namespace_matches(self, webhook: Webhook, attributes: Attributes) -> bool:
        selector = webhook.namespace_selector
        if not selector or (not attributes.namespace and not is_namespace(attributes)):
            return True
        if is_namespace(attributes) and not attributes.subresource and attributes.operation in ("CREATE", "UPDATE"):
            return selector.matches(_labels(attributes.object))
        namespace = await self._namespaces.get(attributes.namespace or attributes.name)
        return selector.matches(_labels(namespace))


def _object_matches(webhook: Webhook, attributes: Attributes) -> bool:
    selector = webhook.object_selector
    return not selector or any(
        obj is not None and selector.matches(_labels(obj)) for obj in (attributes.object, attributes.old_object)
    )


def _labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def _rule_matches(rule: Rule, attributes: Attributes, resource: Resource) -> bool:
    kind = resource.kind
    return (
        _listed(rule.operations, attributes.operation)
        and _listed(rule.groups, kind.group)
        and _listed(rule.versions, kind.version)
        and any(_resource_matches(each, resource.plural, attributes.subresource) for each in rule.resources)
        and (rule.scope == "*" or (rule.scope == "Namespaced") == resource.namespaced)
    )


def _listed(listed: Sequence[str], value: str) -> bool:
    return "*" in listed or value in listed


def _resource_matches(pattern: str, plural: str, subresource: str) -> bool:
    resource, _, sub = pattern.partition("/")
    return resource in ("*", plural) and sub in ("*", subresource)
