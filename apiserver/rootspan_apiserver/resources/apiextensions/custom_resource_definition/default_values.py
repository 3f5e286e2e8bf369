"""The defaults in a schema must fit it, keep its rules in CEL, and be pruned.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/{validation,surroundingobject}.go
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, listed
from rootspan_apiserver.resources.custom.embedded_metadata import MalformedResourceError, coerce
from rootspan_apiserver.resources.custom.expression_nodes import rule_nodes
from rootspan_apiserver.resources.custom.expressions import COST_BUDGET, ExpressionEvaluation
from rootspan_apiserver.resources.custom.pruning import OF_RESOURCES, prune_value
from rootspan_apiserver.resources.custom.resources import check_resources
from rootspan_apiserver.resources.custom.result import shown
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.custom.validation import validate
from rootspan_apiserver.rules import ROOT, Path, RuleContext
from rootspan_apiserver.rules.rule import do_not_warn
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.schema import Schema

Surrounding = Callable[[Any], JSONObject]
"""Makes the resource in which a value is where the schema is."""


@dataclass
class _Budget:
    """What the evaluation of the rules may still cost; it is negative once that was exceeded."""

    left: int = COST_BUDGET


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a schema is: in which resource, how far from its root, and whether it is the resource's own metadata."""

    resource: Schema
    budget: _Budget
    surrounding: Surrounding
    in_metadata: bool = False

    def of_field(self, name: str, *, in_metadata: bool) -> "_Place":
        outer = self.surrounding
        return replace(self, surrounding=lambda value: outer({name: value}), in_metadata=in_metadata)

    def of_item(self) -> "_Place":
        outer = self.surrounding
        return replace(self, surrounding=lambda value: outer([value]))


def _resource(value: Any) -> JSONObject:
    return {"kind": "Validation", "apiVersion": "validation/v1", **value}


def check_defaults(schema: JSONObject, path: Path) -> list[FieldError]:
    """Return why the defaults of a schema, and of those in it, do not fit."""
    whole = structural_schema(schema, of_defaults=True)
    place = _Place(resource=whole, surrounding=_resource, budget=_Budget())
    return list(_check((whole, schema), path, place, is_resource=True))


def _check(
    node: tuple[Schema, JSONObject], path: Path, place: _Place, *, is_resource: bool = False
) -> Iterator[FieldError]:
    """Check the defaults of a schema, which comes with the form in which it is published."""
    schema, published = node
    if place.budget.left < 0:
        return
    if schema.embedded_resource:
        is_resource, place = True, replace(place, resource=schema, surrounding=_resource, in_metadata=False)
    if schema.default is not None:
        at = path / "default"
        if not place.in_metadata and prune_value(deepcopy(schema.default), schema):
            yield FieldError.invalid(at, shown(schema.default), "must not have unknown fields")
        found = list(
            _check_in_metadata(schema, at, place)
            if place.in_metadata
            else _check_value(schema, at, is_resource=is_resource)
        )
        yield from found or _check_rules(published, at, place.budget, is_resource=is_resource)
    if schema.items is not None:
        yield from _check((schema.items, published["items"]), path / "items", place.of_item())
    for name, child in schema.properties.items():
        inside = place.of_field(name, in_metadata=place.in_metadata or (is_resource and name in OF_RESOURCES))
        yield from _check((child, published["properties"][name]), (path / "properties").key(name), inside)


def _check_rules(published: JSONObject, at: Path, budget: _Budget, *, is_resource: bool) -> Iterator[FieldError]:
    """Evaluate the rules on a default: as a value that is what it was, and if they hold as one that is new."""
    nodes = rule_nodes(published, structural_schema(published), is_resource=is_resource)
    if nodes is None:
        return
    value, before = published["default"], budget.left
    for old in (value, None):
        evaluation = ExpressionEvaluation(do_not_warn, budget=before)
        errors = evaluation.run(nodes, value, old, path=at)
        budget.left = min(budget.left, evaluation.budget)
        yield from errors
        if errors:
            return


def _check_value(schema: Schema, at: Path, *, is_resource: bool) -> Iterator[FieldError]:
    value = deepcopy(schema.default)
    try:
        coerce(value, schema, Problems(), path=at, is_resource=is_resource)
    except MalformedResourceError as malformed:
        yield malformed.error
        return
    context = RuleContext(update=False, root={})
    errors = list(check_resources(value, schema, at, context, is_resource=is_resource))
    yield from errors or validate(value, schema).placed(at)


def _check_in_metadata(schema: Schema, at: Path, place: _Place) -> Iterator[FieldError]:
    """Check a default below the metadata of a resource: with it, the resource is valid."""
    obj = place.surrounding(deepcopy(schema.default))
    try:
        coerce(obj, place.resource, Problems(), is_resource=True)
        context = RuleContext(update=False, root=obj)
        why = listed(check_resources(obj, place.resource, ROOT, context, is_resource=True))
    except MalformedResourceError as malformed:
        why = str(malformed)
    if why:
        yield FieldError.invalid(at, shown(schema.default), f"must result in valid metadata: {why}")
    else:
        yield from validate(schema.default, schema).placed(at)
