"""`[a, ?b]`, `{k: v}` and `Type{field: value}`.

Upstream: github.com/google/cel-go/interpreter/interpretable.go (evalList, evalMap, evalObj)
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.frames import COST, Frame, Step
from rootspan_apiserver.rules.cel.values import OptionalValue, shown


class MakesObjects(Protocol):
    """Makes the objects that expressions construct."""

    def __call__(self, type_name: str, fields: Mapping[str, Any], /) -> Any:
        """Return an object of a type. Raises CELEvaluationError if a value does not fit."""
        ...


def new_list(elements: Sequence[Step], optional: frozenset[int], cost: int) -> Step:
    """Return the step of a list literal."""
    if not optional and len(elements) == 1:
        (element,) = elements

        def one(frame: Frame) -> list[Any]:
            frame[COST] += cost
            return [element(frame)]

        return one

    def run(frame: Frame) -> list[Any]:
        frame[COST] += cost
        found = []
        for index, element in enumerate(elements):
            value = element(frame)
            if index in optional:
                if value.__class__ is not OptionalValue:
                    raise CELEvaluationError(
                        f"cannot initialize optional list element from non-optional value {shown(value)}"
                    )
                if not value.has_value:
                    continue
                value = value.value
            found.append(value)
        return found

    return run


def new_map(entries: Sequence[tuple[Step, Step, bool]], cost: int) -> Step:
    """Return the step of a map literal. An entry is the steps of its key and value, and whether it is optional."""

    def run(frame: Frame) -> dict[Any, Any]:
        frame[COST] += cost
        found: dict[Any, Any] = {}
        for key_step, value_step, is_optional in entries:
            key, value = key_step(frame), value_step(frame)
            if is_optional:
                if not _has_value(key, value):
                    found.pop(key, None)
                    continue
                value = value.value
            found[key] = value
        return found

    return run


def new_object(type_name: str, fields: Sequence[tuple[str, Step, bool]], cost: int, make: MakesObjects | None) -> Step:
    """Return the step of an object literal. Raises CELEvaluationError if objects are not made here."""
    if make is None:
        raise CELEvaluationError(f"unknown type: {type_name}")

    def run(frame: Frame) -> Any:
        frame[COST] += cost
        found: dict[str, Any] = {}
        for name, step, is_optional in fields:
            value = step(frame)
            if is_optional:
                if not _has_value(name, value):
                    continue
                value = value.value
            found[name] = value
        return make(type_name, found)

    return run


def _has_value(key: Any, value: Any) -> bool:
    if value.__class__ is not OptionalValue:
        raise CELEvaluationError(
            f"cannot initialize optional entry '{shown(key)}' from non-optional value {shown(value)}"
        )
    return bool(value.has_value)
