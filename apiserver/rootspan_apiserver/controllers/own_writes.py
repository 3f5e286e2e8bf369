"""What the server writes on its own account: straight into its store, without a request, and so without spans.

kube-apiserver's own controllers use the loopback client for that.
"""

from collections.abc import Callable
from copy import deepcopy

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.managed_fields.field_manager import FieldManager
from rootspan_apiserver.registry.options import UpdateOptions
from rootspan_apiserver.registry.store import Store, Transform
from rootspan_apiserver.resources.resource import Resource

KUBE_APISERVER = "kube-apiserver"


class OwnWrites:
    """Writes objects of built-in kinds in their storage version. `manager` is that of the fields written."""

    def __init__(self, store: Store, manager: str = KUBE_APISERVER) -> None:
        self._store = store
        self._manager = manager

    async def create(self, resource: Resource, namespace: str, obj: JSONObject) -> None:
        """Create the object, unless there is one with its name. Raises StatusError."""
        new = deepcopy(obj)
        resource.strategy.default(new)
        new = FieldManager.of(resource).update(None, new, self._manager, timestamp())
        try:
            await self._store.create(resource, namespace, new)
        except StatusError as exc:
            if exc.reason != "AlreadyExists":
                raise

    async def update(
        self, resource: Resource, namespace: str, name: str, change: Callable[[JSONObject], JSONObject]
    ) -> None:
        """Store what `change` makes of the object, if there is one. Raises StatusError."""
        fields = FieldManager.of(resource)

        async def transform(live: JSONObject | None) -> JSONObject:
            assert live is not None, "an object that does not exist is refused with 404"
            new = change(deepcopy(live))
            resource.strategy.default(new)
            return fields.update(live, new, self._manager, timestamp())

        await self._update(resource, namespace, name, transform, UpdateOptions())

    async def apply_status(self, resource: Resource, name: str, status: JSONObject) -> None:
        """Apply the `status` of a cluster-scoped object, if there is one, by force. Raises StatusError."""
        fields = FieldManager.of(resource, "status")
        kind = resource.kind
        applied = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, "status": status}

        async def transform(live: JSONObject | None) -> JSONObject:
            assert live is not None, "an object that does not exist is refused with 404"
            new = fields.apply(live, applied, self._manager, timestamp(), force=True)
            resource.strategy.default(new)
            return new

        await self._update(resource, "", name, transform, UpdateOptions(subresource="status"))

    async def _update(
        self, resource: Resource, namespace: str, name: str, transform: Transform, options: UpdateOptions
    ) -> None:
        try:
            await self._store.update(resource, namespace, name, transform, options)
        except StatusError as exc:
            if exc.code != 404:
                raise

    async def delete(self, resource: Resource, namespace: str, name: str) -> None:
        """Delete the object, if there is one. Raises StatusError."""
        try:
            await self._store.delete(resource, namespace, name)
        except StatusError as exc:
            if exc.code != 404:
                raise
