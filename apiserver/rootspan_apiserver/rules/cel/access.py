"""Variables, fields and elements: `self.a.b[0].?c`, and `has(self.a)`.

A chain of fields and elements is one step. Each costs 1, and so does the chain itself, unless it is a branch of `?:` or an index.

Upstream: github.com/google/cel-go/interpreter/attributes.go
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.go_values import go_type
from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.equality import find
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.frames import COST, FailedValue, Frame, Step
from rootspan_apiserver.rules.cel.values import (
    MISSING,
    NONE,
    Duration,
    FieldsValue,
    OptionalValue,
    Timestamp,
    no_such_key,
    shown,
    type_name,
)

_KEYS = frozenset({str, int, UInt, bool, float})
_CONSTANT_TYPES = {
    bytes: "types.Bytes",
    Timestamp: "types.Timestamp",
    Duration: "types.Duration",
    list: "*types.baseList",
    dict: "*types.baseMap",
    type(None): "types.Null",
}
_GO_TYPES = {bytes: "types.Bytes", Timestamp: "types.Timestamp", Duration: "types.Duration"}


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A field or element of a chain: its key, or the step whose value is the key."""

    key: Any = None
    step: Step | None = None
    optional: bool = False


def variable(slot: int, cost: int) -> Step:
    """Return the step of a variable."""
    if not cost:
        return lambda frame: frame[slot]

    def read(frame: Frame) -> Any:
        frame[COST] += 1
        return frame[slot]

    return read


def accumulator(slot: int, cost: int, initial: Step) -> Step:
    """Return the step of the accumulator of a loop, whose first value is made when it is first read."""

    def read(frame: Frame) -> Any:
        frame[COST] += cost
        value = frame[slot]
        if value is MISSING:
            try:
                value = initial(frame)
            except CELEvaluationError as error:
                value = FailedValue(error)
            frame[slot] = value
        if value.__class__ is FailedValue:
            raise value.error
        return value

    return read


def chain(root: Step, qualifiers: Sequence[Qualifier], cost: int, slot: int | None) -> Step:
    """Return the step of a chain.

    Args:
        cost: the cost of the chain itself.
        slot: the place of the variable that the chain begins with, None if it begins with something else.
    """
    if slot is not None and all(isinstance(each.key, str) and not each.optional for each in qualifiers):
        return _fields(slot, tuple(each.key for each in qualifiers), cost)

    def run(frame: Frame) -> Any:
        value = root(frame)
        frame[COST] += cost
        is_optional = value.__class__ is OptionalValue
        if is_optional:
            if not value.has_value:
                return value
            value = value.value
        for each in qualifiers:
            is_optional = is_optional or each.optional
            # An element that is absent costs nothing, but an error does.
            frame[COST] += not is_optional
            key = each.key if each.step is None else _checked_key(each.step(frame))
            if is_optional:
                value = find_in(value, key)
                if value is MISSING:
                    return NONE
                frame[COST] += 1
            else:
                value = get(value, key)
        return OptionalValue(value) if is_optional else value

    return run


def check_constant_key(key: Any) -> None:
    """Raise CELEvaluationError if a constant is no key."""
    if key.__class__ not in _KEYS:
        raise CELEvaluationError(f"invalid qualifier type: {_CONSTANT_TYPES.get(key.__class__) or go_type(key)}")


def _checked_key(key: Any) -> Any:
    if key.__class__ not in _KEYS:
        raise CELEvaluationError(f"invalid qualifier type: {_GO_TYPES.get(key.__class__) or go_type(key)}")
    return key


def _fields(slot: int, names: tuple[str, ...], cost: int) -> Step:
    cost += 1
    if len(names) == 1:
        (name,) = names

        def one(frame: Frame) -> Any:
            frame[COST] += cost
            return select(frame[slot], name)

        return one
    if len(names) == 2:
        first, second = names

        def two(frame: Frame) -> Any:
            frame[COST] += cost
            value = select(frame[slot], first)
            frame[COST] += 1
            return select(value, second)

        return two

    def more(frame: Frame) -> Any:
        frame[COST] += cost - 1
        value = frame[slot]
        for name in names:
            frame[COST] += 1
            value = select(value, name)
        return value

    return more


def presence(operand: Step, key: str) -> Step:
    """Return the step of `has(operand.key)`. The operand is a chain that costs nothing itself."""

    def test(frame: Frame) -> bool:
        value = operand(frame)
        if value.__class__ is OptionalValue:
            if not value.has_value:
                return False
            value = value.value
        frame[COST] += 1
        if value.__class__ is dict:
            return key in value
        if isinstance(value, FieldsValue):
            return value.has(key)
        return find_in(value, key) is not MISSING

    return test


def select(value: Any, name: str) -> Any:
    """Return the field `name` of a value. Raises CELEvaluationError if it has none."""
    if value.__class__ is dict:
        try:
            return value[name]
        except KeyError:
            raise no_such_key(name) from None
    if isinstance(value, FieldsValue):
        found = value.find(name)
        if found is MISSING:
            raise no_such_key(name)
        return found
    if value.__class__ is OptionalValue:
        found = find_in(value.value, name) if value.has_value else MISSING
        return NONE if found is MISSING else OptionalValue(found)
    return get(value, name)


def get(value: Any, key: Any) -> Any:
    """Return the element or field `key` of a value. Raises CELEvaluationError if it has none."""
    found = find_in(value, key)
    if found is not MISSING:
        return found
    if isinstance(value, list):
        raise CELEvaluationError(f"index out of bounds: {shown(key)}")
    raise no_such_key(key)


def find_in(value: Any, key: Any) -> Any:
    """Return the element or field `key` of a value, MISSING if it has none."""
    if isinstance(value, dict | FieldsValue):
        return find(value, key)
    if isinstance(value, list):
        index = key if key.__class__ is int else _index(key)
        return value[index] if 0 <= index < len(value) else MISSING
    return MISSING


def _index(key: Any) -> int:
    if key.__class__ is UInt:
        return int(key)
    if key.__class__ is float:
        if key == key and abs(key) < 2**63 and key == int(key):
            return int(key)
        raise CELEvaluationError(f"unsupported index value {shown(key)} in list")
    raise CELEvaluationError(f"unsupported index type '{type_name(key)}' in list")
