"""The rules in CEL of a schema: they compile, and do not cost too much.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go, cel_validation.go
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.go_form import rule_form
from rootspan_apiserver.resources.custom.compiled_expressions import SELF_TYPE, SchemaExpressions
from rootspan_apiserver.rules import Path
from rootspan_apiserver.rules.cel.costs import GREATEST
from rootspan_apiserver.rules.cel.schema_types import LARGEST_REQUEST, schema_type

_COST_LIMIT, _TOTAL_COST_LIMIT = 10_000_000, 100_000_000
"""The greatest estimated cost of one expression, and of all of a schema."""
_MOST_EXPENSIVE = 4
_KEY = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A part of the schema.

    Attributes:
        count: How many values the part may have in one object, None if there is no bound.
        without_old: The first part above it whose values have no counterpart in the old object, "" if there is none.
    """

    schema: JSONObject
    path: Path
    is_resource: bool
    count: int | None = 1
    without_old: str = ""

    def children(self) -> "Iterator[_Place]":
        """Yield the parts right below that may have rules."""
        schema = self.schema
        count = self._count_below()
        inside = replace(self, is_resource=False, count=count)
        if isinstance(additional := schema.get("additionalProperties"), dict):
            yield inside.at(additional, self.path / "additionalProperties")
        for name, child in (schema.get("properties") or {}).items():
            yield inside.at(child, (self.path / "properties").key(name))
        if isinstance(items := schema.get("items"), dict):
            if schema.get("x-kubernetes-list-type") != "map":
                inside = replace(inside, without_old=self.without_old or str(self.path))
            yield inside.at(items, self.path / "items")

    def at(self, schema: JSONObject, path: Path) -> "_Place":
        """Return the place of another schema."""
        return replace(self, schema=schema, path=path, is_resource=bool(schema.get("x-kubernetes-embedded-resource")))

    def _count_below(self) -> int | None:
        kind, schema = self.schema.get("type"), self.schema
        limit: int | None = 1
        if kind == "object" and schema.get("additionalProperties") is not None:
            limit = schema.get("maxProperties")
        elif kind == "array":
            limit = schema.get("maxItems")
        if self.count is None or limit is None:
            return None
        return min(self.count * max(limit, 0), GREATEST)


@dataclass(slots=True)
class _Costs:
    """The costs of the expressions of a schema."""

    is_changed: bool
    total: int = 0
    observed: list[tuple[int, Path]] = field(default_factory=list)

    def check(self, name: str, cost: int, path: Path) -> Iterator[FieldError]:
        """Yield the error if an expression of a new schema costs too much."""
        self.total = min(self.total + cost, GREATEST)
        if cost >= _TOTAL_COST_LIMIT // 100:
            self.observed.append((cost, path))
        if self.is_changed and cost > _COST_LIMIT:
            yield FieldError.forbidden(path, _too_expensive(f"estimated {name} cost", cost, _COST_LIMIT))

    def check_total(self, path: Path) -> Iterator[FieldError]:
        """Yield the errors if all expressions together cost too much."""
        if self.total <= _TOTAL_COST_LIMIT:
            return
        self.observed.sort(key=lambda each: -each[0])
        for _, each in self.observed[:_MOST_EXPENSIVE]:
            words = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            yield FieldError.forbidden(each, words)
        name = f"{_KEY} estimated rule cost total for entire OpenAPIv3 schema"
        yield FieldError.forbidden(path, _too_expensive(name, self.total, _TOTAL_COST_LIMIT))


def check_expressions(
    schema: JSONObject, path: Path, faults: Sequence[FieldError], *, is_changed: bool
) -> Iterator[FieldError]:
    """Yield what is wrong with the rules of a schema that is otherwise valid, but for `faults` of its keywords.

    Args:
        schema: The schema of a kind.
        path: Where it is.
        faults: The faults of keywords; rules of a part with one below it are not compiled.
        is_changed: Whether the schema is not that of the old object; only then the cost of each expression is limited.
    """
    costs = _Costs(is_changed)
    places = {fault.field for fault in faults}
    yield from _check(_Place(schema=schema, path=path, is_resource=True), costs, places)
    yield from costs.check_total(path)


def _check(place: _Place, costs: _Costs, faults: set[str]) -> Iterator[FieldError]:
    for child in place.children():
        yield from _check(child, costs, faults)
    rules = place.schema.get(_KEY)
    if not rules or any(_is_within(fault, str(place.path)) for fault in faults):
        return
    declared = schema_type(place.schema, SELF_TYPE, place.is_resource)
    if declared is None:
        words = "failed to construct type information for x-kubernetes-validations rules"
        words = f"Internal error: internal error: {words}: unable to convert structural schema to CEL declarations"
        yield FieldError(str(place.path / _KEY), "InternalError", words)
        return
    expressions = SchemaExpressions(declared)
    count = place.count if place.count is not None else LARGEST_REQUEST // (declared.min_serialized_size + 1)
    for index, rule in enumerate(rules):
        yield from _check_rule(rule, expressions, (place, place.path / _KEY / index), (costs, count))


def _check_rule(
    rule: JSONObject, expressions: SchemaExpressions, where: tuple[_Place, Path], limits: tuple[_Costs, int]
) -> Iterator[FieldError]:
    (place, path), (costs, count) = where, limits
    compiled = expressions.rule(rule)
    yield from costs.check("rule", min(expressions.cost(compiled) * count, GREATEST), path / "rule")
    if compiled.error:
        yield FieldError.invalid(path / "rule", rule_form(rule), compiled.error)
    elif rule.get("messageExpression"):
        message = expressions.message(rule)
        if message.error:
            yield FieldError.invalid(path / "messageExpression", rule_form(rule), message.error)
        else:
            yield from costs.check("messageExpression", expressions.cost(message), path / "messageExpression")
    if compiled.uses_old:
        if place.without_old:
            words = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {place.without_old}"
            yield FieldError.invalid(path / "rule", rule["rule"], words)
    elif (is_optional := rule.get("optionalOldSelf")) is not None:
        yield FieldError.invalid(path / "optionalOldSelf", is_optional, "may not be set if oldSelf is not used in rule")


def _is_within(field: str, path: str) -> bool:
    return field.startswith(path) and field[len(path) : len(path) + 1] in ("", ".", "[")


def _too_expensive(name: str, cost: int, limit: int) -> str:
    factor = cost / limit
    shown = "more than 100" if factor > 100 else f"{factor:.6f}" if factor < 1.5 else f"{factor:.1f}"
    hint = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    return f"{name} exceeds budget by factor of {shown}x {hint}"
