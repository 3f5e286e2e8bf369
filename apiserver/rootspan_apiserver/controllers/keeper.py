"""Objects that the server always has: created where they are missing, and again after a deletion, and put right after a change."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_path

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptObject:
    """An object that is kept: `ensure` is called with the present one, None if there is none, and writes what is wrong.

    `only_at_start`: later deletions and changes are left alone.
    """

    resource: Resource
    namespace: str = ""
    name: str
    ensure: Callable[[JSONObject | None], Awaitable[None]]
    only_at_start: bool = False

    @property
    def path(self) -> str:
        """Its key in the store."""
        return object_path(self.resource, self.namespace, self.name)


class Keeper:
    """Keeps `objects`, of which later ones may need earlier ones."""

    name = "bootstrap-controller"

    def __init__(self, storage: Storage, objects: Iterable[KeptObject]) -> None:
        self._storage = storage
        self._kept = {kept.path: kept for kept in objects}
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def bootstrap(self) -> None:
        """Ensure each object once. What fails is logged, and tried again by `run`."""
        for path in self._kept:
            try:
                await self._ensure(path)
            except StatusError as exc:
                logger.warning("%s cannot be written: %s", path, exc.message)

    async def run(self) -> None:
        """Keep the objects until cancelled."""
        kept_on = [kept for kept in self._kept.values() if not kept.only_at_start]
        resources = {kept.resource.storage_path: kept.resource for kept in kept_on}
        for resource in resources.values():
            self._storage.subscribe(resource, _ChangedPaths(self._kept, self._changed))
        await self.queue.run(self._ensure)

    def _changed(self, path: str) -> None:
        kept = self._kept.get(path)
        if kept is not None and not kept.only_at_start:
            self.queue.add(path)

    async def _ensure(self, path: str) -> None:
        kept = self._kept[path]
        stored = await self._storage.cached_object(kept.resource, kept.namespace, kept.name)
        await kept.ensure(None if stored is None else stored.decode())


class _ChangedPaths:
    """Tells which objects have changed; where the collection begins again, that may be any of the `known` ones."""

    def __init__(self, known: Iterable[str], changed: Callable[[str], None]) -> None:
        self._known = known
        self._changed = changed

    def reset(self, objects: Iterable[StoredObject]) -> None:
        for path in self._known:
            self._changed(path)

    def observe(self, change: Change) -> None:
        self._changed(change.object.key)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` every so many seconds until cancelled; what fails is logged."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except StatusError as exc:
            logger.info("%s", exc.message)
