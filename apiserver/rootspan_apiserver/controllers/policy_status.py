"""validatingadmissionpolicy-status-controller: the status of every validating policy says what does not fit in its expressions.

Upstream: pkg/controller/validatingadmissionpolicystatus/controller.go
"""

import asyncio
from collections.abc import Iterable

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.expression_warnings import ExpressionTypeChecker
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key

SETTLING_SECONDS = 1.0
"""How long a new policy is left alone: its creator can change it next, with the resourceVersion of the answer."""
MANAGER = "validatingadmissionpolicy-status"


class PolicyStatusController:
    """Checks each policy when it is created and when its spec changes."""

    name = "validatingadmissionpolicy-status-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient) -> None:
        self._storage = storage
        self._policies = registry.builtin("validatingadmissionpolicies", "admissionregistration.k8s.io")
        self._checker = ExpressionTypeChecker(registry)
        self._actor = Actor(loopback, MANAGER)
        self.queue: WorkQueue[ObjectKey] = WorkQueue(self.name)

    async def run(self) -> None:
        """Work until cancelled."""
        self._storage.subscribe(self._policies, self)
        await self.queue.run(self._sync)

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Check these policies."""
        for stored in objects:
            self.queue.add_after(object_key(self._policies, stored.key), SETTLING_SECONDS)

    def observe(self, change: Change) -> None:
        """Check a policy that is new or changed."""
        if not change.deleted:
            self.queue.add_after(object_key(self._policies, change.object.key), SETTLING_SECONDS)

    async def _sync(self, key: ObjectKey) -> None:
        stored = await self._storage.cached_object(self._policies, "", key.name)
        if stored is None:
            return
        policy = stored.decode()
        generation = policy["metadata"].get("generation", 0)
        if generation <= (policy.get("status") or {}).get("observedGeneration", 0):
            return
        warnings = await asyncio.to_thread(self._checker.warnings, policy)
        checking: JSONObject = {"expressionWarnings": warnings} if warnings else {}
        applied = {
            "apiVersion": self._policies.kind.api_version,
            "kind": self._policies.kind.kind,
            "metadata": {"name": key.name},
            "status": {"observedGeneration": generation, "typeChecking": checking},
        }
        await self._actor.apply_status(APIPath.of_object(self._policies, "", key.name), applied)
