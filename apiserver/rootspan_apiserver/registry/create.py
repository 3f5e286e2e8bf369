"""Creating: an identity and a name, then the strategy, then admission, then the store."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, invalid
from rootspan_apiserver.registry import metadata as object_metadata
from rootspan_apiserver.registry.allocating import look_around
from rootspan_apiserver.resources.resource import Resource, Strategy
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.types.normal_form import written

NAME_ATTEMPTS = 8


async def create(
    storage: Storage,
    resource: Resource,
    namespace: str,
    obj: JSONObject,
    *,
    validate: Callable[[JSONObject], Awaitable[None]] | None,
    dry_run: bool,
) -> StoredObject:
    metadata = obj.setdefault("metadata", {})
    generated = bool(metadata.get("generateName")) and not metadata.get("name")
    attempts = 0
    while True:
        attempts += 1
        if generated:
            metadata["name"] = object_metadata.generate_name(metadata["generateName"])
        await look_around(storage, resource)
        await before_create(resource, namespace, obj)
        if validate is not None:
            await validate(obj)
        version = object_metadata.resource_version(metadata) or 0
        if version and not dry_run:
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        name = metadata["name"]
        try:
            stored = written(obj, resource.storage_kind)
            created = await storage.create(resource, namespace, name, stored, dry_run=dry_run)
            return created.at(version) if dry_run else created
        except StatusError as exc:
            if exc.reason != "AlreadyExists":
                raise
            present = await storage.get(resource, namespace, name)
            if not generated:
                raise _being_deleted(exc, present) from exc
            if attempts == NAME_ATTEMPTS:
                raise _no_unique_name(exc) from exc


async def before_create(resource: Resource, namespace: str, obj: JSONObject) -> None:
    """Make `obj` what is stored for it.

    Raises:
        StatusError: 400 or 422, it cannot be created like this.
    """
    metadata = obj["metadata"]
    object_metadata.tidy(metadata)
    object_metadata.fill_system_fields(metadata)
    object_metadata.match_namespace(resource, namespace, metadata)
    strategy = resource.strategy
    strategy.prepare_for_create(obj)
    errors = await validated(strategy, obj, partial(strategy.validate_create, obj))
    refuse(resource, metadata.get("name", ""), errors or object_metadata.check(resource, metadata))


async def validated(strategy: Strategy, obj: JSONObject, validate: Callable[[], list[FieldError]]) -> list[FieldError]:
    """What `validate` says of `obj`; asked in a thread where that may take long."""
    return await asyncio.to_thread(validate) if strategy.is_slow_to_validate(obj) else validate()


def refuse(resource: Resource, name: str, errors: list[FieldError]) -> None:
    if errors:
        raise invalid(resource.kind.group, resource.kind.kind, name, errors)


def _being_deleted(taken: StatusError, present: StoredObject | None) -> StatusError:
    if present is None or "deletionTimestamp" not in present.decode()["metadata"]:
        return taken
    return StatusError(taken.code, taken.reason, f"object is being deleted: {taken.message}", taken.details)


def _no_unique_name(taken: StatusError) -> StatusError:
    message = f"{taken.message}, the server was not able to generate a unique name for the object"
    return StatusError(taken.code, taken.reason, message, {**(taken.details or {}), "retryAfterSeconds": 1})
