"""How long validating a custom resource may take: in proportion to the object, to the patterns of its schema, and to its rules in CEL."""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.resources.custom.expression_nodes import RuleNode
from rootspan_apiserver.types.schema import JUNCTORS, Schema

_STEPS_OF_A_VALUE = 100
_FEW_VALUES = 200
"""Rules in CEL may have loops inside each other over so many values, and take some 10 ms."""
_FEW_STEPS = 5_000_000
"""They take about 50 ms."""


class Effort:
    """The steps that validating against a schema takes at most, known once its patterns and rules have been compiled."""

    def __init__(self, schema: Schema, nodes: RuleNode | None = None) -> None:
        self._nodes = () if nodes is None else tuple(nodes.walk())
        self._patterns = tuple(_patterns(schema))
        self._steps_of_a_byte = 0 if self._patterns else 1

    def measure(self) -> None:
        """Compile the patterns, which takes up to a tenth of a second for each."""
        if not self._steps_of_a_byte:
            self._steps_of_a_byte = max(map(_steps, self._patterns))

    def is_large(self, obj: Any) -> bool:
        """Return whether validating `obj` may take longer than an event loop can wait."""
        if not self._steps_of_a_byte or not all(node.is_compiled for node in self._nodes):
            return True
        values, characters = _size(obj)
        if self._nodes and values > _FEW_VALUES:
            return True
        return values * _STEPS_OF_A_VALUE + characters * self._steps_of_a_byte > _FEW_STEPS


def _steps(pattern: Pattern) -> int:
    try:
        return pattern.steps()
    except ValueError:
        return 1


def _patterns(schema: Schema) -> Iterator[Pattern]:
    limits = schema.constraints
    if "pattern" in limits:
        yield limits["pattern"]
    nested = [each for key in JUNCTORS for each in limits.get(key, ())]
    for child in (*schema.properties.values(), schema.items, schema.additional, limits.get("not"), *nested):
        if child is not None:
            yield from _patterns(child)


def _size(value: Any) -> tuple[int, int]:
    """Return the number of values in `value`, itself included, and that of the characters of their texts."""
    values = characters = 0
    rest = [value]
    while rest:
        value = rest.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return values, characters
