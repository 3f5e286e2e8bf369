"""Storage: etcd behind a watch cache.

resourceVersion decides which of the two answers ("Semantics for get and list" in the API's concepts). Reads of one object without a
resourceVersion go to etcd. Lists are answered by the cache: for "0" as it is; without a resourceVersion once it has reached the present
revision of etcd; with one once it has reached that, or, with the match `Exact`, as it was then. What the cache cannot answer is read from
etcd.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/interfaces.go, staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from functools import partial
from typing import Self

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, already_exists, not_found
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.cached_lists import FRESH, CachedLists
from rootspan_apiserver.storage.cached_watches import CachedWatches
from rootspan_apiserver.storage.collection import Collection, Observer
from rootspan_apiserver.storage.compaction import COMPACTION_INTERVAL, Compactor
from rootspan_apiserver.storage.errors import etcd_errors, initializing, parse_resource_version, too_large
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.etcd_store import EtcdStore
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult
from rootspan_apiserver.storage.outcome import Decision, Outcome, Write, Written
from rootspan_apiserver.storage.scope import KeyScope, Predicate, collection_path, object_path
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject, encode
from rootspan_apiserver.storage.watch import BOOKMARK_INTERVAL, CacheWatch
from rootspan_apiserver.storage.watch_cache import WatchCache
from rootspan_apiserver.telemetry.storage_metrics import StorageMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

DELIVERY = 0.05
"""Seconds that the answer to a write waits at most for its event."""


class Storage:
    """Reads, writes, lists and watches objects. `async with` runs the watch cache; until that has loaded, lists come from etcd and watches
    wait.

    Args:
        etcd: the client, which the caller closes.
        tracing: makes the internal spans.
        prefix: the beginning of every key.
        resources: those whose history is kept from the start; that of others begins when they are first used.
        bookmark_interval: seconds between the bookmarks of a watch.
        compaction_interval: seconds that etcd keeps history at least, and less than twice that long; 0 compacts nothing.
        metrics: counts the requests to etcd.
    """

    def __init__(
        self,
        etcd: EtcdClient,
        tracing: Tracing,
        *,
        prefix: str = "/registry",
        resources: Iterable[Resource] = (),
        bookmark_interval: float = BOOKMARK_INTERVAL,
        compaction_interval: float = COMPACTION_INTERVAL,
        metrics: StorageMetrics | None = None,
    ) -> None:
        self._tracing = tracing
        self._etcd = EtcdStore(etcd, tracing, prefix, metrics or StorageMetrics())
        self._cache = WatchCache(etcd, prefix)
        self._served = ServedObjects()
        direct = EtcdLists(etcd, tracing, prefix, self._served)
        self._lists = CachedLists(self._cache, direct, tracing, self._served)
        self._watches = CachedWatches(self._cache, direct, tracing, self._served, bookmark_interval=bookmark_interval)
        self._compaction = Compactor(etcd, prefix, compaction_interval)
        self._running: list[asyncio.Task[None]] = []
        for path in {resource.storage_path for resource in resources if resource.storage_path}:
            self._cache.claim(path)

    async def __aenter__(self) -> Self:
        work = (self._cache.run(), self._compaction.run())
        self._running = [asyncio.create_task(each, context=Context()) for each in work]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.wait(self._running)

    async def wait_ready(self, seconds: float) -> bool:
        """Return whether the watch cache has loaded within `seconds`."""
        return await self._cache.wait_ready(seconds)

    async def expire_history(self) -> None:
        """Make every resourceVersion and continue token so far too old. Watches that have begun go on.

        Raises:
            StatusError: 503, etcd is not available; 504, the watch cache does not keep up.
        """
        with etcd_errors():
            revision = await self._compaction.advance()
        await self._fresh(revision)  # a watch of etcd that is behind would end
        with etcd_errors():
            await self._compaction.compact(revision)
        self._cache.forget()

    def count(self, resource: Resource) -> int:
        """Return how many objects of a resource the watch cache has; -1 until it has loaded."""
        return len(self._collection(resource)) if self._cache.ready else -1

    @property
    def ready(self) -> bool:
        return self._cache.ready

    def _collection(self, resource: Resource) -> Collection:
        return self._cache.claim(resource.storage_path)

    def _cached(self, resource: Resource, path: str) -> StoredObject | None:
        return self._collection(resource).get(path) if self._cache.ready else None

    async def _wrote(self, resource: Resource, stored: StoredObject) -> StoredObject:
        """Return what was stored, once its event is on its way to the clients that watch.

        A controller that has the answer to its write, but not the event, takes its own cache for stale.
        """
        collection = self._collection(resource)
        collection.written = max(collection.written, stored.revision)
        if collection.clients:
            if self._cache.revision >= stored.revision:
                await asyncio.sleep(0)  # the tasks of the watches have been woken, and run now
            else:
                await self._cache.wait_until(stored.revision, DELIVERY)
        return stored

    async def get(
        self, resource: Resource, namespace: str, name: str, resource_version: str = ""
    ) -> StoredObject | None:
        """Return one object, None if there is none; with a `resource_version` from the cache, and at least that fresh.

        Raises:
            StatusError: 503, etcd is not available; 504, there is no such resourceVersion yet.
        """
        path = object_path(resource, namespace, name)
        with self._tracing.span(
            operations.CACHE_GET, lambda: facts(key=path, resource_version=resource_version)
        ) as step:
            if not resource_version:
                step.event(events.GETTING_FROM_STORAGE)
                return await self._read(resource, path)
            requested = parse_resource_version(resource_version)
            if not self._cache.ready:
                step.event(events.GETTING_FROM_STORAGE_WITHOUT_CACHE)
                return await self._read(resource, path)
            step.event(events.GETTING_FROM_CACHE)
            step.event(events.CACHE_LOCKED)
            await self._fresh(requested)
            step.event(events.CACHE_FRESH)
            found = self._collection(resource).get(path)
            return (await self._served.all(resource, [found]))[0] if found is not None else None

    async def _read(self, resource: Resource, path: str) -> StoredObject | None:
        """Return an object from etcd in the served version, None if there is none."""
        found = await self._etcd.get(path)
        return await self._served.one(resource, found) if found is not None else None

    async def cached(self, resource: Resource, namespace: str = "") -> list[StoredObject]:
        """Return all objects of a resource from the cache, as fresh as the last write of this process.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        collection = await self.catch_up(resource)
        return collection.select(KeyScope(collection_path(resource, namespace)))

    async def cached_object(self, resource: Resource, namespace: str, name: str) -> StoredObject | None:
        """Return one object from the cache, None if there is none, as fresh as the last write of this process.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        collection = await self.catch_up(resource)
        try:
            return collection.get(object_path(resource, namespace, name))
        except StatusError:  # no object can have such a name
            return None

    def subscribe(self, resource: Resource, observer: Observer) -> None:
        """Pass every object of a resource in the watch cache, and every change of them, to `observer`."""
        self._collection(resource).subscribe(observer)

    async def catch_up(self, resource: Resource) -> Collection:
        """Return the collection of a resource, once it shows what this process wrote to it.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        if not await self._cache.wait_ready(FRESH):
            raise initializing()
        collection = self._collection(resource)
        await self._fresh(collection.written)
        return collection

    async def _fresh(self, revision: int) -> None:
        if not await self._cache.wait_until(revision, FRESH):
            raise too_large(revision, self._cache.revision)

    async def create(
        self, resource: Resource, namespace: str, name: str, obj: JSONObject, *, dry_run: bool = False
    ) -> StoredObject:
        """Store a new object; in a `dry_run` only check that there is no such object.

        Raises:
            StatusError: 409, there is such an object.
        """
        path = object_path(resource, namespace, name)
        if dry_run:
            if await self.get(resource, namespace, name) is not None:
                raise already_exists(resource.group_resource, name)
            stored = StoredObject(path, 0, encode(await self._served.to_store(resource, obj)))
        else:
            kept = await self._served.to_store(resource, obj)
            stored = await self._wrote(resource, await self._etcd.create(resource, path, kept))
        return await self._served.one(resource, stored)

    async def guaranteed_update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Callable[[StoredObject | None], Awaitable[Decision]],
        *,
        missing_ok: bool = False,
        dry_run: bool = False,
    ) -> Outcome:
        """Carry out what `change` decides on the present object; it is called again when that was stale or has changed.

        Args:
            change: called with the present object, or with None if there is none and `missing_ok`.
            missing_ok: call `change` also if there is no object.
            dry_run: store nothing; the result is at the revision of the present object.

        Raises:
            StatusError: 404, there is no such object and not `missing_ok`; and whatever `change` raises.
        """
        path = object_path(resource, namespace, name)
        if dry_run:
            current = await self.get(resource, namespace, name)
            if current is None and not missing_ok:
                raise not_found(resource.group_resource, name)
            decision = await change(current)
            if not isinstance(decision, Write):
                return decision
            revision = current.revision if current else 0
            stored = StoredObject(path, revision, encode(await self._served.to_store(resource, decision.obj)))
            return Written(await self._served.one(resource, stored), created=current is None)
        cached = self._cached(resource, path)
        if resource.converter is not None:
            change = partial(self._change, resource, change)
        outcome = await self._etcd.update(resource, path, change, cached=cached, missing_ok=missing_ok)
        if isinstance(outcome, Written):
            stored = await self._wrote(resource, outcome.stored)
            return Written(await self._served.one(resource, stored), created=outcome.created)
        return outcome

    async def _change(
        self,
        resource: Resource,
        change: Callable[[StoredObject | None], Awaitable[Decision]],
        current: StoredObject | None,
    ) -> Decision:
        """Let `change` decide on the present object in the served version."""
        decision = await change(await self._served.one(resource, current) if current is not None else None)
        return Write(await self._served.to_store(resource, decision.obj)) if isinstance(decision, Write) else decision

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        check: Callable[[StoredObject], Awaitable[None]],
        *,
        dry_run: bool = False,
    ) -> StoredObject:
        """Delete the object if `check` does not raise, and return its last content, at the revision of the deletion.

        Raises:
            StatusError: 404, there is none; and whatever `check` raises.
        """
        path = object_path(resource, namespace, name)
        if dry_run:
            current = await self.get(resource, namespace, name)
            if current is None:
                raise not_found(resource.group_resource, name)
            await check(current)
            return current
        cached = self._cached(resource, path)
        if resource.converter is not None:
            check = partial(self._check, resource, check)
        deleted = await self._wrote(resource, await self._etcd.delete(resource, path, check, cached=cached))
        return await self._served.one(resource, deleted)

    async def _check(
        self, resource: Resource, check: Callable[[StoredObject], Awaitable[None]], current: StoredObject
    ) -> None:
        await check(await self._served.one(resource, current))

    async def list(self, namespace: str, predicate: Predicate, options: ListOptions) -> ListResult:
        """Return the objects of `predicate.resource` that match, in the order of their keys.

        Raises:
            StatusError: 400, the resourceVersion or continue token is invalid; 410, it is compacted; 504, it does not exist yet; 503,
                etcd is not available.
        """
        return await self._lists.list(namespace, predicate, options)

    def watch(
        self, namespace: str, predicate: Predicate, options: ListOptions, *, for_client: bool = False
    ) -> AbstractAsyncContextManager[CacheWatch]:
        """Watch the objects of `predicate.resource` that match; the events of a watch `for_client` are sent before writes are answered.

        Raises:
            StatusError: 400, the resourceVersion is invalid; 429, the cache is not ready; 503, etcd is not available. That a watch cannot
                begin at the requested resourceVersion is raised by iterating.
        """
        return self._watches.watch(namespace, predicate, options, for_client=for_client)
