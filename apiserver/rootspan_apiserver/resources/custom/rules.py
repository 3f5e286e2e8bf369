"""The rules of custom resources, which their schema and the paths of their scale say.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/{strategy,status_strategy,validator}.go
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.correlation import Correlated
from rootspan_apiserver.resources.custom.effort import Effort
from rootspan_apiserver.resources.custom.expression_nodes import RuleNode
from rootspan_apiserver.resources.custom.expressions import ExpressionEvaluation
from rootspan_apiserver.resources.custom.lists import check_lists
from rootspan_apiserver.resources.custom.resources import check_resources
from rootspan_apiserver.resources.custom.result import NO_FIELD
from rootspan_apiserver.resources.custom.validation import validate, validate_update
from rootspan_apiserver.resources.nested import integer_at, text_at
from rootspan_apiserver.resources.subresource_definition import ScalePaths
from rootspan_apiserver.rules import ABSENT, Line, Path, Rule, RuleContext
from rootspan_apiserver.types.schema import Schema

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class FitsSchema(Rule):
    """The object fits its structural schema."""

    schema: Schema
    effort: Effort

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        self.effort.measure()
        if old is ABSENT:
            return validate(value, self.schema).placed(None)
        return validate_update(value, self.schema, Correlated(value, old, self.schema)).placed(None)

    def describe(self) -> Iterator[Line]:
        yield Line("", "fits the schema of its definition")


@dataclass(frozen=True)
class StatusFitsSchema(Rule):
    """The status fits its own schema, in whose messages its fields have no path above them."""

    schema: Schema

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        schema = self.schema.properties.get("status")
        if schema is None or "status" not in value:
            return ()
        status = value["status"]
        return validate_update(status, schema, Correlated(status, old.get("status"), schema)).placed(path / "status")

    def describe(self) -> Iterator[Line]:
        yield Line("status", "fits the schema of its definition")


@dataclass(frozen=True)
class ScaleFits(Rule):
    """What the scale of an object shows are numbers of replicas, and a selector that is a text."""

    paths: ScalePaths
    with_spec: bool

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors = _check_number(value, self.paths.spec_replicas) if self.with_spec else []
        errors += _check_number(value, self.paths.status_replicas)
        if selector := self.paths.selector:
            try:
                text_at(value, selector)
            except ValueError as error:
                errors.append(FieldError.invalid(selector, "", str(error)))
        return errors

    def describe(self) -> Iterator[Line]:
        if self.with_spec:
            yield Line(self.paths.spec_replicas.removeprefix("."), f"between 0 and {INT32_MAX}")
        yield Line(self.paths.status_replicas.removeprefix("."), f"between 0 and {INT32_MAX}")


@dataclass(frozen=True)
class ResourcesInside(Rule):
    """The resources inside the object have a version, a kind and valid metadata."""

    schema: Schema

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return check_resources(value, self.schema, path, context)

    def describe(self) -> Iterator[Line]:
        yield Line("", "the resources inside it are valid")


@dataclass(frozen=True)
class ListsAreUnique(Rule):
    """Sets have no element twice, and maps no key; unless the old object had."""

    schema: Schema

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors = list(check_lists(value, self.schema, path))
        if errors and isinstance(old, dict) and list(check_lists(old, self.schema, path)):
            return ()
        return errors

    def describe(self) -> Iterator[Line]:
        yield Line("", "sets and maps have no duplicates")


NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete"
    " validation"
)
BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
"""The reasons of errors with which rules in CEL are not evaluated."""


@dataclass(frozen=True)
class EvaluatesExpressions(Rule):
    """The object keeps the rules in CEL, which are evaluated after all others, unless one of these found what blocks them."""

    rule: Rule
    nodes: RuleNode
    wants_absent: bool = field(default=False, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors = list(self.rule.check(value, old, path, context))
        if any(error.reason in BLOCKING for error in errors):
            return [*errors, FieldError.invalid(NO_FIELD, None, NOT_CHECKED)]
        before = None if old is ABSENT else old
        correlated = None if before is None else Correlated(value, before, self.nodes.schema)
        return errors + ExpressionEvaluation(context.warn).run(self.nodes, value, before, correlated)

    def describe(self) -> Iterator[Line]:
        yield from self.rule.describe()
        for node in self.nodes.walk():
            for rule in node.rules:
                yield Line("", rule["rule"])


def _check_number(obj: JSONObject, path: str) -> list[FieldError]:
    try:
        value = integer_at(obj, path) or 0
    except ValueError as error:
        return [FieldError.invalid(path, 0, str(error))]
    if value < 0:
        return [FieldError.invalid(path, value, "should be a non-negative integer")]
    if value > INT32_MAX:
        return [FieldError.invalid(path, value, f"should be less than or equal to {INT32_MAX}")]
    return []
