"""The defaults in a schema must fit it, and be pruned.

Rules in CEL are not evaluated on them.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/{validation,surroundingobject}.go
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, listed
from rootspan_apiserver.resources.custom.embedded_metadata import MalformedResourceError, coerce
from rootspan_apiserver.resources.custom.pruning import OF_RESOURCES, prune_value
from rootspan_apiserver.resources.custom.resources import check_resources
from rootspan_apiserver.resources.custom.result import shown
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.custom.validation import validate
from rootspan_apiserver.rules import ROOT, Path, RuleContext
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.schema import Schema

Surrounding = Callable[[Any], JSONObject]
"""Makes the resource in which a value is where the schema is."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a schema is: in which resource, how far from its root, and whether it is the resource's own metadata."""

    resource: Schema
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
    place = _Place(resource=whole, surrounding=_resource)
    return list(_check(whole, path, place, is_resource=True))


def _check(schema: Schema, path: Path, place: _Place, *, is_resource: bool = False) -> Iterator[FieldError]:
    if schema.embedded_resource:
        is_resource, place = True, _Place(resource=schema, surrounding=_resource)
    if schema.default is not None:
        if place.in_metadata:
            yield from _check_in_metadata(schema, path / "default", place)
        else:
            yield from _check_value(schema, path / "default", is_resource=is_resource)
    if schema.items is not None:
        yield from _check(schema.items, path / "items", place.of_item())
    for name, child in schema.properties.items():
        inside = place.of_field(name, in_metadata=place.in_metadata or (is_resource and name in OF_RESOURCES))
        yield from _check(child, (path / "properties").key(name), inside)


def _check_value(schema: Schema, at: Path, *, is_resource: bool) -> Iterator[FieldError]:
    value = deepcopy(schema.default)
    if prune_value(value, schema):
        yield FieldError.invalid(at, shown(schema.default), "must not have unknown fields")
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
