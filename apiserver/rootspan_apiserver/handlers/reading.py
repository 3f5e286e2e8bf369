"""get and list: stored bytes go out as they are, unless another version, a Table or the metadata alone is asked for."""

import orjson

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.transformations import transform, transform_list
from rootspan_apiserver.handlers.verb import answering, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.query import list_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import representation, write, write_error, write_raw
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.list_options import check_list, predicate
from rootspan_apiserver.storage import ListResult
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.tracing import InternalSpan


@verb(operations.GET)
async def get(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    span.event(events.GETTING)
    version = request.parameter("resourceVersion") or ""
    stored = await request.parts.store.get(target.resource, target.namespace, target.name, resource_version=version)
    with answering(span):
        await write_stored(request, target, 200, stored, shown)


async def list_(request: Request, target: Target) -> None:
    try:
        shown = representation(request, transformations=True, protobuf=not target.resource.custom)
    except StatusError as error:
        await write_raw(request, error.code, error.body())
        return
    try:
        options = list_options(request)
        check_list(options)
        if options.label_selector or options.field_selector:
            predicate(target.resource, options)
        with request.verb_span(operations.LIST):
            found = await request.parts.store.list(target.resource, target.namespace, options)
            await write_list(request, target, found, shown)
    except StatusError as error:
        await write_error(request, error, target.group_version)


async def write_stored(
    request: Request, target: Target, status: int, stored: StoredObject, shown: Representation
) -> None:
    """Answers with one object."""
    if shown.transformation:
        body = transform(request, target, target.decoded(stored), shown)
        await write(request, status, orjson.dumps(body), shown, shown.meta_version)
        return
    await write(request, status, json_of(target, stored), shown, target.group_version)


def json_of(target: Target, stored: StoredObject, *, kind: bool = True) -> bytes:
    """The object in the version of the path."""
    if target.stored_as_asked:
        return stored.json(kind)
    obj = target.decoded(stored)
    if not kind:
        obj = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}
    return orjson.dumps(obj)


async def write_list(request: Request, target: Target, found: ListResult, shown: Representation) -> None:
    """Answers with a collection, streamed as far as the span is concerned."""
    if shown.transformation:
        objects = [target.decoded(item) for item in found.items]
        body = transform_list(request, target, objects, list_metadata(target, found), shown)
        await write(request, 200, orjson.dumps(body), shown, shown.meta_version)
        return
    custom = target.resource.custom
    items = b",".join([json_of(target, item, kind=custom) for item in found.items])
    await write(
        request, 200, list_json(target, list_metadata(target, found), items), shown, target.group_version, streamed=True
    )


def list_metadata(target: Target, found: ListResult) -> JSONObject:
    metadata: JSONObject = {"resourceVersion": found.resource_version}
    if found.continue_token or target.resource.custom:
        metadata["continue"] = found.continue_token
    if found.remaining is not None:
        metadata["remainingItemCount"] = found.remaining
    return metadata


def list_json(target: Target, metadata: JSONObject, items: bytes) -> bytes:
    head = {"kind": target.resource.list_kind, "apiVersion": target.group_version, "metadata": metadata}
    return orjson.dumps(head)[:-1] + b',"items":[' + items + b"]}"
