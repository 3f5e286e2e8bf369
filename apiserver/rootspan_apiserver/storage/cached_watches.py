"""Watches of the cache: where each begins.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go (Watch)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage.cached_lists import FRESH
from rootspan_apiserver.storage.errors import cached_resource_version, initializing, too_large, too_old
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.scope import KeyScope, Predicate
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.watch import CacheWatch
from rootspan_apiserver.storage.watch_cache import WatchCache
from rootspan_apiserver.telemetry.tracing import Tracing


class CachedWatches:
    """Begins watches of `cache`; `bookmark_interval` is in seconds."""

    def __init__(
        self,
        cache: WatchCache,
        direct: EtcdLists,
        tracing: Tracing,
        served: ServedObjects,
        *,
        bookmark_interval: float,
    ) -> None:
        self._cache = cache
        self._served = served
        self._direct = direct
        self._tracing = tracing
        self._bookmark_interval = bookmark_interval

    @asynccontextmanager
    async def watch(
        self, namespace: str, predicate: Predicate, options: ListOptions, *, for_client: bool
    ) -> AsyncIterator[CacheWatch]:
        """Watch the objects that match while the block runs.

        Raises:
            StatusError: 400, 429 or 503; 410 and 504 are raised by iterating.
        """
        collection = self._cache.claim(predicate.resource.storage_path)
        watch = await self._begin(namespace, predicate, options)
        collection.watches.add(watch)
        collection.clients += for_client
        try:
            yield watch
        finally:
            collection.clients -= for_client
            collection.watches.discard(watch)
            watch.end()

    async def _begin(self, namespace: str, predicate: Predicate, options: ListOptions) -> CacheWatch:
        resource, cache = predicate.resource, self._cache
        requested = cached_resource_version(options.resource_version)
        initial = options.send_initial_events
        if initial is None:
            initial = options.resource_version in ("", "0")
        deadline = None
        if options.timeout_seconds is not None:
            deadline = asyncio.get_running_loop().time() + options.timeout_seconds
        with self._tracing.span(
            operations.CACHE_WATCH, lambda: facts(group_resource=str(resource.group_resource))
        ) as step:
            if not await cache.wait_ready(FRESH):
                raise initializing()
            collection = cache.claim(resource.storage_path)
            if not options.resource_version:
                requested = await self._direct.current_revision(resource)
            failure: StatusError | None = None
            if initial:
                step.event(events.CACHE_LOCKED)
            if initial and not await cache.wait_until(requested, FRESH):
                failure = too_large(requested, cache.revision)
            elif not initial and requested and not collection.knows(requested):
                failure = too_old(requested, collection.oldest)
            scope = KeyScope.of(predicate, namespace)
            watch = CacheWatch(
                scope,
                predicate,
                lambda: cache.revision,
                deadline=deadline,
                bookmark_interval=self._bookmark_interval if options.allow_watch_bookmarks else None,
                after=0 if initial else requested,
                failure=failure,
                served=None if resource.converter is None else self._served,
            )
            if initial and failure is None:
                step.event(events.CACHE_FRESH)
                bookmark = cache.revision if options.allow_watch_bookmarks else 0
                present = collection.select(scope)
                collection.numbers.initial_events += len(present)
                watch.begin_with(present, bookmark=bookmark)
            elif failure is None:
                watch.replay(collection.changes_after(requested))
            return watch
