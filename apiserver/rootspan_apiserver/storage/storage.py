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
from typing import Self

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.processes.shared_numbers import OwnNumbers
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.cache_reads import CacheReads
from rootspan_apiserver.storage.cached_lists import CachedLists
from rootspan_apiserver.storage.cached_watches import CachedWatches
from rootspan_apiserver.storage.compaction import COMPACTION_INTERVAL, Compactor
from rootspan_apiserver.storage.direct_reads import DirectReads
from rootspan_apiserver.storage.dry_run import DryRuns
from rootspan_apiserver.storage.errors import cached_resource_version, etcd_errors
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.etcd_store import EtcdStore
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult
from rootspan_apiserver.storage.outcome import Decision, Outcome, Written
from rootspan_apiserver.storage.scope import Predicate, object_path
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.transforming_etcd import TransformingEtcd
from rootspan_apiserver.storage.value_transformers import ResourceTransformers
from rootspan_apiserver.storage.watch import BOOKMARK_INTERVAL, CacheWatch
from rootspan_apiserver.storage.watch_cache import WatchCache
from rootspan_apiserver.telemetry.cache_metrics import CacheNumbers
from rootspan_apiserver.telemetry.storage_metrics import StorageMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

DELIVERY = 0.05
"""Seconds that the answer to a write waits at most for its event."""


class Storage(CacheReads):
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
        transformers: encrypt and decrypt what is stored; None stores values as they are.
        shared: the latest revisions of all processes of the server, by storage path; None where this is the only one.
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
        transformers: ResourceTransformers | None = None,
        shared: OwnNumbers | None = None,
    ) -> None:
        self._tracing = tracing
        metrics = metrics or StorageMetrics()
        if transformers is not None:
            etcd = TransformingEtcd(etcd, transformers, prefix)
        self._etcd = EtcdStore(etcd, tracing, prefix, metrics, transformers=transformers)
        known = tuple(each for each in resources if each.storage_path)
        self._served = ServedObjects()
        lists = EtcdLists(etcd, tracing, prefix, self._served, metrics=metrics)
        cache = WatchCache(etcd, prefix, {each.storage_path for each in known if not each.watch_cache}, shared)
        super().__init__(cache, DirectReads(etcd, self._etcd, lists, prefix), shared)
        self._lists = CachedLists(self._cache, lists, tracing, self._served)
        self._watches = CachedWatches(self._cache, lists, tracing, self._served, bookmark_interval=bookmark_interval)
        self._dry_runs = DryRuns(self.get, self._served)
        self._compaction = Compactor(etcd, prefix, compaction_interval)
        self._running: list[asyncio.Task[None]] = []
        for path in {each.storage_path for each in known if each.watch_cache}:
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

    def size(self, resource: Resource) -> int:
        """Return the bytes of all objects of a resource in the watch cache."""
        return self._collection(resource).size

    def numbers(self, resource: Resource) -> CacheNumbers:
        """Return what is counted of a resource in the watch cache."""
        return self._collection(resource).numbers

    @property
    def ready(self) -> bool:
        return self._cache.ready

    @property
    def revision(self) -> int:
        """The revision of the watch cache."""
        return self._cache.revision

    def _cached(self, resource: Resource, path: str) -> StoredObject | None:
        is_cached = resource.watch_cache and self._cache.ready
        return self._collection(resource).get(path) if is_cached else None

    async def _wrote(self, resource: Resource, stored: StoredObject) -> StoredObject:
        """Return what was stored, once its event is on its way to clients: a controller without it takes its cache for stale."""
        if not resource.watch_cache:
            return stored
        collection = self._collection(resource)
        collection.written = max(collection.written, stored.revision)
        self._show(resource, stored.revision)
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
        if not resource.watch_cache:
            return await self._direct.get(resource, namespace, name, resource_version)
        with self._tracing.span(
            operations.CACHE_GET, lambda: facts(key=path, resource_version=resource_version)
        ) as step:
            if not resource_version:
                step.event(events.GETTING_FROM_STORAGE)
                return await self._read(resource, path)
            requested = cached_resource_version(resource_version)
            if not self._cache.ready:
                step.event(events.GETTING_FROM_STORAGE_WITHOUT_CACHE)
                return await self._read(resource, path)
            step.event(events.GETTING_FROM_CACHE)
            step.event(events.CACHE_LOCKED)
            await self._fresh(requested)
            step.event(events.CACHE_FRESH)
            found = self._collection(resource).get(path)
            return (await self._served.all(resource, [found]))[0] if found is not None else None

    def _show(self, resource: Resource, revision: int) -> None:
        """Have the other processes show this revision of a resource, too, as a client may know of it in a moment."""
        if self._shared is not None:
            self._shared.note(resource.storage_path, revision)

    async def _read(self, resource: Resource, path: str) -> StoredObject | None:
        found = await self._etcd.get(path)
        if found is not None:
            self._show(resource, found.revision)
        return await self._served.one(resource, found) if found is not None else None

    async def create(
        self, resource: Resource, namespace: str, name: str, obj: JSONObject, *, dry_run: bool = False
    ) -> StoredObject:
        """Store a new object; in a `dry_run` only check that there is no such object.

        Raises:
            StatusError: 409, there is such an object.
        """
        if dry_run:
            return await self._dry_runs.create(resource, namespace, name, obj)
        path, kept = object_path(resource, namespace, name), await self._served.to_store(resource, obj)
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
        if dry_run:
            return await self._dry_runs.update(resource, namespace, name, change, missing_ok=missing_ok)
        path = object_path(resource, namespace, name)
        cached, decide = self._cached(resource, path), self._served.deciding(resource, change)
        outcome = await self._etcd.update(resource, path, decide, cached=cached, missing_ok=missing_ok)
        if isinstance(outcome, Written):
            stored = await self._wrote(resource, outcome.stored)
            return Written(await self._served.one(resource, stored), created=outcome.created)
        return outcome

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
        if dry_run:
            return await self._dry_runs.delete(resource, namespace, name, check)
        path = object_path(resource, namespace, name)
        cached, checking = self._cached(resource, path), self._served.checking(resource, check)
        deleted = await self._wrote(resource, await self._etcd.delete(resource, path, checking, cached=cached))
        return await self._served.one(resource, deleted)

    async def list(self, namespace: str, predicate: Predicate, options: ListOptions) -> ListResult:
        """Return the objects of `predicate.resource` that match, in the order of their keys.

        Raises:
            StatusError: 400, the resourceVersion or continue token is invalid; 410, it is compacted; 504, it does not exist yet; 503,
                etcd is not available.
        """
        if not predicate.resource.watch_cache:
            return await self._direct.list(namespace, predicate, options)
        return await self._lists.list(namespace, predicate, options)

    def watch(
        self, namespace: str, predicate: Predicate, options: ListOptions, *, for_client: bool = False
    ) -> AbstractAsyncContextManager[CacheWatch]:
        """Watch the objects of `predicate.resource` that match; the events of a watch `for_client` are sent before writes are answered.

        Raises:
            StatusError: 400, the resourceVersion is invalid; 429, the cache is not ready; 503, etcd is not available. That a watch cannot
                begin at the requested resourceVersion is raised by iterating.
        """
        if not predicate.resource.watch_cache:
            return self._direct.watch(namespace, predicate, options)
        return self._watches.watch(namespace, predicate, options, for_client=for_client)
