"""`scale`: a small view of a workload, and of custom resources that name the paths, to read and to change its replicas."""

from collections.abc import Callable
from typing import Any, cast

import orjson

from rootspan_apiserver.codec.decoding import FieldValidation, decode_applied, read_patched
from rootspan_apiserver.handlers.admitting import Admitting, now
from rootspan_apiserver.handlers.bodies import check_content_type, decode_object
from rootspan_apiserver.handlers.field_managers import field_manager
from rootspan_apiserver.handlers.negotiation import Representation
from rootspan_apiserver.handlers.patching import APPLY_PATCH, JSON_PATCH, check_patch_type
from rootspan_apiserver.handlers.query import WriteOptions, manager_of, write_options
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.responses import write
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.transformations import transform
from rootspan_apiserver.handlers.updating import check_name
from rootspan_apiserver.handlers.verb import answering, storing, verb
from rootspan_apiserver.patch import json_patch, merge_patch
from rootspan_apiserver.registry.resource import JSONObject, ScalePaths
from rootspan_apiserver.selectors.labels import LabelSelector
from rootspan_apiserver.status import FieldError, bad_request, invalid
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.tracing import Step

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(target: Target, obj: JSONObject) -> JSONObject:
    """The `Scale` of an object. Raises StatusError 400 where a path of a custom resource leads to no number."""
    paths = _paths(target)
    metadata = {key: obj["metadata"][key] for key in _SHOWN_METADATA if key in obj["metadata"]}
    wanted, there = _number(obj, paths.spec_replicas), _number(obj, paths.status_replicas)
    status: JSONObject = {"replicas": there or 0}
    if selector := _selector(target, obj, paths):
        status["selector"] = selector
    spec: JSONObject = {"replicas": wanted} if wanted else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def _paths(target: Target) -> ScalePaths:
    scale = target.subresource.scale if target.subresource is not None else None
    return scale or ScalePaths()


def _at(obj: Any, path: str) -> Any:
    for key in path.strip(".").split("."):
        if not isinstance(obj, dict):
            return None
        obj = obj.get(key)
    return obj


def _number(obj: JSONObject, path: str) -> int | None:
    value = _at(obj, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _put(obj: JSONObject, path: str, value: int) -> None:
    *way, last = path.strip(".").split(".")
    for key in way:
        obj = obj.setdefault(key, {})
    obj[last] = value


def _selector(target: Target, obj: JSONObject, paths: ScalePaths) -> str:
    if target.resource.custom:
        value = _at(obj, paths.selector) if paths.selector else ""
        return value if isinstance(value, str) else ""
    selector = (obj.get("spec") or {}).get("selector") or {}
    if target.resource.kind.kind == "ReplicationController":
        selector = {"matchLabels": selector}
    return str(LabelSelector.from_object(selector))


@verb("Get")
async def get(request: Request, target: Target, shown: Representation, span: Step) -> None:
    span.event("About to Get from storage")
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    with answering(span):
        scale = scale_of(target, target.decoded(stored))
        if shown.transformation:
            scale = transform(request, target, scale, shown)
        version = shown.meta_version if shown.transformation else target.group_version
        await write(request, 200, orjson.dumps(scale), shown, version)


@verb("Update", transformations=False)
async def update(request: Request, target: Target, shown: Representation, span: Step) -> None:
    body = await request.body(span)
    options = write_options(request, "UpdateOptions")
    check_content_type(request, target)
    scale = decode_object(request, target, body, options, span)
    check_name(scale, target)
    with storing(span, len(body)):
        stored = await _Rescale(request, target, options).store(lambda current: scale)
    with answering(span):
        answer = orjson.dumps(scale_of(target, target.decoded(stored)))
        await write(request, 200, answer, shown, target.group_version)


@verb("Patch", transformations=False)
async def patch(request: Request, target: Target, shown: Representation, span: Step) -> None:
    patch_type = check_patch_type(request, target)
    body = await request.body(span)
    options = write_options(request, "PatchOptions", apply=patch_type == APPLY_PATCH)
    span.event("Recorded the audit event")

    def patched(current: JSONObject) -> JSONObject:
        span.event("About to apply patch")
        scale = _patched(target, patch_type, body, current, options)
        check_name(scale, target)
        span.event("About to check admission control")
        return scale

    stored = await _Rescale(request, target, options).store(patched)
    span.event("Object stored in database")
    with answering(span):
        answer = orjson.dumps(scale_of(target, target.decoded(stored)))
        await write(request, 200, answer, shown, target.group_version)


def _patched(target: Target, patch_type: str, body: bytes, current: JSONObject, options: WriteOptions) -> JSONObject:
    validation = cast("FieldValidation", options.field_validation or "Warn")
    found: list[str] = []
    if patch_type == JSON_PATCH:
        operations, found = json_patch.read(body, strict=validation != "Ignore")
        value = json_patch.apply(current, operations)
    elif patch_type == APPLY_PATCH:
        document, _ = decode_applied(body, validation)
        value = merge_patch.apply(current, document)
    else:
        document, found = merge_patch.read(body, strict=validation != "Ignore")
        value = merge_patch.apply(current, document)
    scale, _ = read_patched(
        value, target.kind, shown=orjson.dumps(value).decode(), field_validation=validation, found=found
    )
    return scale


class _Rescale:
    """Stores the replicas of a new `Scale` in the object it is a view of."""

    def __init__(self, request: Request, target: Target, options: WriteOptions) -> None:
        self._request = request
        self._target = target
        self._options = options
        self._admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)

    async def store(self, rescaled: Callable[[JSONObject], JSONObject]) -> StoredObject:
        """`rescaled` makes the new Scale of the current one. Raises StatusError."""
        request, target = self._request, self._target
        fields, manager = field_manager(request, target), manager_of(request, self._options)

        async def transform(stored: JSONObject | None) -> JSONObject:
            live = target.from_storage(stored or {})
            before = scale_of(target, live)
            scale = await self._admitting.mutate("UPDATE", target.name, rescaled(before), before)
            if scale is None:
                raise bad_request("admission removed the object")
            new = self._with_replicas(live, scale)
            return target.to_storage(fields.update(live, new, manager, now()))

        async def validate(stored: JSONObject, old: JSONObject | None) -> None:
            scale, before = (scale_of(target, target.from_storage(each or {})) for each in (stored, old))
            await self._admitting.validate("UPDATE", target.name, scale, before)

        stored, _ = await request.parts.store.update(
            target.resource, target.namespace, target.name, transform, validate=validate, dry_run=self._options.dry_run
        )
        return stored

    def _with_replicas(self, live: JSONObject, scale: JSONObject) -> JSONObject:
        replicas = (scale.get("spec") or {}).get("replicas") or 0
        if not isinstance(replicas, int) or replicas < 0:
            error = FieldError.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid("autoscaling", "Scale", self._target.name, [error])
        new: JSONObject = orjson.loads(orjson.dumps(live))
        _put(new, _paths(self._target).spec_replicas, replicas)
        metadata = scale.get("metadata") or {}
        new["metadata"].pop("resourceVersion", None)
        if version := metadata.get("resourceVersion"):
            new["metadata"]["resourceVersion"] = version
        if (uid := metadata.get("uid")) and uid != live["metadata"].get("uid"):
            new["metadata"]["uid"] = uid
        return new
