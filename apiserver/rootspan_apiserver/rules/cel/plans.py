"""Turn the nodes of a checked expression into steps.

Upstream: github.com/google/cel-go/interpreter/planner.go, decorators.go
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rootspan_apiserver.rules.cel import access, ast, calls, loops
from rootspan_apiserver.rules.cel.actual_cost import LIST_COST, MAP_COST, OBJECT_COST, cost_of_call
from rootspan_apiserver.rules.cel.ast import CheckedExpression, Expression
from rootspan_apiserver.rules.cel.constants import Constants
from rootspan_apiserver.rules.cel.constructions import MakesObjects, new_list, new_map, new_object
from rootspan_apiserver.rules.cel.environment import CELEnvironment
from rootspan_apiserver.rules.cel.frames import FIRST_VARIABLE, Step, constant_step
from rootspan_apiserver.rules.cel.implementations.regular_expressions import check_pattern
from rootspan_apiserver.rules.cel.types import DYN, CELType
from rootspan_apiserver.rules.cel.values import MISSING

_INDEXING = frozenset({"_[_]", "_?._", "_[?_]"})
_MATCHING = frozenset({"matches", "find", "findAll"})
_QUANTIFIERS = (("_&&_", True), ("_||_", False))


class Planner:
    """Plans one expression. `inputs` has the places of the variables that it reads."""

    def __init__(
        self, checked: CheckedExpression, environment: CELEnvironment, objects: MakesObjects | None = None
    ) -> None:
        self.inputs: dict[str, int] = {}
        self._types, self._references = checked.types, checked.references
        self._environment, self._objects = environment, objects
        self._scope: dict[str, tuple[int, Step | None]] = {}
        self._size = FIRST_VARIABLE
        self._constants = Constants(checked, self._implementation)

    @property
    def size(self) -> int:
        """The size of the frame."""
        return self._size

    def plan(self, node: Expression, cost: int = 1) -> Step:
        """Return the step of a node. `cost` is that of a variable or chain itself."""
        value = self._constants.value(node, self._scope)
        if value is not MISSING:
            return constant_step(value)
        match node:
            case ast.Identifier() | ast.Select():
                return self._plan_chain(node, cost)
            case ast.FunctionCall():
                return self._plan_call(node, cost)
            case ast.ListLiteral():
                return new_list([self.plan(each) for each in node.elements], node.optional, LIST_COST)
            case ast.MapLiteral():
                steps = [(self.plan(each.key), self.plan(each.value), each.optional) for each in node.entries]
                return new_map(steps, MAP_COST)
            case ast.ObjectLiteral():
                fields = [(each.field, self.plan(each.value), each.optional) for each in node.fields]
                return new_object(node.type_name, fields, OBJECT_COST, self._objects)
            case ast.Comprehension():
                return self._plan_comprehension(node)
        raise TypeError(f"no expression: {node!r}")

    def _type(self, node: Expression) -> CELType:
        return self._types.get(node.id, DYN)

    def _slot(self) -> int:
        self._size += 1
        return self._size - 1

    def _variable(self, name: str, cost: int) -> tuple[Step, int | None]:
        """Return the step of a variable, and its place if that holds the value itself."""
        if name in self._scope:
            slot, initial = self._scope[name]
            if initial is not None:
                return access.accumulator(slot, cost, initial), None
        else:
            if name not in self.inputs:
                self.inputs[name] = self._slot()
            slot = self.inputs[name]
        return access.variable(slot, cost), slot

    def _variable_name(self, node: Expression) -> str | None:
        """Return the name of the variable that a node is, None if it is none."""
        if isinstance(node, ast.Identifier):
            return node.name if node.name in self._scope else self._reference(node) or node.name
        return self._reference(node) or None if isinstance(node, ast.Select) else None

    def _reference(self, node: Expression) -> str:
        reference = self._references.get(node.id)
        return reference.name if reference is not None else ""

    def _plan_chain(self, node: Expression, cost: int) -> Step:
        if isinstance(node, ast.Select) and node.test_only:
            return access.presence(self._plan_chain(node.operand, 0), node.field)
        root, qualifiers = self._unchained(node)
        name = self._variable_name(root)
        if name is not None:
            step, slot = self._variable(name, 0 if qualifiers else cost)
            return access.chain(step, qualifiers, cost, slot) if qualifiers else step
        if self._is_choice(root) and self._constants.value(root, self._scope) is MISSING:
            return access.chain(self.plan(root), qualifiers, 0, None) if qualifiers else self.plan(root)
        return access.chain(self.plan(root), qualifiers, cost, None)

    def _unchained(self, node: Expression) -> tuple[Expression, list[access.Qualifier]]:
        """Return what a chain begins with, and its fields and elements."""
        qualifiers: list[access.Qualifier] = []
        while self._constants.value(node, self._scope) is MISSING:
            if isinstance(node, ast.Select) and not node.test_only and not self._reference(node):
                qualifiers.append(access.Qualifier(node.field))
                node = node.operand
            elif isinstance(node, ast.FunctionCall) and node.function in _INDEXING:
                qualifiers.append(self._indexed(node.arguments[1], is_optional=node.function != "_[_]"))
                node = node.arguments[0]
            else:
                break
        return node, qualifiers[::-1]

    def _indexed(self, index: Expression, *, is_optional: bool) -> access.Qualifier:
        key = self._constants.value(index, self._scope)
        if key is not MISSING:
            access.check_constant_key(key)
            return access.Qualifier(key, optional=is_optional)
        return access.Qualifier(step=self._plan_branch(index), optional=is_optional)

    def _is_choice(self, node: Expression) -> bool:
        return isinstance(node, ast.FunctionCall) and node.function == "_?_:_"

    def _plan_branch(self, node: Expression) -> Step:
        """Plan a branch of `?:` or an index, where a chain costs nothing itself."""
        return self.plan(node, 0)

    def _plan_call(self, node: ast.FunctionCall, cost: int) -> Step:
        reference = self._references.get(node.id)
        overloads = reference.overloads if reference is not None else ()
        function, nodes = node.function, node.arguments
        if node.target is not None:
            # The target is the receiver, or the namespace of the function.
            function, nodes = (
                (reference.name, nodes)
                if reference is not None and reference.name
                else (function, (node.target, *nodes))
            )
        if function in _INDEXING:
            return self._plan_chain(node, cost)
        if function in self._special:
            return self._special[function](function, nodes)
        if function == "@in" and overloads == ("in_list",):
            values = self._constants.value(nodes[1], self._scope)
            if isinstance(values, list) and all(isinstance(each, bool | int | float | str) for each in values):
                return calls.membership(self.plan(nodes[0]), values)
        if function in _MATCHING and isinstance(nodes[1], ast.Literal) and isinstance(nodes[1].value, str):
            check_pattern(nodes[1].value)
        implementation = self._implementation(function, overloads, nodes)
        counted = cost_of_call(function, overloads[0] if len(overloads) == 1 else "")
        return calls.call(implementation, [self.plan(each) for each in nodes], counted)

    def _implementation(
        self, function: str, overloads: Sequence[str], nodes: Sequence[Expression]
    ) -> calls.Implementation:
        types = [self._type(each) for each in nodes]
        return calls.implementation_of(function, overloads, types, self._environment.functions)

    @property
    def _special(self) -> Mapping[str, Callable[[str, Sequence[Expression]], Step]]:
        return {
            "_&&_": self._plan_logic,
            "_||_": self._plan_logic,
            "_?_:_": self._plan_choice,
            "_==_": self._plan_equality,
            "_!=_": self._plan_equality,
            "@not_strictly_false": lambda function, nodes: calls.not_strictly_false(self.plan(nodes[0])),
            "or": self._plan_or,
            "orValue": self._plan_or,
        }

    def _plan_logic(self, function: str, nodes: Sequence[Expression]) -> Step:
        terms = [self.plan(each) for node in nodes for each in _flattened(node, function)]
        return calls.both(terms, decisive=function == "_||_")

    def _plan_choice(self, function: str, nodes: Sequence[Expression]) -> Step:
        condition, truthy, falsy = nodes
        return calls.choice(self.plan(condition), self._plan_branch(truthy), self._plan_branch(falsy))

    def _plan_equality(self, function: str, nodes: Sequence[Expression]) -> Step:
        left, right = nodes
        types = (self._type(left), self._type(right))
        return calls.equality(self.plan(left), self.plan(right), types, negated=function == "_!=_")

    def _plan_or(self, function: str, nodes: Sequence[Expression]) -> Step:
        return calls.first_optional(self.plan(nodes[0]), self.plan(nodes[1]), unwrapped=function == "orValue")

    def _plan_comprehension(self, node: ast.Comprehension) -> Step:
        values = self.plan(node.range)
        initial = self._constants.value(node.initial, self._scope)
        first_value = constant_step(initial) if initial is not MISSING else self.plan(node.initial)
        accumulator = self._slot()
        before = dict(self._scope)
        if self._constants.value(node.range, self._scope) == []:
            self._scope[node.accumulator] = (accumulator, first_value)
            step = loops.bound(accumulator, self.plan(node.result))
        else:
            slots = loops.LoopSlots(
                first=self._slot(), second=self._slot() if node.variable2 else None, accumulator=accumulator
            )
            self._scope |= {node.accumulator: (accumulator, first_value), node.variable: (slots.first, None)}
            if slots.second is not None:
                self._scope[node.variable2] = (slots.second, None)
            step = self._plan_loop(node, slots, values, initial)
        self._scope = before
        return step

    def _plan_loop(self, node: ast.Comprehension, slots: loops.LoopSlots, values: Step, initial: Any) -> Step:
        for function, start in _QUANTIFIERS:
            tested = _predicate(node, function) if initial is start else None
            if tested is not None:
                predicate = self.plan(tested)
                quantifier = loops.Quantifier(slots=slots, values=values, predicate=predicate, decisive=not start)
                return quantifier.run
        is_endless = isinstance(node.condition, ast.Literal) and node.condition.value is True
        loop = loops.Loop(
            slots=slots,
            values=values,
            initial=initial,
            condition=None if is_endless else self.plan(node.condition),
            step=self.plan(node.step),
            result=self.plan(node.result),
        )
        return loop.run


def _flattened(node: Expression, function: str) -> list[Expression]:
    """Return the terms of `a && b && c`, which is a tree."""
    if isinstance(node, ast.FunctionCall) and node.function == function:
        return [term for each in node.arguments for term in _flattened(each, function)]
    return [node]


def _predicate(node: ast.Comprehension, function: str) -> Expression | None:
    """Return the predicate of a loop that `all` (`_&&_`) or `exists` (`_||_`) expands to, None for other loops."""

    def is_accumulator(each: Expression) -> bool:
        return isinstance(each, ast.Identifier) and each.name == node.accumulator

    condition, step = node.condition, node.step
    if not isinstance(condition, ast.FunctionCall) or condition.function != "@not_strictly_false":
        return None
    tested = condition.arguments[0]
    if function == "_||_":
        if not isinstance(tested, ast.FunctionCall) or tested.function != "!_":
            return None
        tested = tested.arguments[0]
    if not isinstance(step, ast.FunctionCall) or step.function != function or len(step.arguments) != 2:
        return None
    is_loop = is_accumulator(tested) and is_accumulator(step.arguments[0]) and is_accumulator(node.result)
    return step.arguments[1] if is_loop else None
