"""Binding a pod to a node: what a scheduler does at the end.

Upstream: pkg/registry/core/pod/storage/storage.go
"""

from rootspan_apiserver.handlers.bodies import check_named
from rootspan_apiserver.handlers.subresources.calculated import success
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request, conflict, not_found, unknown_resource
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.options import UpdateOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.scope import object_path

_BINDING = GroupResource("", "pods/binding")


class Binding:
    """Assigns pods to nodes."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry = registry
        self._store = store

    async def bind(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        """Assigns the pod that the path names, or the binding itself where the path names none. Raises StatusError."""
        metadata = obj["metadata"]
        if target.name:
            check_named(obj, target)
        name = target.name or metadata.get("name") or ""
        node = (obj.get("target") or {}).get("name") or ""
        kind = (obj.get("target") or {}).get("kind") or "Node"
        errors = []
        if kind != "Node":
            errors.append(FieldError.not_supported("target.kind", kind, ("Node", "<empty>")))
        if not node:
            errors.append(FieldError.required("target.name"))
        if errors:
            # No `Invalid`: the real server answers with the bare list.
            listed = ", ".join(map(str, errors))
            raise StatusError(500, "", f"[{listed}]" if len(errors) > 1 else listed)
        if not name:
            raise bad_request("Name parameter required.")
        pods = self._registry.lookup("", "v1", "pods")
        if pods is None:
            raise unknown_resource()

        async def assign(pod: JSONObject | None) -> JSONObject:
            if pod is None:
                raise not_found(pods.group_resource, name)
            _check_preconditions(metadata, pod, pods)
            spec = pod.setdefault("spec", {})
            if pod["metadata"].get("deletionTimestamp"):
                raise conflict(_BINDING, name, f"pod {name} is being deleted, cannot be assigned to a host")
            if spec.get("nodeName"):
                raise conflict(_BINDING, name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
            if spec.get("schedulingGates"):
                raise conflict(_BINDING, name, f"pod {name} has non-empty .spec.schedulingGates")
            spec["nodeName"] = node
            for key in ("annotations", "labels"):
                if added := metadata.get(key):
                    pod["metadata"][key] = {**(pod["metadata"].get(key) or {}), **added}
            status = pod.setdefault("status", {})
            status.pop("nominatedNodeName", None)
            conditions = [c for c in status.get("conditions") or [] if c.get("type") != "PodScheduled"]
            scheduled = {
                "type": "PodScheduled",
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": timestamp(),
            }
            status["conditions"] = [*conditions, scheduled]
            return pod

        await self._store.update(
            pods, target.namespace, name, assign, UpdateOptions(subresource="binding", dry_run=dry_run)
        )
        return success()


def _check_preconditions(metadata: JSONObject, pod: JSONObject, pods: Resource) -> None:
    """Raises StatusError 409 where the binding names a uid or a version that is not the pod's."""
    path = object_path(pods, pod["metadata"]["namespace"], pod["metadata"]["name"])
    for key, shown in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted, present = metadata.get(key), pod["metadata"].get(key, "")
        if wanted and wanted != present:
            why = f"Precondition failed: {shown} in precondition: {wanted}, {shown} in object meta: {present}"
            text = f"StorageError: invalid object, Code: 4, Key: /registry{path}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
            raise conflict(pods.group_resource, pod["metadata"]["name"], text)
