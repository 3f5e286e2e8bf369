"""The type checker.

Upstream: github.com/google/cel-go/checker/checker.go, env.go, errors.go, format.go
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
    ParsedExpression,
    Reference,
    Select,
    UInt,
)
from rootspan_apiserver.rules.cel.checking_state import CheckingState, qualified_name
from rootspan_apiserver.rules.cel.environment import CELEnvironment
from rootspan_apiserver.rules.cel.errors import CELSyntaxError
from rootspan_apiserver.rules.cel.functions import FunctionDeclaration
from rootspan_apiserver.rules.cel.literal_checks import literal_issues
from rootspan_apiserver.rules.cel.parsing import parse
from rootspan_apiserver.rules.cel.types import (
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    CELType,
    Kind,
    list_of,
    map_of,
    optional,
    shown,
)
from rootspan_apiserver.rules.cel.unification import (
    all_assignable,
    is_optional,
    most_general,
    substitute,
)

_LITERALS = {type(None): NULL, bool: BOOL, int: INT, UInt: UINT, float: DOUBLE, str: STRING, bytes: BYTES}


def compiled(text: str, environment: CELEnvironment) -> CheckedExpression:
    """Return an expression with the types of an environment.

    Raises:
        CELSyntaxError: The text does not parse, or the types do not fit.
    """
    return check(parse(text), environment)


def check(parsed: ParsedExpression, environment: CELEnvironment) -> CheckedExpression:
    """Return a parsed expression with its types.

    Raises:
        CELSyntaxError: The types do not fit.
    """
    checker = _Checker(parsed, environment)
    checker.check(parsed.root)
    checked = CheckedExpression(parsed=parsed, types=checker.final_types(), references=checker.references)
    issues = checker.issues or literal_issues(checked)
    if issues:
        raise CELSyntaxError(parsed.text, issues)
    return checked


class _Checker(CheckingState):
    """Finds the types of the nodes of one expression. Where one does not fit, its type is an error, and the check goes on."""

    def check(self, node: Expression) -> CELType:
        """Find the types of a node and all below it."""
        found = _CHECKS[type(node)](self, node)
        self._types[node.id] = found
        return found

    def _literal(self, node: Literal) -> CELType:
        return _LITERALS[type(node.value)]

    def _identifier(self, node: Identifier) -> CELType:
        found = self._lookup(node.name)
        if found is None:
            return self._undeclared(node, node.name)
        self.references[node.id] = Reference(name=node.name.removeprefix("."))
        return found

    def _select(self, node: Select) -> CELType:
        name = qualified_name(node)
        if name is not None and (found := self._lookup(name)) is not None:
            self.references[node.id] = Reference(name=name.removeprefix("."))
            return found
        result = self._field(node, node.operand, node.field, is_optional_field=False)
        return BOOL if node.test_only else substitute(self._bindings, result)

    def _field(self, node: Expression, operand: Expression, field: str, is_optional_field: bool) -> CELType:
        """Return the type of `operand.field`."""
        target = substitute(self._bindings, self.check(operand))
        is_optional_operand = is_optional(target)
        if is_optional_operand:
            target = target.parameters[0]
        match target.kind:
            case Kind.MAP:
                result = target.parameters[1]
            case Kind.OBJECT:
                result = self._declared_field(node.id, target.name, field) or ERROR
            case Kind.TYPE_PARAMETER:
                self._assignable(DYN, target)
                result = DYN
            case Kind.DYN | Kind.ERROR:
                result = DYN
            case _:
                self._report(node.id, f"type '{shown(target)}' does not support field selection")
                result = DYN
        return optional(result) if is_optional_operand or is_optional_field else result

    def _call(self, node: FunctionCall) -> CELType:
        if node.function == "_?._":
            return self._optional_field(node)
        arguments = [self.check(argument) for argument in node.arguments]
        functions = self._environment.functions
        name = node.function.removeprefix(".")
        if node.target is None:
            if (declared := functions.get(name)) is None:
                return self._undeclared(node, node.function)
            return self._resolve(node, declared, arguments, Reference())
        prefix = qualified_name(node.target)
        if prefix is not None and (declared := functions.get(f"{prefix.removeprefix('.')}.{name}")) is not None:
            return self._resolve(node, declared, arguments, Reference(name=declared.name))
        target = self.check(node.target)
        if (declared := functions.get(name)) is None:
            return self._undeclared(node, node.function)
        return self._resolve(node, declared, [target, *arguments], None)

    def _optional_field(self, node: FunctionCall) -> CELType:
        operand, field = node.arguments
        assert isinstance(field, Literal)
        assert isinstance(field.value, str)
        result = self._field(node, operand, field.value, is_optional_field=True)
        self.references[node.id] = Reference(overloads=("select_optional_field",))
        self._types[field.id] = STRING
        return substitute(self._bindings, result)

    def _resolve(
        self, node: FunctionCall, declared: FunctionDeclaration, arguments: list[CELType], reference: Reference | None
    ) -> CELType:
        """Return the type of a call. Without a reference it is one of a member, whose receiver is the first argument."""
        if declared.name in ("_&&_", "_||_"):
            return self._logical(node, declared, arguments)
        found: list[str] = []
        result: CELType | None = None
        for overload in declared.overloads:
            if overload.member != (reference is None):
                continue
            parameters, own_result = self._instantiated(overload)
            bindings = all_assignable(self._bindings, arguments, parameters)
            if bindings is None:
                continue
            self._bindings = bindings
            found.append(overload.id)
            own_result = substitute(bindings, own_result)
            if result is None:
                result = own_result
            elif result != DYN and own_result != result:
                result = DYN
        if result is None:
            self._no_overload(node, declared.name, arguments, is_member=reference is None)
            return ERROR
        self.references[node.id] = Reference(name=reference.name if reference else "", overloads=tuple(found))
        return result

    def _logical(self, node: FunctionCall, declared: FunctionDeclaration, arguments: Sequence[CELType]) -> CELType:
        result = BOOL
        for operand, given in zip(node.arguments, arguments, strict=True):
            if not self._assignable(given, BOOL):
                self._mismatch(operand, BOOL, given)
                result = ERROR
        if result is BOOL:
            self.references[node.id] = Reference(overloads=(declared.overloads[0].id,))
        return result

    def _unwrapped(self, node: Expression, found: CELType, is_optional_entry: bool) -> CELType:
        """Return the type of an entry, of an optional one that of the value in it."""
        if not is_optional_entry:
            return found
        if is_optional(found):
            return found.parameters[0]
        if found.kind is not Kind.DYN:
            self._mismatch(node, optional(found), found)
        return found

    def _join(self, before: CELType | None, found: CELType) -> CELType:
        if before is None:
            return found
        # What does not fit is refused by `literal_checks.py`, but for the arguments of a format.
        return most_general(before, found) if self._assignable(before, found) else DYN

    def _list(self, node: ListLiteral) -> CELType:
        joined: CELType | None = None
        for index, element in enumerate(node.elements):
            found = self._unwrapped(element, self.check(element), index in node.optional)
            joined = self._join(joined, found)
        return list_of(joined or self._variable())

    def _map(self, node: MapLiteral) -> CELType:
        keys: CELType | None = None
        values: CELType | None = None
        for entry in node.entries:
            keys = self._join(keys, self.check(entry.key))
            found = self._unwrapped(entry.value, self.check(entry.value), entry.optional)
            values = self._join(values, found)
        if keys is None or values is None:
            keys, values = self._variable(), self._variable()
        return map_of(keys, values)

    def _object(self, node: ObjectLiteral) -> CELType:
        name = node.type_name.removeprefix(".")
        found = self._type_of_name(name)
        if found is None:
            return self._undeclared(node, node.type_name)
        self.references[node.id] = Reference(name=name)
        if found.kind is not Kind.OBJECT:
            self._report(node.id, f"'{found.name}' is not a message type")
        for entry in node.fields:
            value = self._unwrapped(entry.value, self.check(entry.value), entry.optional)
            declared = self._declared_field(entry.id, found.name, entry.field) or ERROR
            if not self._assignable(declared, value):
                message = f"expected type of field '{entry.field}' is '{shown(declared)}' but provided type is '{shown(value)}'"
                self._report(entry.id, message)
        return found if found.kind is Kind.OBJECT else ERROR

    def _comprehension(self, node: Comprehension) -> CELType:
        looped = self.check(node.range)
        accumulator = self.check(node.initial)
        looped = substitute(self._bindings, looped)
        self._scopes.append({node.accumulator: accumulator})
        first, second = self._loop_types(node, looped)
        self._scopes.append({node.variable: first, **({node.variable2: second} if node.variable2 else {})})
        self._expect(node.condition, BOOL)
        self._expect(node.step, accumulator)
        self._scopes.pop()
        result = self.check(node.result)
        self._scopes.pop()
        return substitute(self._bindings, result)

    def _loop_types(self, node: Comprehension, looped: CELType) -> tuple[CELType, CELType]:
        match looped.kind:
            case Kind.LIST:
                element = looped.parameters[0]
                return (INT, element) if node.variable2 else (element, ERROR)
            case Kind.MAP:
                return looped.parameters[0], looped.parameters[1]
            case Kind.DYN | Kind.ERROR | Kind.TYPE_PARAMETER if looped != ANY:
                self._assignable(DYN, looped)
                return DYN, DYN
        allowed = "(must be list, map, or dynamic)"
        self._report(
            node.range.id, f"expression of type '{shown(looped)}' cannot be range of a comprehension {allowed}"
        )
        return ERROR, ERROR

    def _expect(self, node: Expression, wanted: CELType) -> None:
        found = self.check(node)
        if not self._assignable(wanted, found):
            self._mismatch(node, wanted, found)


_CHECKS: Mapping[type[Expression], Callable[[_Checker, Any], CELType]] = {
    Literal: _Checker._literal,
    Identifier: _Checker._identifier,
    Select: _Checker._select,
    FunctionCall: _Checker._call,
    ListLiteral: _Checker._list,
    MapLiteral: _Checker._map,
    ObjectLiteral: _Checker._object,
    Comprehension: _Checker._comprehension,
}
