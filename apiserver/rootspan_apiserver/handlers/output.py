"""Stored objects as responses: as they are, in another version, as a Table, or their metadata alone.

Stored bytes are answered without being decoded unless one of these is asked for.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go
"""

from dataclasses import replace

import orjson

from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, object_response
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request
from rootspan_apiserver.storage import ListResult
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.tables import partial_object_metadata, table

_INCLUDE = ("", "Metadata", "Object", "None")


def stored_response(call: Call, stored: StoredObject, status: int = 200) -> Response:
    """Answer with one object."""
    target, shown = call.target, call.shown
    if shown.converted_to is None:
        return object_response(json_of(target, stored), shown, group_version=target.group_version, status=status)
    body = converted(call.request, target, target.decoded(stored), shown)
    version = shown.converted_to.api_version
    return object_response(orjson.dumps(body), shown, group_version=version, status=status)


def calculated_response(call: Call, answer: JSONObject) -> Response:
    """Answer with an object that is not stored; a `Status` is never converted."""
    target, shown = call.target, call.shown
    version = target.group_version
    if shown.converted_to is not None and answer["kind"] == "Status":
        shown = replace(shown, converted_to=None)
    elif shown.converted_to is not None:
        answer, version = converted(call.request, target, answer, shown), shown.converted_to.api_version
    return object_response(orjson.dumps(answer), shown, group_version=version, status=201)


def list_response(call: Call, found: ListResult) -> Response:
    """Answer with a collection, which kube-apiserver streams."""
    target, shown = call.target, call.shown
    metadata = _list_metadata(target, found)
    if shown.converted_to is not None:
        if not found.continue_token:
            metadata.pop("continue", None)
        body = _converted_list(call.request, target, [target.decoded(item) for item in found.items], metadata, shown)
        return object_response(orjson.dumps(body), shown, group_version=shown.converted_to.api_version)
    items = b",".join([json_of(target, item, kind=target.resource.custom) for item in found.items])
    head = {"kind": target.resource.list_kind, "apiVersion": target.group_version, "metadata": metadata}
    content = orjson.dumps(head)[:-1] + b',"items":[' + items + b"]}"
    return object_response(content, shown, group_version=target.group_version, streamed=True)


def json_of(target: Target, stored: StoredObject, *, kind: bool = True) -> bytes:
    """Return the object in the version of the path; `kind` off leaves `kind` and `apiVersion` out."""
    if target.stored_as_asked:
        return stored.json(kind)
    obj = target.decoded(stored)
    if not kind:
        obj = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}
    return orjson.dumps(obj)


def converted(
    request: Request, target: Target, obj: JSONObject, shown: Representation, *, columns: bool = True
) -> JSONObject:
    """Return one object as the client asked for it.

    Args:
        columns: Whether a Table has its column definitions; a watch leaves them out after its first event.

    Raises:
        StatusError: 406, it asked for the metadata of a list; 400, a parameter of a Table is wrong.
    """
    if shown.transformation == "Table":
        version = obj["metadata"].get("resourceVersion", "")
        return table(
            target.resource,
            [obj],
            {"resourceVersion": version} if version else {},
            version=shown.meta_version,
            include=include_object(request),
            columns=columns,
            scale=obj.get("kind") == "Scale",
        )
    if shown.transformation == "PartialObjectMetadataList":
        if target.custom:
            raise StatusError(500, "", "content is not a list")
        kind = target.go_type
        raise _not_convertible(
            f"you requested PartialObjectMetadataList, but the requested object is not a list ({kind})"
        )
    return partial_object_metadata(obj, version=shown.meta_version)


def _converted_list(
    request: Request, target: Target, objects: list[JSONObject], metadata: JSONObject, shown: Representation
) -> JSONObject:
    if shown.transformation == "Table":
        include = include_object(request)
        return table(target.resource, objects, metadata, version=shown.meta_version, include=include, columns=True)
    if shown.transformation == "PartialObjectMetadata":
        kind = "*unstructured.UnstructuredList" if target.resource.custom else f"{target.resource.go_type}List"
        raise _not_convertible(f"you requested PartialObjectMetadata, but the requested object is a list ({kind})")
    items = [partial_object_metadata(obj, version=shown.meta_version) for obj in objects]
    version = f"meta.k8s.io/{shown.meta_version}"
    return {"kind": "PartialObjectMetadataList", "apiVersion": version, "metadata": metadata, "items": items}


def _not_convertible(message: str) -> StatusError:
    return StatusError(406, "NotAcceptable", message)


def include_object(request: Request) -> str:
    """Read the `includeObject` parameter of a Table. Raises StatusError 400 for a value that is none of its three."""
    value = request.parameter("includeObject") or ""
    if value not in _INCLUDE:
        error = FieldError.invalid("includeObject", value, "must be 'Metadata', 'Object', 'None', or empty")
        raise bad_request(f"Unable to convert to Table as requested: {error}")
    return value or "Metadata"


def _list_metadata(target: Target, found: ListResult) -> JSONObject:
    metadata: JSONObject = {"resourceVersion": found.resource_version}
    if found.continue_token or target.resource.custom:
        metadata["continue"] = found.continue_token
    if found.remaining is not None:
        metadata["remainingItemCount"] = found.remaining
    return metadata
