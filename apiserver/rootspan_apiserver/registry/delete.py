"""Deleting: at once, or by an update that marks the object for those who still have to let go of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, conflict, not_found
from rootspan_apiserver.registry.finalizers import finalizers_for
from rootspan_apiserver.registry.graceful import begin, mark_for_finalizers
from rootspan_apiserver.registry.namespaces import is_namespace, terminate
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import ListResult, Storage, StoredObject


class _DeleteNow(Exception):  # noqa: N818  not an error: nothing needs to be marked
    pass


class _Pending(Exception):  # noqa: N818  not an error: the deletion has begun before
    def __init__(self, stored: StoredObject) -> None:
        super().__init__()
        self.stored = stored


class _Deletion:
    """One deletion of one object, as it was asked for."""

    def __init__(
        self,
        storage: Storage,
        resource: Resource,
        namespace: str,
        name: str,
        options: DeleteOptions,
        validate: Callable[[JSONObject], Awaitable[None]] | None,
    ) -> None:
        self._storage = storage
        self._resource = resource
        self._namespace = namespace
        self._name = name
        self._options = options
        self._validate = validate
        self._waits = False

    async def run(self) -> tuple[StoredObject, bool]:
        resource, options = self._resource, self._options
        present = await self._storage.get(resource, self._namespace, self._name)
        if present is None:
            raise not_found(resource.group_resource, self._name)
        obj = present.decode()
        check_preconditions(resource, obj, options)
        if is_namespace(resource):
            if "deletionTimestamp" not in obj["metadata"]:
                return await self._mark(self._terminate), False
            if obj["spec"].get("finalizers"):
                return present, False
        outcome, _ = begin(resource, obj, options)
        if outcome == "pending":
            return present, False
        finalizers = obj["metadata"].get("finalizers") or []
        if outcome == "marked" or finalizers or finalizers != finalizers_for(resource, obj["metadata"], options):
            try:
                marked = await self._mark(self._prepare)
            except _Pending as pending:
                return pending.stored, False
            except _DeleteNow:
                pass
            else:
                if self._waits:
                    return marked, False
                if options.dry_run:
                    return marked, True
                self._options = replace(options, precondition_resource_version="")
                return await self._delete_marked(marked), True
        return await self._delete(), True

    async def _mark(self, mark: Callable[[JSONObject, StoredObject], None]) -> StoredObject:
        async def change(current: StoredObject | None) -> JSONObject:
            assert current is not None
            obj = current.decode()
            check_preconditions(self._resource, obj, self._options)
            if self._validate is not None:
                await self._validate(obj)
            mark(obj, current)
            return obj

        return await self._storage.guaranteed_update(
            self._resource, self._namespace, self._name, change, dry_run=self._options.dry_run
        )

    def _terminate(self, obj: JSONObject, _: StoredObject) -> None:
        terminate(obj)
        self._set_finalizers(obj["metadata"])

    def _prepare(self, obj: JSONObject, current: StoredObject) -> None:
        metadata = obj["metadata"]
        outcome, period = begin(self._resource, obj, self._options)
        if outcome == "pending":
            raise _Pending(current)
        self._set_finalizers(metadata)
        waits_for_finalizers = bool(metadata.get("finalizers"))
        if outcome == "at once":
            if not waits_for_finalizers:
                raise _DeleteNow
            mark_for_finalizers(metadata)
        self._waits = waits_for_finalizers or period > 0

    def _set_finalizers(self, metadata: JSONObject) -> None:
        finalizers = finalizers_for(self._resource, metadata, self._options)
        if finalizers:
            metadata["finalizers"] = finalizers
        else:
            metadata.pop("finalizers", None)

    async def _delete(self) -> StoredObject:
        async def check(current: StoredObject) -> None:
            obj = current.decode()
            check_preconditions(self._resource, obj, self._options)
            if self._validate is not None:
                await self._validate(obj)

        return await self._storage.delete(
            self._resource, self._namespace, self._name, check, dry_run=self._options.dry_run
        )

    async def _delete_marked(self, marked: StoredObject) -> StoredObject:
        """Delete what was marked with a grace period of 0; its node may have been faster."""
        try:
            return await self._delete()
        except StatusError as exc:
            if exc.code != 404:
                raise
            return marked


async def delete(
    storage: Storage,
    resource: Resource,
    namespace: str,
    name: str,
    options: DeleteOptions,
    validate: Callable[[JSONObject], Awaitable[None]] | None,
) -> tuple[StoredObject, bool]:
    return await _Deletion(storage, resource, namespace, name, options, validate).run()


async def delete_collection(
    storage: Storage,
    resource: Resource,
    found: ListResult,
    options: DeleteOptions,
    validate: Callable[[JSONObject], Awaitable[None]] | None,
) -> ListResult:
    """Delete what was `found`; what is gone by then is left out of the answer."""
    deleted = []
    for stored in found.items:
        *_, namespace, name = stored.key.split("/")
        try:
            await delete(storage, resource, namespace if resource.namespaced else "", name, options, validate)
        except StatusError as exc:
            if exc.code != 404:
                raise
        else:
            deleted.append(stored)
    return ListResult(deleted, found.resource_version)


def check_preconditions(resource: Resource, obj: JSONObject, options: DeleteOptions) -> None:
    """
    Raises:
        StatusError: 409, this is another object, or another version of it, than was to be deleted.
    """
    metadata = obj["metadata"]
    what = GroupResource(resource.kind.group, resource.kind.kind)
    uid, version = options.precondition_uid, options.precondition_resource_version
    if uid and uid != metadata.get("uid"):
        why = f"the UID in the precondition ({uid}) does not match the UID in record ({metadata.get('uid', '')})."
        why += " The object might have been deleted and then recreated"
        raise conflict(what, metadata["name"], why)
    if version and version != metadata.get("resourceVersion"):
        why = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record"
        why += f" ({metadata.get('resourceVersion', '')}). The object might have been modified"
        raise conflict(what, metadata["name"], why)
