"""delete and deletecollection."""

from dataclasses import replace

import orjson

from rootspan_apiserver.codec.decoding import decode
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.handlers.admitting import Admitting
from rootspan_apiserver.handlers.bodies import check_content_type
from rootspan_apiserver.handlers.reading import write_list, write_stored
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.verb import answering, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.query import delete_options, delete_options_of_query, list_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import write
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.tracing import InternalSpan

_OPTIONS_KIND = GroupVersionKind("", "v1", "DeleteOptions")


@verb(operations.DELETE)
async def delete(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    options, document = await read_options(request, target, span)
    admitting = Admitting(request, target, document, dry_run=options.dry_run)

    async def validate(old: JSONObject) -> None:
        before = target.from_storage(old)
        await admitting.mutate("DELETE", target.name, None, before)
        await admitting.validate("DELETE", target.name, None, before)

    span.event(events.DELETING)
    stored, gone = await request.parts.store.delete(
        target.resource, target.namespace, target.name, replace(options, validate=validate)
    )
    span.event(events.DELETED)
    with answering(span):
        await _write_deleted(request, target, stored, gone, options, shown)


@verb(operations.DELETE)
async def delete_collection(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    wanted = list_options(request)
    options, document = await read_options(request, target, span, bare=True)
    admitting = Admitting(request, target, document, dry_run=options.dry_run)

    async def validate(old: JSONObject) -> None:
        before = target.from_storage(old)
        name = before["metadata"]["name"]
        await admitting.mutate("DELETE", name, None, before)
        await admitting.validate("DELETE", name, None, before)

    found = await request.parts.store.delete_collection(
        target.resource, target.namespace, wanted, replace(options, validate=validate)
    )
    with answering(span):
        await write_list(request, target, found, shown)


async def read_options(
    request: Request, target: Target, span: InternalSpan, *, bare: bool = False
) -> tuple[DeleteOptions, JSONObject]:
    """Return the options of the body if there is one, else of the query; also as a document for admission. Raises StatusError.

    Decoding a body is an event of the span, unless `bare`.
    """
    body = await request.body(span)
    if not body:
        return delete_options_of_query(request)
    check_content_type(request, target)
    decoded = decode(body, request.content_type, _OPTIONS_KIND, field_validation="Ignore", bare=True)
    if not bare:
        span.event(events.DELETE_OPTIONS_DECODED)
        span.event(events.AUDIT_RECORDED)
    return delete_options(decoded.object)


async def _write_deleted(
    request: Request, target: Target, stored: StoredObject, gone: bool, options: DeleteOptions, shown: Representation
) -> None:
    if gone and not target.resource.delete_returns_object:
        await write(request, 200, orjson.dumps(_success(target, stored)), shown, target.group_version)
        return
    waiting = not gone and options.orphan_dependents is False
    await write_stored(request, target, 202 if waiting else 200, stored, shown)


def _success(target: Target, stored: StoredObject) -> JSONObject:
    group = target.resource.kind.group
    details = {"name": target.name, **({"group": group} if group else {}), "kind": target.resource.plural}
    details["uid"] = stored.decode()["metadata"].get("uid", "")
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
