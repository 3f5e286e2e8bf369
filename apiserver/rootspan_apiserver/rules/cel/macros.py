"""The macros of Kubernetes' expressions: calls that are rewritten while they are parsed.

Upstream: github.com/google/cel-go/parser/macro.go, cel/library.go, ext/comprehensions.go, ext/lists.go
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rootspan_apiserver.rules.cel.ast import (
    Comprehension,
    Expression,
    FieldEntry,
    FunctionCall,
    Identifier,
    ListLiteral,
    Literal,
    MapEntry,
    MapLiteral,
    ObjectLiteral,
    Select,
)

_ACCUMULATOR = "@result"
_ACCUMULATORS = (_ACCUMULATOR, "__result__")
_UNUSED = "#unused"
_SORTED = "@__sortBy_input__"


class MacroError(ValueError):
    """The arguments of a macro do not fit; `offset` is the place of the fault."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class NodeIds:
    """Gives an id to each node of an expression, and keeps the offset of the node in the text."""

    offsets: dict[int, int] = field(default_factory=dict)

    def next(self, offset: int) -> int:
        """Return the id of a new node."""
        number = len(self.offsets) + 1
        self.offsets[number] = offset
        return number


@dataclass(frozen=True, slots=True)
class MacroCall:
    """A call that may be a macro's, and makes the nodes that replace it; they all stand at the offset of the call."""

    ids: NodeIds
    offset: int
    target: Expression | None
    arguments: Sequence[Expression]

    def literal(self, value: bool | int) -> Literal:
        """Return a constant."""
        return Literal(self.ids.next(self.offset), value)

    def name(self, name: str = _ACCUMULATOR) -> Identifier:
        """Return a variable, by default the accumulator."""
        return Identifier(self.ids.next(self.offset), name)

    def call(self, function: str, *arguments: Expression, target: Expression | None = None) -> FunctionCall:
        """Return a call."""
        return FunctionCall(self.ids.next(self.offset), target, function, arguments)

    def list(self, *elements: Expression) -> ListLiteral:
        """Return a list."""
        return ListLiteral(self.ids.next(self.offset), elements)

    def loop(self, variables: tuple[str, str], initial: Expression, step: Expression) -> Comprehension:
        """Return a loop over the whole target, which yields the accumulator."""
        return Comprehension(
            id=self.ids.next(self.offset),
            variable=variables[0],
            variable2=variables[1],
            range=self.receiver,
            accumulator=_ACCUMULATOR,
            initial=initial,
            condition=self.literal(True),
            step=step,
            result=self.name(),
        )

    def binding(self, variable: str, value: Expression, result: Expression) -> Comprehension:
        """Return an expression in which a variable has a value: a loop over nothing, whose accumulator is the variable."""
        return Comprehension(
            id=self.ids.next(self.offset),
            variable=_UNUSED,
            variable2="",
            range=self.list(),
            accumulator=variable,
            initial=value,
            condition=self.literal(False),
            step=self.name(variable),
            result=result,
        )

    @property
    def receiver(self) -> Expression:
        """The target of the call, which a macro of a member always has."""
        assert self.target is not None
        return self.target

    def fault(self, node: Expression, message: str) -> MacroError:
        """Return the error that a node does not fit."""
        return MacroError(self.ids.offsets[node.id], message)

    def copy(self, node: Expression) -> Expression:
        """Return a copy of a node with ids of its own, at the same offsets."""
        return _copy(self.ids, node)


Macro = Callable[[MacroCall], Expression | None]
Macros = Mapping[tuple[str, int, bool], Macro]
"""By name, number of arguments, and whether the macro is called on a target."""


def _copy(ids: NodeIds, node: Expression) -> Expression:
    def entry_id(identifier: int) -> int:
        return ids.next(ids.offsets[identifier])

    def copies(nodes: Sequence[Expression]) -> tuple[Expression, ...]:
        return tuple(_copy(ids, each) for each in nodes)

    own = entry_id(node.id)
    match node:
        case Literal() | Identifier():
            return replace(node, id=own)
        case Select():
            return replace(node, id=own, operand=_copy(ids, node.operand))
        case FunctionCall():
            target = _copy(ids, node.target) if node.target is not None else None
            return replace(node, id=own, target=target, arguments=copies(node.arguments))
        case ListLiteral():
            return replace(node, id=own, elements=copies(node.elements))
        case MapLiteral():
            pairs = (
                MapEntry(entry_id(entry.id), _copy(ids, entry.key), _copy(ids, entry.value), entry.optional)
                for entry in node.entries
            )
            return MapLiteral(own, tuple(pairs))
        case ObjectLiteral():
            fields = (
                FieldEntry(entry_id(each.id), each.field, _copy(ids, each.value), each.optional) for each in node.fields
            )
            return ObjectLiteral(own, node.type_name, tuple(fields))
        case Comprehension():
            parts = (node.range, node.initial, node.condition, node.step, node.result)
            loop, initial, condition, step, result = copies(parts)
            return replace(node, id=own, range=loop, initial=initial, condition=condition, step=step, result=result)


def _variable(call: MacroCall, node: Expression, message: str) -> str:
    if not isinstance(node, Identifier):
        raise call.fault(node, message)
    return node.name


def _has(call: MacroCall) -> Expression:
    operand = call.arguments[0]
    if not isinstance(operand, Select):
        raise call.fault(operand, "invalid argument to has() macro")
    return Select(call.ids.next(call.offset), operand.operand, operand.field, test_only=True)


