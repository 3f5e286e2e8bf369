"""Updating: PUT and PATCH of an object and of its subresources."""

from collections.abc import Awaitable, Callable
from functools import partial

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, conflict, invalid, modified, not_found
from rootspan_apiserver.registry import metadata as object_metadata
from rootspan_apiserver.registry.allocating import look_around
from rootspan_apiserver.registry.create import before_create, refuse, validated
from rootspan_apiserver.registry.namespaces import is_namespace
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_path
from rootspan_apiserver.storage.stored_object import StoredObject, encode
from rootspan_apiserver.types.normal_form import written


class _FinalizersEmptied(Exception):  # noqa: N818  not an error: the update that lets a deletion happen
    def __init__(self, obj: JSONObject, revision: int) -> None:
        super().__init__()
        self.obj = obj
        self.revision = revision


async def update(
    storage: Storage,
    resource: Resource,
    namespace: str,
    name: str,
    transform: Callable[[JSONObject | None], Awaitable[JSONObject]],
    *,
    subresource: str,
    validate: Callable[[JSONObject, JSONObject | None], Awaitable[None]] | None,
    precondition_uid: str,
    dry_run: bool,
    create_on_missing: bool,
) -> tuple[StoredObject, bool]:
    created = False

    async def change(current: StoredObject | None) -> JSONObject:
        nonlocal created
        created = current is None
        uid = current.decode()["metadata"].get("uid", "") if current is not None and precondition_uid else ""
        if precondition_uid and precondition_uid != uid:
            raise uid_differs(resource, namespace, name, precondition_uid, uid)
        if current is None:
            if not (create_on_missing or resource.allow_create_on_update):
                raise not_found(resource.group_resource, name)
            obj = await transform(None)
            await look_around(storage, resource)
            await before_create(resource, namespace, obj)
            if validate is not None:
                await validate(obj, None)
            return written(obj, resource.storage_kind)
        obj, old = await transform(current.decode()), current.decode()
        _check_version(resource, name, obj["metadata"], current)
        if not subresource:
            await look_around(storage, resource)
        await before_update(resource, namespace, obj, old, subresource)
        if validate is not None:
            await validate(obj, old)
        if _completes_deletion(resource, obj, old):
            raise _FinalizersEmptied(obj, current.revision)
        return written(obj, resource.storage_kind)

    try:
        stored = await storage.guaranteed_update(resource, namespace, name, change, missing_ok=True, dry_run=dry_run)
    except _FinalizersEmptied as emptied:
        await _let_go(storage, resource, namespace, emptied.obj["metadata"], dry_run)
        path = object_path(resource, namespace, name)
        return StoredObject(path, emptied.revision, encode(emptied.obj)), False
    return stored, created


async def before_update(resource: Resource, namespace: str, obj: JSONObject, old: JSONObject, subresource: str) -> None:
    """Make `obj` what replaces `old`.

    Raises:
        StatusError: 400 or 422, it cannot be changed like this.
    """
    metadata, before = obj["metadata"], old["metadata"]
    object_metadata.tidy(metadata)
    object_metadata.match_namespace(resource, namespace, metadata)
    if "generation" in before:
        metadata["generation"] = before["generation"]
    else:
        metadata.pop("generation", None)
    strategy = resource.strategy
    strategy.prepare_for_update(obj, old, subresource)
    metadata = obj["metadata"]
    object_metadata.keep_system_fields(metadata, before)
    errors = object_metadata.check(resource, metadata, before)
    errors += await validated(strategy, obj, partial(strategy.validate_update, obj, old, subresource))
    refuse(resource, metadata.get("name", ""), errors)
    _keep_times(obj, old)


def uid_differs(resource: Resource, namespace: str, name: str, wanted: str, present: str) -> StatusError:
    path = object_path(resource, namespace, name)
    why = (
        f"StorageError: invalid object, Code: 4, Key: /registry{path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
        f"UID in precondition: {wanted}, UID in object meta: {present}"
    )
    return conflict(resource.group_resource, name, why)


def _check_version(resource: Resource, name: str, metadata: JSONObject, current: StoredObject) -> None:
    version = object_metadata.resource_version(metadata)
    if version is None:
        why = f'strconv.ParseUint: parsing "{metadata["resourceVersion"]}": invalid syntax'
        raise StatusError(500, "", why)
    if not version:
        if not resource.allow_unconditional_update:
            error = FieldError.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            # The real server names the resource where other refusals name the kind.
            raise invalid(resource.kind.group, resource.plural, name, [error])
    elif version != current.revision:
        raise modified(resource.group_resource, name)
    metadata["resourceVersion"] = current.resource_version


def _completes_deletion(resource: Resource, obj: JSONObject, old: JSONObject) -> bool:
    """Whether the object was only kept for the finalizers that this update takes away."""
    metadata, before = obj["metadata"], old["metadata"]
    if metadata.get("finalizers"):
        return False
    if is_namespace(resource):
        return "deletionTimestamp" in before and not (obj.get("spec") or {}).get("finalizers")
    return "deletionGracePeriodSeconds" in before and not before["deletionGracePeriodSeconds"]


def _keep_times(obj: JSONObject, old: JSONObject) -> None:
    """If nothing but times in managedFields differs, take those of `old`: such an update writes nothing."""
    managed, before = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
    if not managed or not before or len(managed) != len(before):
        return
    if any(_timeless(new) != _timeless(entry) for new, entry in zip(managed, before, strict=True)):
        return
    rest, old_rest = _without_managed_fields(obj), _without_managed_fields(old)
    if rest == old_rest:
        obj["metadata"]["managedFields"] = before


def _timeless(entry: JSONObject) -> JSONObject:
    return {name: value for name, value in entry.items() if name != "time"}


def _without_managed_fields(obj: JSONObject) -> JSONObject:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": metadata}


async def _let_go(storage: Storage, resource: Resource, namespace: str, metadata: JSONObject, dry_run: bool) -> None:
    """Delete the object, but not another that has got its name meanwhile."""
    name, gone = metadata["name"], not_found(resource.group_resource, metadata["name"])

    async def check(current: StoredObject) -> None:
        if current.decode()["metadata"].get("uid") != metadata["uid"]:
            raise gone

    try:
        await storage.delete(resource, namespace, name, check, dry_run=dry_run)
    except StatusError as exc:
        if exc.code != 404:
            raise
