"""patch: a change to the object as it is when the change is stored, in one of four languages.

Server-side apply is one of them, and the only one that may create the object.
"""

from typing import cast

import orjson

from rootspan_apiserver.codec.decoding import FieldValidation, decode_applied, read_patched
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.handlers.admitting import Admitting, now
from rootspan_apiserver.handlers.bodies import check_object
from rootspan_apiserver.handlers.field_managers import field_manager
from rootspan_apiserver.handlers.reading import write_stored
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.unenforced import warn_of_unenforced
from rootspan_apiserver.handlers.verb import answering, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.query import WriteOptions, manager_of, write_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, conflict, not_found
from rootspan_apiserver.patch import json_patch, merge_patch, strategic
from rootspan_apiserver.registry.options import UpdateOptions
from rootspan_apiserver.resources.definition import WriteContext
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.tracing import InternalSpan

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


def check_patch_type(request: Request, target: Target) -> str:
    """The patch's media type. Raises StatusError 415, naming those there are: custom resources have no strategic merge."""
    types = [JSON_PATCH, MERGE_PATCH, *(() if target.resource.custom else (STRATEGIC_PATCH,)), APPLY_PATCH]
    if request.content_type not in types:
        message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(types)}"
        raise StatusError(415, "UnsupportedMediaType", message)
    return request.content_type


@verb(operations.PATCH)
async def patch(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    patch_type = check_patch_type(request, target)
    body = await request.body(span)
    options = write_options(request, "PatchOptions", apply=patch_type == APPLY_PATCH)
    span.event(events.AUDIT_RECORDED)
    change = Patch(request, target, patch_type, body, options, span)
    stored, created = await change.store()
    warn_of_unenforced(request, target, stored, created=created, dry_run=options.dry_run)
    span.event(events.PATCH_STORED)
    with answering(span):
        await write_stored(request, target, 201 if created else 200, stored, shown)


class Patch:
    """One patch, applied to the current object as often as the store asks for it."""

    __slots__ = (
        "_admitting",
        "_body",
        "_document",
        "_fields",
        "_manager",
        "_options",
        "_patch_type",
        "_request",
        "_span",
        "_target",
        "_warned",
    )

    def __init__(
        self, request: Request, target: Target, patch_type: str, body: bytes, options: WriteOptions, span: InternalSpan
    ) -> None:
        self._request = request
        self._target = target
        self._patch_type = patch_type
        self._body = body
        self._options = options
        self._span = span
        self._fields = field_manager(request, target)
        self._manager = manager_of(request, options)
        self._admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)
        self._warned = False
        self._document: JSONObject = {}

    @property
    def _validation(self) -> FieldValidation:
        return cast("FieldValidation", self._options.field_validation or "Warn")

    async def store(self) -> tuple[StoredObject, bool]:
        target = self._target
        if self._patch_type == APPLY_PATCH:
            self._document, warnings = decode_applied(self._body, self._validation)
            self._request.context.warnings += warnings
        return await self._request.parts.store.update(
            target.resource,
            target.namespace,
            target.name,
            self._transform,
            UpdateOptions(
                subresource=target.stored_part,
                validate=self._admitting.validating_update(),
                dry_run=self._options.dry_run,
                create_on_missing=self._patch_type == APPLY_PATCH and not target.part,
                context=WriteContext(user=self._request.context.user),
            ),
        )

    async def _transform(self, current: JSONObject | None) -> JSONObject:
        target, strategy = self._target, self._target.resource.strategy
        self._span.event(events.PATCHING)
        live = target.live(current) if current is not None else None
        if self._patch_type == APPLY_PATCH:
            new = self._fields.apply(live, self._document, self._manager, now(), force=bool(self._options.force))
            self._check(new, live)
            new = target.defaulted(new)
        elif live is None:
            raise not_found(target.resource.group_resource, target.name)
        else:
            new = self._patched(live)
            self._check(new, live)
            new = self._fields.update(live, target.defaulted(new), self._manager, now())
        self._span.event(events.ADMITTING)
        admitted = await self._admitting.mutate("UPDATE" if live is not None else "CREATE", target.name, new, live)
        if admitted is None:
            raise bad_request("admission removed the object")
        stored = target.to_storage(admitted, current)
        if not self._warned:
            self._warned = True
            self._request.context.warnings += strategy.warnings(stored, current)
        return stored

    def _patched(self, live: JSONObject) -> JSONObject:
        target, schema = self._target, self._target.schema
        strict = self._validation != "Ignore"
        if self._patch_type == JSON_PATCH:
            operations, found = json_patch.read(self._body, strict=strict)
            value = json_patch.apply(live, operations)
            shown = orjson.dumps(value).decode()
        else:
            document, found = merge_patch.read(self._body, strict=strict)
            if self._patch_type == MERGE_PATCH:
                value = merge_patch.apply(live, document)
                shown = orjson.dumps(value).decode()
            else:
                value = strategic.apply(live, document, schema)
                shown = go_format(document)
        new, warnings = read_patched(
            value,
            target.kind,
            shown=shown,
            schema=schema if target.custom else None,
            field_validation=self._validation,
            found=found,
            decoded=self._patch_type != STRATEGIC_PATCH,
        )
        if not self._warned:
            self._request.context.warnings += warnings
        return new

    def _check(self, new: JSONObject, live: JSONObject | None) -> None:
        """Raises StatusError 400 where the object is not that of the path, 409 for a configuration of an object that is not there."""
        target = self._target
        if live is None and (uid := (new.get("metadata") or {}).get("uid")):
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(target.resource.group_resource, target.name, why)
        check_object(new, target)
