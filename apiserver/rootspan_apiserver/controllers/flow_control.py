"""The objects of API Priority and Fairness: the mandatory and the suggested ones are kept, and each FlowSchema has its status.

A mandatory object always has its spec. A suggested one that was changed has it put back if its annotation
`apf.kubernetes.io/autoupdate-spec` is true; where the annotation is missing, only an object that was never changed has.

Upstream: pkg/registry/flowcontrol/ensurer/strategy.go, pkg/registry/flowcontrol/rest/storage_flowcontrol.go,
staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go
"""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import partial

from rootspan_apiserver.controllers.keeper import KeptObject
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.cells import condition
from rootspan_apiserver.resources.flowcontrol import bootstrap
from rootspan_apiserver.resources.flowcontrol.bootstrap import AUTO_UPDATE
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change

GROUP = "flowcontrol.apiserver.k8s.io"
PRODUCER = "api-priority-and-fairness-config-producer-v1"
CONSUMER = "api-priority-and-fairness-config-consumer-v1"
DANGLING = "Dangling"
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def kept_flow_control(store: Store, registry: Registry) -> Iterator[KeptObject]:
    """Yield the mandatory and the suggested objects, in upstream's order."""
    own = OwnWrites(store, PRODUCER)
    levels, schemas = (registry.builtin(name, GROUP) for name in ("prioritylevelconfigurations", "flowschemas"))
    for resource, objects, mandatory in (
        (levels, bootstrap.suggested_levels(), False),
        (schemas, bootstrap.suggested_schemas(), False),
        (levels, bootstrap.mandatory_levels(), True),
        (schemas, bootstrap.mandatory_schemas(), True),
    ):
        for wanted in objects:
            resource.strategy.default(wanted)
            ensure = partial(_ensure, own, resource, wanted, mandatory)
            yield KeptObject(resource=resource, name=wanted["metadata"]["name"], ensure=ensure)


async def _ensure(
    own: OwnWrites, resource: Resource, wanted: JSONObject, mandatory: bool, present: JSONObject | None
) -> None:
    name = wanted["metadata"]["name"]
    if present is None:
        await own.create(resource, "", wanted)
        return
    updates_spec = mandatory or updates(present)
    annotation = (present["metadata"].get("annotations") or {}).get(AUTO_UPDATE, "")
    if _parsed(annotation) is updates_spec and (not updates_spec or same(present["spec"], wanted["spec"])):
        return

    def put_right(obj: JSONObject) -> JSONObject:
        obj["metadata"].setdefault("annotations", {})[AUTO_UPDATE] = "true" if updates_spec else "false"
        return {**obj, "spec": deepcopy(wanted["spec"])} if updates_spec else obj

    await own.update(resource, "", name, put_right)


def updates(present: JSONObject) -> bool:
    """Return whether the spec of a suggested object is put back: as its annotation says, or if it has never been changed."""
    said = _parsed((present["metadata"].get("annotations") or {}).get(AUTO_UPDATE, ""))
    return present["metadata"].get("generation") == 1 if said is None else said


def _parsed(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None


class FlowSchemaStatus:
    """Keeps the condition `Dangling` of each FlowSchema: whether its priority level is missing."""

    name = "api-priority-and-fairness-config-consumer"

    def __init__(self, storage: Storage, store: Store, registry: Registry) -> None:
        self._storage = storage
        self._own = OwnWrites(store, CONSUMER)
        self._levels = registry.builtin("prioritylevelconfigurations", GROUP)
        self._schemas = registry.builtin("flowschemas", GROUP)
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def bootstrap(self) -> None:
        """Set the condition of each present schema. Raises StatusError."""
        for stored in await self._storage.cached(self._schemas):
            await self._set(stored.name)

    async def run(self) -> None:
        """Work until cancelled."""
        self._storage.subscribe(self._schemas, _ChangedNames(self.queue.add))
        self._storage.subscribe(self._levels, _ChangedNames(self._level_changed, only_existence=True))
        await self.queue.run(self._work)

    def _level_changed(self, _name: str) -> None:
        self.queue.add("")

    async def _work(self, name: str) -> None:
        """Set the condition of a schema; of all where the name is ""."""
        if name:
            await self._set(name)
        else:
            await self.bootstrap()

    async def _set(self, name: str) -> None:
        stored = await self._storage.cached_object(self._schemas, "", name)
        if stored is None:
            return
        schema = stored.decode()
        level = schema["spec"]["priorityLevelConfiguration"]["name"]
        wanted = _condition(level, exists=await self._storage.cached_object(self._levels, "", level) is not None)
        present = condition(schema, DANGLING)
        if any(present.get(key) != value for key, value in wanted.items()):
            changed = {**wanted, "lastTransitionTime": timestamp()}
            await self._own.apply_status(self._schemas, name, {"conditions": [changed]})


def _condition(level: str, *, exists: bool) -> JSONObject:
    reference = f"This FlowSchema references the PriorityLevelConfiguration object named {quote(level)}"
    if exists:
        return {"type": DANGLING, "status": "False", "reason": "Found", "message": f"{reference} and it exists"}
    message = f"{reference} but there is no such object"
    return {"type": DANGLING, "status": "True", "reason": "NotFound", "message": message}


class _ChangedNames:
    """Tells the names of the objects that have changed, or only of those that came or went."""

    def __init__(self, changed: Callable[[str], None], *, only_existence: bool = False) -> None:
        self._changed = changed
        self._only_existence = only_existence

    def reset(self, objects: Iterable[StoredObject]) -> None:
        for stored in objects:
            self._changed(stored.name)

    def observe(self, change: Change) -> None:
        if not self._only_existence or change.deleted or change.previous is None:
            self._changed(change.object.name)
