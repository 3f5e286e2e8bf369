"""Evaluate a validating policy on one request, for one object of parameters.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/validator.go, plugin.go (compilePolicy), policy_decision.go
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rootspan_apiserver.admission.expressions.evaluation import (
    POLICY_BUDGET,
    Activation,
    Evaluation,
    ExpressionInputs,
    PolicyBudgetError,
)
from rootspan_apiserver.admission.expressions.match_conditions import ConditionsResult
from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy
from rootspan_apiserver.resources.admissionregistration.expressions import (
    CompiledExpression,
    Purpose,
)
from rootspan_apiserver.rules.cel.values import type_name

MAX_MESSAGE = 5 * 1024
"""Bytes of the value of a messageExpression."""


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What one validation says. `reason` is that of the Status if the request is denied, `seconds` the time of the evaluation."""

    action: Literal["admit", "deny"]
    evaluation: Literal["admit", "error", "deny"]
    message: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def error_type(self) -> str:
        """The type of error in metrics. A validation that does not hold counts as an invalid one."""
        if self.evaluation == "admit":
            return "no_error"
        if self.message.startswith("compilation"):
            return "compile_error"
        if self.message.startswith("validation failed due to running out of cost budget"):
            return "out_of_budget"
        return "invalid_error"


@dataclass(frozen=True, slots=True)
class PolicyAuditAnnotation:
    """What one audit annotation says: its value, or the error for which the request is denied."""

    key: str
    value: str = ""
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The decisions in the order of the validations, the annotations to publish, and the result of match conditions, if there are any."""

    decisions: Sequence[PolicyDecision] = ()
    annotations: Sequence[PolicyAuditAnnotation] = ()
    conditions: ConditionsResult | None = None


class Validator:
    """A compiled validating policy."""

    def __init__(self, policy: AdmissionPolicy) -> None:
        spec = policy.spec
        compiler, self._conditions = policy.compiled()
        self._variables = compiler.variables
        self._ignores_failure = policy.ignores_failure
        self._rules: Sequence[Mapping[str, Any]] = spec.get("validations") or ()
        self._validations = [compiler.compile(each.get("expression") or "", Purpose.CONDITION) for each in self._rules]
        self._messages = [
            compiler.compile(text, Purpose.MESSAGE) if (text := each.get("messageExpression")) else None
            for each in self._rules
        ]
        self._annotations = [
            (each.get("key") or "", compiler.compile(each.get("valueExpression") or "", Purpose.AUDIT_ANNOTATION))
            for each in spec.get("auditAnnotations") or ()
        ]

    def validate(self, inputs: ExpressionInputs) -> ValidateResult:
        """Return what the policy says.

        Raises:
            WorkerNeededError: the expressions are to be evaluated in a worker thread.
        """
        conditions = None
        if self._conditions:
            conditions = self._conditions.evaluate(replace(inputs, namespace=None))
            if conditions.error:
                return ValidateResult([self._failure(conditions.error)], conditions=conditions)
            if not conditions.matches:
                return ValidateResult(conditions=conditions)
        try:
            decisions = self._decisions(inputs)
            annotations = self._audit_annotations(replace(inputs, authorizer=None)) if self._annotations else ()
        except PolicyBudgetError as exc:
            return ValidateResult([self._failure(str(exc))], conditions=conditions)
        return ValidateResult(decisions, annotations, conditions)

    def _failure(self, message: str, seconds: float = 0.0) -> PolicyDecision:
        return PolicyDecision("admit" if self._ignores_failure else "deny", "error", message, seconds=seconds)

    def _decisions(self, inputs: ExpressionInputs) -> Sequence[PolicyDecision]:
        activation = Activation(inputs, self._variables, POLICY_BUDGET)
        results = [activation.evaluate(each) for each in self._validations]
        try:
            texts = self._texts(replace(inputs, authorizer=None), activation.remaining) if any(self._messages) else {}
        except PolicyBudgetError as exc:
            failed = self._failure(f"failed messageExpression: {exc}")
            return [self._failure(each.error, each.seconds) if each.error else failed for each in results]
        return [self._decision(each, self._rules[index], texts.get(index)) for index, each in enumerate(results)]

    def _texts(self, inputs: ExpressionInputs, budget: int) -> Mapping[int, Evaluation]:
        """Return the values of the messageExpressions by the index of their validation. Raises PolicyBudgetError."""
        activation = Activation(inputs, self._variables, budget)
        return {index: activation.evaluate(each) for index, each in enumerate(self._messages) if each is not None}

    def _decision(self, result: Evaluation, rule: Mapping[str, Any], text: Evaluation | None) -> PolicyDecision:
        if result.error:
            return self._failure(result.error, result.seconds)
        if result.value is True:
            return PolicyDecision("admit", "admit", seconds=result.seconds)
        message = (
            _calculated(text)
            or (rule.get("message") or "").strip()
            or f"failed expression: {(rule.get('expression') or '').strip()}"
        )
        return PolicyDecision("deny", "deny", message, rule.get("reason") or "Invalid", result.seconds)

    def _audit_annotations(self, inputs: ExpressionInputs) -> Sequence[PolicyAuditAnnotation]:
        activation = Activation(inputs, self._variables, POLICY_BUDGET)
        results = [(key, each, activation.evaluate(each)) for key, each in self._annotations]
        found = (self._audit_annotation(key, expression, result) for key, expression, result in results)
        return [each for each in found if each is not None]

    def _audit_annotation(
        self, key: str, expression: CompiledExpression, result: Evaluation
    ) -> PolicyAuditAnnotation | None:
        """Return the annotation; None for one that is not published, which is what a null or blank value is for."""
        value = result.value
        if result.error:
            return None if self._ignores_failure else PolicyAuditAnnotation(key, "", result.error, result.seconds)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, str):
            return PolicyAuditAnnotation(key, value.strip(), seconds=result.seconds)
        words = f"valueExpression '{expression.text}' resulted in unsupported return type: {type_name(value)}."
        error = f"{words} Return type must be either string or null."
        return PolicyAuditAnnotation(key, "", error, result.seconds)


def _calculated(text: Evaluation | None) -> str:
    """Return the value of a messageExpression, "" if there is none that can be shown."""
    if text is None or not isinstance(text.value, str):
        return ""
    message = text.value.strip()
    return "" if "\n" in message or len(message.encode()) > MAX_MESSAGE else message
