"""The estimate of what an expression costs at most, before it is evaluated.

Upstream: github.com/google/cel-go/checker/cost.go
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rootspan_apiserver.rules.cel.ast import (
    CheckedExpression,
    Comprehension,
    Expression,
    FunctionCall,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    ObjectLiteral,
    Select,
    UInt,
)
from rootspan_apiserver.rules.cel.costs import GREATEST, CostRange, exactly
from rootspan_apiserver.rules.cel.environment import CELEnvironment
from rootspan_apiserver.rules.cel.functions import CallEstimate, EstimatedOperand, Overload
from rootspan_apiserver.rules.cel.size_knowledge import EntrySizes, LocalVariable, SizeKnowledge, SizeOfPath
from rootspan_apiserver.rules.cel.types import Kind

_NONE, _ONE = exactly(0), exactly(1)
_LIST, _MAP, _OBJECT = exactly(10), exactly(30), exactly(40)
"""The costs of making one."""
_NO_RANGE = CostRange(GREATEST, 0)
"""The range of nothing, to which others are joined."""
_WITH_FIELDS = (Kind.MAP, Kind.OBJECT, Kind.TYPE_PARAMETER)
_ACCUMULATORS = ("@result", "__result__")
_CONCATENATIONS = ("add_string", "add_bytes", "add_list")
_INDICES = {"index_list": "@items", "index_map": "@values"}


def estimated_cost(
    checked: CheckedExpression, environment: CELEnvironment, sizes: SizeOfPath = lambda path: None
) -> CostRange:
    """Return the least and the greatest cost of an evaluation, in units of cost.

    Args:
        checked: The expression.
        environment: The environment in which it was checked.
        sizes: Knows how long the strings, lists and maps of the variables are at most; by default they have no bound.
    """
    return _Estimator(checked, environment, sizes).cost(checked.parsed.root)


class _Estimator:
    """Estimates the costs of the nodes of one expression."""

    def __init__(self, checked: CheckedExpression, environment: CELEnvironment, sizes: SizeOfPath) -> None:
        self._references = checked.references
        self._functions = environment.functions
        self._known = SizeKnowledge(checked, sizes)

    def cost(self, node: Expression) -> CostRange:
        """Return the cost of a node and all below it."""
        return _COSTS[type(node)](self, node)

    def _literal(self, node: Literal) -> CostRange:
        return _NONE

    def _identifier(self, node: Identifier | Select) -> CostRange:
        local = self._known.local(node)
        self._known.keep_path(node, local.path if local is not None else (self._known.variable(node) or "",))
        return _ONE

    def _select(self, node: Select) -> CostRange:
        if self._known.variable(node) is not None:
            return self._identifier(node)
        cost = self.cost(node.operand)
        if node.test_only:
            return cost
        self._known.keep_path(node, (*self._known.path(node.operand), node.field))
        return cost + _ONE if self._known.type(node.operand).kind in _WITH_FIELDS else cost

    def _call(self, node: FunctionCall) -> CostRange:
        if node.function.removeprefix(".") == "dyn" and node.target is None:
            cost = self.cost(node.arguments[0]) + _ONE
            self._keep_all(node, node.arguments[0])
            return cost
        costs = [self.cost(argument) for argument in node.arguments]
        operands = [self._operand(argument) for argument in node.arguments]
        reference = self._references.get(node.id)
        if reference is None or not reference.overloads:
            return _NONE
        total = _NONE
        name = reference.name or node.function.removeprefix(".")
        if node.target is not None and not reference.name:
            total = self.cost(node.target)
            operands.insert(0, self._operand(node.target))
        estimates = [
            self._overload(node, overload, operands, costs)
            for overload in self._functions[name].overloads
            if overload.id in reference.overloads
        ]
        called, size = _NO_RANGE, None
        for identifier, estimate in estimates:
            called |= estimate.cost
            if estimate.result_size is not None:
                size = estimate.result_size if size is None else size | estimate.result_size
            if identifier in _INDICES:
                entries = self._known.entries(node.arguments[0])
                size = entries.value if entries is not None else None
                self._known.keep_path(node, (*self._known.path(node.arguments[0]), _INDICES[identifier]))
            if size is None:
                size = self._known.size(node)
        self._known.keep_size(node, size)
        return total + called

    def _overload(
        self, node: FunctionCall, overload: Overload, operands: Sequence[EstimatedOperand], costs: Sequence[CostRange]
    ) -> tuple[str, CallEstimate]:
        """Return the id of an overload and the estimate of a call of it, with the costs of its arguments."""
        if overload.id in ("logical_or", "logical_and"):
            # The left side may decide alone.
            return overload.id, CallEstimate(CostRange(costs[0].least, (costs[0] + costs[1]).greatest))
        estimate = overload.estimate(operands) if overload.estimate is not None else CallEstimate(_ONE)
        if overload.id == "conditional":
            self._join_entries(node, node.arguments[1:])
            return overload.id, CallEstimate(costs[0] + (costs[1] | costs[2]), estimate.result_size)
        if overload.id in _CONCATENATIONS:
            self._join_entries(node, node.arguments)
        return overload.id, CallEstimate(sum(costs, estimate.cost), estimate.result_size)

    def _join_entries(self, node: Expression, parts: Sequence[Expression]) -> None:
        first, second = (self._known.entries(part) for part in parts)
        if first is not None and second is not None:
            self._known.keep_entries(node, first | second)

    def _operand(self, node: Expression) -> EstimatedOperand:
        path = self._known.path(node)
        if path and path[0] in _ACCUMULATORS:
            path = ()
        is_number = (
            isinstance(node, Literal) and isinstance(node.value, int) and not isinstance(node.value, bool | UInt)
        )
        return EstimatedOperand(
            type=self._known.type(node),
            size=self._known.size_or_unbounded(node),
            element_size=self._known.element_size(path),
            number=node.value if isinstance(node, Literal) and isinstance(node.value, int) and is_number else None,
        )

    def _keep_all(self, node: Expression, source: Expression) -> None:
        self._known.keep_size(node, self._known.size(source))
        self._known.keep_entries(node, self._known.entries(source))

    def _list(self, node: ListLiteral) -> CostRange:
        total, size = _LIST, _NO_RANGE if node.elements else _NONE
        for element in node.elements:
            total += self.cost(element)
            size |= self._known.size_or_unbounded(element)
        self._known.keep_entries(node, EntrySizes(True, _ONE, size))
        return total

    def _map(self, node: MapLiteral) -> CostRange:
        total = _MAP
        keys = values = _NO_RANGE if node.entries else _NONE
        for entry in node.entries:
            total += self.cost(entry.key) + self.cost(entry.value)
            keys |= self._known.size_or_unbounded(entry.key)
            values |= self._known.size_or_unbounded(entry.value)
        self._known.keep_entries(node, EntrySizes(False, keys, values))
        return total

    def _object(self, node: ObjectLiteral) -> CostRange:
        return sum((self.cost(entry.value) for entry in node.fields), _OBJECT)

    def _comprehension(self, node: Comprehension) -> CostRange:
        total = self.cost(node.range) + self.cost(node.initial)
        known = self._known
        accumulator = LocalVariable(known.path(node.initial), known.size(node.initial), known.entries(node.initial))
        if _is_binding(node):
            total += self._with({node.accumulator: accumulator}, node.result)[0]
            self._keep_all(node, node.result)
            return total
        with_loop = {node.accumulator: accumulator, **self._loop_variables(node)}
        loop = sum(self._with(with_loop, node.condition, node.step), _NONE)
        total += self._with({node.accumulator: accumulator}, node.result)[0]
        count = known.size_or_unbounded(node.range)
        if isinstance(node.initial, Literal):
            known.keep_size(node, known.size(node.initial))
        elif isinstance(node.initial, ListLiteral | MapLiteral):
            known.keep_size(node, count)
            known.keep_entries(node, known.entries(node.step))
        return total + count * loop

    def _with(self, variables: Mapping[str, LocalVariable], *nodes: Expression) -> list[CostRange]:
        """Return the costs of nodes in which variables are known."""
        for name, variable in variables.items():
            self._known.locals.setdefault(name, []).append(variable)
        costs = [self.cost(node) for node in nodes]
        for name in variables:
            self._known.locals[name].pop()
        return costs

    def _loop_variables(self, node: Comprehension) -> dict[str, LocalVariable]:
        entries = self._known.entries(node.range)
        path = self._known.path(node.range)
        is_list = entries.is_list if entries is not None else self._known.type(node.range).kind is Kind.LIST
        keys = LocalVariable(
            (*path, "@indices" if is_list and node.variable2 else "@keys"), entries.key if entries else None
        )
        values = LocalVariable((*path, "@items" if is_list else "@values"), entries.value if entries else None)
        if node.variable2:
            return {node.variable: keys, node.variable2: values}
        return {node.variable: values if is_list else keys}


def _is_binding(node: Comprehension) -> bool:
    """Return whether a comprehension only names a value, and loops over nothing."""
    is_empty = isinstance(node.range, ListLiteral) and not node.range.elements
    return (
        is_empty
        and isinstance(node.condition, Literal)
        and node.condition.value is False
        and node.accumulator != "__result__"
    )


_COSTS: Mapping[type[Expression], Callable[[_Estimator, Any], CostRange]] = {
    Literal: _Estimator._literal,
    Identifier: _Estimator._identifier,
    Select: _Estimator._select,
    FunctionCall: _Estimator._call,
    ListLiteral: _Estimator._list,
    MapLiteral: _Estimator._map,
    ObjectLiteral: _Estimator._object,
    Comprehension: _Estimator._comprehension,
}
