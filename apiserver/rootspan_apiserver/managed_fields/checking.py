"""Check an applied configuration against its schema, with the error messages of structured-merge-diff.

Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go
"""

from typing import Any

from rootspan_apiserver.kube.go_values import go_format, go_syntax
from rootspan_apiserver.managed_fields.field_set import path_text
from rootspan_apiserver.managed_fields.shape import SchemaMismatchError, element, field_schema, item_schema
from rootspan_apiserver.types.schema import Schema


def check(value: Any, schema: Schema, path: tuple[str, ...] = ()) -> list[str]:
    """Return the errors of an applied configuration, in upstream's words."""
    at = path_text(path)
    prefix = f"{at}: " if at else ""
    if value is None:
        return []
    if isinstance(value, dict):
        if schema.type not in {"object", ""}:
            return [f"{prefix}expected {_wanted(schema)}, got &{{{go_format(value)}}}"]
        errors: list[str] = []
        for name, item in value.items():
            below = (*path, "f:" + name)
            if _is_undeclared(schema, name):
                return [*errors, f"{path_text(below)}: field not declared in schema"]
            errors += check(item, field_schema(schema, name), below)
        return errors
    if isinstance(value, list):
        if schema.type not in {"array", ""}:
            return [f"{prefix}expected {_wanted(schema)}, got &{{{go_format(value)}}}"]
        return _check_list(value, schema, path, prefix)
    return _check_scalar(value, schema, prefix)


def listed_errors(errors: list[str]) -> str:
    """Return the errors of `check` as one text."""
    return errors[0] if len(errors) == 1 else "\n".join(["errors:", *(f"  {error}" for error in errors)])


def _is_undeclared(schema: Schema, name: str) -> bool:
    return (
        bool(schema.properties)
        and name not in schema.properties
        and schema.additional is None
        and not schema.preserve_unknown_fields
    )


def _check_list(value: list[Any], schema: Schema, path: tuple[str, ...], prefix: str) -> list[str]:
    of = item_schema(schema)
    errors: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        key = f"i:{index}"
        if schema.list_type in {"map", "set"}:
            try:
                key = element(item, schema)
            except SchemaMismatchError as error:
                return [*errors, f"{prefix}element {index}: {error}"]
            if key in seen:
                errors.append(f"{prefix}duplicate entries for key {path_text((key,))}")
            seen.add(key)
        errors += check(item, of, (*path, key))
    return errors


def _check_scalar(value: Any, schema: Schema, prefix: str) -> list[str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match schema.type:
        case "object" if not schema.int_or_string:
            return [f"{prefix}expected map, got &{{{go_format(value)}}}"]
        case "array":
            return [f"{prefix}expected list, got &{{{go_format(value)}}}"]
        case "string" if not isinstance(value, str) and not (number and _loose(schema)):
            return [f"{prefix}expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"]
        case "integer" | "number" if not number and not (isinstance(value, str) and _loose(schema)):
            return [f"{prefix}expected numeric (int or float), got {'bool' if isinstance(value, bool) else 'string'}"]
        case "boolean" if not isinstance(value, bool):
            return [f"{prefix}expected boolean, got &{{{go_format(value)}}}"]
    return []


def _loose(schema: Schema) -> bool:
    return schema.int_or_string or schema.format in {"int-or-string", "quantity"}


def _wanted(schema: Schema) -> str:
    return {"array": "list", "object": "map", "integer": "numeric", "number": "numeric"}.get(schema.type, schema.type)
