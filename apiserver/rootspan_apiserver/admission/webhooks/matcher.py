"""Which webhooks match a request: rules, selectors and the match policy.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook), predicates/rules/rules.go
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.webhooks.accessors import Webhook, WebhookRule
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
    """Return whether objects of this resource are never sent to webhooks: those that configure admission, so that it can be repaired."""
    return resource.kind.group == "admissionregistration.k8s.io" and resource.plural in _EXEMPT


@dataclass(frozen=True, slots=True)
class WebhookInvocation:
    """A webhook that matches, and the resource and kind in which it expects the object."""

    webhook: Webhook
    resource: Resource
    kind: GroupVersionKind


class WebhookMatcher:
    """`equivalents` returns the other resources, in other versions or groups, that have the same objects as a resource."""

    def __init__(self, namespaces: NamespaceGetter, equivalents: Callable[[Resource], Iterable[Resource]]) -> None:
        self._namespaces = namespaces
        self._equivalents = equivalents

    async def invocation(self, webhook: Webhook, attributes: AdmissionAttributes) -> WebhookInvocation | None:
        """Return how to call `webhook`, None if it does not match the request.

        Raises:
            StatusError: the namespace could not be read, or a match condition could not be evaluated.
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

    def _by_rules(self, webhook: Webhook, attributes: AdmissionAttributes) -> WebhookInvocation | None:
        if any(_rule_matches(rule, attributes, attributes.resource) for rule in webhook.rules):
            return WebhookInvocation(webhook, attributes.resource, attributes.kind)
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
                    return WebhookInvocation(webhook, other, sub.kind if sub else other.kind)
        return None

    async def _namespace_matches(self, webhook: Webhook, attributes: AdmissionAttributes) -> bool:
        selector = webhook.namespace_selector
        if not selector or (not attributes.namespace and not attributes.is_namespace):
            return True
        if attributes.is_namespace and not attributes.subresource and attributes.operation in ("CREATE", "UPDATE"):
            return selector.matches(_labels(attributes.object))
        namespace = await self._namespaces.get(attributes.namespace or attributes.name)
        return selector.matches(_labels(namespace))


def _object_matches(webhook: Webhook, attributes: AdmissionAttributes) -> bool:
    selector = webhook.object_selector
    return not selector or any(
        obj is not None and selector.matches(_labels(obj)) for obj in (attributes.object, attributes.old_object)
    )


def _labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def _rule_matches(rule: WebhookRule, attributes: AdmissionAttributes, resource: Resource) -> bool:
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
