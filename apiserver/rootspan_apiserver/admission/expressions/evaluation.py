"""Evaluate expressions on one request within a budget, the variables of a policy only where they are named.

An expression runs on the event loop at first. One that loops for long, or has to wait for the authorizer, raises `WorkerNeededError` there,
and runs in a worker thread from its beginning: expressions have no effects.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/activation.go, composition.go, condition.go,
staging/src/k8s.io/apiserver/pkg/apis/cel/config.go
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from rootspan_apiserver.admission.expressions.authorizer_variable import AuthorizerVariables, WorkerNeededError
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.admissionregistration.expressions import CompiledExpression
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue

CALL_LIMIT = 1_000_000
"""The greatest cost of one expression."""
POLICY_BUDGET = 10_000_000
"""The greatest cost of all validations, audit annotations or mutations of a policy."""
CONDITIONS_BUDGET = 2_500_000
"""The greatest cost of the match conditions of a policy or webhook."""
INLINE_ROUNDS = 1_000
"""The rounds of loops for which an expression may run on the event loop: about a millisecond."""


class PolicyBudgetError(Exception):
    """The expressions of a policy cost more than they may."""

    def __init__(self) -> None:
        super().__init__("validation failed due to running out of cost budget, no further validation rules will be run")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The value of an expression, or the error of its evaluation; its time in seconds."""

    value: Any = None
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionInputs:
    """What expressions see of a request. `blocking` is whether they run in a worker thread, where they may take their time."""

    object: JSONObject | None
    old_object: JSONObject | None
    request: JSONObject
    params: JSONObject | None = None
    namespace: JSONObject | None = None
    authorizer: AuthorizerVariables | None = None
    blocking: bool = False


class Activation:
    """The values of the names in expressions, for one list of them. `variables` are those of the policy."""

    def __init__(self, inputs: ExpressionInputs, variables: Mapping[str, CompiledExpression], budget: int) -> None:
        self.remaining = budget
        self._interrupted = None if inputs.blocking else self._count_round
        self._rounds = 0
        self._spent_by_variables = 0
        self._values: dict[str, Any] = {
            "object": inputs.object,
            "oldObject": inputs.old_object,
            "request": inputs.request,
            "params": inputs.params,
            "namespaceObject": inputs.namespace,
            "variables": _LazyVariables(self, variables),
        }
        if inputs.authorizer is not None:
            self._values["authorizer"] = inputs.authorizer.authorizer
            self._values["authorizer.requestResource"] = inputs.authorizer.request_resource

    def evaluate(self, expression: CompiledExpression) -> Evaluation:
        """Return the value of an expression.

        Raises:
            PolicyBudgetError: this and what ran before it cost more than the budget.
            WorkerNeededError: it is to run in a worker thread.
        """
        if expression.program is None:
            return Evaluation(error=f"compilation error: {expression.error}")
        started = perf_counter()
        value, error, cost = self._run(expression)
        seconds = perf_counter() - started
        for spent in (self._spent_by_variables, cost):
            if spent > self.remaining:
                raise PolicyBudgetError
            self.remaining -= spent
        self._spent_by_variables = 0
        if error is not None:
            return Evaluation(error=f"expression '{expression.text}' resulted in error: {error}", seconds=seconds)
        return Evaluation(value, seconds=seconds)

    def variable(self, name: str, expression: CompiledExpression) -> Any:
        """Return the value of a variable. Raises CELEvaluationError if it has none."""
        if expression.program is None:
            raise CELEvaluationError(f'composited variable "{name}" fails to compile: {expression.error}')
        value, error, cost = self._run(expression)
        self._spent_by_variables += cost
        if error is not None:
            raise CELEvaluationError(f'composited variable "{name}" fails to evaluate: {error}')
        return value

    def _run(self, expression: CompiledExpression) -> tuple[Any, CELEvaluationError | None, int]:
        """Return the value, or the error, and the cost."""
        assert expression.program is not None
        try:
            result = expression.program.evaluate(self._values, CALL_LIMIT, self._interrupted)
        except CELEvaluationError as error:
            return None, error, error.cost
        return result.value, None, result.cost

    def _count_round(self) -> bool:
        """Count the rounds of loops on the event loop. Raises WorkerNeededError when there are too many."""
        self._rounds += 1
        if self._rounds > INLINE_ROUNDS:
            raise WorkerNeededError(waits=False)
        return False


class _LazyVariables(FieldsValue):
    """The variables of a policy, each evaluated when it is first named."""

    __slots__ = ("_activation", "_expressions", "_found")

    def __init__(self, activation: Activation, expressions: Mapping[str, CompiledExpression]) -> None:
        self._activation = activation
        self._expressions = expressions
        self._found: dict[str, Any] = {}

    def find(self, key: str) -> Any:
        if key not in self._expressions:
            return MISSING
        if key not in self._found:
            try:
                self._found[key] = self._activation.variable(key, self._expressions[key])
            except CELEvaluationError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, CELEvaluationError):
            raise found
        return found

    def keys(self) -> Iterable[str]:
        return self._expressions.keys()

    def __len__(self) -> int:
        return len(self._expressions)
