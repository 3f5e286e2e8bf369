"""Comprehensions, which are loops with an accumulator. `all` and `exists` have loops of their own, because rules are full of them.

An error of a step is kept as the value of the accumulator, so that `exists` is true if an element after the error satisfies it.

Upstream: github.com/google/cel-go/interpreter/interpretable.go (evalFold, folder)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.frames import COST, INTERRUPT, LIMIT, FailedValue, Frame, Step, check_limits
from rootspan_apiserver.rules.cel.implementations.arithmetic import AccumulatorList, AccumulatorMap
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue, OptionalValue, no_such_overload, type_name

_GO_NAMES = {bool: "Bool", int: "Int", UInt: "Uint", float: "Double", str: "String", bytes: "Bytes", type(None): "Null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSlots:
    """The places of a loop's variables in the frame; `second` is None but for loops over keys and values."""

    first: int
    second: int | None
    accumulator: int


def bound(slot: int, result: Step) -> Step:
    """Return the step of `cel.bind(name, value, result)`: a loop over nothing, whose accumulator is the bound variable."""

    def run(frame: Frame) -> Any:
        frame[slot] = MISSING
        return result(frame)

    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """The parts of a loop. `initial` is a constant, MISSING if the accumulator makes it; `condition` is None if it is always true."""

    slots: LoopSlots
    values: Step
    initial: Any
    condition: Step | None
    step: Step
    result: Step

    def run(self, frame: Frame) -> Any:
        """Go through the values. Return the result."""
        values = self._elements(frame)
        first, second, accumulator = self.slots.first, self.slots.second, self.slots.accumulator
        condition, step = self.condition, self.step
        frame[accumulator] = _fresh(self.initial)
        for value in values:
            if second is None:
                frame[first] = value
            else:
                frame[first], frame[second] = value
            if condition is not None and not _continues(condition, frame):
                break
            try:
                frame[accumulator] = step(frame)
            except CostLimitExceededError:
                raise
            except CELEvaluationError as error:
                frame[accumulator] = FailedValue(error)
            if frame[COST] > frame[LIMIT] or frame[INTERRUPT] is not None:
                check_limits(frame)
        found = self.result(frame)
        if found.__class__ is AccumulatorList:
            return list(found)
        return dict(found) if found.__class__ is AccumulatorMap else found

    def _elements(self, frame: Frame) -> Iterable[Any]:
        values = self.values(frame)
        return elements(values) if self.slots.second is None else pairs(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier:
    """`all` (`decisive` is False) and `exists` (True): a loop that ends with the first element that decides."""

    slots: LoopSlots
    values: Step
    predicate: Step
    decisive: bool

    def run(self, frame: Frame) -> Any:
        """Go through the values. Return whether all, or any, satisfy the predicate."""
        found = self.values(frame)
        values = iter(elements(found) if self.slots.second is None else pairs(found))
        first, second, predicate, decisive = self.slots.first, self.slots.second, self.predicate, self.decisive
        # The condition of the loop reads the accumulator, and negates it for `exists`; the step reads it again.
        condition_cost = 3 if decisive else 2
        failure: CELEvaluationError | None = None
        for value in values:
            if second is None:
                frame[first] = value
            else:
                frame[first], frame[second] = value
            frame[COST] += condition_cost + 1
            try:
                satisfied = predicate(frame)
            except CostLimitExceededError:
                raise
            except CELEvaluationError as error:
                failure = failure or error
                satisfied = not decisive
            if satisfied is decisive:
                frame[COST] += 1 if next(values, MISSING) is MISSING else condition_cost + 1
                return decisive
            if satisfied.__class__ is not bool:
                failure = failure or no_such_overload()
            if frame[COST] > frame[LIMIT] or frame[INTERRUPT] is not None:
                check_limits(frame)
        frame[COST] += 1
        if failure is not None:
            raise failure
        return not decisive


def elements(values: Any) -> Iterable[Any]:
    """Return what a loop with one variable goes through: the elements of a list, the keys of a map."""
    if isinstance(values, list | dict):
        return values
    if isinstance(values, FieldsValue):
        return values.keys()
    raise CELEvaluationError(f"got '{_go_type(values)}', expected iterable type")


def pairs(values: Any) -> Iterator[tuple[Any, Any]]:
    """Return what a loop with two variables goes through: indices and elements of a list, keys and values of a map."""
    if isinstance(values, list):
        return enumerate(values)
    if isinstance(values, dict):
        return iter(values.items())
    if isinstance(values, FieldsValue):
        return ((key, values.find(key)) for key in values.keys())  # noqa: SIM118  # FieldsValue is no mapping to Python
    raise CELEvaluationError(f"unsupported comprehension range type: {_go_type(values)}")


def _go_type(value: Any) -> str:
    if value.__class__ is OptionalValue:
        return "*types.Optional"
    return f"types.{_GO_NAMES.get(value.__class__, type_name(value).rpartition('.')[2].capitalize())}"


def _fresh(initial: Any) -> Any:
    if isinstance(initial, list) and not initial:
        return AccumulatorList()
    return AccumulatorMap() if isinstance(initial, dict) and not initial else initial


def _continues(condition: Step, frame: Frame) -> bool:
    """An error does not end the loop."""
    try:
        return condition(frame) is not False
    except CostLimitExceededError:
        raise
    except CELEvaluationError:
        return True
