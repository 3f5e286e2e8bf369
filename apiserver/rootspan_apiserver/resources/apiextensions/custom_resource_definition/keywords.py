"""The keywords of a schema: which are supported, and which go together.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
(ValidateCustomResourceDefinitionOpenAPISchema)
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.field_paths import schema_at
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.go_form import items_form
from rootspan_apiserver.rules import Path

TYPES = ("array", "boolean", "integer", "number", "object", "string")
LIST_TYPES = ("atomic", "set", "map")
MAP_TYPES = ("atomic", "granular")
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_META = ("metadata", "kind", "apiVersion")
_UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")


@dataclass(frozen=True, kw_only=True)
class SchemaPlace:
    """Where a schema is: below `metadata`, `kind` or `apiVersion` of a resource or not, and why no default may be there, "" if it may."""

    in_metadata: bool = False
    no_defaults: str = ""


def check_keywords(schema: JSONObject, path: Path, place: SchemaPlace | None = None) -> Iterator[FieldError]:
    """Yield what is wrong with the keywords of a schema and of those in it; without a `place` it is that of a resource."""
    is_root, place = place is None, place or SchemaPlace()
    yield from _supported(schema, path, place)
    yield from _children(schema, path, place, is_root)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield FieldError.invalid(path / "x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    yield from _collections(schema, path)
    yield from _keys(schema, path)
    yield from _items_of_keyed_lists(schema, path)
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _rule(schema, rule, path / "x-kubernetes-validations" / index)


def _supported(schema: JSONObject, path: Path, place: SchemaPlace) -> Iterator[FieldError]:
    kind = schema.get("type") or ""
    if kind and kind not in TYPES:
        yield FieldError.not_supported(path / "type", kind, TYPES)
    if schema.get("default") is not None and place.no_defaults:
        yield FieldError.forbidden(path / "default", f"must not be set {place.no_defaults}")
    for name in _UNSUPPORTED:
        if schema.get(name) or (name == "additionalItems" and schema.get(name) is not None):
            yield FieldError.forbidden(path / name, f"{name} is not supported")
    if kind == "null":
        yield FieldError.forbidden(path / "type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield FieldError.forbidden(path / "items", "items must be a schema object and not an array")
    if place.in_metadata and schema.get("x-kubernetes-embedded-resource"):
        at = path / "x-kubernetes-embedded-resource"
        yield FieldError.forbidden(at, "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        words = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield FieldError.forbidden(path / "uniqueItems", words)
    additional = schema.get("additionalProperties")
    if schema.get("properties") and (additional is False or isinstance(additional, dict)):
        words = "additionalProperties and properties are mutual exclusive"
        yield FieldError.forbidden(path / "additionalProperties", words)


def _children(schema: JSONObject, path: Path, place: SchemaPlace, is_root: bool) -> Iterator[FieldError]:
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict):
        reason = "inside additionalProperties applying to object metadata"
        inside = replace(place, no_defaults=reason) if place.in_metadata else place
        yield from check_keywords(additional, path / "additionalProperties", inside)
    for name, child in (schema.get("properties") or {}).items():
        inside = place
        if name in _META and (is_root or schema.get("x-kubernetes-embedded-resource")):
            reason = f"in top-level {name}" if is_root else place.no_defaults
            inside = SchemaPlace(in_metadata=True, no_defaults=reason)
        yield from check_keywords(child, (path / "properties").key(name), inside)
    if isinstance(schema.get("not"), dict):
        yield from check_keywords(schema["not"], path / "not", place)
    for key in ("allOf", "oneOf", "anyOf"):
        for index, nested in enumerate(schema.get(key) or ()):
            yield from check_keywords(nested, (path / key) / index, place)
    if isinstance(items, dict):
        yield from check_keywords(items, path / "items", place)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        yield from check_keywords(item, (path / "items") / index, place)


def _collections(schema: JSONObject, path: Path) -> Iterator[FieldError]:
    kind = schema.get("type") or ""
    of_map, of_list = schema.get("x-kubernetes-map-type"), schema.get("x-kubernetes-list-type")
    if of_map is not None:
        if kind != "object":
            yield _wrong_type(kind, path / "type", "must be object if x-kubernetes-map-type is specified")
        if of_map not in MAP_TYPES:
            yield FieldError.not_supported(path / "x-kubernetes-map-type", of_map, MAP_TYPES)
    if of_list is None:
        return
    if kind != "array":
        yield _wrong_type(kind, path / "type", "must be array if x-kubernetes-list-type is specified")
    elif of_list == "set":
        yield from _atomic_items(schema.get("items") or {}, path / "items")
    if of_list not in LIST_TYPES:
        yield FieldError.not_supported(path / "x-kubernetes-list-type", of_list, LIST_TYPES)


def _wrong_type(kind: str, path: Path, words: str) -> FieldError:
    return FieldError.invalid(path, kind, words) if kind else FieldError.required(path, words)


def _atomic_items(items: JSONObject, path: Path) -> Iterator[FieldError]:
    words = "must be atomic as item of a list with x-kubernetes-list-type=set"
    list_type = items.get("x-kubernetes-list-type")
    if items.get("type") == "array" and list_type not in (None, "atomic"):
        yield FieldError.invalid(path / "x-kubernetes-list-type", list_type, words)
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        yield FieldError.invalid(path / "x-kubernetes-map-type", list_type, words)


def _keys(schema: JSONObject, path: Path) -> Iterator[FieldError]:
    keys, of_list = schema.get("x-kubernetes-list-map-keys") or [], schema.get("x-kubernetes-list-type")
    if keys and of_list != "map":
        at, words = path / "x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        yield FieldError.required(at, words) if of_list is None else FieldError.invalid(at, of_list, words)
    if of_list != "map":
        return
    at = path / "x-kubernetes-list-map-keys"
    if not keys:
        yield FieldError.required(at, "must not be empty if x-kubernetes-list-type is map")
    items = schema.get("items")
    if items is None:
        yield FieldError.required(path / "items", "must have a schema if x-kubernetes-list-type is map")
        return
    if not isinstance(items, dict):
        words = "must only have a single schema if x-kubernetes-list-type is map"
        yield FieldError.invalid(path / "items", items_form(items), words)
        return
    kind = items.get("type") or ""
    if kind != "object":
        words = "must be object if parent array's x-kubernetes-list-type is map"
        yield FieldError.invalid(path / "items" / "type", kind, words)
        return
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key not in properties:
            yield FieldError.invalid(at, keys, "entries must all be names of item properties")
        elif properties[key].get("type") in ("array", "object"):
            words = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield FieldError.invalid((path / "items" / "properties").key(key) / "type", kind, words)
        if key in keys[:index]:
            yield FieldError.invalid(at, keys, "must not contain duplicate entries")


def _items_of_keyed_lists(schema: JSONObject, path: Path) -> Iterator[FieldError]:
    items, of_list = schema.get("items"), schema.get("x-kubernetes-list-type")
    if not isinstance(items, dict) or of_list not in ("set", "map"):
        return
    if items.get("nullable"):
        words = f"cannot be nullable when x-kubernetes-list-type is {of_list}"
        yield FieldError.forbidden(path / "items" / "nullable", words)
    for key in schema.get("x-kubernetes-list-map-keys") or () if of_list == "map" else ():
        found = (items.get("properties") or {}).get(key)
        if found is None:
            continue
        at, said = (path / "items" / "properties").key(key), "this property is in x-kubernetes-list-map-keys, so it"
        if key not in (items.get("required") or ()) and found.get("default") is None:
            yield FieldError.required(at / "default", f"{said} must have a default or be a required property")
        if found.get("nullable"):
            yield FieldError.forbidden(at / "nullable", f"{said} cannot be nullable")


def _rule(schema: JSONObject, rule: dict[str, Any], path: Path) -> Iterator[FieldError]:
    text, message = rule.get("rule") or "", rule.get("message") or ""
    if not text.strip():
        yield FieldError.required(path / "rule", "rule is not specified")
    elif message and not message.strip():
        yield FieldError.invalid(path / "message", message, "must be non-empty if specified")
    elif _has_line_break(message.strip()):
        yield FieldError.invalid(path / "message", message, "must not contain line breaks")
    elif _has_line_break(text.strip()) and not message.strip():
        yield FieldError.required(path / "message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        yield FieldError.required(path / "messageExpression", "messageExpression must be non-empty if specified")
    if (reason := rule.get("reason")) is not None and reason not in REASONS:
        yield FieldError.not_supported(path / "reason", reason, REASONS)
    blamed = rule.get("fieldPath") or ""
    if blamed and not blamed.strip():
        yield FieldError.invalid(path / "fieldPath", blamed, "must be non-empty if specified")
    if _has_line_break(blamed):
        yield FieldError.invalid(path / "fieldPath", blamed, "must not contain line breaks")
    if blamed:
        try:
            schema_at(blamed, schema)
        except ValueError:
            yield FieldError.invalid(path / "fieldPath", blamed, "must be a valid path")


def _has_line_break(text: str) -> bool:
    return "\n" in text or "\r" in text
