"""Read the OpenAPI schema of a definition into a `Schema`.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/convert.go
"""

from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.patterns import Pattern
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


def structural_schema(published: JSONObject) -> Schema:
    """Return the schema that `published`, an `openAPIV3Schema`, describes.

    Its `constraints` are the value validations by their OpenAPI names; `pattern` is there as a `Pattern`, `allOf`, `anyOf` and `oneOf`
    as tuples of schemas and `not` as a schema.
    """
    additional = published.get("additionalProperties")
    items = published.get("items")
    properties = published.get("properties") or {}
    constraints: JSONObject = {key: published[key] for key in CONSTRAINTS if published.get(key) is not None}
    if published.get("pattern"):
        constraints["pattern"] = Pattern(published["pattern"])
    for key in JUNCTORS:
        if published.get(key):
            constraints[key] = tuple(structural_schema(each) for each in published[key])
    if isinstance(published.get("not"), dict):
        constraints["not"] = structural_schema(published["not"])
    return Schema(
        type=published.get("type") or "",
        format=published.get("format") or "",
        properties={name: structural_schema(child) for name, child in properties.items()},
        additional=_additional(additional),
        items=structural_schema(items) if isinstance(items, dict) else None,
        required=frozenset(published.get("required") or ()),
        default=published.get("default"),
        enum=tuple(published.get("enum") or ()),
        nullable=bool(published.get("nullable")),
        int_or_string=bool(published.get("x-kubernetes-int-or-string")),
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
    nested = [*(published.get("properties") or {}).values()]
    nested += (published.get(key) for key in ("items", "additionalProperties", "not"))
    for key in JUNCTORS:
        nested += published.get(key) or ()
    for child in nested:
        if isinstance(child, dict):
            yield from schemas_in(child)


def _additional(value: object) -> Schema | None:
    if isinstance(value, dict):
        return structural_schema(value)
    return Schema(preserve_unknown_fields=True) if value is True else None
