"""Programs: checked expressions that can be evaluated, in any number of threads at once.

Upstream: github.com/google/cel-go/cel/program.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from rootspan_apiserver.rules.cel.ast import CheckedExpression
from rootspan_apiserver.rules.cel.constructions import MakesObjects
from rootspan_apiserver.rules.cel.environment import CELEnvironment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.frames import COST, FIRST_VARIABLE, FailedValue, Frame
from rootspan_apiserver.rules.cel.plans import Planner

_UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The value of an expression, and the cost of its evaluation."""

    value: Any
    cost: int


class CELProgram:
    """A checked expression as Python closures.

    Raises:
        CELEvaluationError: a constant part has no value, such as `int('a')`.
    """

    def __init__(
        self, checked: CheckedExpression, environment: CELEnvironment, objects: MakesObjects | None = None
    ) -> None:
        planner = Planner(checked, environment, objects)
        self._run = planner.plan(checked.parsed.root)
        self._inputs = tuple(planner.inputs.items())
        self._locals = (None,) * (planner.size - FIRST_VARIABLE)

    @property
    def variables(self) -> frozenset[str]:
        """The names of the variables that the expression reads."""
        return frozenset(name for name, _ in self._inputs)

    def evaluate(
        self,
        variables: Mapping[str, Any],
        cost_limit: int | None = None,
        interrupted: Callable[[], bool] | None = None,
    ) -> EvaluationResult:
        """Evaluate the expression.

        Args:
            variables: the values of the variables (`values.py`), or `FailedValue` of those that have none.
            cost_limit: the cost at which the evaluation stops; None is no limit.
            interrupted: is asked in every round of a loop whether the evaluation shall stop.

        Raises:
            CELEvaluationError: there is no value. Its `cost` is the cost so far.
            CostLimitExceededError: the evaluation was stopped at the limit.
        """
        limit = inf if cost_limit is None else cost_limit
        frame: Frame = [0, limit, interrupted, *self._locals]
        try:
            for name, slot in self._inputs:
                if name not in variables:
                    raise CELEvaluationError(f"no such attribute(s): {name}")
                frame[slot] = value = variables[name]
                if value.__class__ is FailedValue:
                    raise value.error
            value = self._run(frame)
        except CELEvaluationError as error:
            failure = error
        except _UNFORESEEN as error:
            failure = CELEvaluationError(f"internal error: {error}")
        else:
            if frame[COST] <= limit:
                return EvaluationResult(value, frame[COST])
            failure = CostLimitExceededError()
        if frame[COST] > limit and not isinstance(failure, CostLimitExceededError):
            failure = CostLimitExceededError()
        failure.cost = frame[COST]
        raise failure
