"""Decode the body of a request: the content type selects the format, the kind the Go type, field validation the treatment of problems.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/versioning/versioning.go and json/json.go beside it,
staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from rootspan_apiserver.codec import custom, json_body, yaml_body
from rootspan_apiserver.codec.unstructured import conversion_error
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.media_types import CUSTOM_OBJECTS, JSON, OBJECTS, PROTOBUF, YAML
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import FieldError, bad_request, internal_error, invalid, unsupported_media_type
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.types import protobuf
from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.problems import NotDecodableError, Problems, UnknownConversionError, strict_error
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types

FieldValidation = Literal["Ignore", "Warn", "Strict"]

_SUMMARY = 30


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded body. `kind` is that of the body, completed by the expected one; `warnings` are texts for `Warning: 299` headers."""

    object: JSONObject
    kind: GroupVersionKind
    warnings: list[str]


def decode(
    body: bytes,
    content_type: str,
    expected: GroupVersionKind,
    *,
    schema: Schema | None = None,
    field_validation: FieldValidation = "Warn",
    bare: bool = False,
) -> Decoded:
    """Return the object of a body that should be of the `expected` kind; a body without a kind counts as one of it.

    `schema` is that of a custom resource, None for a built-in kind. Another group or version of the same kind is read as that version.
    The error of a `bare` body, as that of a delete, is the decoder's own; that of others names the expected kind.

    Raises:
        StatusError: 400, the body cannot be read, or has strict decoding errors under Strict; 415, the content type is not served.
    """
    media_type = content_type.partition(";")[0].strip().lower() or JSON
    accepted = OBJECTS if schema is None else CUSTOM_OBJECTS
    if media_type not in accepted:
        raise unsupported_media_type(accepted)
    problems = Problems()
    strict = field_validation != "Ignore"
    actual: GroupVersionKind | None = None
    try:
        if media_type == PROTOBUF:
            value, actual = protobuf.decode(body, expected)
        else:
            if media_type == YAML:
                value, found = yaml_body.load(body, beginning="")
                problems.found.extend(found)
                value = {} if value is None else value
                json_body.check_type_meta(value)
            else:
                value = json_body.load_object(body, duplicates=strict)
            if schema is not None and not value.get("kind"):
                raise NotDecodableError(f"Object 'Kind' is missing in '{body.decode(errors='replace')}'")
            actual = _completed(value, expected)
            if schema is not None and not value.get("apiVersion"):
                actual = replace(actual, group="", version="")
            value = read(value, actual, expected, schema, problems)
    except NotDecodableError as error:
        raise bad_request(str(error) if bare else _refusal(error, actual, expected, body)) from error
    if problems.found and field_validation == "Strict":
        raise bad_request(_refusal(strict_error(problems.found), actual, expected, body))
    head = {"kind": actual.kind, "apiVersion": actual.api_version}
    if schema is not None:
        return Decoded(value, actual, problems.found if strict else [])
    return Decoded(head | value | head, actual, problems.found if strict else [])


def read(
    value: JSONObject,
    actual: GroupVersionKind,
    expected: GroupVersionKind,
    schema: Schema | None,
    problems: Problems,
    *,
    converts: bool = False,
) -> JSONObject:
    """Return a value as its type or schema reads it. A custom resource of another group or kind is read as it is.

    `converts` is for what was not a text: see `Reading`.

    Raises:
        UnknownConversionError: a built-in type that the value fits is not the expected one.
        NotDecodableError: it does not fit.
    """
    if schema is not None:
        own = (actual.group, actual.kind) == (expected.group, expected.kind)
        return custom.read(value, schema if own else Schema(preserve_unknown_fields=True), problems)
    struct = go_types().struct_of(actual)
    if struct is None:
        scheme = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
        text = f'no kind "{actual.kind}" is registered for version "{actual.api_version}" in scheme "{scheme}"'
        raise NotDecodableError(text)
    out = struct.read_object(value, problems, converts=converts)
    if actual.kind != expected.kind:
        internal = go_types().internal_name(expected)
        raise UnknownConversionError(f"converting ({struct.go_name}) to ({internal}): unknown conversion")
    return out


