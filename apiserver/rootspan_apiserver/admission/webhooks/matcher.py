"""Which webhooks match a request: rules, selectors and the match policy.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook)
"""

from dataclasses import dataclass
from types import MappingProxyType

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.expressions.authorizer_variable import AuthorizationDecisions
from rootspan_apiserver.admission.expressions.evaluation import ExpressionInputs
from rootspan_apiserver.admission.expressions.request_variable import admission_request
from rootspan_apiserver.admission.expressions.versioned_attributes import VersionedAttributeAccessor
from rootspan_apiserver.admission.expressions.worker import ExpressionWorker
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.predicates import (
    Equivalents,
    RuleMatch,
    match_rules,
    namespace_matches,
    object_matches,
)
from rootspan_apiserver.admission.webhooks.accessors import Webhook
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import forbidden
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.telemetry.policy_metrics import MatchConditionMetrics

_EVALUATED = MappingProxyType({"validate": "validating"})
"""The phase has another name in the metrics of evaluations than in those of exclusions, as in kube-apiserver."""


@dataclass(frozen=True, slots=True)
class WebhookInvocation:
    """A webhook that matches, and the resource and kind in which it expects the object."""

    webhook: Webhook
    resource: Resource
    kind: GroupVersionKind


class WebhookMatcher:
    """Matches webhooks and requests. `phase` is admit for mutating webhooks, validate for validating ones."""

    def __init__(
        self,
        phase: str,
        *,
        namespaces: NamespaceGetter,
        equivalents: Equivalents,
        authorizer: Authorizer,
        metrics: MatchConditionMetrics,
        worker: ExpressionWorker,
    ) -> None:
        self._phase = phase
        self._namespaces = namespaces
        self._equivalents = equivalents
        self._authorizer = authorizer
        self._metrics = metrics
        self._worker = worker

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
        if webhook.match_conditions and not await self._conditions_hold(webhook, found, attributes):
            return None
        return WebhookInvocation(webhook, found.resource, found.kind)

    async def _conditions_hold(self, webhook: Webhook, match: RuleMatch, attributes: AdmissionAttributes) -> bool:
        versioned = await VersionedAttributeAccessor(attributes).at(match)
        inputs = ExpressionInputs(
            object=versioned.object,
            old_object=versioned.old_object,
            request=admission_request(attributes, match),
            authorizer=AuthorizationDecisions(self._authorizer).of(attributes),
        )
        result = await self._worker.evaluated(webhook.match_conditions.evaluate, inputs)
        if result.seconds is not None:
            kind = _EVALUATED.get(self._phase, self._phase)
            labels = (webhook.name, "webhook", kind, attributes.operation)
            self._metrics.evaluated(labels, result.errors, result.seconds)
        if result.error:
            raise forbidden(attributes.resource.group_resource, attributes.name, result.error)
        if not result.matches:
            self._metrics.excluded((webhook.name, "webhook", self._phase, attributes.operation))
        return result.matches
