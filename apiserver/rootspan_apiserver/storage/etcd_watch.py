"""Watches of resources that have no watch cache: each is a watch of etcd.

Unlike those of the cache they have no bookmarks, but for the one that ends the initial state.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/watcher.go
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from contextvars import Context

from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError, EtcdEvent, KeyValue
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.errors import cached_resource_version, etcd_errors, too_large, watch_too_old
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.scope import KeyScope, Predicate
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch import CacheWatch

PAGE = 10_000


class EtcdWatches:
    """Begins watches of the keys below `prefix`."""

    def __init__(self, etcd: EtcdClient, direct: EtcdLists, prefix: str) -> None:
        self._etcd = etcd
        self._direct = direct
        self._prefix = prefix.encode()

    @asynccontextmanager
    async def watch(self, namespace: str, predicate: Predicate, options: ListOptions) -> AsyncIterator[CacheWatch]:
        """Watch the objects that match while the block runs.

        Raises:
            StatusError: 400 or 503; 410 and 504 are raised by iterating.
        """
        scope = KeyScope.of(predicate, namespace)
        watch, revision = await self._begin(scope, predicate, options)
        following = asyncio.create_task(self._follow(watch, scope, revision), context=Context())
        try:
            yield watch
        finally:
            following.cancel()
            watch.end()
            await asyncio.gather(following, return_exceptions=True)

    async def _begin(self, scope: KeyScope, predicate: Predicate, options: ListOptions) -> tuple[CacheWatch, int]:
        """Return the watch with its initial state, and the revision after which changes are to be delivered."""
        revision = cached_resource_version(options.resource_version)
        initial = options.send_initial_events
        if initial is None:
            initial = not revision
        deadline = None
        if options.timeout_seconds is not None:
            deadline = asyncio.get_running_loop().time() + options.timeout_seconds
        failure: StatusError | None = None
        present: list[StoredObject] = []
        if revision and initial:
            current = await self._direct.current_revision(predicate.resource)
            failure = too_large(revision, current) if revision > current else None
        if initial and failure is None:
            present, revision = await self._present(scope)
        elif not revision:
            revision = await self._direct.current_revision(predicate.resource)
        watch = CacheWatch(scope, predicate, lambda: revision, deadline=deadline, failure=failure, after=revision)
        wants_end = bool(options.send_initial_events) and options.allow_watch_bookmarks
        watch.begin_with(present, bookmark=revision if wants_end and failure is None else 0)
        return watch, revision

    async def _present(self, scope: KeyScope) -> tuple[list[StoredObject], int]:
        begin, end = self._bounds(scope)
        found: list[StoredObject] = []
        revision = 0
        while True:
            with etcd_errors():
                page = await self._etcd.range(begin, end, limit=PAGE, revision=revision)
            revision = revision or page.revision
            found += map(self._stored, page.kvs)
            if not page.more:
                return found, revision
            begin = page.kvs[-1].key + b"\0"

    async def _follow(self, watch: CacheWatch, scope: KeyScope, revision: int) -> None:
        begin, end = self._bounds(scope)
        try:
            async with aclosing(self._etcd.watch(begin, end, start_revision=revision + 1, prev_kv=True)) as changes:
                async for batch in changes:
                    for event in batch.events:
                        watch.offer(self._change(event))
        except Compacted:
            watch.fail(watch_too_old())
        except EtcdError as exc:
            watch.fail(StatusError(500, "", exc.message))

    def _change(self, event: EtcdEvent) -> Change:
        previous = self._stored(event.prev_kv) if event.prev_kv is not None else None
        if event.kind == "DELETE" and previous is not None:
            return Change(previous.at(event.kv.mod_revision), previous, deleted=True)
        return Change(self._stored(event.kv), previous, deleted=event.kind == "DELETE")

    def _stored(self, kv: KeyValue) -> StoredObject:
        return StoredObject(kv.key[len(self._prefix) :].decode(), kv.mod_revision, kv.value)

    def _bounds(self, scope: KeyScope) -> tuple[bytes, bytes]:
        begin = self._prefix + scope.prefix.encode()
        return begin, self._prefix + f"{scope.path}0".encode() if scope.recursive else b""
