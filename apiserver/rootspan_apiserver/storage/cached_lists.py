"""Lists from the watch cache, where it can give what resourceVersion asks for; else from etcd."""

from dataclasses import dataclass, replace

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.storage.continuation import Continuation
from rootspan_apiserver.storage.errors import parse_resource_version, too_large
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult, cut
from rootspan_apiserver.storage.scope import Predicate, Scope
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch_cache import WatchCache
from rootspan_apiserver.telemetry.tracing import Tracing

FRESH = 3.0
"""Seconds to wait for a revision that somebody named."""
CONSISTENT = 0.25
"""Seconds to wait for the present revision until etcd is asked for the list itself."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a list is to show: the state at `revision` exactly, at it or later, or (`consistent`) at whatever etcd is at now."""

    revision: int
    exact: bool = False
    consistent: bool = False


class CachedLists:
    def __init__(self, cache: WatchCache, direct: EtcdLists, tracing: Tracing) -> None:
        self._cache = cache
        self._direct = direct
        self._tracing = tracing

    async def list(self, namespace: str, predicate: Predicate, options: ListOptions) -> ListResult:
        """
        Raises:
            StatusError: 400, 410, 503 or 504.
        """
        scope = Scope.of(predicate, namespace, continued=bool(options.continue_token))
        moment, start = _moment(scope, options)
        cache = self._cache
        known = cache.claim(predicate.resource.storage_path).knows
        if not cache.ready or (moment.exact and moment.revision <= cache.revision and not known(moment.revision)):
            return await self._direct.list(scope, predicate, options)
        result = await self._from_cache(scope, predicate, options, moment, start)
        if result is not None:
            return result
        if not moment.consistent:
            raise too_large(moment.revision, cache.revision)
        return await self._direct.list(scope, predicate, replace(options, resource_version=""))

    async def _from_cache(
        self, scope: Scope, predicate: Predicate, options: ListOptions, moment: _Moment, start: str
    ) -> ListResult | None:
        """The list, or None if the cache did not come to the revision it takes in time."""
        resource = predicate.resource
        with self._tracing.span(
            operations.CACHE_LIST, lambda: facts(group_resource=str(resource.group_resource))
        ) as step:
            step.event(events.CACHE_READY)
            revision = moment.revision
            if moment.consistent:
                revision = await self._direct.current_revision(resource)
            step.event(events.CACHE_LOCKED)
            if not await self._cache.wait_until(revision, CONSISTENT if moment.consistent else FRESH):
                return None
            step.event(events.CACHE_FRESH)
            collection = self._cache.claim(resource.storage_path)
            if moment.exact:
                found = collection.select_at(revision, scope, start)
            else:
                revision = self._cache.revision
                found = collection.select(scope, start)
            step.event(events.CACHE_LISTED, count=len(found))
            limit = 0 if options.resource_version == "0" else options.limit
            selected, looked_at = _filter(found, predicate, limit)
            if selected:
                step.event(events.CACHE_RESIZED)
            step.event(events.CACHE_FILTERED, count=len(selected))
            if limit and len(selected) == limit and looked_at < len(found):
                return cut(selected, scope, revision, None if predicate else len(found) - limit)
            return ListResult(selected, str(revision))


def _moment(scope: Scope, options: ListOptions) -> tuple[_Moment, str]:
    """The moment a list is of, and the key it starts from."""
    requested = parse_resource_version(options.resource_version)
    if options.resource_version_match == "Exact":
        return _Moment(requested, exact=True), ""
    if options.resource_version_match:
        return _Moment(requested), ""
    if options.continue_token:
        continuation = Continuation.decode(options.continue_token)
        start = scope.path + continuation.start
        if continuation.revision > 0:
            return _Moment(continuation.revision, exact=True), start
        return _Moment(0, consistent=True), start
    if options.limit > 0 and requested > 0:
        return _Moment(requested, exact=True), ""
    return _Moment(requested, consistent=not options.resource_version), ""


def _filter(found: list[StoredObject], predicate: Predicate, limit: int) -> tuple[list[StoredObject], int]:
    """The first `limit` that match (0: all), and how many were looked at."""
    if not predicate:
        return (found[:limit], limit) if limit and limit < len(found) else (found, len(found))
    selected = []
    for looked_at, stored in enumerate(found, 1):
        if predicate.matches(stored):
            selected.append(stored)
            if len(selected) == limit:
                return selected, looked_at
    return selected, len(found)
