"""log, exec, attach, portforward and proxy: an API server passes these on to a kubelet or a pod, and here there is none.

The refusals are those of a real server whose node cannot be reached.

Upstream: pkg/registry/core/pod/rest/subresources.go, log.go
"""

from rootspan_apiserver.dialects import events
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, error_response
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, not_found, unavailable
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry


class Connections:
    """Refuses connections to nodes, pods and services, each for its own reason."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry = registry
        self._store = store

    async def connect(self, request: Request, target: Target, send: Send) -> None:
        try:
            await self._refuse(request, target)
        except StatusError as error:
            await error_response(request, error, group_version=target.group_version).send(request, send)

    async def log(self, call: Call) -> Response:
        """Return the log of a pod: empty before it is on a node, a refusal afterwards."""
        call.span.event(events.READING_GET_OPTIONS)
        call.span.event(events.GETTING)
        spec = (await self._target(call.target)).get("spec") or {}
        _check_container(call.request, call.target, spec)
        if node := spec.get("nodeName"):
            await self._reach(node)
        return Response(status=204)

    async def _target(self, target: Target) -> JSONObject:
        return (await self._store.get(target.resource, target.namespace, target.name)).decode()

    async def _refuse(self, request: Request, target: Target) -> None:
        obj = await self._target(target)
        if target.resource.plural == "nodes":
            raise _unreachable(obj)
        if target.resource.plural != "pods":
            raise unavailable(f'no endpoints available for {target.resource.singular} "{target.name}"')
        spec = obj.get("spec") or {}
        _check_container(request, target, spec)
        node = spec.get("nodeName")
        if not node:
            raise bad_request(f"pod {target.name} does not have a host assigned")
        await self._reach(node)

    async def _reach(self, node: str) -> None:
        """Raises StatusError: there is no such node, or no kubelet on it."""
        nodes = self._registry.lookup("", "v1", "nodes")
        if nodes is None:
            raise not_found(GroupResource("", "nodes"), node)
        raise _unreachable((await self._store.get(nodes, "", node)).decode())


def _check_container(request: Request, target: Target, spec: JSONObject) -> None:
    containers = [each.get("name", "") for each in spec.get("containers") or []]
    wanted = request.parameter("container") or ""
    if wanted and wanted not in containers:
        raise bad_request(f"container {wanted} is not valid for pod {target.name}")


def _unreachable(node: JSONObject) -> StatusError:
    if not (node.get("status") or {}).get("addresses"):
        return StatusError(500, "", "no preferred addresses found; known addresses: []")
    return unavailable(f"node {node['metadata']['name']} has no kubelet to connect to")
