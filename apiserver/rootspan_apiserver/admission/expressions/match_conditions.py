"""The match conditions of webhooks and policies: all must hold, or the request does not match.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from rootspan_apiserver.admission.expressions.evaluation import (
    CONDITIONS_BUDGET,
    Activation,
    ExpressionInputs,
    PolicyBudgetError,
)
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.resources.admissionregistration.expressions import (
    CompiledExpression,
    ExpressionCompiler,
    Purpose,
)


@dataclass(frozen=True, slots=True)
class ConditionsResult:
    """Whether a request matches, or why that is not known under the failure policy Fail.

    `errors` is the number of conditions that failed; `seconds` is None where nothing is to be said of the time.
    """

    matches: bool
    error: str = ""
    errors: int = 0
    seconds: float | None = None


class MatchConditions:
    """The compiled conditions of one webhook or policy, with the variables of the policy."""

    def __init__(
        self,
        conditions: Iterable[Mapping[str, Any]],
        compiler: ExpressionCompiler,
        *,
        ignores_failure: bool,
    ) -> None:
        self._conditions = [compiler.compile(each.get("expression") or "", Purpose.CONDITION) for each in conditions]
        self._variables: Mapping[str, CompiledExpression] = compiler.variables
        self._ignores_failure = ignores_failure

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._conditions)

    def evaluate(self, inputs: ExpressionInputs) -> ConditionsResult:
        """Return whether all conditions hold. One that does not hold counts more than one that fails.

        Raises:
            WorkerNeededError: they are to be evaluated in a worker thread.
        """
        started = perf_counter()
        activation = Activation(inputs, self._variables, CONDITIONS_BUDGET)
        try:
            results = [activation.evaluate(each) for each in self._conditions]
        except PolicyBudgetError as exc:
            return self._failed([str(exc)], 0, started)
        errors = 0
        for result in results:
            if result.error:
                errors += 1
            elif result.value is False:
                return ConditionsResult(False, errors=errors, seconds=perf_counter() - started)
        if errors:
            return self._failed([each.error for each in results if each.error], errors, started)
        return ConditionsResult(True)

    def _failed(self, errors: list[str], count: int, started: float) -> ConditionsResult:
        error = "" if self._ignores_failure else listed(errors)
        return ConditionsResult(False, error, count, perf_counter() - started)
