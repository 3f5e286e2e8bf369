"""log, exec, attach, portforward and proxy: an API server passes these on to a kubelet or a pod, and here there is none.

The refusals are those of a real server whose node cannot be reached.
"""

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.verb import answering, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import write_error
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, not_found, unavailable
from rootspan_apiserver.telemetry.tracing import InternalSpan


async def connect(request: Request, target: Target) -> None:
    try:
        await _refuse(request, target)
    except StatusError as error:
        await write_error(request, error, target.group_version)


@verb(operations.GET, transformations=False)
async def log(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    """The log of a pod: nothing before it is on a node, and a refusal then."""
    span.event(events.READING_GET_OPTIONS)
    span.event(events.GETTING)
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    spec = stored.decode().get("spec") or {}
    _check_container(request, target, spec)
    if node := spec.get("nodeName"):
        await _reach(request, node)
    with answering(span):
        await request.send({"type": "http.response.start", "status": 204, "headers": []})
        await request.send({"type": "http.response.body", "body": b""})


async def _refuse(request: Request, target: Target) -> None:
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    obj = stored.decode()
    if target.resource.plural == "nodes":
        raise _unreachable(obj)
    if target.resource.plural != "pods":
        raise unavailable(f'no endpoints available for {target.resource.singular} "{target.name}"')
    spec = obj.get("spec") or {}
    _check_container(request, target, spec)
    node = spec.get("nodeName")
    if not node:
        raise bad_request(f"pod {target.name} does not have a host assigned")
    await _reach(request, node)


def _check_container(request: Request, target: Target, spec: JSONObject) -> None:
    containers = [each.get("name", "") for each in spec.get("containers") or []]
    wanted = request.parameter("container") or ""
    if wanted and wanted not in containers:
        raise bad_request(f"container {wanted} is not valid for pod {target.name}")


async def _reach(request: Request, node: str) -> None:
    """Raises StatusError: there is no such node, or no kubelet on it."""
    nodes = request.parts.registry.lookup("", "v1", "nodes")
    if nodes is None:
        raise not_found(GroupResource("", "nodes"), node)
    raise _unreachable((await request.parts.store.get(nodes, "", node)).decode())


def _unreachable(node: JSONObject) -> StatusError:
    if not (node.get("status") or {}).get("addresses"):
        return StatusError(500, "", "no preferred addresses found; known addresses: []")
    return unavailable(f"node {node['metadata']['name']} has no kubelet to connect to")
