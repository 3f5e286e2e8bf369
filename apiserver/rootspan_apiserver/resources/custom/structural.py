"""Read the OpenAPI schema of a definition into a `Schema`.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/convert.go
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.string_formats import is_recognized
from rootspan_apiserver.types.schema import JUNCTORS, Schema

CONSTRAINTS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)


def structural_schema(published: JSONObject, *, of_defaults: bool = False) -> Schema:
    """Return the schema that `published`, an `openAPIV3Schema`, describes.

    Its `constraints` are the value validations by their OpenAPI names; `pattern` is there as a `Pattern`, `allOf`, `anyOf` and `oneOf`
    as tuples of schemas, `not` as a schema, `required` as a tuple in the order of the schema, `additionalProperties` where it is False.
    A format that is not recognized is left out.

    Args:
        of_defaults: whether defaults are to be validated, which are held to any format, and may be anything where an integer or a
            string should be.
    """
    kind: Any = published.get("type") or ""
    form = published.get("format") or ""
    either = bool(published.get("x-kubernetes-int-or-string"))
    into = partial(structural_schema, of_defaults=of_defaults)
    additional = published.get("additionalProperties")
    items = published.get("items")
    properties = published.get("properties") or {}
    constraints: JSONObject = {key: published[key] for key in CONSTRAINTS if published.get(key) is not None}
    if published.get("pattern"):
        constraints["pattern"] = Pattern(published["pattern"])
    if published.get("required"):
        constraints["required"] = tuple(published["required"])
    if additional is False:
        constraints["additionalProperties"] = False
    for key in JUNCTORS:
        if published.get(key):
            constraints[key] = tuple(map(into, published[key]))
    if isinstance(published.get("not"), dict):
        constraints["not"] = into(published["not"])
    return Schema(
        type=kind,
        format=form if of_defaults or is_recognized(form, "" if either else kind) else "",
        properties={name: into(child) for name, child in properties.items()},
        # Where it says no more than whether undeclared fields are allowed, what is in them is pruned.
        additional=into(additional) if isinstance(additional, dict) else Schema() if additional is not None else None,
        items=into(items) if isinstance(items, dict) else None,
        required=frozenset(published.get("required") or ()),
        default=published.get("default"),
        enum=tuple(published.get("enum") or ()),
        nullable=bool(published.get("nullable")),
        int_or_string=either and not of_defaults,
        preserve_unknown_fields=bool(published.get("x-kubernetes-preserve-unknown-fields")),
        embedded_resource=bool(published.get("x-kubernetes-embedded-resource")),
        list_type=published.get("x-kubernetes-list-type") or "",
        list_map_keys=tuple(published.get("x-kubernetes-list-map-keys") or ()),
        map_type=published.get("x-kubernetes-map-type") or "",
        constraints=constraints,
    )


def schemas_in(published: JSONObject) -> Iterator[JSONObject]:
    """Yield an `openAPIV3Schema` and all that are in it."""
    yield published
    for child in children(published):
        yield from schemas_in(child)


def children(published: JSONObject) -> Iterator[JSONObject]:
    """Yield the schemas that are directly in another one."""
    nested = [*(published.get("properties") or {}).values()]
    nested += (published.get(key) for key in ("items", "additionalProperties", "not"))
    for key in JUNCTORS:
        nested += published.get(key) or ()
    yield from (child for child in nested if isinstance(child, dict))
