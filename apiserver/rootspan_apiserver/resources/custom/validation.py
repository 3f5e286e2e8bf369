"""Whether a value fits a structural schema, and upstream's words for why it does not.

In an update, what is wrong with a value that did not change is no error (ratcheting).

Upstream: k8s.io/kube-openapi/pkg/validation/validate/{schema,type,schema_props,slice_validator,object_validator,validator}.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/ratcheting.go
"""

from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_json
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.string_formats import has_format
from rootspan_apiserver.resources.custom.correlation import Correlated
from rootspan_apiserver.resources.custom.numbers import NumberFormat, check_number, is_whole
from rootspan_apiserver.resources.custom.result import Result, shown
from rootspan_apiserver.types.schema import Schema

_TYPE_META = ("kind", "apiVersion")


def validate(value: Any, schema: Schema) -> Result:
    """Return every reason why `value` does not fit, the fields of an object by name."""
    return _check(value, schema, "", None)


def validate_update(value: Any, schema: Schema, correlated: Correlated) -> Result:
    """Return every reason why `value` does not fit, but for what it had before."""
    return _ratcheted(value, schema, "", correlated)


def _ratcheted(value: Any, schema: Schema, path: str, node: Correlated) -> Result:
    result = _check(value, schema, path, node)
    if result.errors and node.is_unchanged():
        result.errors = {}
    return result


def _below(value: Any, schema: Schema, path: str, node: Correlated | None) -> Result:
    return _check(value, schema, path, None) if node is None else _ratcheted(value, schema, path, node)


def _check(value: Any, schema: Schema, path: str, node: Correlated | None) -> Result:
    result = Result()
    types = ("integer", "string") if schema.int_or_string else (schema.type,) if schema.type else ()
    form = schema.format
    if value is None:
        if types and not schema.nullable:
            result.wrong_type(path, ",".join(types), "null")
        else:
            result.matches += 1
        _check_enum(value, schema, path, result)
        return result
    if types or form:
        _check_type(value, types, form, path, result)
    _check_combinators(value, schema, path, node, result)
    match value:
        case str():
            _check_text(value, schema, path, result)
            if form:
                _check_format(value, form, path, result)
        case bool():
            pass
        case int() | float():
            number_format = NumberFormat(types[0] if len(types) == 1 else "", form)
            check_number(value, schema.constraints, path, number_format, result)
            result.matches += 1
        case list():
            _check_list(value, schema, path, node, result)
            result.matches += 1
    _check_enum(value, schema, path, result)
    if isinstance(value, dict):
        _check_object(value, schema, path, node, result)
        result.matches += 1
    result.matches += 3
    return result


def _check_type(value: Any, types: tuple[str, ...], form: str, path: str, result: Result) -> None:
    kind, actual = _kind_of(value)
    fits = kind in types
    fits |= kind == "number" and "integer" in types and is_whole(value)
    fits |= kind == "integer" and "number" in types
    of_text = kind in ("string", "array")
    result.matches += 1
    if form and not of_text and not fits and actual != form:
        result.wrong_type(path, form, actual)
    elif form and of_text and not {"number", "integer"} & set(types):
        # A format says what a text is like; whether a list is one, upstream does not ask.
        result.matches += 1
    elif not fits:
        result.wrong_type(path, ",".join(types), kind)
    else:
        result.matches += 1


def _kind_of(value: Any) -> tuple[str, str]:
    """Return the type and the format that a value has by itself."""
    match value:
        case bool():
            return "boolean", ""
        case int():
            return "integer", "int64"
        case float():
            return "number", "float64"
        case str():
            return "string", ""
        case list():
            return "array", ""
        case _:
            return "object", ""


def _check_text(value: str, schema: Schema, path: str, result: Result) -> None:
    """Add the first of a wrong length and a pattern that does not match."""
    limits = schema.constraints
    result.matches += 1
    if (most := limits.get("maxLength")) is not None and len(value) > most:
        result.add(f"{path} in body should be at most {most} chars long", FieldError.too_long(path, most))
    elif (least := limits.get("minLength")) is not None and len(value) < least:
        result.invalid(path, value, f"{path} in body should be at least {least} chars long")
    elif (pattern := limits.get("pattern")) and (expected := _mismatch(value, pattern)):
        result.invalid(path, value, f"{path} in body should match '{expected}'")


def _mismatch(value: str, pattern: Pattern) -> str:
    """Return what the value does not match, "" if it does."""
    try:
        return "" if pattern.found_in(value) else pattern.text
    except ValueError as error:
        return f"{pattern.text}, but pattern is invalid: {error}"


