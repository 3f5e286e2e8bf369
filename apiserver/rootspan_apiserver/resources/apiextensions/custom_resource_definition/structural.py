"""That a schema is structural: it has the type of every field, outside of `allOf`, `anyOf`, `oneOf` and `not`.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{validation,complete}.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.structural import children
from rootspan_apiserver.rules import Path
from rootspan_apiserver.types.schema import JUNCTORS

_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_ROOT, _ITEM, _FIELD = "at the root", "for specified array items", "for specified object fields"
_FORBIDDEN = (
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    ("x-kubernetes-preserve-unknown-fields", "false"),
    ("x-kubernetes-embedded-resource", "false"),
    ("x-kubernetes-int-or-string", "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
)
"""What has no place below a junctor, and what it must be."""
_UNREADABLE = (
    ("id", "id"),
    ("$schema", "schema"),
    ("$ref", "$ref"),
    ("patternProperties", "patternProperties"),
    ("dependencies", "dependencies"),
    ("additionalItems", "additionalItems"),
    ("definitions", "definitions"),
)
"""The keywords that a structural schema cannot have, and their names in errors."""


def unsupported(schema: JSONObject) -> str:
    """Return why a schema cannot be read as a structural one at all, "" if it can."""
    for name, shown in _UNREADABLE:
        if schema.get(name) or (name == "additionalItems" and schema.get(name) is not None):
            return f"OpenAPIV3Schema '{shown}' is not supported"
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    if isinstance(schema.get("items"), list) and schema["items"]:
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    return next(filter(None, map(unsupported, children(schema))), "")


def check_structural(schema: JSONObject, path: Path) -> list[FieldError]:
    """Return what keeps a schema from being structural, in the order of the texts."""
    found = [*_invariants(schema, _ROOT, path), *_completeness(schema, schema, path, path)]
    return sorted(found, key=str)


def _invariants(schema: JSONObject, level: str, path: Path) -> Iterator[FieldError]:
    kind = schema.get("type") or ""
    items, additional = schema.get("items"), schema.get("additionalProperties")
    properties: JSONObject = schema.get("properties") or {}
    if kind == "array" and not isinstance(items, dict):
        yield FieldError.required(path / "items", "must be specified")
    if isinstance(items, dict):
        yield from _invariants(items, _ITEM, path / "items")
    for name, child in properties.items():
        yield from _invariants(child, _FIELD, (path / "properties").key(name))
    if additional is not None and level == _ROOT:
        yield FieldError.forbidden(path / "additionalProperties", "must not be used at the root")
    if isinstance(additional, dict):
        yield from _invariants(additional, _FIELD, path / "additionalProperties")
    yield from _extensions(schema, path)
    yield from _values(schema, path, types_in_any=True, types_in_all=True)
    yield from _type(schema, kind, level, path)
    yield from _resource(schema, properties, level, path)


def _extensions(schema: JSONObject, path: Path) -> Iterator[FieldError]:
    if schema.get("x-kubernetes-int-or-string"):
        for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
            if schema.get(name):
                yield FieldError.invalid(path / name, True, "must be false if x-kubernetes-int-or-string is true")


def _type(schema: JSONObject, kind: str, level: str, path: Path) -> Iterator[FieldError]:
    embedded = schema.get("x-kubernetes-embedded-resource")
    any_type = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if embedded and kind != "object":
        words = "must be object if x-kubernetes-embedded-resource is true"
        yield FieldError.invalid(path / "type", kind, words) if kind else FieldError.required(path / "type", words)
    elif not kind and not any_type:
        yield FieldError.required(path / "type", f"must not be empty {level}")
    if embedded and schema.get("additionalProperties") is not None:
        words = "must not be used if x-kubernetes-embedded-resource is set"
        yield FieldError.forbidden(path / "additionalProperties", words)
    if level == _ROOT and kind and kind != "object":
        yield FieldError.invalid(path / "type", kind, "must be object at the root")


def _resource(schema: JSONObject, properties: JSONObject, level: str, path: Path) -> Iterator[FieldError]:
    """The fields that every resource has, where the schema is one of a resource."""
    embedded = schema.get("x-kubernetes-embedded-resource")
    is_resource = level == _ROOT or embedded
    for name in ("kind", "apiVersion"):
        kind = properties.get(name, {}).get("type") or ""
        if is_resource and name in properties and kind != "string":
            yield FieldError.invalid((path / "properties").key(name) / "type", kind, "must be string")
    if "metadata" in properties and is_resource:
        metadata, at = properties["metadata"], (path / "properties").key("metadata")
        if metadata.get("type") != "object":
            yield FieldError.invalid(at / "type", metadata.get("type") or "", "must be object")
        if level == _ROOT and _has_more_than_names(metadata):
            words = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            yield FieldError.forbidden(at, words)
    if embedded and not schema.get("x-kubernetes-preserve-unknown-fields") and not properties:
        words = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        yield FieldError.required(path / "properties", words)


def _has_more_than_names(metadata: JSONObject) -> bool:
    others = {name: value for name, value in metadata.items() if name not in ("type", "default") and value}
    if set(others.get("properties") or ()) <= {"name", "generateName"}:
        others.pop("properties", None)
    return bool(others)


def _values(
    schema: JSONObject, path: Path, *, types_in_any: bool = False, types_in_all: bool = False
) -> Iterator[FieldError]:
    """Yield the validations of a value and those in its junctors, in which no structure may stand.

    Args:
        types_in_any: whether "integer or string" may be said in `anyOf`.
        types_in_all: whether it may be said in the `anyOf` of the first of `allOf`.
    """
    for key in JUNCTORS:
        if key == "anyOf" and types_in_any and schema.get(key) == _INT_OR_STRING:
            continue
        for index, nested in enumerate(schema.get(key) or ()):
            first = key == "allOf" and index == 0 and types_in_all
            yield from _nested(nested, (path / key) / index, types_in_any=first)
    if isinstance(schema.get("not"), dict):
        yield from _nested(schema["not"], path / "not")
    if pattern := schema.get("pattern"):
        try:
            Pattern(pattern).steps()
        except ValueError as error:
            words = f"must be a valid regular expression, but isn't: {error}"
            yield FieldError.invalid(path / "pattern", pattern, words)


def _nested(schema: JSONObject, path: Path, *, types_in_any: bool = False) -> Iterator[FieldError]:
    yield from _values(schema, path, types_in_any=types_in_any)
    if isinstance(schema.get("items"), dict):
        yield from _nested(schema["items"], path / "items")
    for name, child in (schema.get("properties") or {}).items():
        yield from _nested(child, (path / "properties").key(name))
    for name, wanted in _FORBIDDEN:
        if _is_set(schema.get(name), pointer=wanted == "undefined"):
            yield FieldError.forbidden(path / name, f"must be {wanted} to be structural")
    if "metadata" in (schema.get("properties") or {}):
        at = (path / "properties").key("metadata")
        yield FieldError.forbidden(at, "must not be specified in a nested context")


def _is_set(value: Any, *, pointer: bool) -> bool:
    return value is not None if pointer else bool(value)


def _completeness(values: JSONObject, structure: JSONObject | None, at: Path, said: Path) -> Iterator[FieldError]:
    """Yield what the junctors of `values` say of fields must be said in the structure, too; `at` is the place
    there, `said` that of `values`.
    """
    if isinstance(values.get("not"), dict):
        yield from _nested_completeness(values["not"], structure, at, said / "not")
    for key in JUNCTORS:
        for index, nested in enumerate(values.get(key) or ()):
            yield from _nested_completeness(nested, structure, at, (said / key) / index)


def _nested_completeness(
    nested: JSONObject, structure: JSONObject | None, at: Path, said: Path
) -> Iterator[FieldError]:
    if structure is None:
        yield FieldError.required(at, f"because it is defined in {said}")
        return
    yield from _completeness(nested, structure, at, said)
    if isinstance(nested.get("items"), dict):
        items = structure.get("items")
        inner = items if isinstance(items, dict) else None
        yield from _nested_completeness(nested["items"], inner, at / "items", said / "items")
    properties = structure.get("properties") or {}
    for name, child in (nested.get("properties") or {}).items():
        found, where = (at / "properties").key(name), (said / "properties").key(name)
        yield from _nested_completeness(child, properties.get(name), found, where)
