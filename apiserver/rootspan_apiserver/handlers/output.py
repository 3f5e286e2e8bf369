"""Stored objects as responses: as they are, in another version, as a Table, or their metadata alone.

Stored bytes are answered without being decoded unless one of these is asked for.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go
"""

from dataclasses import replace
from functools import partial

import orjson

from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, object_response
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request
from rootspan_apiserver.processes.calculating import calculated, weigh
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.tables import partial_object_metadata, table

_INCLUDE = ("", "Metadata", "Object", "None")


async def stored_response(call: Call, stored: StoredObject, status: int = 200) -> Response:
    """Answer with one object."""
    weigh(len(stored.raw))
    return await calculated(partial(_stored_response, call, stored, status))


def _stored_response(call: Call, stored: StoredObject, status: int) -> Response:
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
        raise not_convertible(
            f"you requested PartialObjectMetadataList, but the requested object is not a list ({kind})"
        )
    return partial_object_metadata(obj, version=shown.meta_version)


def not_convertible(message: str) -> StatusError:
    """Return the refusal of a transformation that the object does not have."""
    return StatusError(406, "NotAcceptable", message)


def include_object(request: Request) -> str:
    """Read the `includeObject` parameter of a Table. Raises StatusError 400 for a value that is none of its three."""
    value = request.parameter("includeObject") or ""
    if value not in _INCLUDE:
        error = FieldError.invalid("includeObject", value, "must be 'Metadata', 'Object', 'None', or empty")
        raise bad_request(f"Unable to convert to Table as requested: {error}")
    return value or "Metadata"
