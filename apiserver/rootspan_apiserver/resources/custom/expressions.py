"""Evaluate the rules in CEL of a custom resource.

Each evaluation may cost so much, and those of one object together. In an update, what a rule without `oldSelf` finds in a part that did
not change is a warning (ratcheting).

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.correlation import Correlated, keys_of
from rootspan_apiserver.resources.custom.expression_nodes import CompiledRule, RuleNode
from rootspan_apiserver.resources.custom.result import NO_FIELD
from rootspan_apiserver.rules import ROOT, Path
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.frames import FailedValue
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.values import NONE, OptionalValue

COST_LIMIT, COST_BUDGET = 1_000_000, 10_000_000
"""The greatest cost of one evaluation, and of all for one object."""
_LONGEST_MESSAGE = 5 * 1024
_OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"
_MESSAGE_OUT_OF_BUDGET = (
    "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
)


class _BudgetExceededError(Exception):
    """No further rules are evaluated."""


@dataclass(frozen=True, slots=True)
class _Ratchet:
    """The old value that corresponds to a part of an object, and that to the closest part above it that has one."""

    current: Correlated | None = None
    above: Correlated | None = None

    def key(self, name: str) -> "_Ratchet":
        if self.current is None:
            return self
        if self.above is None and name in ("apiVersion", "kind"):
            return _Ratchet()
        return _Ratchet(self.current.key(name), self.current)

    def index(self, index: int) -> "_Ratchet":
        return self if self.current is None else _Ratchet(self.current.index(index), self.current)

    def is_unchanged(self) -> bool:
        known = self.current or self.above
        return known is not None and known.is_unchanged()


@dataclass(slots=True)
class ExpressionEvaluation:
    """The evaluation of the rules for one object. Its budget is negative once it has been exceeded."""

    warn: Callable[[str], None]
    errors: list[FieldError] = field(default_factory=list)
    budget: int = COST_BUDGET

    def run(
        self, node: RuleNode, obj: Any, old: Any, correlated: Correlated | None = None, path: Path = ROOT
    ) -> list[FieldError]:
        """Return what the rules find in an object at `path`. `old` is None on create."""
        try:
            self._check(node, obj, old, path, _Ratchet(correlated))
        except _BudgetExceededError:
            self.budget = -1
        return self.errors

    def _check(self, node: RuleNode, value: Any, old: Any, path: Path, ratchet: _Ratchet) -> None:
        if value is None:
            return
        self._evaluate(node, value, old, path, ratchet)
        for each in node.all_of:
            self._check(each, value, old, path, _Ratchet(None, ratchet.above))
        if isinstance(value, list) and node.items is not None:
            before = _keyed(old, node)
            for index, element in enumerate(value):
                keys = keys_of(element, node.schema.list_map_keys) if before else None
                there = before.get(keys) if keys is not None else None
                self._check(node.items, element, there, path / index, ratchet.index(index))
        elif isinstance(value, dict):
            before = old if isinstance(old, dict) else {}
            if node.additional is not None:
                for name in sorted(value):
                    self._check(node.additional, value[name], before.get(name), path.key(name), ratchet.key(name))
            for name in sorted(node.properties.keys() & value.keys()):
                self._check(node.properties[name], value[name], before.get(name), path / name, ratchet.key(name))

    def _evaluate(self, node: RuleNode, value: Any, old: Any, path: Path, ratchet: _Ratchet) -> None:
        if not node.rules:
            return
        if self.budget <= 0:
            self._stop(path, node, _OUT_OF_BUDGET)
        plain, with_optional = _variables(node, value, old)
        for rule in node.compiled:
            if rule.error:
                self._invalid(path, node.schema.type, f"rule compile error: {rule.error}")
            elif rule.program is not None and (not rule.uses_old or old is not None or rule.is_old_optional):
                variables = with_optional if rule.is_old_optional else plain
                if not self._holds(rule, rule.program, variables, (path, node)):
                    self._report(rule, plain, path, (node, value, ratchet))

    def _holds(
        self, rule: CompiledRule, program: CELProgram, variables: Mapping[str, Any], place: tuple[Path, RuleNode]
    ) -> bool:
        """Return whether a rule holds, True where it has no value, which is an error of its own."""
        path, node = place
        failure: CELEvaluationError | None = None
        value: Any = None
        try:
            result = program.evaluate(variables, COST_LIMIT)
            cost, value = result.cost, result.value
        except CELEvaluationError as error:
            failure, cost = error, error.cost
        if cost > self.budget:
            self._stop(path, node, _OUT_OF_BUDGET)
        self.budget -= cost
        if failure is None:
            return value is True
        text = str(failure)
        if isinstance(failure, CostLimitExceededError):
            why = "no further validation rules will be run due to call cost exceeds limit for rule"
            self._stop(path, node, f"'{text}': {why}: {rule.shown}")
        if text.startswith("no such overload"):
            why = "call arguments did not match a supported operator, function or macro signature for rule"
            self._invalid(path, node.schema.type, f"'{text}': {why}: {rule.shown}")
        else:
            self._invalid(path, node.schema.type, f"{text} evaluating rule: {rule.shown}")
        return True

    def _report(
        self, rule: CompiledRule, variables: Mapping[str, Any], path: Path, found: tuple[RuleNode, Any, _Ratchet]
    ) -> None:
        """Add the error of a rule that does not hold, or warn of it where nothing changed."""
        node, value, ratchet = found
        place = path / rule.field_path if rule.field_path else path
        stops = False
        try:
            detail = self._message(rule, variables)
            error = _error(place, node, value, rule, detail)
        except _BudgetExceededError as stop:
            error, stops = _invalid(place, node.schema.type, str(stop)), True
        if not rule.uses_old and ratchet.is_unchanged():
            self.warn(str(error))
        else:
            self.errors.append(error)
        if stops:
            raise _BudgetExceededError

    def _message(self, rule: CompiledRule, variables: Mapping[str, Any]) -> str:
        """Return the message of a rule. Raises _BudgetExceededError if finding it costs too much."""
        source = rule.rule.get("messageExpression") or ""
        if rule.message is not None:
            value: Any = None
            try:
                result = rule.message.evaluate(variables, COST_LIMIT)
                value, cost = result.value, result.cost
            except CELEvaluationError as error:
                cost = error.cost
                if isinstance(error, CostLimitExceededError) and cost <= self.budget:
                    why = "no further validation rules will be run due to call cost exceeds limit for messageExpression"
                    raise _BudgetExceededError(f"{why}: {quote(source)}") from None
            if cost > self.budget:
                raise _BudgetExceededError(_MESSAGE_OUT_OF_BUDGET)
            self.budget -= cost
            text = value.strip() if isinstance(value, str) else ""
            if text and len(text.encode()) <= _LONGEST_MESSAGE and "\n" not in text:
                return text
        message = rule.rule.get("message") or ""
        return message.strip() if message else f"failed rule: {rule.shown}"

    def _stop(self, path: Path, node: RuleNode, detail: str) -> None:
        self._invalid(path, node.schema.type, detail)
        raise _BudgetExceededError

    def _invalid(self, path: Path, kind: str, detail: str) -> None:
        self.errors.append(_invalid(path, kind, detail))


def _variables(node: RuleNode, value: Any, old: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the variables of the rules: those of most, and those of rules whose `oldSelf` is optional."""
    converted = _converted(node, value)
    if old is None:
        return {"self": converted}, {"self": converted, "oldSelf": NONE}
    before = _converted(node, old) if any(rule.uses_old for rule in node.compiled) else None
    return {"self": converted, "oldSelf": before}, {"self": converted, "oldSelf": OptionalValue(before)}


