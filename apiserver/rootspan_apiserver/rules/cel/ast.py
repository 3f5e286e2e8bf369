"""The syntax tree of a CEL expression: frozen nodes, each with an id by which its position, type and overloads are found.

A field that may be absent is None. `UInt` keeps unsigned numbers apart from signed ones.

Upstream: github.com/google/cel-go/common/ast/ast.go, expr.go
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rootspan_apiserver.rules.cel.types import CELType


class UInt(int):
    """An unsigned 64-bit number, such as `1u`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: None, bool, int, `UInt`, float, str or bytes."""

    id: int
    value: bool | int | UInt | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a variable or type."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; with `test_only` it is `has(operand.field)`."""

    id: int
    operand: "Expression"
    field: str
    test_only: bool = False


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """`function(arguments)`, or `target.function(arguments)`. Operators have cel-go's names, such as `_+_`, `_?_:_`, `_[?_]`."""

    id: int
    target: "Expression | None"
    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, ?b]`; `optional` has the indices of the elements that are optional."""

    id: int
    elements: "tuple[Expression, ...]"
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class MapEntry:
    """`key: value` of a map, or `?key: value`."""

    id: int
    key: "Expression"
    value: "Expression"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{key: value}`."""

    id: int
    entries: tuple[MapEntry, ...]


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """`field: value` of an object, or `?field: value`."""

    id: int
    field: str
    value: "Expression"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ObjectLiteral:
    """`Type{field: value}`."""

    id: int
    type_name: str
    fields: tuple[FieldEntry, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """What `all`, `exists`, `map` and the like expand to: a loop over `range` with an accumulator.

    `variable2` is empty but for loops over keys and values.
    """

    id: int
    variable: str
    variable2: str
    range: "Expression"
    accumulator: str
    initial: "Expression"
    condition: "Expression"
    step: "Expression"
    result: "Expression"


Expression = Literal | Identifier | Select | FunctionCall | ListLiteral | MapLiteral | ObjectLiteral | Comprehension


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedExpression:
    """An expression with its text; `offsets` has the position of each id, in code points."""

    text: str
    root: Expression
    offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name or call means.

    Attributes:
        name: The qualified name of a variable or type, also where the text selects fields of a namespace, such as
            `google.protobuf.Timestamp`. Of a call with a target it is the qualified name of the function if the target is
            its namespace, such as `optional.of`, and empty if the target is the receiver.
        overloads: The ids of the overloads of a call that may apply.
    """

    name: str = ""
    overloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedExpression:
    """A parsed expression that fits an environment, with the type and meaning of each node by its id."""

    parsed: ParsedExpression
    types: Mapping[int, CELType]
    references: Mapping[int, Reference]

    @property
    def output_type(self) -> CELType:
        """The type of the result."""
        return self.types[self.parsed.root.id]


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the nodes right below a node, in the order of the text."""
    match node:
        case Select():
            return (node.operand,)
        case FunctionCall():
            return node.arguments if node.target is None else (node.target, *node.arguments)
        case ListLiteral():
            return node.elements
        case MapLiteral():
            return tuple(part for entry in node.entries for part in (entry.key, entry.value))
        case ObjectLiteral():
            return tuple(entry.value for entry in node.fields)
        case Comprehension():
            return node.range, node.initial, node.condition, node.step, node.result
    return ()
