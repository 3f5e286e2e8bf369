"""The objects that configure flow control: it follows them as they change, and borrows seats every ten seconds.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (Run)
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextvars import Context

from rootspan_apiserver.controllers.flow_control import GROUP
from rootspan_apiserver.controllers.keeper import every
from rootspan_apiserver.flow_control.borrowing import PERIOD
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.flow_control.work_estimate import ObjectStatistics
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.telemetry.metrics import Metrics


@contextlib.asynccontextmanager
async def controlling_flow(
    seats: int, storage: Storage, registry: Registry, metrics: Metrics
) -> AsyncIterator[FlowController]:
    """Return flow control with so many `seats`, which follows its objects while the block runs."""

    def statistics(info: RequestInfo) -> ObjectStatistics | None:
        resource = registry.lookup(info.api_group, info.api_version, info.resource)
        if resource is None or not resource.storage_path or not resource.watch_cache or not storage.ready:
            return None
        count = storage.count(resource)
        return ObjectStatistics(count, storage.size(resource) // count if count else 0)

    async def adjust() -> None:
        flow.adjust()

    flow = FlowController(seats, metrics, statistics)
    configuration = FlowConfiguration(flow)
    storage.subscribe(registry.builtin("prioritylevelconfigurations", GROUP), configuration.levels)
    storage.subscribe(registry.builtin("flowschemas", GROUP), configuration.schemas)
    borrowing = asyncio.create_task(every(PERIOD, adjust), name="flow-control-borrowing", context=Context())
    try:
        yield flow
    finally:
        borrowing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await borrowing


class FlowConfiguration:
    """Configures `flow` by the objects in the watch cache, once for all changes that come together.

    Attributes:
        levels, schemas: Observe the objects.
    """

    def __init__(self, flow: FlowController) -> None:
        self._flow = flow
        self._pending = False
        self.levels = _Followed(self._changed)
        self.schemas = _Followed(self._changed)

    def _changed(self) -> None:
        if not self._pending:
            self._pending = True
            asyncio.get_running_loop().call_soon(self._configure)

    def _configure(self) -> None:
        self._pending = False
        self._flow.configure(self.levels.objects.values(), self.schemas.objects.values())


class _Followed:
    """The present objects of one kind, by name."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.objects: dict[str, JSONObject] = {}

    def reset(self, objects: Iterable[StoredObject]) -> None:
        self.objects = {stored.name: stored.decode() for stored in objects}
        self._changed()

    def observe(self, change: Change) -> None:
        stored = change.object
        if change.deleted:
            self.objects.pop(stored.name, None)
            self._changed()
            return
        obj, before = stored.decode(), self.objects.get(stored.name)
        self.objects[stored.name] = obj
        if before is None or before["spec"] != obj["spec"] or before["metadata"]["uid"] != obj["metadata"]["uid"]:
            self._changed()
