"""The constant parts of an expression, which are evaluated when it is planned, and cost nothing.

Upstream: github.com/google/cel-go/interpreter/decorators.go (decOptimize)
"""

from collections.abc import Callable, Container, Sequence
from typing import Any

from rootspan_apiserver.rules.cel import ast
from rootspan_apiserver.rules.cel.ast import CheckedExpression, Expression
from rootspan_apiserver.rules.cel.equality import find
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.types import Kind
from rootspan_apiserver.rules.cel.values import MISSING, TypeValue

_CONVERSIONS = frozenset(["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"])


class Constants:
    """Finds the values of constant nodes."""

    def __init__(
        self,
        checked: CheckedExpression,
        implementation: Callable[[str, Sequence[str], Sequence[Expression]], Callable[..., Any]],
    ) -> None:
        self._types, self._references, self._implementation = checked.types, checked.references, implementation
        self._found: dict[int, Any] = {}

    def value(self, node: Expression, variables: Container[str]) -> Any:
        """Return the value of a constant node, MISSING if it is not constant.

        Raises:
            CELEvaluationError: the constant has no value, as `int('a')`.
        """
        if isinstance(node, ast.Literal):
            return node.value
        if node.id not in self._found:
            self._found[node.id] = self._value(node, variables)
        return self._found[node.id]

    def _value(self, node: Expression, variables: Container[str]) -> Any:
        match node:
            case ast.Identifier() | ast.Select():
                return self._named(node, variables)
            case ast.ListLiteral(elements=elements, optional=optional) if not optional:
                values = [self.value(each, variables) for each in elements]
                return MISSING if MISSING in values else values
            case ast.MapLiteral():
                return self._map(node, variables)
            case ast.FunctionCall(target=None, function="@in", arguments=(_, right)):
                # cel-go does not even evaluate the left side.
                overloads = self._overloads(node)
                return False if overloads == ("in_list",) and self.value(right, variables) == [] else MISSING
            case ast.FunctionCall(target=None, function=function, arguments=(argument,)) if function in _CONVERSIONS:
                value = self.value(argument, variables)
                if value is MISSING:
                    return MISSING
                return self._implementation(function, self._overloads(node), [argument])(value)
        return MISSING

    def _overloads(self, node: Expression) -> tuple[str, ...]:
        reference = self._references.get(node.id)
        return reference.overloads if reference is not None else ()

    def _named(self, node: ast.Identifier | ast.Select, variables: Container[str]) -> Any:
        reference = self._references.get(node.id)
        if reference is None or (isinstance(node, ast.Identifier) and node.name in variables):
            return MISSING
        type_ = self._types.get(node.id)
        if type_ is None or type_.kind is not Kind.TYPE:
            return MISSING
        if type_.parameters and type_.parameters[0].name != reference.name:
            # `timestamp` and `duration` name types to the checker alone.
            raise CELEvaluationError(f"reference to undefined type: {reference.name}")
        return TypeValue(reference.name)

    def _map(self, node: ast.MapLiteral, variables: Container[str]) -> Any:
        found: dict[Any, Any] = {}
        for entry in node.entries:
            key, value = self.value(entry.key, variables), self.value(entry.value, variables)
            if entry.optional or key is MISSING or value is MISSING or find(found, key) is not MISSING:
                return MISSING
            found[key] = value
        return found
