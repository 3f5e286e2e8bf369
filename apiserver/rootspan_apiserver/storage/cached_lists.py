"""Lists from the watch cache, or from etcd if the cache cannot answer for the requested resourceVersion.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go (GetList), staging/src/k8s.io/apiserver/pkg/storage/cacher/delegator.go
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.storage.continue_token import ContinueToken
from rootspan_apiserver.storage.errors import parse_resource_version, too_large
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult, cut
from rootspan_apiserver.storage.scope import KeyScope, Predicate
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch_cache import WatchCache
from rootspan_apiserver.telemetry.cache_metrics import CacheNumbers
from rootspan_apiserver.telemetry.tracing import Tracing

FRESH = 3.0
"""Seconds to wait for a revision that the client names."""
CONSISTENT = 0.25
"""Seconds to wait for the present revision before the list is read from etcd."""
BATCH = 500
"""How many objects are held against selectors on the event loop, or between two looks at whether the request is cancelled."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """The state that a list shows: that at `revision` exactly, at it or later, or (`consistent`) at the present revision of etcd."""

    revision: int
    exact: bool = False
    consistent: bool = False


class CachedLists:
    """Lists of the objects in `cache`, with `direct` behind it."""

    def __init__(self, cache: WatchCache, direct: EtcdLists, tracing: Tracing, served: ServedObjects) -> None:
        self._cache = cache
        self._direct = direct
        self._tracing = tracing
        self._served = served

    async def list(self, namespace: str, predicate: Predicate, options: ListOptions) -> ListResult:
        """Return the objects that match.

        Raises:
            StatusError: 400, 410, 503 or 504.
        """
        scope = KeyScope.of(predicate, namespace, continued=bool(options.continue_token))
        moment, start = _moment(scope, options)
        cache = self._cache
        known = cache.claim(predicate.resource.storage_path).knows_state
        unread = not cache.ready or not cache.reads_all(scope.path)
        if unread or (moment.exact and moment.revision <= cache.revision and not known(moment.revision)):
            return await self._direct.list(scope, predicate, options)
        result = await self._from_cache(scope, predicate, options, moment, start)
        if result is not None:
            return result
        if not moment.consistent:
            raise too_large(moment.revision, cache.revision, retry_after=0 if moment.exact else 1)
        return await self._direct.list(scope, predicate, replace(options, resource_version=""))

    async def _from_cache(
        self, scope: KeyScope, predicate: Predicate, options: ListOptions, moment: _Moment, start: str
    ) -> ListResult | None:
        """Return the list, or None if the cache does not reach its revision in time."""
        resource = predicate.resource
        with self._tracing.span(
            operations.CACHE_LIST, lambda: facts(group_resource=str(resource.group_resource))
        ) as step:
            step.event(events.CACHE_READY)
            revision = moment.revision
            if moment.consistent:
                revision = await self._direct.current_revision(resource)
            step.event(events.CACHE_LOCKED)
            collection = self._cache.claim(resource.storage_path)
            if not await self._reached(revision, collection.numbers, consistent=moment.consistent):
                return None
            step.event(events.CACHE_FRESH)
            if moment.exact:
                found = collection.select_at(revision, scope, start)
            else:
                revision = self._cache.revision
                found = collection.select(scope, start)
            step.event(events.CACHE_LISTED, count=len(found))
            if resource.converter is not None:
                found = await self._served.all(resource, found)
            limit = 0 if options.resource_version == "0" else options.limit
            selected, looked_at = await _filter(found, predicate, limit)
            if selected:
                step.event(events.CACHE_RESIZED)
            step.event(events.CACHE_FILTERED, count=len(selected))
            collection.numbers.listed(looked_at, len(selected))
            if limit and len(selected) == limit and looked_at < len(found):
                return cut(selected, scope, revision, None if predicate else len(found) - limit)
            return ListResult(selected, str(revision))

    async def _reached(self, revision: int, numbers: CacheNumbers, *, consistent: bool) -> bool:
        """Return whether the cache reaches a revision in time; a `consistent` list does not wait long."""
        started = perf_counter()
        reached = await self._cache.wait_until(revision, CONSISTENT if consistent else FRESH)
        numbers.wait.observe(perf_counter() - started)
        if consistent:
            numbers.consistent += 1
            numbers.fallen_back += not reached
        return reached


def _moment(scope: KeyScope, options: ListOptions) -> tuple[_Moment, str]:
    """Return the state that a list shows, and the key it starts from."""
    requested = parse_resource_version(options.resource_version)
    if options.resource_version_match == "Exact":
        return _Moment(requested, exact=True), ""
    if options.resource_version_match:
        return _Moment(requested), ""
    if options.continue_token:
        continuation = ContinueToken.decode(options.continue_token)
        start = scope.path + continuation.start
        if continuation.revision > 0:
            return _Moment(continuation.revision, exact=True), start
        return _Moment(0, consistent=True), start
    if options.limit > 0 and requested > 0:
        return _Moment(requested, exact=True), ""
    return _Moment(requested, consistent=not options.resource_version), ""


async def _filter(found: list[StoredObject], predicate: Predicate, limit: int) -> tuple[list[StoredObject], int]:
    """Return the first `limit` objects that match (all, if that is 0), and the number of objects that were examined.

    Many objects are examined in a thread, in batches, between which the request can be cancelled.
    """
    if not predicate:
        return (found[:limit], limit) if limit and limit < len(found) else (found, len(found))
    long = len(found) > BATCH
    selected: list[StoredObject] = []
    for begin in range(0, len(found), BATCH):
        examine = partial(_examine, found[begin : begin + BATCH], predicate, limit - len(selected) if limit else 0)
        matching, looked_at = await calculated(examine, long=long)
        selected += matching
        if limit and len(selected) == limit:
            return selected, begin + looked_at
    return selected, len(found)


def _examine(found: Sequence[StoredObject], predicate: Predicate, limit: int) -> tuple[list[StoredObject], int]:
    """Return the first `limit` objects that match, and the number of objects that were examined."""
    selected = []
    for looked_at, stored in enumerate(found, 1):
        if predicate.matches(stored):
            selected.append(stored)
            if len(selected) == limit:
                return selected, looked_at
    return selected, len(found)
