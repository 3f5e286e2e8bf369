"""Calls of functions, operators among them: which implementation is called, and what it costs.

An overload that the checker chose is called without a look at its arguments, if their types are known. For values of unknown type
(`dyn`) the overload is chosen by the types that the arguments have.

Upstream: github.com/google/cel-go/interpreter/interpretable.go, common/decls/decls.go
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

from rootspan_apiserver.rules.cel.actual_cost import TRAVERSAL, Cost, equality_cost, inequality_cost
from rootspan_apiserver.rules.cel.declared_times import refusing_texts
from rootspan_apiserver.rules.cel.equality import equal, is_map
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.frames import COST, Frame, Step
from rootspan_apiserver.rules.cel.functions import FunctionDeclaration
from rootspan_apiserver.rules.cel.implementations import DYNAMIC, IMPLEMENTATIONS
from rootspan_apiserver.rules.cel.types import CELType, Kind
from rootspan_apiserver.rules.cel.values import OptionalValue, no_such_overload, type_name

Implementation = Callable[..., Any]

_PLAIN = frozenset({Kind.BOOL, Kind.INT, Kind.UINT, Kind.NULL, Kind.DURATION, Kind.TIMESTAMP})
"""Types whose values Python compares as CEL does, and whose comparison costs 1."""


def call(implementation: Implementation, arguments: Sequence[Step], cost: Cost | None) -> Step:
    """Return the step of a call. A call of which an argument is an error costs too, if all its arguments were evaluated."""
    counted = cost or _one
    if len(arguments) == 2:
        return _binary(implementation, arguments[0], arguments[1], counted)
    if len(arguments) == 1 and cost is None:
        (argument,) = arguments

        def unary(frame: Frame) -> Any:
            try:
                value = argument(frame)
            finally:
                frame[COST] += 1
            return implementation(value)

        return unary
    *first, last = arguments or (None,)

    def many(frame: Frame) -> Any:
        values = [argument(frame) for argument in first]
        try:
            if last is not None:
                values.append(last(frame))
        except CELEvaluationError:
            frame[COST] += _cost_of_error(counted, *values, None)
            raise
        result = None
        try:
            result = implementation(*values)
        finally:
            frame[COST] += counted(values, result)
        return result

    return many


def _one(arguments: Sequence[Any], result: Any) -> int:
    return 1


def _binary(implementation: Implementation, first: Step, second: Step, cost: Cost) -> Step:
    if cost is _one:

        def simple(frame: Frame) -> Any:
            try:
                left = first(frame)
            except CELEvaluationError:
                _spend(second, frame)
                frame[COST] += 1
                raise
            try:
                right = second(frame)
            finally:
                frame[COST] += 1
            return implementation(left, right)

        return simple

    def measured(frame: Frame) -> Any:
        left, right = _operands(first, second, frame, cost)
        result = None
        try:
            result = implementation(left, right)
        finally:
            frame[COST] += cost((left, right), result)
        return result

    return measured


def _operands(first: Step, second: Step, frame: Frame, cost: Cost) -> tuple[Any, Any]:
    """Return the values of two operands; if one has none, count what the call costs with an error in its place."""
    try:
        left = first(frame)
    except CELEvaluationError:
        frame[COST] += _cost_of_error(cost, None, _spend(second, frame))
        raise
    try:
        return left, second(frame)
    except CELEvaluationError:
        frame[COST] += _cost_of_error(cost, left, None)
        raise


def _spend(step: Step, frame: Frame) -> Any:
    """Evaluate an operand after the error of the other one, which is what the call results in. Return its value."""
    try:
        return step(frame)
    except CostLimitExceededError:
        raise
    except CELEvaluationError:
        return None


def _cost_of_error(cost: Cost, *operands: Any) -> int:
    try:
        return cost(operands, None)
    except (AttributeError, LookupError, TypeError):
        return 1


def equality(left: Step, right: Step, types: tuple[CELType, CELType], *, negated: bool) -> Step:
    """Return the step of `==`, or of `!=` if it is negated."""
    kinds = {type_.kind for type_ in types}
    if len(kinds) == 1 and kinds <= _PLAIN:
        return _binary(operator.ne if negated else operator.eq, left, right, _one)
    if kinds == {Kind.STRING}:
        cost, same = _text_cost, operator.ne if negated else operator.eq
    else:
        cost, same = inequality_cost if negated else equality_cost, different if negated else equal
    return _binary(same, left, right, cost)


def _text_cost(arguments: Sequence[Any], result: Any) -> int:
    left, right = arguments
    if left is None or right is None:
        return equality_cost(arguments, result)
    return ceil(min(len(left), len(right)) * TRAVERSAL)


def different(left: Any, right: Any) -> bool:
    """Return whether two values are not equal; those that cannot be compared are not."""
    try:
        return not equal(left, right)
    except CostLimitExceededError:
        raise
    except CELEvaluationError:
        return True


def both(terms: Sequence[Step], *, decisive: bool) -> Step:
    """Return the step of `&&` (`decisive` is False) or `||` (True): an error counts only if no term decides."""

    def run(frame: Frame) -> Any:
        failure: CELEvaluationError | None = None
        for term in terms:
            try:
                value = term(frame)
            except CostLimitExceededError:
                raise
            except CELEvaluationError as error:
                failure = failure or error
                continue
            if value is decisive:
                return decisive
            if value.__class__ is not bool:
                failure = failure or no_such_overload()
        if failure is not None:
            raise failure
        return not decisive

    return run


def choice(condition: Step, truthy: Step, falsy: Step) -> Step:
    """Return the step of `condition ? truthy : falsy`."""

    def run(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return truthy(frame)
        if value is False:
            return falsy(frame)
        raise no_such_overload()

    return run


def not_strictly_false(argument: Step) -> Step:
    """Return the step of what the condition of a loop is made of: only False is false, errors are true."""

    def run(frame: Frame) -> bool:
        try:
            value = argument(frame)
        except CostLimitExceededError:
            raise
        except CELEvaluationError:
            value = True
        frame[COST] += 1
        return value is not False

    return run


def first_optional(argument: Step, alternative: Step, *, unwrapped: bool) -> Step:
    """Return the step of `or`, or of `orValue` if it is unwrapped."""

    def run(frame: Frame) -> Any:
        value = argument(frame)
        if value.__class__ is not OptionalValue:
            return value
        if not value.has_value:
            return alternative(frame)
        return value.value if unwrapped else value

    return run


def membership(argument: Step, values: Sequence[Any]) -> Step:
    """Return the step of `argument in [constants]`, which costs nothing itself."""
    if all(value.__class__ is str for value in values):
        known = frozenset(values)

        def among_texts(frame: Frame) -> bool:
            value = argument(frame)
            return value.__class__ is str and value in known

        return among_texts

    def among(frame: Frame) -> bool:
        wanted = argument(frame)
        return any(equal(wanted, value) for value in values)

    return among


def implementation_of(
    function: str,
    overloads: Sequence[str],
    types: Sequence[CELType],
    declarations: Mapping[str, FunctionDeclaration],
) -> Implementation:
    """Return what a call with arguments of these types calls."""
    declaration = declarations.get(function)
    parameters = {each.id: each.parameters for each in declaration.overloads} if declaration else {}
    if len(overloads) == 1 and overloads[0] in IMPLEMENTATIONS:
        (chosen,) = overloads
        if chosen not in parameters or all(map(_fits, parameters[chosen], types)):
            return refusing_texts(function, IMPLEMENTATIONS[chosen], parameters.get(chosen, ()))
    if function in DYNAMIC:
        return DYNAMIC[function]
    candidates = [name for name in parameters if name in IMPLEMENTATIONS and (not overloads or name in overloads)]
    return _dispatched(function, [(parameters[name], IMPLEMENTATIONS[name]) for name in candidates])


def _fits(parameter: CELType, type_: CELType) -> bool:
    """Return whether each value of a type fits a parameter."""
    if parameter.kind in (Kind.DYN, Kind.TYPE_PARAMETER):
        return True
    same = parameter.kind is type_.kind and len(parameter.parameters) == len(type_.parameters)
    return same and all(map(_fits, parameter.parameters, type_.parameters))


def _dispatched(function: str, candidates: Sequence[tuple[tuple[CELType, ...], Implementation]]) -> Implementation:
    def run(*values: Any) -> Any:
        for parameters, implementation in candidates:
            if len(parameters) == len(values) and all(map(_accepts, parameters, values)):
                return implementation(*values)
        raise no_such_overload(function, *values)

    return run


def _accepts(parameter: CELType, value: Any) -> bool:
    """Return whether a value fits a parameter. Of a list or map the first element is looked at."""
    if parameter.kind in (Kind.DYN, Kind.TYPE_PARAMETER):
        return True
    if parameter.kind is Kind.LIST:
        return isinstance(value, list) and (not value or _accepts(parameter.parameters[0], value[0]))
    if parameter.kind is Kind.MAP:
        return is_map(value)
    return type_name(value) == parameter.name
