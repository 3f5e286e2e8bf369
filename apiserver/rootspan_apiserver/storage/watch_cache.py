"""The watch cache: all objects below the prefix in etcd, kept up to date by one watch.

Because the one watch covers everything the API servers write, it receives every revision they make. So a request that reads from etcd
that the present revision is N waits until the cache has reached N, and then reads from the cache what etcd would have answered.

When the history after its revision is compacted, the cache is loaded again, and the watches of clients end, which begin them again.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go, staging/src/k8s.io/client-go/tools/cache/reflector.go
"""

import asyncio
import logging
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError, EtcdEvent, KeyValue
from rootspan_apiserver.processes.shared_numbers import OwnNumbers
from rootspan_apiserver.storage.collection import Collection
from rootspan_apiserver.storage.compaction import KEY as COMPACTION_KEY
from rootspan_apiserver.storage.stored_object import StoredObject

PAGE = 2000
PAUSE = 0.5
logger = logging.getLogger(__name__)


class WatchCache:
    """The objects below `prefix` (`/registry`), in one `Collection` for each storage path that is claimed.

    Those below the storage paths `left_out` are not kept. The revision of every change is noted in `shared`, for other processes.
    """

    def __init__(
        self, etcd: EtcdClient, prefix: str, left_out: Iterable[str] = (), shared: OwnNumbers | None = None
    ) -> None:
        self._etcd = etcd
        self._shared = shared
        self._begin, self._end = f"{prefix}/".encode(), f"{prefix}0".encode()
        self._strip = len(prefix.encode())
        self._left_out = tuple(f"{prefix}{path}/".encode() for path in left_out)
        self._collections: dict[str, Collection] = {}
        self._unclaimed: dict[str, StoredObject] = {}
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._ticket = 0
        self._loaded = asyncio.Event()
        self._compacted = 0
        self._unreadable: set[str] = set()
        self.revision = 0

    @property
    def ready(self) -> bool:
        return self._loaded.is_set()

    def reads_all(self, path: str) -> bool:
        """Return whether the cache has all objects below `path`: not those whose values cannot be decrypted."""
        return not self._unreadable or not any(key.startswith(path) for key in self._unreadable)

    def claim(self, path: str) -> Collection:
        """Return the collection below `path`, which has a history of its own from now on."""
        collection = self._collections.get(path)
        if collection is None:
            keys = [key for key in self._unclaimed if key.startswith(f"{path}/")]
            objects = [self._unclaimed.pop(key) for key in keys]
            collection = self._collections[path] = Collection(path, self.revision, objects)
        return collection

    def _compact(self, revision: int) -> None:
        """Do not show the states before `revision`, which etcd does not keep, any more."""
        self._compacted = max(self._compacted, revision)
        for collection in self._collections.values():
            collection.compact(self._compacted)

    def forget(self) -> None:
        """Drop the history of all collections. Watches go on."""
        for collection in self._collections.values():
            collection.forget(self.revision)

    async def wait_ready(self, seconds: float) -> bool:
        if self._loaded.is_set():
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._loaded.wait()
        except TimeoutError:
            return False
        return True

    async def wait_until(self, revision: int, seconds: float) -> bool:
        """Wait until the cache has reached `revision`: whether it did within `seconds`."""
        if self.revision >= revision:
            return True
        future = asyncio.get_running_loop().create_future()
        self._ticket += 1
        waiting = revision, self._ticket, future
        heappush(self._waiting, waiting)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return self.revision >= revision
        finally:
            if future.cancelled() and waiting in self._waiting:
                self._waiting.remove(waiting)
                heapify(self._waiting)
        return True

    async def run(self) -> None:
        """Load the objects and follow their changes, until cancelled."""
        while True:
            try:
                await self._load()
                await self._follow()
            except Compacted:
                logger.info(
                    "the history behind revision %d is compacted, the watch cache is loaded again", self.revision
                )
            except EtcdError as exc:
                logger.warning("the watch cache cannot follow etcd: %s", exc)
                await asyncio.sleep(PAUSE)
            except Exception:
                logger.exception("the watch cache failed and is loaded again")
                await asyncio.sleep(PAUSE)

    async def _load(self) -> None:
        objects: list[StoredObject] = []
        self._unreadable.clear()
        begin, revision = self._begin, 0
        while True:
            page = await self._etcd.range(begin, self._end, limit=PAGE, revision=revision)
            revision = revision or page.revision
            objects += self._readable(page.kvs)
            if not page.more:
                break
            begin = page.kvs[-1].key + b"\0"
        self.revision = revision
        contents: dict[str, list[StoredObject]] = {path: [] for path in self._collections}
        self._unclaimed = {}
        for stored in objects:
            path = self._route(stored.key)
            if path is None:
                self._unclaimed[stored.key] = stored
            else:
                contents[path].append(stored)
        for path, collection in self._collections.items():
            collection.reset(revision, contents[path])
        self._loaded.set()
        self._wake()

    def _readable(self, kvs: Iterable[KeyValue]) -> list[StoredObject]:
        found = []
        for kv in kvs:
            if kv.key.startswith(self._left_out):
                continue
            key = kv.key[self._strip :].decode("utf-8", "replace")
            if key == COMPACTION_KEY:
                self._compact(int(kv.value))
            elif kv.fault:
                self._unreadable.add(key)
                logger.error("the value of %s cannot be decrypted: %s", key, kv.fault)
            elif kv.value.startswith(b"{"):
                self._unreadable.discard(key)
                found.append(StoredObject(key, kv.mod_revision, kv.value))
            else:
                logger.warning("the value of %s is not JSON and is left out", key)
        return found

    async def _follow(self) -> None:
        changes = self._etcd.watch(self._begin, self._end, start_revision=self.revision + 1, progress_notify=True)
        try:
            async for batch in changes:
                for event in batch.events:
                    self._apply(event)
                if batch.revision > self.revision:
                    self.revision = batch.revision
                    self._wake()
        finally:
            await changes.aclose()

    def _apply(self, event: EtcdEvent) -> None:
        kv = event.kv
        key = kv.key[self._strip :].decode("utf-8", "replace")
        path = self._route(key)
        if path is not None and self._shared is not None:
            self._shared.note(path, kv.mod_revision)
        if event.kind == "DELETE":
            self._unreadable.discard(key)
            if path is None:
                self._unclaimed.pop(key, None)
            else:
                self._collections[path].delete(key, kv.mod_revision)
            return
        for stored in self._readable((kv,)):
            if path is None:
                self._unclaimed[key] = stored
            else:
                self._collections[path].put(stored)

    def _route(self, key: str) -> str | None:
        """Return the path of the collection of a key: its first one or two segments."""
        _, first, *rest = f"{key}//".split("/", 3)
        one = f"/{first}"
        if one in self._collections:
            return one
        two = f"{one}/{rest[0]}"
        return two if two in self._collections else None

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.revision:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
