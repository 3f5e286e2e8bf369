"""Whether a value fits a structural schema, and upstream's words for why it does not.

In an update, what is wrong with a value that did not change is no error (ratcheting); elements of lists are found by their keys, if they
have some.

Upstream: k8s.io/kube-openapi/pkg/validation/validate, staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson

from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.formats import has_format
from rootspan_apiserver.rules import ABSENT, ROOT, Path
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


NO_FIELD = "<nil>"
"""The field of an error that upstream has no path for."""
_RANGES: Mapping[str, int] = MappingProxyType({"int32": 31, "int64": 63})


def validate(value: Any, schema: Schema, path: Path = ROOT, old: Any = ABSENT) -> list[FieldError]:
    """Return every reason why `value` does not fit, the fields of an object by name.

    Args:
        old: the value before an update, ABSENT if there is none to compare with.
    """
    return list(_check(value, schema, path, old))


def below(path: Path, errors: Iterable[FieldError]) -> Iterator[FieldError]:
    """Yield errors of a value that was validated as if it were at the root, with the place where it is; the messages stay."""
    for error in errors:
        inner = "" if error.field == NO_FIELD else error.field
        dot = "." if inner and not inner.startswith("[") else ""
        yield replace(error, field=f"{path}{dot}{inner}")


def _check(value: Any, schema: Schema, path: Path, old: Any) -> Iterator[FieldError]:
    if value is None and schema.nullable:
        return
    if old is not ABSENT and type(old) is type(value) and old == value:
        return
    if wrong := _wrong_type(value, schema):
        actual = JSON_TYPES[type(value)]
        yield FieldError.type_invalid(path, actual, f'{path} in body must be of type {wrong}: "{actual}"')
        if value is None:
            return
    yield from _check_junctors(value, schema, path, old)
    match value:
        case str():
            yield from _check_text(value, schema, path)
        case bool():
            pass
        case int() | float():
            yield from _check_number(value, schema, path)
        case list():
            yield from _check_list(value, schema, path, old)
    if schema.enum and value not in schema.enum:
        yield FieldError.not_supported(path, value, schema.enum)
    if isinstance(value, dict):
        yield from _check_object(value, schema, path, old)


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


def _check_text(value: str, schema: Schema, path: Path) -> Iterator[FieldError]:
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
    """Return what the value does not match, "" if it does."""
    try:
        return "" if pattern.found_in(value) else pattern.text
    except ValueError as error:
        return f"{pattern.text}, but pattern is invalid: {error}"


def _check_number(value: float, schema: Schema, path: Path) -> Iterator[FieldError]:
    limits = schema.constraints
    yield from _check_range(value, schema, path, "Checked")
    if factor := limits.get("multipleOf"):
        yield from _check_range(factor, schema, path, "MultipleOf")
        if value % factor:
            yield FieldError.invalid(path, value, f"{path} in body should be a multiple of {_float(factor)}")
    if (least := limits.get("minimum")) is not None:
        yield from _check_range(least, schema, path, "Minimum boundary")
        exclusive = limits.get("exclusiveMinimum")
        if value < least or (exclusive and value == least):
            than = "greater than" if exclusive else "greater than or equal to"
            yield FieldError.invalid(path, value, f"{path} in body should be {than} {_float(least)}")
    if (most := limits.get("maximum")) is not None:
        yield from _check_range(most, schema, path, "Maximum boundary")
        exclusive = limits.get("exclusiveMaximum")
        if value > most or (exclusive and value == most):
            than = "less than" if exclusive else "less than or equal to"
            yield FieldError.invalid(path, value, f"{path} in body should be {than} {_float(most)}")


def _check_range(number: float, schema: Schema, path: Path, what: str) -> Iterator[FieldError]:
    """That a number is one of the integers of its format."""
    bits = _RANGES.get(schema.format) if schema.type == "integer" else None
    if bits is not None and not -(2**bits) <= number < 2**bits:
        words = f"{what} value must be of type integer with format {schema.format} in {path}"
        yield FieldError.invalid(NO_FIELD, "", words)


def _float(number: float) -> str:
    return go_format(float(number))


def _check_list(value: list[Any], schema: Schema, path: Path, old: Any) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maxItems")) is not None and len(value) > most:
        yield FieldError.too_many(path, len(value), most)
    if (least := limits.get("minItems")) is not None and len(value) < least:
        yield FieldError.invalid(path, len(value), f"{path} in body should have at least {least} items")
    if limits.get("uniqueItems") and len({_identity(item) for item in value}) < len(value):
        yield FieldError.invalid(path, value, f"{path} in body shouldn't contain duplicates")
    if schema.items is not None:
        before = _by_keys(old, schema)
        for index, item in enumerate(value):
            known = before.get(_keys(item, schema), ABSENT) if before else ABSENT
            yield from _check(item, schema.items, path / index, known)


def _by_keys(old: Any, schema: Schema) -> dict[bytes, Any]:
    """Return the elements of an old list by their keys, if it is a list whose elements have keys."""
    if schema.list_type != "map" or not isinstance(old, list):
        return {}
    return {_keys(item, schema): item for item in old}


def _keys(item: Any, schema: Schema) -> bytes:
    return _identity({key: item.get(key) for key in schema.list_map_keys} if isinstance(item, dict) else item)


def _identity(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _check_object(value: dict[str, Any], schema: Schema, path: Path, old: Any) -> Iterator[FieldError]:
    limits = schema.constraints
    if (most := limits.get("maxProperties")) is not None and len(value) > most:
        yield FieldError.too_many(path, len(value), most)
    if (least := limits.get("minProperties")) is not None and len(value) < least:
        yield FieldError.invalid(path, len(value), f"{path} in body should have at least {least} properties")
    for name in sorted(schema.required - value.keys()):
        yield FieldError.required(path / name)
    before = old if isinstance(old, dict) else {}
    for name in sorted(value):
        child = schema.properties.get(name, schema.additional)
        if child is not None:
            yield from _check(value[name], child, path / name, before.get(name, ABSENT))


def _check_junctors(value: Any, schema: Schema, path: Path, old: Any) -> Iterator[FieldError]:
    limits = schema.constraints
    if (some := limits.get("anyOf")) and not any(_fits(value, each, path) for each in some):
        yield FieldError.invalid(path, value, f"{path} in body must validate at least one schema (anyOf)")
    if (one := limits.get("oneOf")) and sum(_fits(value, each, path) for each in one) != 1:
        yield FieldError.invalid(path, value, f"{path} in body must validate one and only one schema (oneOf)")
    for each in limits.get("allOf", ()):
        yield from _check(value, each, path, old)
    if (none := limits.get("not")) is not None and _fits(value, none, path):
        yield FieldError.invalid(path, value, f"{path} in body must not validate the schema (not)")


def _fits(value: Any, schema: Schema, path: Path) -> bool:
    return next(_check(value, schema, path, ABSENT), None) is None
