"""The frame of an evaluation: a list with the cost so far, its limit, what interrupts it, and the values of the variables.

A planned expression is a `Step`: it gets the frame and returns the value. Each variable has its place in the frame, which is known when
the expression is planned; loops inside each other have places of their own.
"""

from collections.abc import Callable
from typing import Any

from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError

Frame = list[Any]
Step = Callable[[Frame], Any]

COST, LIMIT, INTERRUPT, FIRST_VARIABLE = range(4)
"""Places in a frame. INTERRUPT has a function that returns whether the evaluation shall stop, or None."""


class FailedValue:
    """The error that a variable has instead of a value."""

    __slots__ = ("error",)

    def __init__(self, error: CELEvaluationError) -> None:
        self.error = error


def constant_step(value: Any) -> Step:
    """Return a step whose value is always the same."""
    return lambda frame: value


def check_limits(frame: Frame) -> None:
    """Raise the error of an evaluation that costs too much, or takes too long."""
    if frame[COST] > frame[LIMIT]:
        raise CostLimitExceededError
    if frame[INTERRUPT] is not None and frame[INTERRUPT]():
        raise CELEvaluationError("operation interrupted")
