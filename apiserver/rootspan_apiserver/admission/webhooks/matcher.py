"""Which webhooks match a request: rules, selectors and the match policy.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook)
"""

from dataclasses import dataclass

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.predicates import Equivalents, match_rules, namespace_matches, object_matches
from rootspan_apiserver.admission.webhooks.accessors import Webhook
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import forbidden
from rootspan_apiserver.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class WebhookInvocation:
    """A webhook that matches, and the resource and kind in which it expects the object."""

    webhook: Webhook
    resource: Resource
    kind: GroupVersionKind


class WebhookMatcher:
    """Matches webhooks and requests."""

    def __init__(self, namespaces: NamespaceGetter, equivalents: Equivalents) -> None:
        self._namespaces = namespaces
        self._equivalents = equivalents

    async def invocation(self, webhook: Webhook, attributes: AdmissionAttributes) -> WebhookInvocation | None:
        """Return how to call `webhook`, None if it does not match the request.

        Raises:
            StatusError: the namespace could not be read, or a match condition could not be evaluated.
        """
        equivalents = self._equivalents if webhook.equivalent else None
        found = match_rules(webhook.rules, attributes, equivalents)
        if found is None or not object_matches(webhook.object_selector, attributes):
            return None
        if not await namespace_matches(webhook.namespace_selector, attributes, self._namespaces):
            return None
        if webhook.has_match_conditions:
            if webhook.ignores_failure:
                return None
            why = f"match conditions of webhook {webhook.name} cannot be evaluated: CEL expressions are not supported"
            raise forbidden(attributes.resource.group_resource, attributes.name, why)
        return WebhookInvocation(webhook, found.resource, found.kind)
