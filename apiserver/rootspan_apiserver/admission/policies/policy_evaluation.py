"""What validating and mutating policies share: which bindings apply with which parameters, and what their expressions see.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go, validating/dispatcher.go
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.expressions.authorizer_variable import AuthorizationDecisions, AuthorizerVariables
from rootspan_apiserver.admission.expressions.evaluation import ExpressionInputs
from rootspan_apiserver.admission.expressions.match_conditions import ConditionsResult
from rootspan_apiserver.admission.expressions.request_variable import admission_request, namespace_object
from rootspan_apiserver.admission.expressions.versioned_attributes import VersionedAttributeAccessor
from rootspan_apiserver.admission.expressions.worker import ExpressionWorker
from rootspan_apiserver.admission.policies.accessors import PolicyBinding
from rootspan_apiserver.admission.policies.params import ParamCollector
from rootspan_apiserver.admission.policies.policy_matcher import PolicyMatcher
from rootspan_apiserver.admission.predicates import RuleMatch
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics


@dataclass(slots=True)
class PolicyRequest:
    """One request to all policies: its objects in the kinds that they expect, and what the authorizer has answered to them."""

    attributes: AdmissionAttributes
    versioned: VersionedAttributeAccessor
    authorizer: AuthorizerVariables
    seen: dict[tuple[GroupVersionKind, str], ExpressionInputs] = field(default_factory=dict)
    """What expressions see of the request in each kind, by the plural too."""

    @classmethod
    def of(cls, attributes: AdmissionAttributes, authorizer: Authorizer) -> "PolicyRequest":
        """Return the request of an operation."""
        variables = AuthorizationDecisions(authorizer).of(attributes)
        return cls(attributes, VersionedAttributeAccessor(attributes), variables)


class PolicyEvaluation:
    """The parts of the server that policies are evaluated with."""

    def __init__(
        self,
        matcher: PolicyMatcher,
        params: ParamCollector,
        authorizer: Authorizer,
        metrics: AdmissionMetrics,
        worker: ExpressionWorker,
    ) -> None:
        self.matcher = matcher
        self.params = params
        self.metrics = metrics
        self.worker = worker
        self._authorizer = authorizer

    def request(self, attributes: AdmissionAttributes) -> PolicyRequest:
        """Return what all policies are evaluated on."""
        return PolicyRequest.of(attributes, self._authorizer)

    async def bound(
        self, binding: PolicyBinding, params: Resource | None, attributes: AdmissionAttributes
    ) -> Sequence[JSONObject | None]:
        """Return the parameters with which a binding applies to a request, none if it does not; None is no parameters.

        Args:
            params: the resource of the policy's parameters.

        Raises:
            PolicyConfigurationError: the binding cannot be used.
            StatusError: an object could not be read.
        """
        criteria = binding.match_resources
        if criteria is not None and await self.matcher.match(criteria, attributes) is None:
            return ()
        return await self.params.collect(params, binding.param_ref, attributes.request_namespace)

    async def inputs(self, request: PolicyRequest, match: RuleMatch, params: JSONObject | None) -> ExpressionInputs:
        """Return what expressions see.

        Raises:
            StatusError: the namespace could not be read, or the conversion webhook of a custom resource fails.
        """
        versioned = await request.versioned.at(match)
        key = match.kind, match.resource.plural
        inputs = request.seen.get(key)
        if inputs is None or inputs.object is not versioned.object:
            inputs = request.seen[key] = ExpressionInputs(
                object=versioned.object,
                old_object=versioned.old_object,
                request=admission_request(request.attributes, match),
                namespace=namespace_object(await self.matcher.namespace_of(request.attributes)),
                authorizer=request.authorizer,
            )
        return inputs if params is None else replace(inputs, params=params)

    def record_conditions(self, policy: str, operation: str, result: ConditionsResult | None) -> None:
        """Record the evaluation of match conditions in the metrics."""
        if result is not None and result.seconds is not None:
            labels = (policy, "policy", "validate", operation)
            self.metrics.match_conditions.evaluated(labels, result.errors, result.seconds)