def _converted(node: RuleNode, value: Any) -> Any:
    try:
        return node.convert(value)
    except CELEvaluationError as error:
        return FailedValue(error)


def _keyed(old: Any, node: RuleNode) -> dict[Any, Any]:
    """Return the elements of an old list by their keys, none if the list is no map."""
    names = node.schema.list_map_keys
    if not isinstance(old, list) or node.schema.list_type != "map" or not names:
        return {}
    found: dict[Any, Any] = {}
    for element in old:
        if (keys := keys_of(element, names)) is not None:
            found.setdefault(keys, element)
    return found


def _invalid(path: Path, kind: str, detail: str) -> FieldError:
    return FieldError.invalid(str(path) or NO_FIELD, kind, detail)


def _error(path: Path, node: RuleNode, value: Any, rule: CompiledRule, detail: str) -> FieldError:
    """Return the error of a rule. Objects and lists are not shown."""
    place = str(path) or NO_FIELD
    is_shown = node.schema.type not in ("object", "array")
    match rule.rule.get("reason"):
        case "FieldValueForbidden":
            return FieldError.forbidden(place, detail)
        case "FieldValueRequired":
            return FieldError.required(place, detail)
        case "FieldValueDuplicate":
            if is_shown:
                return FieldError.duplicate(place, value)
            return FieldError(place, "FieldValueDuplicate", "Duplicate value")
    if is_shown:
        return FieldError.invalid(place, value, detail)
    return FieldError(place, "FieldValueInvalid", f"Invalid value: {detail}" if detail else "Invalid value")
