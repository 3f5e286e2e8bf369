"""Versions and schemas as errors show them: kube-apiserver's internal structs in JSON, under the names of their fields in Go.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/{types,types_jsonschema}.go
"""

from collections.abc import Callable
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.result import shown

Form = Callable[[Any], Any]
Member = tuple[str, str, Any, Form | None]
"""A field: its names in JSON and in Go, what it is when it is not set, and the form of its value, None for the value itself."""


def _struct(value: JSONObject | None, members: tuple[Member, ...]) -> JSONObject | None:
    if value is None:
        return None
    found = {}
    for name, go_name, zero, form in members:
        inner = value.get(name)
        found[go_name] = zero if inner is None else inner if form is None else form(inner)
    return found


def _value(value: Any) -> Any:
    """Return any JSON as Go writes it: keys sorted, whole numbers without a fraction."""
    return _numbers(shown(value))


def _numbers(value: Any) -> Any:
    match value:
        case float() if value.is_integer() and abs(value) < 1e21:
            return int(value)
        case dict():
            return {key: _numbers(inner) for key, inner in value.items()}
        case list():
            return [_numbers(inner) for inner in value]
    return value


def schema_form(schema: JSONObject | None) -> JSONObject | None:
    """Return the form of an `openAPIV3Schema`."""
    return _struct(schema, _SCHEMA)


def versions_form(versions: list[JSONObject] | None) -> list[JSONObject | None] | None:
    """Return the form of the versions of a spec."""
    return None if versions is None else [_struct(version, _VERSION) for version in versions]


def items_form(items: Any) -> JSONObject:
    """Return the form of the schema, or the schemas, of the elements of a list."""
    several = _schemas(items) if isinstance(items, list) and items else None
    return {"Schema": schema_form(items) if isinstance(items, dict) else None, "JSONSchemas": several}


def _schemas(schemas: list[JSONObject]) -> list[Any]:
    return [schema_form(schema) for schema in schemas]


def _named_schemas(schemas: JSONObject) -> JSONObject:
    return {name: schema_form(schemas[name]) for name in sorted(schemas)}


def _or_bool(value: Any) -> JSONObject:
    schema = value if isinstance(value, dict) else None
    return {"Allows": schema is not None or bool(value), "Schema": schema_form(schema)}


def _or_strings(value: Any) -> JSONObject:
    schema = value if isinstance(value, dict) else None
    return {"Schema": schema_form(schema), "Property": value if isinstance(value, list) else None}


def _dependencies(value: JSONObject) -> JSONObject:
    return {name: _or_strings(value[name]) for name in sorted(value)}


def rule_form(rule: JSONObject) -> Any:
    """Return the internal form of a rule in CEL."""
    return _struct(rule, _RULE)


def _rules(rules: list[JSONObject]) -> list[Any]:
    return [rule_form(rule) for rule in rules]


def _structs(members: tuple[Member, ...]) -> Form:
    return lambda values: [_struct(value, members) for value in values]


def _one(members: tuple[Member, ...]) -> Form:
    return lambda value: _struct(value, members)


