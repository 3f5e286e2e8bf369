"""log, exec, attach, portforward and proxy: an API server passes these on to a kubelet or a pod, and here there is none.

The refusals are those of a real server whose node cannot be reached.
"""

from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.responses import write_error
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.status import StatusError, bad_request, unavailable


async def connect(request: Request, target: Target) -> None:
    try:
        await _refuse(request, target)
    except StatusError as error:
        await write_error(request, error, target.group_version)


async def _refuse(request: Request, target: Target) -> None:
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    if target.resource.plural != "pods":
        raise unavailable(f'no endpoints available for {target.resource.singular} "{target.name}"')
    spec = stored.decode().get("spec") or {}
    containers = [each.get("name", "") for each in spec.get("containers") or []]
    wanted = request.parameter("container") or ""
    if wanted and wanted not in containers:
        raise bad_request(f"container {wanted} is not valid for pod {target.name}")
    node = spec.get("nodeName")
    if not node:
        raise bad_request(f"pod {target.name} does not have a host assigned")
    raise unavailable(f"node {node} has no kubelet to connect to")
