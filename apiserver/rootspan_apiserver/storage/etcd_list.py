"""Lists from etcd: when the cache is not ready, or its history does not reach back to the requested revision.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go (GetList)
"""

import asyncio

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.etcd import Compacted, EtcdClient, FutureRevision, KeyValue, RangeResult
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.continue_token import ContinueToken
from rootspan_apiserver.storage.errors import (
    ContinueExpiredError,
    etcd_errors,
    list_too_old,
    parse_resource_version,
    too_large,
    unreadable,
)
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult, cut
from rootspan_apiserver.storage.scope import KeyScope, Predicate
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.latency_trackers import Tracked
from rootspan_apiserver.telemetry.storage_metrics import StorageMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

PAGE = 10_000
EXAMINED = 200
"""How many objects are examined before the event loop goes on."""


class EtcdLists:
    """Lists of the keys below `prefix`."""

    def __init__(
        self, etcd: EtcdClient, tracing: Tracing, prefix: str, served: ServedObjects, *, metrics: StorageMetrics
    ) -> None:
        self._metrics = metrics
        self._etcd = etcd
        self._tracing = tracing
        self._prefix = prefix
        self._served = served

    async def current_revision(self, resource: Resource) -> int:
        """Return the present revision of etcd, by a read that finds nothing, as kube-apiserver does."""
        path = resource.storage_path
        span = self._tracing.span(operations.ETCD_LIST_SINGLE, lambda: _facts(path, ListOptions(limit=1)))
        with span, etcd_errors(), Tracked("etcd"):
            return (await self._etcd.range(f"{self._prefix}{path}".encode(), limit=1)).revision

    async def list(self, scope: KeyScope, predicate: Predicate, options: ListOptions) -> ListResult:
        """Return the objects in `scope` that match.

        Raises:
            StatusError: 410, the requested revision is compacted; 504, it does not exist yet.
        """
        token = options.continue_token
        operation = operations.ETCD_LIST if scope.recursive else operations.ETCD_LIST_SINGLE
        with self._tracing.span(operation, lambda: _facts(scope.path, options)):
            requested = parse_resource_version(options.resource_version)
            begin, revision = scope.prefix, 0
            if token:
                continuation = ContinueToken.decode(token)
                begin = scope.path + continuation.start
                revision = max(continuation.revision, 0)
            elif _exact(options):
                revision = requested
            result = await self._collect(scope, predicate, options, begin, revision)
            if not revision and int(result.resource_version) < requested:
                raise too_large(requested, int(result.resource_version), retry_after=0)
            return result

    async def _collect(
        self, scope: KeyScope, predicate: Predicate, options: ListOptions, begin: str, revision: int
    ) -> ListResult:
        limit, kind = options.limit, predicate.resource.group_resource
        size = limit or PAGE
        fetched = evaluated = 0
        items: list[StoredObject] = []
        while True:
            page = await self._page(scope, begin, min(size, PAGE), revision, options)
            revision = revision or page.revision
            fetched += len(page.kvs)
            found = [self._stored(kv) for kv in page.kvs]
            for index, stored in enumerate(await self._served.all(predicate.resource, found)):
                evaluated += 1
                if not evaluated % EXAMINED:
                    await asyncio.sleep(0)
                if predicate.matches(stored):
                    items.append(stored)
                    behind = page.count - index - 1
                    if limit and len(items) == limit and behind:
                        self._metrics.listed(kind, fetched=fetched, evaluated=evaluated, returned=limit)
                        return cut(items, scope, revision, None if predicate else behind)
            if not page.more:
                self._metrics.listed(kind, fetched=fetched, evaluated=evaluated, returned=len(items))
                return ListResult(items, str(revision))
            begin = page.kvs[-1].key[len(self._prefix.encode()) :].decode() + "\0"
            size *= 2

    def _stored(self, kv: KeyValue) -> StoredObject:
        """Raises StatusError 500 for a value that cannot be decrypted."""
        key = kv.key.decode()
        if kv.fault:
            raise unreadable(f"unable to transform key {quote(key)}: {kv.fault}")
        return StoredObject(key[len(self._prefix) :], kv.mod_revision, kv.value)

    async def _page(self, scope: KeyScope, begin: str, limit: int, revision: int, options: ListOptions) -> RangeResult:
        key = f"{self._prefix}{begin}".encode()
        end = f"{self._prefix}{scope.path}0".encode() if scope.recursive else b""
        with etcd_errors(), Tracked("etcd"):
            try:
                return await self._etcd.range(key, end, limit=limit, revision=revision)
            except Compacted as exc:
                if options.continue_token:
                    start = ContinueToken.decode(options.continue_token).start
                    raise ContinueExpiredError(ContinueToken(-1, start).encode()) from exc
                raise list_too_old() from exc
            except FutureRevision as exc:
                current = (await self._etcd.range(key, limit=1)).revision
                raise too_large(revision, current, retry_after=0) from exc


def _exact(options: ListOptions) -> bool:
    if options.resource_version in ("", "0"):
        return False
    return options.resource_version_match == "Exact" or (not options.resource_version_match and options.limit > 0)


def _facts(path: str, options: ListOptions) -> Facts:
    return facts(
        key=path,
        resource_version=options.resource_version,
        resource_version_match=options.resource_version_match,
        limit=options.limit,
        continue_token=options.continue_token,
    )
