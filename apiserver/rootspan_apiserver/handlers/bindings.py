"""Binding a pod to a node: what a scheduler does at the end."""

from rootspan_apiserver.handlers.admitting import now
from rootspan_apiserver.handlers.calculated import SUCCESS
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.registry.resource import JSONObject
from rootspan_apiserver.status import (
    FieldError,
    GroupResource,
    bad_request,
    conflict,
    invalid,
    not_found,
    unknown_resource,
)

_BINDING = GroupResource("", "pods/binding")


async def bind(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    """Assigns the pod that the path names, or the binding itself where the path names none. Raises StatusError."""
    name = target.name or obj["metadata"].get("name") or ""
    if obj["metadata"].get("name", name) != name:
        raise bad_request("name in URL does not match name in Binding object")
    node = (obj.get("target") or {}).get("name") or ""
    kind = (obj.get("target") or {}).get("kind") or "Node"
    errors = []
    if kind not in ("Node", "<none>"):
        errors.append(FieldError.not_supported("target.kind", kind, ("Node", "<none>")))
    if not node:
        errors.append(FieldError.required("target.name"))
    if errors:
        raise invalid("", "Binding", name, errors)
    pods = request.parts.registry.lookup("", "v1", "pods")
    if pods is None:
        raise unknown_resource()

    async def assign(pod: JSONObject | None) -> JSONObject:
        if pod is None:
            raise not_found(pods.group_resource, name)
        spec = pod.setdefault("spec", {})
        if pod["metadata"].get("deletionTimestamp"):
            raise conflict(_BINDING, name, f"pod {name} is being deleted, cannot be assigned to a host")
        if spec.get("nodeName"):
            raise conflict(_BINDING, name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
        spec["nodeName"] = node
        annotations = obj["metadata"].get("annotations") or {}
        if annotations:
            pod["metadata"]["annotations"] = {**(pod["metadata"].get("annotations") or {}), **annotations}
        status = pod.setdefault("status", {})
        conditions = [c for c in status.get("conditions") or [] if c.get("type") != "PodScheduled"]
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now()}
        status["conditions"] = [*conditions, scheduled]
        return pod

    await request.parts.store.update(
        pods, target.namespace, name, assign, subresource="binding", validate=None, dry_run=dry_run
    )
    return SUCCESS