_RULE: tuple[Member, ...] = (
    ("rule", "Rule", "", None),
    ("message", "Message", "", None),
    ("messageExpression", "MessageExpression", "", None),
    ("reason", "Reason", None, None),
    ("fieldPath", "FieldPath", "", None),
    ("optionalOldSelf", "OptionalOldSelf", None, None),
)
_SCHEMA: tuple[Member, ...] = (
    ("id", "ID", "", None),
    ("$schema", "Schema", "", None),
    ("$ref", "Ref", None, None),
    ("description", "Description", "", None),
    ("type", "Type", "", None),
    ("nullable", "Nullable", False, None),
    ("format", "Format", "", None),
    ("title", "Title", "", None),
    ("default", "Default", None, _value),
    ("maximum", "Maximum", None, _value),
    ("exclusiveMaximum", "ExclusiveMaximum", False, None),
    ("minimum", "Minimum", None, _value),
    ("exclusiveMinimum", "ExclusiveMinimum", False, None),
    ("maxLength", "MaxLength", None, None),
    ("minLength", "MinLength", None, None),
    ("pattern", "Pattern", "", None),
    ("maxItems", "MaxItems", None, None),
    ("minItems", "MinItems", None, None),
    ("uniqueItems", "UniqueItems", False, None),
    ("multipleOf", "MultipleOf", None, _value),
    ("enum", "Enum", None, _value),
    ("maxProperties", "MaxProperties", None, None),
    ("minProperties", "MinProperties", None, None),
    ("required", "Required", None, None),
    ("items", "Items", None, items_form),
    ("allOf", "AllOf", None, _schemas),
    ("oneOf", "OneOf", None, _schemas),
    ("anyOf", "AnyOf", None, _schemas),
    ("not", "Not", None, schema_form),
    ("properties", "Properties", None, _named_schemas),
    ("additionalProperties", "AdditionalProperties", None, _or_bool),
    ("patternProperties", "PatternProperties", None, _named_schemas),
    ("dependencies", "Dependencies", None, _dependencies),
    ("additionalItems", "AdditionalItems", None, _or_bool),
    ("definitions", "Definitions", None, _named_schemas),
    (
        "externalDocs",
        "ExternalDocs",
        None,
        _one((("description", "Description", "", None), ("url", "URL", "", None))),
    ),
    ("example", "Example", None, _value),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields", None, None),
    ("x-kubernetes-embedded-resource", "XEmbeddedResource", False, None),
    ("x-kubernetes-int-or-string", "XIntOrString", False, None),
    ("x-kubernetes-list-map-keys", "XListMapKeys", None, None),
    ("x-kubernetes-list-type", "XListType", None, None),
    ("x-kubernetes-map-type", "XMapType", None, None),
    ("x-kubernetes-validations", "XValidations", None, _rules),
)
_ALLOWED_AT_ROOT = (
    *("Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum"),
    *("MaxLength", "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items"),
    *("Properties", "ExternalDocs", "Example", "XPreserveUnknownFields", "XValidations"),
)
"""The fields that the schema of a kind with a status subresource may have."""
_SCALE: tuple[Member, ...] = (
    ("specReplicasPath", "SpecReplicasPath", "", None),
    ("statusReplicasPath", "StatusReplicasPath", "", None),
    ("labelSelectorPath", "LabelSelectorPath", None, None),
)
_COLUMN: tuple[Member, ...] = (
    ("name", "Name", "", None),
    ("type", "Type", "", None),
    ("format", "Format", "", None),
    ("description", "Description", "", None),
    ("priority", "Priority", 0, None),
    ("jsonPath", "JSONPath", "", None),
)
_VERSION: tuple[Member, ...] = (
    ("name", "Name", "", None),
    ("served", "Served", False, None),
    ("storage", "Storage", False, None),
    ("deprecated", "Deprecated", False, None),
    ("deprecationWarning", "DeprecationWarning", None, None),
    ("schema", "Schema", None, _one((("openAPIV3Schema", "OpenAPIV3Schema", None, schema_form),))),
    (
        "subresources",
        "Subresources",
        None,
        _one((("status", "Status", None, _one(())), ("scale", "Scale", None, _one(_SCALE)))),
    ),
    ("additionalPrinterColumns", "AdditionalPrinterColumns", None, _structs(_COLUMN)),
    ("selectableFields", "SelectableFields", None, _structs((("jsonPath", "JSONPath", "", None),))),
)


def not_at_root(schema: JSONObject) -> str:
    """Return why the schema of a kind with a status subresource may not be so, "" if it may: it has a field that is not for its root."""
    given = (go_name for name, go_name, zero, _ in _SCHEMA if schema.get(name) not in (None, zero))
    if all(name in _ALLOWED_AT_ROOT for name in given):
        return ""
    allowed = " ".join(_ALLOWED_AT_ROOT)
    return f"only [{allowed}] fields are allowed at the root of the schema if the status subresource is enabled"
