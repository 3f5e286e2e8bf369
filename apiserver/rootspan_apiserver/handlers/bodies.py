"""A body into an object of the kind the path expects."""

from typing import cast

from rootspan_apiserver.codec.decoding import FieldValidation, decode, unsupported_media_type
from rootspan_apiserver.dialects import events
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import JSON, PROTOBUF, YAML
from rootspan_apiserver.http.query import WriteOptions
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.registry.metadata import match_namespace
from rootspan_apiserver.telemetry.tracing import InternalSpan

_OLDER = {GroupVersionKind("policy", "v1", "Eviction"): "policy/v1beta1"}
"""The versions a body may be in besides the path's: what kubectl before v1.22 sends to evict a pod."""


def check_content_type(request: Request, target: Target) -> None:
    """Raises StatusError 415; a body without a content type is taken to be JSON."""
    if request.content_type not in ("", JSON, YAML, *(() if target.custom else (PROTOBUF,))):
        raise unsupported_media_type(custom=target.custom)


def decode_object(
    request: Request, target: Target, body: bytes, options: WriteOptions, span: InternalSpan
) -> JSONObject:
    """The object, in the version of the path; what strictness minds becomes warnings or a refusal.

    Raises:
        StatusError: 400 for what is not the expected object.
    """
    span.event(events.CONVERTING)
    decoded = decode(
        body,
        request.content_type,
        target.kind,
        schema=target.schema if target.custom else None,
        field_validation=cast("FieldValidation", options.field_validation or "Warn"),
    )
    request.context.warnings += decoded.warnings
    span.event(events.CONVERTED)
    if decoded.kind.api_version not in (target.group_version, _OLDER.get(target.kind)):
        raise bad_request(
            f"the API version in the data ({decoded.kind.api_version}) does not match the expected API version ({target.group_version})"
        )
    return decoded.object


def place(obj: JSONObject, target: Target) -> None:
    """Puts the object into the namespace of the path. Raises StatusError 400 where it names another."""
    match_namespace(target.resource, target.namespace, metadata_of(obj))


def check_object(obj: JSONObject, target: Target) -> None:
    """Raises StatusError 400 where the object is not the one of the path, in namespace and name."""
    place(obj, target)
    name = metadata_of(obj).get("name", "")
    if not name:
        raise bad_request(
            f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        )
    if name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")


def check_named(obj: JSONObject, target: Target) -> None:
    """Raises StatusError 400 where the body of a subresource that creates (`Binding`, `Eviction`) names another object than the path."""
    if metadata_of(obj).get("name", "") != target.name:
        raise bad_request(f"name in URL does not match name in {target.kind.kind} object")


def metadata_of(obj: JSONObject) -> JSONObject:
    """The object's metadata, made when it has none."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        metadata = obj["metadata"] = {}
    return metadata
