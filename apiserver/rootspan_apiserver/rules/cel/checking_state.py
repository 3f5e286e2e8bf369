"""What a check knows so far: types, bindings of type parameters, variables of loops, and faults.

Upstream: github.com/google/cel-go/checker/checker.go, env.go, errors.go, scopes.go
"""

from collections.abc import Mapping, Sequence

from rootspan_apiserver.rules.cel.ast import Expression, Identifier, ParsedExpression, Reference, Select
from rootspan_apiserver.rules.cel.environment import CELEnvironment
from rootspan_apiserver.rules.cel.errors import CELIssue, IssuePlaces
from rootspan_apiserver.rules.cel.escaping import KEYWORDS
from rootspan_apiserver.rules.cel.functions import Overload
from rootspan_apiserver.rules.cel.types import ERROR, CELType, parameter, shown, type_of
from rootspan_apiserver.rules.cel.unification import Bindings, assignable, substitute


class CheckingState:
    """The knowledge of one check. Faults are kept in `issues`, and the meanings of names and calls in `references`."""

    def __init__(self, parsed: ParsedExpression, environment: CELEnvironment) -> None:
        self.issues: list[CELIssue] = []
        self.references: dict[int, Reference] = {}
        self._offsets = parsed.offsets
        self._places = IssuePlaces(parsed.text)
        self._environment = environment
        self._types: dict[int, CELType] = {}
        self._bindings: Bindings = {}
        self._fresh = 0
        self._scopes: list[dict[str, CELType]] = []

    def final_types(self) -> Mapping[int, CELType]:
        """Return the types of all nodes, without type parameters."""
        return {node: substitute(self._bindings, each, free_to_dyn=True) for node, each in self._types.items()}

    def _report(self, identifier: int, message: str) -> None:
        self.issues.append(self._places.issue(self._offsets[identifier], message))

    def _undeclared(self, node: Expression, name: str) -> CELType:
        self._report(node.id, f"undeclared reference to '{name}' (in container '')")
        return ERROR

    def _mismatch(self, node: Expression, expected: CELType, actual: CELType) -> None:
        self._report(node.id, f"expected type '{shown(expected)}' but found '{shown(actual)}'")

    def _assignable(self, given: CELType, wanted: CELType) -> bool:
        bindings = assignable(self._bindings, given, wanted)
        if bindings is not None:
            self._bindings = bindings
        return bindings is not None

    def _variable(self) -> CELType:
        self._fresh += 1
        return parameter(f"_var{self._fresh - 1}")

    def _lookup(self, name: str) -> CELType | None:
        name = name.removeprefix(".")
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        environment = self._environment
        if name in environment.variables:
            return environment.variables[name]
        named = self._type_of_name(name)
        return type_of(named) if named is not None else None

    def _type_of_name(self, name: str) -> CELType | None:
        if name in self._environment.types:
            return self._environment.types[name]
        declared = self._environment.objects.find(name)
        return declared.type if declared is not None else None

    def _declared_field(self, identifier: int, name: str, field: str) -> CELType | None:
        declared = self._environment.objects.find(name)
        if declared is None:
            self._report(identifier, f"unexpected failed resolution of '{name}'")
            return None
        found = declared.fields.get(field)
        if found is None and field in KEYWORDS:
            # Such fields are declared with an escape, but may be written as they are.
            found = declared.fields.get(f"__{field}__")
        if found is None:
            self._report(identifier, f"undefined field '{field}'")
            return None
        return found.type.type

    def _instantiated(self, overload: Overload) -> tuple[Sequence[CELType], CELType]:
        """Return the types of an overload with new type parameters."""
        if not overload.type_parameters:
            return overload.parameters, overload.result
        fresh = {name: self._variable() for name in overload.type_parameters}
        return [substitute(fresh, each) for each in overload.parameters], substitute(fresh, overload.result)

    def _no_overload(self, node: Expression, name: str, arguments: Sequence[CELType], is_member: bool) -> None:
        types = [shown(substitute(self._bindings, each, free_to_dyn=True)) for each in arguments]
        applied = f"{types[0]}.({', '.join(types[1:])})" if is_member else f"({', '.join(types)})"
        self._report(node.id, f"found no matching overload for '{name}' applied to '{applied}'")


def qualified_name(node: Expression) -> str | None:
    """Return the dotted name that a chain of selections spells, None if it is none."""
    match node:
        case Identifier():
            return node.name
        case Select(test_only=False):
            prefix = qualified_name(node.operand)
            return f"{prefix}.{node.field}" if prefix is not None else None
    return None
