"""A body into an object of the kind the path expects, and the object held against the path.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go, rest.go (checkName),
staging/src/k8s.io/apiserver/pkg/registry/rest/meta.go (EnsureObjectNamespaceMatchesRequestNamespace)
"""

from typing import cast

from rootspan_apiserver.codec.decoding import FieldValidation, decode
from rootspan_apiserver.dialects import events
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.query import WriteOptions
from rootspan_apiserver.kube.media_types import CUSTOM_OBJECTS, OBJECTS
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, unsupported_media_type
from rootspan_apiserver.registry.metadata import match_namespace

_OLDER = {GroupVersionKind("policy", "v1", "Eviction"): "policy/v1beta1"}
"""The versions a body may be in besides the path's: what kubectl before v1.22 sends to evict a pod."""


def check_content_type(call: Call) -> None:
    """Raises StatusError 415; a body without a content type is read as JSON.

    The refusal names protobuf for custom resources too, as kube-apiserver does, which fails on such a body.
    """
    read = CUSTOM_OBJECTS if call.target.custom else OBJECTS
    if call.request.content_type not in ("", *read):
        raise unsupported_media_type(OBJECTS)


def validation_of(options: WriteOptions) -> FieldValidation:
    """Return how strictly a body is read, `Warn` unless the client says."""
    return cast("FieldValidation", options.field_validation or "Warn")


def decode_object(call: Call, body: bytes, options: WriteOptions) -> JSONObject:
    """Return the object, in the version of the path; strict decoding errors become warnings or a refusal.

    Raises:
        StatusError: 400 for a body that is not the expected object.
    """
    target = call.target
    call.span.event(events.CONVERTING)
    try:
        decoded = decode(
            body,
            call.request.content_type,
            target.kind,
            schema=target.schema if target.custom else None,
            field_validation=validation_of(options),
        )
    except StatusError as refusal:
        raise target.unreadable(refusal) from refusal
    call.request.warnings += decoded.warnings
    call.span.event(events.CONVERTED)
    if decoded.kind.api_version not in (target.group_version, _OLDER.get(target.kind)):
        raise bad_request(
            f"the API version in the data ({decoded.kind.api_version}) does not match the expected API version ({target.group_version})"
        )
    return decoded.object


def place(obj: JSONObject, target: Target) -> None:
    """Put the object into the namespace of the path. Raises StatusError 400 where it names another."""
    match_namespace(target.resource, target.namespace, metadata_of(obj))


def check_object(obj: JSONObject, target: Target) -> None:
    """Hold the object against the path, as update and patch do. Raises StatusError 400 for another namespace or name."""
    place(obj, target)
    name = metadata_of(obj).get("name", "")
    if not name:
        raise bad_request(
            f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        )
    if name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")


def check_named(obj: JSONObject, target: Target) -> None:
    """Hold the body of a subresource that creates (`Binding`, `Eviction`) against the path. Raises StatusError 400 for another name."""
    if metadata_of(obj).get("name", "") != target.name:
        raise bad_request(f"name in URL does not match name in {target.kind.kind} object")


def metadata_of(obj: JSONObject) -> JSONObject:
    """Return the object's metadata, made when it has none."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        metadata = obj["metadata"] = {}
    return metadata
