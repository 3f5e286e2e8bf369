"""log, exec, attach, portforward and proxy: an API server passes these on to a kubelet or a pod, and here there is none.

The refusals are those of a real server whose node cannot be reached.

Upstream: pkg/registry/core/pod/rest/subresources.go, log.go, pkg/registry/core/pod/strategy.go (ResourceLocation, LogLocation …)
"""

from ipaddress import ip_address

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.dialects import events
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.subresources.connect_options import connect_options
from rootspan_apiserver.handlers.subresources.log_options import check_log_options
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.writing import Admitting
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, error_response
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, not_found, unavailable
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class Connections:
    """Refuses connections to nodes, pods and services, each for its own reason, after admission has seen them."""

    def __init__(self, registry: Registry, store: Store, admission: AdmissionChain) -> None:
        self._registry = registry
        self._store = store
        self._admission = admission

    async def connect(self, request: Request, target: Target, send: Send) -> None:
        try:
            if request.parameter("dryRun"):
                raise bad_request("dryRun is not supported")
            await self._refuse(request, target)
        except StatusError as error:
            await error_response(request, error, group_version=target.group_version).send(request, send)

    async def log(self, call: Call) -> Response:
        """Return the log of a pod: empty before it is on a node, a refusal afterwards."""
        call.span.event(events.READING_GET_OPTIONS)
        call.span.event(events.GETTING)
        check_log_options(call.request, call.target.name)
        spec = (await self._target(call.target)).get("spec") or {}
        _check_container(call.request, call.target, spec)
        if node := spec.get("nodeName"):
            await self._reach(node, call.target)
        return Response(status=204)

    async def _target(self, target: Target) -> JSONObject:
        return (await self._store.get(target.resource, target.namespace, target.name)).decode()

    async def _refuse(self, request: Request, target: Target) -> None:
        admitting = Admitting(self._admission, request, target, {}, dry_run=False)
        options = await admitting.mutate("CONNECT", target.name, connect_options(request, target), None)
        await admitting.validate("CONNECT", target.name, options, None)
        obj = await self._target(target)
        if target.resource.plural == "nodes":
            raise _unreachable(obj)
        if target.resource.plural != "pods":
            raise unavailable(f'no endpoints available for {target.resource.singular} "{target.name}"')
        if target.part == "proxy":
            _check_address((obj.get("status") or {}).get("podIP") or "")
        spec = obj.get("spec") or {}
        if target.part in ("attach", "exec"):
            _check_container(request, target, spec)
        node = spec.get("nodeName")
        if not node:
            raise bad_request(f"pod {target.name} does not have a host assigned")
        await self._reach(node, target)

    async def _reach(self, node: str, target: Target) -> None:
        """Raises StatusError: there is no such node, for which upstream names the resource of the request; or no kubelet on it."""
        nodes = self._registry.builtin("nodes")
        try:
            found = await self._store.get(nodes, "", node)
        except StatusError as error:
            raise not_found(target.resource.group_resource, node) if error.code == 404 else error from error
        raise _unreachable(found.decode())


def _check_container(request: Request, target: Target, spec: JSONObject) -> None:
    """Raises StatusError 400: there is no such container, or none is named and there are several."""
    names = [each.get("name", "") for kind in CONTAINERS for each in spec.get(kind) or []]
    wanted = request.parameter("container") or ""
    if wanted and wanted not in names:
        raise bad_request(f"container {wanted} is not valid for pod {target.name}")
    if not wanted and len(spec.get("containers") or []) > 1:
        raise bad_request(
            f"a container name must be specified for pod {target.name}, choose one of: [{' '.join(names)}]"
        )


def _check_address(text: str) -> None:
    """Raises StatusError 400: the address of the pod is none to which requests may go (Go's `IsGlobalUnicast`)."""
    try:
        address = ip_address(text)
    except ValueError:
        raise bad_request("address not allowed") from None
    if address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified:
        raise bad_request("address not allowed")


def _unreachable(node: JSONObject) -> StatusError:
    if not (node.get("status") or {}).get("addresses"):
        return StatusError(500, "", "no preferred addresses found; known addresses: []")
    return unavailable(f"node {node['metadata']['name']} has no kubelet to connect to")