def _check_format(value: str, form: str, path: str, result: Result) -> None:
    result.matches += 1
    if not has_format(value, form):
        result.wrong_type(path, form, value)


def _check_enum(value: Any, schema: Schema, path: str, result: Result) -> None:
    if schema.enum and not any(_is(value, choice) for choice in schema.enum):
        choices = [choice if isinstance(choice, str) else go_json(shown(choice)) for choice in schema.enum]
        text = f"{path} in body should be one of {choices}"
        result.add(text, FieldError.not_supported(path, shown(value), choices))


def _is(value: Any, choice: Any) -> bool:
    """Return whether a value is that of an enum once it is converted to its type; null never is."""
    match choice:
        case None:
            return False
        case bool():
            return value is choice
        case int():
            return isinstance(value, int | float) and not isinstance(value, bool) and int(value) == choice
        case float():
            return isinstance(value, int | float) and not isinstance(value, bool) and value == choice
    return type(value) is type(choice) and bool(value == choice)


def _check_list(value: list[Any], schema: Schema, path: str, node: Correlated | None, result: Result) -> None:
    limits, size = schema.constraints, len(value)
    if schema.items is not None:
        for index, item in enumerate(value):
            child = node.index(index) if node is not None else None
            result.merge(_below(item, schema.items, f"{path}[{index}]", child))
    if (least := limits.get("minItems")) is not None and size < least:
        result.invalid(path, size, f"{path} in body should have at least {least} items")
    if (most := limits.get("maxItems")) is not None and size > most:
        result.add(f"{path} in body should have at most {most} items", FieldError.too_many(path, size, most))
    result.matches += 1


def _check_object(value: dict[str, Any], schema: Schema, path: str, node: Correlated | None, result: Result) -> None:
    limits, size = schema.constraints, len(value)
    if (least := limits.get("minProperties")) is not None and size < least:
        result.invalid(path, size, f"{path} in body should have at least {least} properties")
    if (most := limits.get("maxProperties")) is not None and size > most:
        result.add(f"{path} in body should have at most {most} properties", FieldError.too_many(path, size, most))
    if limits.get("additionalProperties") is False:
        for name in sorted(value.keys() - schema.properties.keys()):
            result.invalid(path, name, f"{path}.{name} in body is a forbidden property")
    elif (additional := schema.additional) is not None:
        for name in sorted(value.keys() - schema.properties.keys()):
            child = node.key(name) if node is not None else None
            result.merge(_below(value[name], additional, f"{path}.{name}", child))
    for name in sorted(schema.properties.keys() & value.keys()):
        child = node.key(name) if node is not None and (path or name not in _TYPE_META) else None
        place = f"{path}.{name}" if path else name
        result.merge(_below(value[name], schema.properties[name], place, child))
    for name in limits.get("required", ()):
        if name not in value:
            result.add(f"{path}.{name} in body is required", FieldError.required(f"{path}.{name}"))


def _check_combinators(value: Any, schema: Schema, path: str, node: Correlated | None, result: Result) -> None:
    """Check `anyOf`, `oneOf`, `allOf` and `not`; of alternatives that all fail, the errors of the closest are added."""
    limits, found = schema.constraints, Result(matches=1)
    if some := limits.get("anyOf"):
        results = [_check(value, each, path, node) for each in some]
        valid = next((each for each in results if not each.errors), None)
        if valid is None:
            found.without_field(f"{quote(path)} must validate at least one schema (anyOf)")
        found.merge(valid or _closest(results))
    if one := limits.get("oneOf"):
        results = [_check(value, each, path, node) for each in one]
        valids = [each for each in results if not each.errors]
        if len(valids) == 1:
            found.merge(valids[0])
        else:
            how = f"Found {len(valids)} valid alternatives" if valids else "Found none valid"
            found.without_field(f"{quote(path)} must validate one and only one schema (oneOf). {how}")
            if not valids:
                found.merge(_closest(results))
    if every := limits.get("allOf"):
        results = [_check(value, each, path, node) for each in every]
        for each in results:
            found.merge(each)
        failed = sum(bool(each.errors) for each in results)
        if failed:
            none = ". None validated" if failed == len(results) else ""
            found.without_field(f"{quote(path)} must validate all the schemas (allOf){none}")
    if (never := limits.get("not")) is not None and not _check(value, never, path, node).errors:
        found.without_field(f"{quote(path)} must not validate the schema (not)")
    result.merge(found)


def _closest(results: list[Result]) -> Result:
    return max(results, key=lambda each: each.matches)
