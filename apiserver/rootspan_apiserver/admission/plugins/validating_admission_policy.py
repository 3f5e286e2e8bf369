"""ValidatingAdmissionPolicy: refuses requests for which an expression of a policy does not hold.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go
"""

from dataclasses import dataclass, field
from types import MappingProxyType

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy, PolicyBinding
from rootspan_apiserver.admission.policies.params import PolicyConfigurationError
from rootspan_apiserver.admission.policies.policy_evaluation import PolicyEvaluation, PolicyRequest
from rootspan_apiserver.admission.policies.policy_matcher import excluded
from rootspan_apiserver.admission.policies.policy_source import PolicyHook, PolicySource
from rootspan_apiserver.admission.policies.validator import PolicyDecision, ValidateResult, Validator
from rootspan_apiserver.kube.go_values import go_json
from rootspan_apiserver.kube.status import StatusError

MAX_ANNOTATION = 10 * 1024
"""Bytes of the value of an audit annotation."""
_FAILURE = "validation.policy.admission.k8s.io/validation_failure"
_CODES = MappingProxyType({"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413})


@dataclass(frozen=True, slots=True)
class _Denial:
    """A decision against the request, of a policy or of one of its bindings."""

    policy: AdmissionPolicy
    binding: PolicyBinding | None
    message: str
    reason: str = ""


@dataclass(slots=True)
class _Outcome:
    """What the policies say of one request. `annotations` are the values for each key of the present policy, each once."""

    denials: list[_Denial] = field(default_factory=list)
    annotations: dict[str, list[str]] = field(default_factory=dict)

    def configuration_error(self, policy: AdmissionPolicy, binding: PolicyBinding | None, error: Exception) -> None:
        """Deny the request because a policy or binding cannot be used, unless the policy ignores failures."""
        if not policy.ignores_failure:
            what = "policy" if binding is None else "binding"
            self.denials.append(_Denial(policy, binding, f"failed to configure {what}: {error}"))


class ValidatingAdmissionPolicy:
    """Evaluates the policies that are bound."""

    def __init__(self, source: PolicySource[Validator], evaluation: PolicyEvaluation) -> None:
        self._source = source
        self._evaluation = evaluation

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Evaluate every policy that matches.

        Raises:
            StatusError: the first denial, in the order of the names of policies and bindings; an object could not be read.
        """
        if excluded(attributes.resource):
            return
        hooks = await self._source.hooks()
        if not hooks:
            return
        outcome = _Outcome()
        request = self._evaluation.request(attributes)
        for hook in hooks:
            await self._evaluate(hook, request, outcome)
        if outcome.denials:
            raise _denied(attributes, outcome.denials[0])

    async def _evaluate(self, hook: PolicyHook[Validator], request: PolicyRequest, outcome: _Outcome) -> None:
        policy, attributes = hook.policy, request.attributes
        try:
            match = await self._evaluation.matcher.match(policy.constraints, attributes)
            if match is None:
                return
            params_resource = self._evaluation.params.resource_of(policy.param_kind)
        except (StatusError, PolicyConfigurationError) as exc:
            outcome.configuration_error(policy, None, exc)
            return
        outcome.annotations.clear()
        for binding in hook.bindings:
            try:
                bound = await self._evaluation.bound(binding, params_resource, attributes)
            except (StatusError, PolicyConfigurationError) as exc:
                outcome.configuration_error(policy, binding, exc)
                continue
            for params in bound:
                inputs = await self._evaluation.inputs(request, match, params)
                result = await self._evaluation.worker.evaluated(hook.evaluator.validate, inputs)
                self._evaluation.record_conditions(policy.name, attributes.operation, result.conditions)
                self._act(policy, binding, result, attributes, outcome)
        for key, values in outcome.annotations.items():
            attributes.audit_annotations.add(f"{policy.name}/{key}", ", ".join(values))

    def _act(
        self,
        policy: AdmissionPolicy,
        binding: PolicyBinding,
        result: ValidateResult,
        attributes: AdmissionAttributes,
        outcome: _Outcome,
    ) -> None:
        """Deny, warn or annotate as the binding says."""
        metrics = self._evaluation.metrics.policies
        for index, decision in enumerate(result.decisions):
            if decision.action == "admit":
                if decision.evaluation == "error":
                    metrics.validated(policy.name, binding.name, decision.error_type, "allow", decision.seconds)
                continue
            for action in binding.actions:
                if action == "Deny":
                    outcome.denials.append(_Denial(policy, binding, decision.message, decision.reason))
                elif action == "Audit":
                    failure = _failure(binding, index, decision)
                    attributes.audit_annotations.add(_FAILURE, failure)
                else:
                    by = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}'"
                    attributes.warnings.append(f"Validation failed for {by}: {decision.message}")
                metrics.validated(policy.name, binding.name, decision.error_type, action.lower(), decision.seconds)
        for annotation in result.annotations:
            if annotation.error:
                outcome.denials.append(_Denial(policy, binding, annotation.error))
                metrics.validated(policy.name, binding.name, "invalid_error", "deny", annotation.seconds)
                continue
            values = outcome.annotations.setdefault(annotation.key, [])
            value = annotation.value.encode()[:MAX_ANNOTATION].decode(errors="ignore")
            if value not in values:
                values.append(value)


def _failure(binding: PolicyBinding, index: int, decision: PolicyDecision) -> str:
    """Return the audit annotation of a validation that does not hold; `index` is its place in the policy."""
    failure = {
        "message": decision.message,
        "policy": binding.policy_name,
        "binding": binding.name,
        "expressionIndex": index,
        "validationActions": list(binding.actions),
    }
    return go_json([failure])


def _denied(attributes: AdmissionAttributes, denial: _Denial) -> StatusError:
    by = f"ValidatingAdmissionPolicy '{denial.policy.name}'"
    if denial.binding is not None:
        by += f" with binding '{denial.binding.name}'"
    message = f"{by} denied request: {denial.message}"
    error = new_forbidden(attributes, message)
    reason = denial.reason or "Invalid"
    details = {**(error.details or {}), "causes": [{"message": message}]}
    return StatusError(_CODES.get(reason, 422), reason, error.message, details)