def read_patched(
    value: Any,
    expected: GroupVersionKind,
    *,
    shown: str,
    schema: Schema | None = None,
    field_validation: FieldValidation = "Warn",
    found: Sequence[str] = (),
    decoded: bool = True,
) -> tuple[JSONObject, list[str]]:
    """Return a patched object, decoded again, and the warnings.

    `found` are the strict decoding errors of the patch itself, `shown` is the text that an error quotes (the patched object's JSON, or
    the patch).

    The patched text is `decoded`, as the kind and version that it names. After a strategic merge patch there is no text: the object is
    converted, its kind and version are ignored, and an error has the converter's words.

    Raises:
        StatusError: 422 about the field `patch`.
    """
    problems = Problems()
    try:
        reads = _read_text if decoded else _read_value
        out = reads(value, expected, schema, problems, shown)
    except NotDecodableError as error:
        why = str(error) if decoded else conversion_error(error)
        raise invalid("", "", "", [FieldError.invalid("patch", shown, why)]) from error
    strict_errors = [*found, *problems.found]
    if strict_errors and field_validation == "Strict":
        raise invalid("", "", "", [FieldError.invalid("patch", shown, strict_error(strict_errors))])
    head = {"kind": expected.kind, "apiVersion": expected.api_version}
    out = out if schema is not None else head | out | head
    return out, strict_errors if field_validation == "Warn" else []


def _read_text(
    value: Any, expected: GroupVersionKind, schema: Schema | None, problems: Problems, text: str
) -> JSONObject:
    json_body.check_type_meta(value)
    actual = _completed(value, expected)
    if schema is not None:
        if not value.get("kind"):
            raise NotDecodableError(f"Object 'Kind' is missing in '{text}'")
        if not value.get("apiVersion"):
            raise internal_error("Object 'apiVersion' is missing in 'object has no apiVersion field'")
        return read(value, actual, expected, schema, problems)
    if not value.get("apiVersion"):
        # Go reads it into the type that no version has, whose fields have other names: nothing is known, nothing is left.
        for key in sorted(value.keys() - {"kind"}):
            problems.add("unknown", key)
        return {}
    out = read(value, actual, expected, None, problems)
    return convert({**out, "apiVersion": actual.api_version}, expected)


def _read_value(
    value: JSONObject, expected: GroupVersionKind, schema: Schema | None, problems: Problems, text: str
) -> JSONObject:
    return read(value, expected, expected, schema, problems, converts=True)


def read_again(
    value: Any, expected: GroupVersionKind, schema: Schema | None, problems: Problems | None = None
) -> JSONObject:
    """An object that a webhook or policy has patched: built in, or a custom resource with its `schema`. Unknown fields are `problems`.

    Raises:
        NotDecodableError: as `read`, or it is a custom resource without a kind.
    """
    json_body.check_type_meta(value)
    if schema is not None and not value.get("kind"):
        raise NotDecodableError(f"Object 'Kind' is missing in '{orjson.dumps(value).decode()}'")
    actual = _completed(value, expected)
    out = read(value, actual, expected, schema, problems or Problems())
    head = {"kind": actual.kind, "apiVersion": actual.api_version}
    return convert({**head, **out, **head}, expected if schema is None else actual)


def decode_applied(body: bytes, field_validation: FieldValidation) -> tuple[JSONObject, list[str]]:
    """Return the body of a server-side apply (`application/apply-patch+yaml`) and the warnings.

    Raises:
        StatusError: 400 where it is not YAML, or a key is given twice and validation is strict.
    """
    try:
        value, strict_errors = yaml_body.load(body)
        value = _object(value)
    except NotDecodableError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if strict_errors and field_validation == "Strict":
        raise bad_request(f"error strict decoding patch: {strict_errors[0]}")
    return plain(value), strict_errors if field_validation == "Warn" else []


def _object(value: Any) -> JSONObject:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotDecodableError(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{json_type(value)} into Go value of type map[string]interface {{}}"
        )
    return value


def _completed(value: JSONObject, expected: GroupVersionKind) -> GroupVersionKind:
    kind, api_version = value.get("kind") or "", value.get("apiVersion") or ""
    if not isinstance(kind, str) or not isinstance(api_version, str):
        raise NotDecodableError("couldn't get version/kind; json parse error: kind and apiVersion must be strings")
    if api_version.count("/") > 1:
        raise NotDecodableError(f"unexpected GroupVersion string: {api_version}")
    group, slash, version = api_version.rpartition("/")
    if not api_version or (slash and not version and group == expected.group):
        group, version = expected.group, expected.version
    return GroupVersionKind(group, version, kind or expected.kind)


def _refusal(error: object, actual: GroupVersionKind | None, expected: GroupVersionKind, body: bytes) -> str:
    if actual is not None:
        return f'{actual.kind} in version "{actual.version}" cannot be handled as a {expected.kind}: {error}'
    return f"the object provided is unrecognized (must be of type {expected.kind}): {error} ({_summary(body)})"


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    more = " ..." if len(body) > _SUMMARY else ""
    if body.startswith(b"{"):
        return body[:_SUMMARY].decode(errors="replace") + more
    return body[:_SUMMARY].hex() + more
