"""The versions of a definition, and what they may have in common: subresources, columns, selectable fields.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.go_values import go_json
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.field_paths import schema_at
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    each,
    first_error,
    function,
    named,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.functions import Function

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
WARNING_LIMIT = 256
MAX_SELECTABLE_FIELDS = 8
_SELECTABLE = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)


@function("validateDeprecationWarning")
def deprecation_warning(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A deprecated version may have a warning: a printable text of at most 256 bytes that is not empty."""
    warning = value.get("deprecationWarning")
    if warning is not None:
        for why in _faults_of_warning(warning, deprecated=bool(value.get("deprecated"))):
            # Upstream has a pointer to the text, which is shown as JSON.
            message = f"Invalid value: {go_json(warning)}: {why}"
            yield FieldError(str(path / "deprecationWarning"), "FieldValueInvalid", message)


def _faults_of_warning(warning: str, *, deprecated: bool) -> Iterator[str]:
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning.encode()) > WARNING_LIMIT:
        yield f"must be <= {WARNING_LIMIT} characters long"
    if not warning:
        yield "must not be an empty string"
    for index, letter in enumerate(warning):
        if not letter.isprintable():
            words = "must only contain printable UTF-8 characters; non-printable character found at index"
            yield f"{words} {len(warning[:index].encode())}"
            break


def _json_path(value: str) -> list[str]:
    return [] if value.startswith(".") else ["must be a simple json path starting with ."]


def _below(*roots: str, words: str) -> Rule:
    def run(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        if not value.startswith(tuple(f"{root}." for root in roots)):
            yield FieldError.invalid(path, value, f"should be a json path under {words}")

    run.__doc__ = f"Below {words}."
    return Function("ValidateCustomResourceDefinitionSubresources", run)


SUBRESOURCES = struct(
    scale=struct(
        specReplicasPath=required & first_error(named(_json_path), _below(".spec", words=".spec")),
        statusReplicasPath=required & first_error(named(_json_path), _below(".status", words=".status")),
        labelSelectorPath=unless_empty(
            first_error(named(_json_path), _below(".spec", ".status", words="either .spec or .status"))
        ),
    )
)


def _column_type(value: str) -> list[str]:
    return [] if value in COLUMN_TYPES else [f"must be one of {','.join(COLUMN_TYPES)}"]


def _column_format(value: str) -> list[str]:
    return [] if value in COLUMN_FORMATS else [f"must be one of {','.join(COLUMN_FORMATS)}"]


@function("ValidateCustomResourceColumnDefinition")
def _column_path(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The path of a column, which upstream names by its internal field."""
    yield from (required & named(_json_path)).check(value.get("jsonPath"), old, path / "JSONPath", context)


COLUMNS = each(
    struct(
        name=required,
        type=required(f"must be one of {','.join(COLUMN_TYPES)}") & named(_column_type),
        format=unless_empty(named(_column_format)),
    )
    & _column_path
)


def check_selectable_fields(fields: list[JSONObject], schema: JSONObject, path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with selectable fields: each is a scalar of the schema outside the metadata, and there are at most eight."""
    seen = set()
    for index, field in enumerate(fields):
        at, json_path = path / index / "jsonPath", field.get("jsonPath") or ""
        if not json_path:
            yield FieldError.required(at)
            continue
        try:
            names, found = schema_at(json_path, schema, brackets=False)
        except ValueError as error:
            yield FieldError.invalid(at, json_path, f"is an invalid path: {error}")
            continue
        if names[:1] == ("metadata",):
            yield FieldError.invalid(at, json_path, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            yield FieldError.invalid(at, json_path, _SELECTABLE)
        if names in seen:
            yield FieldError.duplicate(at, json_path)
        seen.add(names)
    if len(seen) > MAX_SELECTABLE_FIELDS:
        yield FieldError.too_many(path, len(seen), MAX_SELECTABLE_FIELDS)


def _selectable_fields(holder: str, without_schema: str) -> Rule:
    """Return the rule for fields that the schema in the field `holder` beside them has; `without_schema` is the error without one."""

    @function("ValidateCustomResourceSelectableFields")
    def rule(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """There is such a schema, and it has the fields."""
        if fields := value.get("selectableFields"):
            schema = (value.get(holder) or {}).get("openAPIV3Schema")
            if schema is None:
                yield FieldError.invalid(path / "selectableFields", "", without_schema)
            else:
                yield from check_selectable_fields(fields, schema, path / "selectableFields")

    return rule


selectable_fields = _selectable_fields(
    "schema", "may only be set when `version.schema.openAPIV3Schema` is not included"
)
"""Fields of one version."""
shared_selectable_fields = _selectable_fields("validation", "may only be set when validations.schema is included")
"""Fields of all versions."""
