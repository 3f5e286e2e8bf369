"""The generic store: the API's verbs on the objects of any resource.

What is common to all resources is here and in the rooms beside it (names, identities, optimistic locking, finalizers, graceful deletion);
what is their own comes from the resource's strategy. Mutating admission and patching happen before or inside the `transform` a caller
gives, validating admission in the `validate` it gives: the last word before anything is written.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import not_found
from rootspan_apiserver.registry.create import create
from rootspan_apiserver.registry.delete import delete, delete_collection
from rootspan_apiserver.registry.list_options import check_list, check_watch, predicate
from rootspan_apiserver.registry.options import DeleteOptions, ListOptions
from rootspan_apiserver.registry.update import update
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import ListResult, Storage, StoredObject, Watch


class ObjectStore:
    """Every method raises `StatusError`. Objects come and go in the resource's storage version."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, resource: Resource, namespace: str, name: str, *, resource_version: str = "") -> StoredObject:
        found = await self._storage.get(resource, namespace, name, resource_version)
        if found is None:
            raise not_found(resource.group_resource, name)
        return found

    async def list(self, resource: Resource, namespace: str, options: ListOptions) -> ListResult:
        """`namespace` "" lists all of them."""
        check_list(options)
        return await self._storage.list(namespace, predicate(resource, options), options)

    def watch(self, resource: Resource, namespace: str, options: ListOptions) -> AbstractAsyncContextManager[Watch]:
        """`async with store.watch(…) as events: async for event in events`.

        Options that are wrong are refused here and when entering; that the watch cannot begin where it was asked to (410, 504) is raised
        by the first step of the iteration, and belongs into the stream as an event of type ERROR.
        """
        check_watch(options)
        return self._storage.watch(namespace, predicate(resource, options), options)

    async def create(
        self,
        resource: Resource,
        namespace: str,
        obj: JSONObject,
        *,
        validate: Callable[[JSONObject], Awaitable[None]] | None = None,
        dry_run: bool = False,
        context: WriteContext = NO_CONTEXT,
    ) -> StoredObject:
        """Store a new object. `obj` is changed on the way; a generated name that is taken is generated again, `validate` asked again."""
        return await create(
            self._storage, resource, namespace, obj, validate=validate, dry_run=dry_run, context=context
        )

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        transform: Callable[[JSONObject | None], Awaitable[JSONObject]],
        *,
        subresource: str = "",
        validate: Callable[[JSONObject, JSONObject | None], Awaitable[None]] | None = None,
        precondition_uid: str = "",
        dry_run: bool = False,
        create_on_missing: bool = False,
        context: WriteContext = NO_CONTEXT,
    ) -> tuple[StoredObject, bool]:
        """Store what `transform` makes of the present object: PUT and PATCH alike. The result, and whether it is new.

        `transform` gets a copy of its own, None if there is no such object and it may be created. It is called again when the object
        changed meanwhile, so it returns a fresh object each time. If that carries a resourceVersion, it must be the present one.
        """
        return await update(
            self._storage,
            resource,
            namespace,
            name,
            transform,
            subresource=subresource,
            validate=validate,
            precondition_uid=precondition_uid,
            dry_run=dry_run,
            create_on_missing=create_on_missing,
            context=context,
        )

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        options: DeleteOptions,
        *,
        validate: Callable[[JSONObject], Awaitable[None]] | None = None,
    ) -> tuple[StoredObject, bool]:
        """Delete, or mark as being deleted: the object's last state, and whether it is gone."""
        return await delete(self._storage, resource, namespace, name, options, validate)

    async def delete_collection(
        self,
        resource: Resource,
        namespace: str,
        list_options: ListOptions,
        options: DeleteOptions,
        *,
        validate: Callable[[JSONObject], Awaitable[None]] | None = None,
    ) -> ListResult:
        """Delete every object that the list finds: that list."""
        found = await self.list(resource, namespace, list_options)
        return await delete_collection(self._storage, resource, found, options, validate)
