"""A body into an object of the kind the path expects."""

from typing import cast

from rootspan_apiserver.codec.decoding import FieldValidation, decode, unsupported_media_type
from rootspan_apiserver.handlers.negotiation import JSON, PROTOBUF, YAML
from rootspan_apiserver.handlers.query import WriteOptions
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.registry.resource import GroupVersionKind, JSONObject
from rootspan_apiserver.status import bad_request
from rootspan_apiserver.tracing import Step

_OLDER = {GroupVersionKind("policy", "v1", "Eviction"): "policy/v1beta1"}
"""The versions a body may be in besides the path's: what kubectl before v1.22 sends to evict a pod."""


def check_content_type(request: Request, target: Target) -> None:
    """Raises StatusError 415; a body without a content type is taken to be JSON."""
    custom = target.resource.custom
    if request.content_type not in ("", JSON, YAML, *(() if custom else (PROTOBUF,))):
        raise unsupported_media_type(custom=custom)


def decode_object(request: Request, target: Target, body: bytes, options: WriteOptions, span: Step) -> JSONObject:
    """The object, in the version of the path; what strictness minds becomes warnings or a refusal.

    Raises:
        StatusError: 400 for what is not the expected object.
    """
    custom = target.resource.custom and target.subresource is None
    span.event("About to convert to expected version")
    decoded = decode(
        body,
        request.content_type,
        target.kind,
        schema=target.resource.schema if custom else None,
        field_validation=cast("FieldValidation", options.field_validation or "Warn"),
    )
    request.context.warnings += decoded.warnings
    span.event("Conversion done")
    if decoded.kind.api_version not in (target.group_version, _OLDER.get(target.kind)):
        raise bad_request(
            f"the API version in the data ({decoded.kind.api_version}) does not match the expected API version ({target.group_version})"
        )
    return decoded.object


def metadata_of(obj: JSONObject) -> JSONObject:
    """The object's metadata, made when it has none."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        metadata = obj["metadata"] = {}
    return metadata
