"""patch: a change to the object as it is when the change is stored, in one of four languages.

Server-side apply is one of them, and the only one that may create the object.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go
"""

from functools import partial
from typing import Any

import orjson

from rootspan_apiserver.codec.decoding import decode_applied, read_patched
from rootspan_apiserver.dialects import events
from rootspan_apiserver.handlers.bodies import check_object, validation_of
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.output import stored_response
from rootspan_apiserver.handlers.recorded import log_request_patch
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.writing import Writer, WriteRequest
from rootspan_apiserver.http.query import WriteOptions, write_options
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.media_types import APPLY_PATCH, JSON_PATCH, MERGE_PATCH
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import conflict, not_found, unprocessable
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.patch import json_patch, merge_patch, strategic
from rootspan_apiserver.processes.calculating import calculated


class PatchVerb:
    """patch, of objects and of parts of them."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def patch(self, call: Call) -> Response:
        body = await call.request.body(call.span)
        applies = call.request.content_type == APPLY_PATCH
        options = write_options(call.request, "PatchOptions", apply=applies)
        log_request_patch(call.request, body)
        call.span.event(events.AUDIT_RECORDED)
        write = self._writer.write(call, options)
        change = _Applied(call, write, options, body) if applies else _Patched(call, write, options, body)
        stored, created = await write.update(change, create_on_missing=applies)
        call.span.event(events.PATCH_STORED)
        return await stored_response(call, stored, 201 if created else 200)


class _Applied:
    """A server-side apply of the object in `body`, which is read once the present object is known."""

    def __init__(self, call: Call, write: WriteRequest, options: WriteOptions, body: bytes) -> None:
        self._call = call
        self._write = write
        self._force = bool(options.force)
        self._validation = validation_of(options)
        self._body = body
        self._applied: JSONObject | None = None

    async def __call__(self, live: JSONObject | None) -> JSONObject:
        call, write = self._call, self._write
        call.span.event(events.PATCHING)
        applied = await calculated(self._read)
        new = await write.managed(
            lambda fields: fields.apply(live, applied, write.manager, timestamp(), force=self._force)
        )
        call.target.check_applied(applied)
        if live is None and (uid := (new.get("metadata") or {}).get("uid")):
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(call.target.resource.group_resource, call.target.name, why)
        check_object(new, call.target)
        call.span.event(events.ADMITTING)
        return await calculated(partial(call.target.defaulted, new))

    def _read(self) -> JSONObject:
        if self._applied is None:
            self._applied, warnings = decode_applied(self._body, self._validation)
            self._call.request.warnings += warnings
        return self._applied


class _Patched:
    """A JSON patch, a merge patch or a strategic merge patch."""

    def __init__(self, call: Call, write: WriteRequest, options: WriteOptions, body: bytes) -> None:
        self._call = call
        self._write = write
        self._validation = validation_of(options)
        self._body = body
        self._warned = False

    async def __call__(self, live: JSONObject | None) -> JSONObject:
        call, write = self._call, self._write
        if live is None:
            raise not_found(call.target.resource.group_resource, call.target.name)
        call.span.event(events.PATCHING)
        new = await calculated(partial(self._patched, live))
        check_object(new, call.target)
        call.span.event(events.ADMITTING)

        def managed(fields: FieldManager) -> JSONObject:
            return fields.update(live, call.target.defaulted(new), write.manager, timestamp())

        return await write.managed(managed)

    def _patched(self, live: JSONObject) -> JSONObject:
        """Return the patched object, read as a body of its kind is. Raises StatusError."""
        target, schema = self._call.target, self._call.target.schema
        strict = self._validation != "Ignore"
        is_json = self._call.request.content_type in (JSON_PATCH, MERGE_PATCH)
        value: Any
        if self._call.request.content_type == JSON_PATCH:
            operations, found = json_patch.read(self._body, strict=strict)
            try:
                value = json_patch.apply(live, operations)
            except json_patch.JSONPatchError as error:
                raise unprocessable() from error
        elif is_json:
            document, found = merge_patch.read(self._body, strict=strict)
            value = merge_patch.apply(live, document)
        else:
            document, found = strategic.read(self._body, strict=strict)
            value = strategic.apply(live, document, schema)
        new, warnings = read_patched(
            value,
            target.kind,
            shown=_json(value, target) if is_json else go_format(document),
            schema=schema if target.custom else None,
            field_validation=self._validation,
            found=found,
            decoded=is_json,
        )
        if not self._warned:
            self._warned = True
            self._call.request.warnings += warnings
        return new


def _json(value: Any, target: Target) -> str:
    """Return a patched value as errors quote it; a custom resource has its keys sorted."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if target.custom else None).decode()
