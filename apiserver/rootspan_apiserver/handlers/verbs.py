"""get, list, create, update, delete and deletecollection: on objects of any resource, and on parts of them.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go, create.go, update.go, delete.go
"""

from dataclasses import replace
from functools import partial

import orjson

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.codec.decoding import decode
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.handlers.bodies import check_content_type, check_object, decode_object, metadata_of, place
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.lists import list_response
from rootspan_apiserver.handlers.output import stored_response
from rootspan_apiserver.handlers.recorded import log_delete_options, log_request_object
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.writing import Admitting, Writer
from rootspan_apiserver.http.query import delete_options, delete_options_of_query, list_options, write_options
from rootspan_apiserver.http.responses import Response, Sendable, object_response
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import forbidden
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.processes.calculating import LARGE, calculated
from rootspan_apiserver.registry.list_options import check_list, predicate
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.storage.stored_object import StoredObject

_OPTIONS_KIND = GroupVersionKind("", "v1", "DeleteOptions")


class ReadVerbs:
    """get and list."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, call: Call) -> Response:
        call.span.event(events.GETTING)
        target = call.target
        version = call.request.parameter("resourceVersion") or ""
        stored = await self._store.get(target.resource, target.namespace, target.name, resource_version=version)
        return await stored_response(call, stored)

    async def list(self, call: Call) -> Sendable:
        """The span of a list begins once its options are known to be right."""
        target = call.target
        options = list_options(call.request)
        check_list(options)
        if options.label_selector or options.field_selector:
            long = len(options.label_selector) + len(options.field_selector) > LARGE
            await calculated(partial(predicate, target.resource, options), long=long)
        call.spans.enter_context(call.request.verb_span(operations.LIST))
        return await list_response(call, await self._store.list(target.resource, target.namespace, options))


class WriteVerbs:
    """create and update."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def create(self, call: Call) -> Response:
        check_content_type(call)
        body = await call.request.body(call.span)
        options = write_options(call.request, "CreateOptions")
        obj = await calculated(partial(decode_object, call, body, options))
        log_request_object(call.request, call.target, obj)
        place(obj, call.target)
        with call.storing(len(body)):
            stored = await self._writer.write(call, options).create(obj)
        return await stored_response(call, stored, 201)

    async def update(self, call: Call) -> Response:
        """The whole object is replaced, or created where the resource allows that."""
        body = await call.request.body(call.span)
        options = write_options(call.request, "UpdateOptions")
        check_content_type(call)
        obj = await calculated(partial(decode_object, call, body, options))
        log_request_object(call.request, call.target, obj)
        check_object(obj, call.target)
        with call.storing(len(body)):
            write = self._writer.write(call, options)
            wanted = await calculated(partial(call.target.defaulted, obj))

            async def replaced(live: JSONObject | None) -> JSONObject:
                return await write.managed(lambda fields: fields.update(live, wanted, write.manager, timestamp()))

            stored, created = await write.update(
                replaced,
                precondition_uid=metadata_of(obj).get("uid", ""),
                create_on_missing=call.target.resource.allow_create_on_update,
            )
        return await stored_response(call, stored, 201 if created else 200)


class DeleteVerbs:
    """delete and deletecollection."""

    def __init__(self, store: Store, admission: AdmissionChain) -> None:
        self._store = store
        self._admission = admission

    async def delete(self, call: Call) -> Response:
        target = call.target
        options = await self._options(call, bare=False)
        call.span.event(events.DELETING)
        if why := target.resource.definition.undeletable.get(target.name):
            raise forbidden(target.resource.group_resource, target.name, why)
        stored, gone = await self._store.delete(target.resource, target.namespace, target.name, options)
        call.span.event(events.DELETED)
        if gone and not target.resource.delete_returns_object:
            body = orjson.dumps(_success(target, stored))
            return object_response(body, call.shown, group_version=target.group_version)
        waiting = not gone and options.orphan_dependents is False
        return await stored_response(call, stored, 202 if waiting else 200)

    async def delete_collection(self, call: Call) -> Sendable:
        target = call.target
        wanted = list_options(call.request)
        options = await self._options(call, bare=True)
        return await list_response(
            call, await self._store.delete_collection(target.resource, target.namespace, wanted, options)
        )

    async def _options(self, call: Call, *, bare: bool) -> DeleteOptions:
        """Read the options, from the body where there is one, else from the query; admission is part of them. Raises StatusError.

        Decoding a body is an event of the span, unless `bare`.
        """
        body = await call.request.body(call.span)
        if body:
            decoded = decode(body, call.request.content_type, _OPTIONS_KIND, field_validation="Ignore", bare=True)
            if not bare:
                call.span.event(events.DELETE_OPTIONS_DECODED)
            log_delete_options(call.request, decoded.object)
            if not bare:
                call.span.event(events.AUDIT_RECORDED)
            options, document = delete_options(decoded.object)
        else:
            options, document = delete_options_of_query(call.request)
        warning = call.target.resource.definition.deletion_warning
        if warning and not options.propagation_policy and options.orphan_dependents is None:
            call.request.warnings.append(warning)
        admitting = Admitting(self._admission, call.request, call.target, document, dry_run=options.dry_run)
        return replace(options, validate=admitting.delete)


def _success(target: Target, stored: StoredObject) -> JSONObject:
    group = target.resource.kind.group
    details = {"name": target.name, **({"group": group} if group else {}), "kind": target.resource.plural}
    details["uid"] = stored.decode()["metadata"].get("uid", "")
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
