"""Objects in etcd, without the watch cache: one key each, written by compare-and-swap.

An update begins with a copy of the object, usually the cache's. It may be stale: before an update is refused, or writes nothing because
nothing changed, the object is read from etcd, and if the copy was stale the update begins again. A swap that fails returns the present
object, with which the update begins again.

When the answer of etcd to a write is lost, that is an error, as for clients of kube-apiserver, unless the object that is then stored shows
the outcome. A new object is recognised by its uid, whatever has changed it since. A change has been made if making it again would change
nothing; if it would change something, such as appending once more, it is not made again.

The spans have the names and places of kube-apiserver's. The function that changes an object, admission included, runs in the context of
the caller: a webhook is called by the request, not by the store.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from opentelemetry.context import Context, attach, detach, get_current

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.etcd import EtcdClient, EtcdError, KeyValue, OutcomeUnknown, TxnResult
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, already_exists, not_found
from rootspan_apiserver.processes.calculating import calculated, weigh
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.errors import etcd_errors, unreadable
from rootspan_apiserver.storage.etcd_values import created_value, encoded_value, stored_value, unchanged_value
from rootspan_apiserver.storage.leases import SharedLeases
from rootspan_apiserver.storage.outcome import Decision, Outcome, Write, Written
from rootspan_apiserver.storage.stored_object import StoredObject, same_content
from rootspan_apiserver.storage.value_transformers import ResourceTransformers, TransformError
from rootspan_apiserver.telemetry.latency_trackers import Tracked
from rootspan_apiserver.telemetry.storage_metrics import StorageMetrics
from rootspan_apiserver.telemetry.tracing import NOT_RECORDED, InternalSpan, Tracing

T = TypeVar("T")


class EtcdStore:
    """Reads and writes objects; every key in etcd begins with `prefix` (`/registry`).

    Args:
        transformers: Encrypt the values that are written; None writes them as they are. `etcd` decrypts those that are read.
    """

    def __init__(
        self,
        etcd: EtcdClient,
        tracing: Tracing,
        prefix: str,
        metrics: StorageMetrics,
        *,
        transformers: ResourceTransformers | None = None,
    ) -> None:
        self._transformers = transformers
        self._etcd = etcd
        self._metrics = metrics
        self._tracing = tracing
        self._prefix = prefix
        self._leases = SharedLeases(etcd)

    def _key(self, path: str) -> bytes:
        return f"{self._prefix}{path}".encode()

    async def get(self, path: str) -> StoredObject | None:
        """Return an object, None if there is none."""
        with etcd_errors(), Tracked("etcd"):
            found = await self._etcd.range(self._key(path))
        return stored_value(path, found.kvs[0]) if found.kvs else None

    async def create(self, resource: Resource, path: str, obj: JSONObject) -> StoredObject:
        """Store a new object.

        Raises:
            StatusError: 409, there is such an object; 500 or 504, it may or may not have been stored.
        """
        with self._tracing.span(operations.ETCD_CREATE, lambda: _facts(resource, path)) as step:
            raw = await calculated(partial(encoded_value, step, obj))
            value = await self._transformed(step, path, raw)
            with etcd_errors():
                try:
                    result = await self._put(resource, path, value, 0)
                except OutcomeUnknown as exc:
                    step.event(events.TXN_FAILED, error=exc.message)
                    created = created_value(path, raw, exc.current)
                    if created is None:
                        raise
                    return created
                except EtcdError as exc:
                    step.event(events.TXN_FAILED, error=exc.message)
                    raise
            step.event(events.TXN_SUCCEEDED)
            if not result.succeeded:
                raise already_exists(resource.group_resource, obj["metadata"]["name"])
            step.event(events.DECODED, length=len(raw))
            return StoredObject(path, result.revision, raw)

    async def _transformed(self, step: InternalSpan, path: str, raw: bytes) -> bytes:
        """Return what is stored for an encoded object. Raises StatusError 500 where it cannot be encrypted."""
        value = raw
        if self._transformers is not None:
            try:
                value = await self._transformers.for_key(path).to_storage(raw, self._key(path))
            except TransformError as exc:
                step.event(events.TRANSFORMING_FAILED, error=str(exc))
                raise unreadable(str(exc)) from exc
        step.event(events.TRANSFORMED)
        return value

    async def _put(self, resource: Resource, path: str, value: bytes, revision: int) -> TxnResult:
        lease = await self._leases.lease(resource.time_to_live)
        operation = "update" if revision else "create"
        with self._metrics.request(operation, resource.group_resource), Tracked("etcd"):
            return await self._etcd.put_if(self._key(path), value, mod_revision=revision, lease=lease)

    async def update(
        self,
        resource: Resource,
        path: str,
        change: Callable[[StoredObject | None], Awaitable[Decision]],
        *,
        cached: StoredObject | None,
        missing_ok: bool = False,
    ) -> Outcome:
        """Carry out what `change` decides on the present object; it is called again when that was stale or has changed.

        Args:
            change: called with the present object, None if there is none and that is `missing_ok`.
            cached: the copy of the object to begin with, None to read it from etcd.

        Raises:
            StatusError: 404, there is no such object; 500 or 504, it may or may not have been stored; and whatever `change` raises.
        """
        caller = get_current()
        with self._tracing.span(operations.ETCD_UPDATE, lambda: _facts(resource, path)) as step:
            load = partial(self.get, path) if missing_ok else partial(self.existing, resource, path)
            copy = _Copy(load, cached)
            if cached is None:
                await copy.was_stale()
            step.event(events.INITIAL_VALUE_RESTORED)
            while True:
                current = copy.stored
                try:
                    decision = await _for_caller(step, caller, change(current))
                except Exception:
                    if await copy.was_stale():
                        continue
                    raise
                if not isinstance(decision, Write):
                    if await copy.was_stale():
                        continue
                    return decision
                raw = await calculated(partial(encoded_value, step, decision.obj))
                if current is not None and await calculated(partial(same_content, raw, current.raw)):
                    if await copy.was_stale():
                        continue
                    if copy.stored is None or not copy.stored.stale:
                        return Written(current, created=False)
                try:
                    written = await self._swap(step, resource, current, StoredObject(path, 0, raw))
                except OutcomeUnknown as exc:
                    written = created_value(path, raw, exc.current)
                    if current is not None:
                        written = await unchanged_value(
                            path, exc.current, lambda kv: _for_caller(step, caller, change(kv))
                        )
                    if written is None:
                        with etcd_errors():
                            raise
                if isinstance(written, StoredObject):
                    return Written(written, created=current is None)
                if written is None and not missing_ok:
                    raise _missing(resource, path)
                copy = _Copy(load, None if written is None else stored_value(path, written), fresh=True)
                step.event(events.RETRY_VALUE_RESTORED)

    async def _swap(
        self, step: InternalSpan, resource: Resource, current: StoredObject | None, new: StoredObject
    ) -> StoredObject | KeyValue | None:
        """Store `new` in place of `current`, and return it as stored; or what is there, if that is not `current`.

        Raises:
            OutcomeUnknown: it may or may not have been stored.
            StatusError: etcd refuses, or is not available.
        """
        value = await self._transformed(step, new.key, new.raw)
        step.event(events.TXN_PREPARED)
        try:
            result = await self._put(resource, new.key, value, _revision(current))
        except EtcdError as exc:
            step.event(events.TXN_FAILED, error=exc.message)
            if isinstance(exc, OutcomeUnknown):
                raise
            with etcd_errors():
                raise
        step.event(events.TXN_COMPLETED)
        step.event(events.TXN_COMMITTED)
        if not result.succeeded:
            return result.current
        step.event(events.DECODED, length=len(new.raw))
        return new.at(result.revision)

    async def delete(
        self,
        resource: Resource,
        path: str,
        check: Callable[[StoredObject], Awaitable[None]],
        *,
        cached: StoredObject | None,
    ) -> StoredObject:
        """Delete the object if `check` does not raise, and return its last content, at the revision of the deletion.

        Raises:
            StatusError: 404, there is no such object; 500 or 504, it may or may not have been deleted; and whatever `check` raises.
        """
        current, fresh = cached, False
        while True:
            if current is None:
                current, fresh = await self.existing(resource, path), True
            try:
                await check(current)
            except Exception:
                if fresh:
                    raise
                latest = await self.existing(resource, path)
                if latest.revision == current.revision:
                    raise
                current, fresh = latest, True
                continue
            with etcd_errors(), self._metrics.request("delete", resource.group_resource), Tracked("etcd"):
                result = await self._etcd.delete_if(self._key(path), mod_revision=current.revision)
            if result.succeeded:
                return current.at(result.revision)
            if result.current is None:
                raise _missing(resource, path)
            current, fresh = stored_value(path, result.current), True

    async def existing(self, resource: Resource, path: str) -> StoredObject:
        """Return an object.

        Raises:
            StatusError: 404, there is none.
        """
        with self._metrics.request("get", resource.group_resource):
            found = await self.get(path)
        if found is None:
            raise _missing(resource, path)
        return found


class _Copy:
    """The present object as an update knows it: a cached copy, which may be stale, until `load` has read it from etcd."""

    __slots__ = ("_fresh", "_load", "stored")

    def __init__(
        self, load: Callable[[], Awaitable[StoredObject | None]], stored: StoredObject | None, *, fresh: bool = False
    ) -> None:
        self._load = load
        self._fresh = fresh
        self.stored = stored
        self._weigh()

    async def was_stale(self) -> bool:
        """Read the object from etcd, unless that has been done: whether it is another version than the copy."""
        if self._fresh:
            return False
        before, self.stored, self._fresh = self.stored, await self._load(), True
        self._weigh()
        return _revision(self.stored) != _revision(before)

    def _weigh(self) -> None:
        if self.stored is not None:
            weigh(len(self.stored.raw))


async def _for_caller(step: InternalSpan, caller: Context, work: Awaitable[T]) -> T:
    if step is NOT_RECORDED:
        return await work
    token = attach(caller)
    try:
        return await work
    finally:
        detach(token)


def _facts(resource: Resource, path: str) -> Facts:
    return facts(key=path, go_type=resource.go_type, group=resource.kind.group, resource=resource.plural)


def _missing(resource: Resource, path: str) -> StatusError:
    return not_found(resource.group_resource, path.rpartition("/")[2])


def _revision(stored: StoredObject | None) -> int:
    return stored.revision if stored is not None else 0
