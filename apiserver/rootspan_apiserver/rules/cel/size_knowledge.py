"""What is known of the sizes of values in an expression, by the place in the schema that they come from.

Upstream: github.com/google/cel-go/checker/cost.go (coster),
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go (sizeEstimator)
"""

from collections.abc import Callable
from dataclasses import dataclass

from rootspan_apiserver.rules.cel.ast import (
    CheckedExpression,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Select,
)
from rootspan_apiserver.rules.cel.costs import UNBOUNDED, CostRange, exactly
from rootspan_apiserver.rules.cel.types import CELType, Kind, SchemaType
from rootspan_apiserver.rules.cel.unification import is_optional

SizePath = tuple[str, ...]
"""A variable, then names of fields, `@items`, `@keys`, `@values` and `@indices`."""
SizeOfPath = Callable[[SizePath], CostRange | None]
_ONE = exactly(1)
_SCALARS = frozenset((Kind.BOOL, Kind.DOUBLE, Kind.DURATION, Kind.INT, Kind.TIMESTAMP, Kind.UINT))


@dataclass(frozen=True, slots=True)
class SchemaSizes:
    """The sizes that a schema allows. All variables are taken for its root, as upstream takes them."""

    root: SchemaType

    def __call__(self, path: SizePath) -> CostRange | None:
        """Return the size of the values at a path, None if it leads out of the schema."""
        declared: SchemaType | None = self.root
        for name in path[1:]:
            if declared is None:
                return None
            if name in ("@items", "@values"):
                declared = declared.element
            elif name == "@keys":
                declared = declared.key
            else:
                found = declared.fields.get(name)
                declared = found.type if found is not None else None
        return CostRange(0, declared.max_elements) if path and declared is not None else None


@dataclass(frozen=True, slots=True)
class EntrySizes:
    """The sizes of the keys and values of a list or map that an expression makes."""

    is_list: bool
    key: CostRange
    value: CostRange

    def __or__(self, other: "EntrySizes") -> "EntrySizes":
        return EntrySizes(self.is_list, self.key | other.key, self.value | other.value)


@dataclass(frozen=True, slots=True)
class LocalVariable:
    """What is known of the variable of a loop, or of its accumulator."""

    path: SizePath
    size: CostRange | None
    entries: EntrySizes | None = None


class SizeKnowledge:
    """Collects what is known of the nodes of one expression while their costs are estimated."""

    def __init__(self, checked: CheckedExpression, sizes: SizeOfPath) -> None:
        self.locals: dict[str, list[LocalVariable]] = {}
        self._checked = checked
        self._sizes = sizes
        self._paths: dict[int, SizePath] = {}
        self._known: dict[int, CostRange] = {}
        self._entries: dict[int, EntrySizes] = {}

    def type(self, node: Expression) -> CELType:
        """Return the type of a node."""
        return self._checked.types[node.id]

    def variable(self, node: Expression) -> str | None:
        """Return the name of the variable that a node is, None if it is none."""
        if isinstance(node, Identifier):
            return node.name.removeprefix(".")
        reference = self._checked.references.get(node.id) if isinstance(node, Select) else None
        return reference.name if reference is not None else None

    def local(self, node: Expression) -> LocalVariable | None:
        """Return what is known of the variable that a node is, None if it is none of a loop."""
        known = self.locals.get(self.variable(node) or "")
        return known[-1] if known else None

    def path(self, node: Expression) -> SizePath:
        """Return where the values of a node come from; empty if they are made by the expression."""
        local = self.local(node)
        return local.path if local is not None else self._paths.get(node.id, ())

    def keep_path(self, node: Expression, path: SizePath) -> None:
        """Remember where the values of a node come from."""
        self._paths[node.id] = path

    def size(self, node: Expression) -> CostRange | None:
        """Return the size of the values of a node, None if nothing is known."""
        if node.id in self._known:
            return self._known[node.id]
        if (size := _written_size(node)) is not None:
            return size
        if (size := self._sizes(self.path(node))) is not None:
            self._known[node.id] = size
            return size
        if _is_scalar(self.type(node)):
            return _ONE
        local = self.local(node)
        return local.size if local is not None else None

    def size_or_unbounded(self, node: Expression) -> CostRange:
        """Return the size of the values of a node."""
        size = self.size(node)
        return UNBOUNDED if size is None else size

    def keep_size(self, node: Expression, size: CostRange | None) -> None:
        """Remember the size of the values of a node."""
        if size is not None:
            self._known[node.id] = size

    def element_size(self, path: SizePath) -> CostRange:
        """Return the size of the elements of the lists at a path."""
        size = self._sizes((*path, "@items")) if path else None
        return UNBOUNDED if size is None else size

    def entries(self, node: Expression) -> EntrySizes | None:
        """Return the sizes of the entries of a node, None if nothing is known."""
        if node.id in self._entries:
            return self._entries[node.id]
        local = self.local(node)
        return local.entries if local is not None else None

    def keep_entries(self, node: Expression, entries: EntrySizes | None) -> None:
        """Remember the sizes of the entries of a node."""
        if entries is not None:
            self._entries[node.id] = entries


def _written_size(node: Expression) -> CostRange | None:
    """Return the size of a node that the text itself says."""
    match node:
        case Literal():
            return exactly(len(node.value)) if isinstance(node.value, str | bytes) else _ONE
        case ListLiteral():
            return exactly(len(node.elements))
        case MapLiteral():
            return exactly(len(node.entries))
    return None


def _is_scalar(cel_type: CELType) -> bool:
    return cel_type.kind in _SCALARS or (is_optional(cel_type) and _is_scalar(cel_type.parameters[0]))