def _loop_variables(call: MacroCall, count: int, message: str = "argument must be a simple name") -> tuple[str, str]:
    nodes = call.arguments[:count]
    names = [_variable(call, node, message) for node in nodes]
    if len(set(names)) < count:
        raise call.fault(nodes[1], f"duplicate variable name: {names[0]}")
    for node, name in zip(nodes, names, strict=True):
        if name in _ACCUMULATORS:
            raise call.fault(node, "iteration variable overwrites accumulator variable")
    return names[0], names[1] if count == 2 else ""


def _all(call: MacroCall, count: int = 1) -> Expression:
    variables = _loop_variables(call, count)
    loop = call.loop(variables, call.literal(True), call.call("_&&_", call.name(), call.arguments[count]))
    return replace(loop, condition=call.call("@not_strictly_false", call.name()))


def _exists(call: MacroCall, count: int = 1) -> Expression:
    variables = _loop_variables(call, count)
    loop = call.loop(variables, call.literal(False), call.call("_||_", call.name(), call.arguments[count]))
    return replace(loop, condition=call.call("@not_strictly_false", call.call("!_", call.name())))


def _exists_one(call: MacroCall, count: int = 1) -> Expression:
    variables = _loop_variables(call, count)
    more = call.call("_+_", call.name(), call.literal(1))
    loop = call.loop(variables, call.literal(0), call.call("_?_:_", call.arguments[count], more, call.name()))
    return replace(loop, result=call.call("_==_", call.name(), call.literal(1)))


def _where(call: MacroCall, condition: Sequence[Expression], step: Expression) -> Expression:
    return call.call("_?_:_", condition[0], step, call.name()) if condition else step


def _map(call: MacroCall) -> Expression:
    variables = _loop_variables(call, 1, "argument is not an identifier")
    *condition, value = call.arguments[1:]
    step = call.call("_+_", call.name(), call.list(value))
    return call.loop(variables, call.list(), _where(call, condition, step))


def _filter(call: MacroCall) -> Expression:
    variables = _loop_variables(call, 1, "argument is not an identifier")
    step = call.call("_+_", call.name(), call.list(call.arguments[0]))
    return call.loop(variables, call.list(), _where(call, call.arguments[1:], step))


def _transform_list(call: MacroCall) -> Expression:
    variables = _loop_variables(call, 2)
    *condition, value = call.arguments[2:]
    step = call.call("_+_", call.name(), call.list(value))
    return call.loop(variables, call.list(), _where(call, condition, step))


def _transform_map(call: MacroCall) -> Expression:
    variables = _loop_variables(call, 2)
    *condition, value = call.arguments[2:]
    step = call.call("cel.@mapInsert", call.name(), call.name(variables[0]), value)
    return call.loop(variables, MapLiteral(call.ids.next(call.offset), ()), _where(call, condition, step))


def _transform_map_entry(call: MacroCall) -> Expression:
    variables = _loop_variables(call, 2)
    *condition, value = call.arguments[2:]
    step = call.call("cel.@mapInsert", call.name(), value)
    return call.loop(variables, MapLiteral(call.ids.next(call.offset), ()), _where(call, condition, step))


def _optional_value(call: MacroCall, function: str) -> Expression:
    variable = _variable(call, call.arguments[0], f"{function}() variable name must be a simple identifier")
    value = call.call("value", target=call.copy(call.receiver))
    return call.binding(variable, value, call.arguments[1])


def _if_present(call: MacroCall, result: Expression) -> Expression:
    return call.call("_?_:_", call.call("hasValue", target=call.receiver), result, call.call("optional.none"))


def _opt_map(call: MacroCall) -> Expression:
    return _if_present(call, call.call("optional.of", _optional_value(call, "optMap")))


def _opt_flat_map(call: MacroCall) -> Expression:
    return _if_present(call, _optional_value(call, "optFlatMap"))


def bind(call: MacroCall) -> Expression | None:
    """Expand `cel.bind(variable, value, result)`. Return None for the method `bind` of anything else."""
    if not isinstance(call.target, Identifier) or call.target.name != "cel":
        return None
    variable = _variable(call, call.arguments[0], "cel.bind() variable names must be simple identifiers")
    return call.binding(variable, call.arguments[1], call.arguments[2])


def _sort_by(call: MacroCall) -> Expression:
    if isinstance(call.receiver, Literal | MapLiteral | ObjectLiteral):
        allowed = "a list, identifier, comprehension, call or select expression"
        raise call.fault(call.receiver, f"sortBy can only be applied to {allowed}")
    keys = _map(replace(call, target=call.name(_SORTED)))
    return call.binding(_SORTED, call.receiver, call.call("@sortByAssociatedKeys", keys, target=call.name(_SORTED)))


KUBERNETES_MACROS: Macros = {
    ("has", 1, False): _has,
    ("all", 2, True): _all,
    ("exists", 2, True): _exists,
    ("exists_one", 2, True): _exists_one,
    ("map", 2, True): _map,
    ("map", 3, True): _map,
    ("filter", 2, True): _filter,
    ("all", 3, True): lambda call: _all(call, 2),
    ("exists", 3, True): lambda call: _exists(call, 2),
    ("exists_one", 3, True): lambda call: _exists_one(call, 2),
    ("existsOne", 3, True): lambda call: _exists_one(call, 2),
    ("transformList", 3, True): _transform_list,
    ("transformList", 4, True): _transform_list,
    ("transformMap", 3, True): _transform_map,
    ("transformMap", 4, True): _transform_map,
    ("transformMapEntry", 3, True): _transform_map_entry,
    ("transformMapEntry", 4, True): _transform_map_entry,
    ("optMap", 2, True): _opt_map,
    ("optFlatMap", 2, True): _opt_flat_map,
    ("sortBy", 2, True): _sort_by,
}
"""`bind` is not among them: kube-apiserver offers it in selectors of devices alone."""
