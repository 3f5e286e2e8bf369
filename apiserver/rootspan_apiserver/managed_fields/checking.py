"""Check an applied configuration against its schema, with the error messages of structured-merge-diff.

Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go
"""

from typing import Any

from rootspan_apiserver.kube.go_values import go_format, go_syntax, go_type
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
        if schema.type not in {"object", ""} or _untyped(schema):
            return [_mismatch(value, schema, prefix)]
        errors: list[str] = []
        for name, item in value.items():
            below = (*path, "f:" + name)
            if _is_undeclared(schema, name):
                return [*errors, f"{path_text(below)}: field not declared in schema"]
            errors += check(item, field_schema(schema, name), below)
        return errors
    if isinstance(value, list):
        if schema.type not in {"array", ""} or _untyped(schema):
            return [_mismatch(value, schema, prefix)]
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
    fits = {
        "object": False,
        "array": False,
        "string": isinstance(value, str),
        "integer": number,
        "number": number,
        "boolean": isinstance(value, bool),
    }
    return [] if _untyped(schema) or fits.get(schema.type, True) else [_mismatch(value, schema, prefix)]


def _untyped(schema: Schema) -> bool:
    """Return whether any scalar will do: for a number or a text, and for texts with a format, which are checked when they are read."""
    return schema.int_or_string or (schema.type == "string" and schema.format not in {"", "byte"})


def _mismatch(value: Any, schema: Schema, prefix: str) -> str:
    if _untyped(schema):
        return f"{prefix}expected any scalar, got &{{{go_format(value)}}}"
    match schema.type:
        case "string":
            return f"{prefix}expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"
        case "integer" | "number":
            return f"{prefix}expected numeric (int or float), got {go_type(value)}"
    wanted = {"array": "list", "object": "map"}.get(schema.type, schema.type)
    return f"{prefix}expected {wanted}, got &{{{go_format(value)}}}"
