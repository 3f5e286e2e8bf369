"""The generic store: the API's verbs on the objects of any resource.

What all resources have in common is here and in the modules beside it (names, identities, optimistic locking, finalizers, graceful
deletion); what is their own comes from the resource's strategy. Mutating admission and patching happen before `create` and inside the
`transform` of `update`; validating admission is the `validate` of the options, the last step before anything is written.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import replace
from functools import partial

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import generate_name
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.processes.claims import Claims
from rootspan_apiserver.registry.allocation import Allocations
from rootspan_apiserver.registry.create import NAME_ATTEMPTS, before_create, explain_conflict
from rootspan_apiserver.registry.delete import before_delete, check_preconditions, completes_deletion, is_held
from rootspan_apiserver.registry.ip_addresses import IPAddresses
from rootspan_apiserver.registry.list_options import check_list, check_watch, predicate
from rootspan_apiserver.registry.metadata import resource_version
from rootspan_apiserver.registry.options import (
    CREATE,
    DELETE,
    UPDATE,
    CreateOptions,
    DeleteOptions,
    ListOptions,
    UpdateOptions,
)
from rootspan_apiserver.registry.update import before_update, check_uid, check_version
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import (
    CacheWatch,
    Decision,
    Delete,
    Keep,
    ListResult,
    Outcome,
    Storage,
    StoredObject,
    Write,
    Written,
)
from rootspan_apiserver.storage.scope import object_key
from rootspan_apiserver.storage.stored_object import encode
from rootspan_apiserver.types.normal_form import through_protobuf, written

Transform = Callable[[JSONObject | None], Awaitable[JSONObject]]


class Store:
    """Every method raises `StatusError`. Objects are passed and returned in the resource's storage version.

    Args:
        storage: where the objects are.
        resources: those whose allocators are to be at work.
        claims: keep the allocators apart from those of the server's other processes; None where there are none.
    """

    def __init__(self, storage: Storage, resources: Iterable[Resource] = (), claims: Claims | None = None) -> None:
        self._storage = storage
        known = tuple(resources)
        self._allocations = Allocations(storage, known, claims)
        self._addresses = IPAddresses(storage, known)

    async def get(self, resource: Resource, namespace: str, name: str, *, resource_version: str = "") -> StoredObject:
        """Return one object, at least as fresh as `resource_version` if that is given."""
        found = await self._storage.get(resource, namespace, name, resource_version)
        if found is None:
            raise not_found(resource.group_resource, name)
        return found

    async def list(self, resource: Resource, namespace: str, options: ListOptions) -> ListResult:
        """Return the objects of one namespace, or of all if `namespace` is ""."""
        check_list(options)
        return await self._storage.list(namespace, predicate(resource, options), options)

    def watch(
        self, resource: Resource, namespace: str, options: ListOptions
    ) -> AbstractAsyncContextManager[CacheWatch]:
        """`async with store.watch(…) as events: async for event in events`.

        Invalid options are refused here and when entering; that the watch cannot begin at the requested version (410, 504) is raised by
        the first step of the iteration, and belongs into the stream as an event of type ERROR.
        """
        check_watch(options)
        return self._storage.watch(namespace, predicate(resource, options), options, for_client=True)

    async def create(
        self, resource: Resource, namespace: str, obj: JSONObject, options: CreateOptions = CREATE
    ) -> StoredObject:
        """Store a new object. `obj` is changed on the way.

        A generated name that is in use is generated again, and `options.validate` called again.
        """
        metadata = obj.setdefault("metadata", {})
        generated = bool(metadata.get("generateName")) and not metadata.get("name")
        for attempts_left in reversed(range(NAME_ATTEMPTS if generated else 1)):
            if generated:
                metadata["name"] = generate_name(metadata["generateName"])
            try:
                return await self._create(resource, namespace, obj, options)
            except StatusError as exc:
                if exc.reason != "AlreadyExists":
                    raise
                present = await self._storage.get(resource, namespace, metadata["name"])
                if not generated or not attempts_left:
                    raise explain_conflict(exc, present, generated=generated) from exc
        raise AssertionError("the last attempt returns or raises")

    async def _create(
        self, resource: Resource, namespace: str, obj: JSONObject, options: CreateOptions
    ) -> StoredObject:
        dry_run = options.dry_run
        with ExitStack() as reserved:
            reserved.callback(await self._allocations.begin(resource, obj, None, dry_run=dry_run))
            await before_create(resource, namespace, obj, options.context)
            if options.validate is not None:
                await options.validate(obj)
            version = resource_version(obj["metadata"]) or 0
            if version and not dry_run:
                raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
            name = obj["metadata"]["name"]
            async with self._addresses.claim(resource, namespace, dry_run=dry_run) as claim:
                await claim.set(obj, None)
                stored = await calculated(partial(_stored, resource, obj))
                created = await self._storage.create(resource, namespace, name, stored, dry_run=dry_run)
            return created.at(version) if dry_run else created

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        transform: Transform,
        options: UpdateOptions = UPDATE,
    ) -> tuple[StoredObject, bool]:
        """Update an object with a read-modify-write loop, for PUT and PATCH: the result, and whether it was created.

        Args:
            transform: makes the new object of a copy of the present one, or of None if there is none and it may be created. It is called
                again if the object changed meanwhile, and returns a fresh object each time. A resourceVersion in that object must be the
                present one.
        """

        reserved, dry_run = ExitStack(), options.dry_run
        missing_ok = options.create_on_missing or resource.allow_create_on_update
        claim = self._addresses.claim(resource, namespace, dry_run=dry_run or bool(options.subresource))

        async def change(current: StoredObject | None) -> Decision:
            reserved.close()
            if current is None and not (options.create_on_missing or resource.allow_create_on_update):
                raise not_found(resource.group_resource, name)
            check_uid(resource, namespace, name, options.precondition_uid, current)
            if current is None:
                obj, old = await transform(None), None
                reserved.callback(await self._allocations.begin(resource, obj, None, dry_run=dry_run))
                await before_create(resource, namespace, obj, options.context)
            else:
                obj = await transform(await calculated(current.decode))
                old = await calculated(current.decode)
                check_version(resource, name, obj["metadata"], current)
                if not options.subresource:
                    reserved.callback(await self._allocations.begin(resource, obj, old, dry_run=dry_run))
                await before_update(resource, namespace, obj, old, options)
            if options.validate is not None:
                await options.validate(obj, old)
            if current is not None and old is not None and completes_deletion(resource, obj, old):
                return Delete(StoredObject(current.key, current.revision, encode(obj)))
            await claim.set(obj, old)
            return Write(await calculated(partial(_stored, resource, obj)))

        async with claim:
            with reserved:
                outcome = await self._storage.guaranteed_update(
                    resource, namespace, name, change, missing_ok=missing_ok, dry_run=dry_run
                )
        match outcome:
            case Written(stored, created):
                return stored, created
            case Delete(last):
                await self._delete_finalized(resource, namespace, last, dry_run)
                return last, False
            case Keep(stored):
                return stored, False

    async def _delete_finalized(self, resource: Resource, namespace: str, last: StoredObject, dry_run: bool) -> None:
        """Delete an object whose last finalizer is removed, but not another that has got its name meanwhile."""
        deleted = not_found(resource.group_resource, last.name)

        async def check(current: StoredObject) -> None:
            if current.uid != last.uid:
                raise deleted

        try:
            deleted_object = await self._storage.delete(resource, namespace, last.name, check, dry_run=dry_run)
        except StatusError as exc:
            if exc.code != 404:
                raise
        else:
            await self._addresses.release(resource, deleted_object, dry_run=dry_run)

    async def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions = DELETE
    ) -> tuple[StoredObject, bool]:
        """Delete an object, or mark it as being deleted: its last state, and whether it has been deleted."""
        present = await self.get(resource, namespace, name)
        check_preconditions(resource, present, options)
        match before_delete(resource, present, options):
            case Keep(stored):
                return stored, False
            case Delete() if not present.metadata().get("finalizers"):
                return await self._delete(resource, namespace, name, options), True
        match await self._mark(resource, namespace, name, options):
            case Keep(stored):
                return stored, False
            case Delete():
                return await self._delete(resource, namespace, name, options), True
            case Written(marked):
                if is_held(resource, present, marked):
                    return marked, False
                if options.dry_run:
                    return marked, True
                return await self._delete_marked(resource, namespace, marked, options), True

    async def delete_collection(
        self, resource: Resource, namespace: str, list_options: ListOptions, options: DeleteOptions = DELETE
    ) -> ListResult:
        """Delete every object that the list finds: that list, without the objects that others had deleted by then."""
        found = await self.list(resource, namespace, list_options)
        deleted = []
        for stored in found.items:
            key = object_key(resource, stored.key)
            try:
                await self.delete(resource, key.namespace, key.name, options)
            except StatusError as exc:
                if exc.code != 404:
                    raise
            else:
                deleted.append(stored)
            await asyncio.sleep(0)  # a dry run waits for nothing else
        return ListResult(deleted, found.resource_version)

    async def _mark(self, resource: Resource, namespace: str, name: str, options: DeleteOptions) -> Outcome:
        """Mark an object as being deleted, unless there is nothing to wait for or its deletion has begun before."""

        async def change(current: StoredObject | None) -> Decision:
            assert current is not None, "an object that does not exist is refused with 404"
            await _check_deletion(resource, current, options)
            return before_delete(resource, current, options)

        return await self._storage.guaranteed_update(resource, namespace, name, change, dry_run=options.dry_run)

    async def _delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions) -> StoredObject:
        async def check(current: StoredObject) -> None:
            await _check_deletion(resource, current, options)

        deleted = await self._storage.delete(resource, namespace, name, check, dry_run=options.dry_run)
        await self._addresses.release(resource, deleted, dry_run=options.dry_run)
        return deleted

    async def _delete_marked(
        self, resource: Resource, namespace: str, marked: StoredObject, options: DeleteOptions
    ) -> StoredObject:
        """Delete an object that is marked with a grace period of 0; its node may have deleted it already."""
        try:
            return await self._delete(
                resource, namespace, marked.name, replace(options, precondition_resource_version="")
            )
        except StatusError as exc:
            if exc.code != 404:
                raise
            return marked


def _stored(resource: Resource, obj: JSONObject) -> JSONObject:
    """Return what remains of an object when it is stored; the object is changed."""
    write = written if resource.definition.stored_as_json else through_protobuf
    return write(obj, resource.storage_kind)


async def _check_deletion(resource: Resource, current: StoredObject, options: DeleteOptions) -> None:
    check_preconditions(resource, current, options)
    if options.validate is not None:
        await options.validate(current.decode())
