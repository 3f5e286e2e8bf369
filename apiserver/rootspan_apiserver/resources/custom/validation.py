"""Whether a value fits a structural schema, and the words of the server for why it does not."""

from collections.abc import Iterator
from typing import Any

import orjson

from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.formats import has_format
from rootspan_apiserver.types.schema import Schema

JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def validate(value: Any, schema: Schema, path: str = "") -> list[FieldError]:
    """Every reason why `value` does not fit, in the order of the fields' names."""
    return list(_check(value, schema, path))


def _check(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    if value is None and schema.nullable:
        return
    if wrong := _wrong_type(value, schema):
        actual = JSON_TYPES[type(value)]
        yield FieldError.type_invalid(path, actual, f'{path} in body must be of type {wrong}: "{actual}"')
        return
    if schema.enum and value not in schema.enum:
        yield FieldError.not_supported(path, value, schema.enum)
    match value:
        case str():
            yield from _check_text(value, schema, path)
        case bool():
            pass
        case int() | float():
            yield from _check_number(value, schema, path)
        case list():
            yield from _check_list(value, schema, path)
        case dict():
            yield from _check_object(value, schema, path)
    yield from _check_junctors(value, schema, path)


def _wrong_type(value: Any, schema: Schema) -> str:
    """The type a value should have and has not, "" if it has."""
    if schema.int_or_string:
        return "" if isinstance(value, int | str) and not isinstance(value, bool) else "integer,string"
    actual = JSON_TYPES[type(value)]
    whole = isinstance(value, float) and value.is_integer()
    if not schema.type or actual == schema.type:
        return ""
    if schema.type == "number" and actual == "integer":
        return ""
    return "" if schema.type == "integer" and whole else schema.type


def _check_text(value: str, schema: Schema, path: str) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maxLength")) is not None and len(value) > most:
        yield FieldError.too_long(path, most)
    if (least := limits.get("minLength")) is not None and len(value) < least:
        yield FieldError.invalid(path, value, f"{path} in body should be at least {least} chars long")
    if (pattern := limits.get("pattern")) and (expected := _mismatch(value, pattern)):
        yield FieldError.invalid(path, value, f"{path} in body should match '{expected}'")
    if schema.format and not has_format(value, schema.format):
        shown = orjson.dumps(value).decode()
        yield FieldError.type_invalid(path, value, f"{path} in body must be of type {schema.format}: {shown}")


def _mismatch(value: str, pattern: Pattern) -> str:
    """What the value does not match, "" if it does."""
    try:
        return "" if pattern.found_in(value) else pattern.text
    except ValueError as error:
        return f"{pattern.text}, but pattern is invalid: {error}"


def _check_number(value: float, schema: Schema, path: str) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maximum")) is not None:
        exclusive = limits.get("exclusiveMaximum")
        if value > most or (exclusive and value == most):
            than = "less than" if exclusive else "less than or equal to"
            yield FieldError.invalid(path, value, f"{path} in body should be {than} {most:g}")
    if (least := limits.get("minimum")) is not None:
        exclusive = limits.get("exclusiveMinimum")
        if value < least or (exclusive and value == least):
            than = "greater than" if exclusive else "greater than or equal to"
            yield FieldError.invalid(path, value, f"{path} in body should be {than} {least:g}")
    if (factor := limits.get("multipleOf")) and value % factor:
        yield FieldError.invalid(path, value, f"{path} in body should be a multiple of {factor:g}")
    bits = {"int32": 31, "int64": 63}.get(schema.format)
    if bits is not None and isinstance(value, int) and not -(2**bits) <= value < 2**bits:
        yield FieldError.invalid(
            path, value, f"Checked value must be of type integer with format {schema.format} in {path}"
        )


def _check_list(value: list[Any], schema: Schema, path: str) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maxItems")) is not None and len(value) > most:
        yield FieldError.too_many(path, len(value), most)
    if (least := limits.get("minItems")) is not None and len(value) < least:
        yield FieldError.invalid(path, len(value), f"{path} in body should have at least {least} items")
    if limits.get("uniqueItems") and len({_identity(item) for item in value}) < len(value):
        yield FieldError.invalid(path, value, f"{path} in body shouldn't contain duplicates")
    if schema.items is not None:
        for index, item in enumerate(value):
            yield from _check(item, schema.items, f"{path}[{index}]")
    yield from _check_repeated(value, schema, path)


def _check_repeated(value: list[Any], schema: Schema, path: str) -> Iterator[FieldError]:
    seen = set()
    for index, item in enumerate(value):
        if schema.list_type == "set":
            shown = item
        elif schema.list_type == "map" and isinstance(item, dict):
            shown = {key: item[key] for key in schema.list_map_keys if key in item}
        else:
            continue
        if (identity := _identity(shown)) in seen:
            yield FieldError.duplicate(f"{path}[{index}]", shown)
        seen.add(identity)


def _identity(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _check_object(value: dict[str, Any], schema: Schema, path: str) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maxProperties")) is not None and len(value) > most:
        yield FieldError.too_many(path, len(value), most)
    if (least := limits.get("minProperties")) is not None and len(value) < least:
        yield FieldError.invalid(path, len(value), f"{path} in body should have at least {least} properties")
    prefix = f"{path}." if path else ""
    for name in sorted(schema.required - value.keys()):
        yield FieldError.required(f"{prefix}{name}")
    for name in sorted(value):
        child = schema.properties.get(name, schema.additional)
        if child is not None:
            yield from _check(value[name], child, f"{prefix}{name}")


def _check_junctors(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    limits = schema.constraints
    for each in limits.get("allOf", ()):
        yield from _check(value, each, path)
    if (some := limits.get("anyOf")) and not any(_fits(value, each, path) for each in some):
        yield FieldError.invalid(path, value, f"{path} in body must validate at least one schema (anyOf)")
    if (one := limits.get("oneOf")) and sum(_fits(value, each, path) for each in one) != 1:
        yield FieldError.invalid(path, value, f"{path} in body must validate one and only one schema (oneOf)")
    if (none := limits.get("not")) is not None and _fits(value, none, path):
        yield FieldError.invalid(path, value, f"{path} in body must not validate the schema (not)")


def _fits(value: Any, schema: Schema, path: str) -> bool:
    return next(_check(value, schema, path), None) is None
