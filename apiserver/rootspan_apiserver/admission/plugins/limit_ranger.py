"""LimitRanger: containers get the default requests and limits of their namespace; pods and claims outside its bounds are rejected.

Upstream: plugin/pkg/admission/limitranger/admission.go
"""

from collections.abc import Iterator

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.plugins.limit_ranger_bounds import violations
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

ANNOTATION = "kubernetes.io/limit-ranger"


class LimitRanger:
    """Enforces limit ranges; `resource` is that of limit ranges.

    A pod is mutated and checked when it is created or resized; a claim is checked when it is created or updated.
    """

    def __init__(self, cache: ObjectCache, resource: Resource) -> None:
        self._cache = cache
        self._resource = resource

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the default requests and limits of a pod's containers."""
        if attributes.kind.kind == "Pod":
            for limits in await self._limits(attributes):
                _set_defaults(attributes.object or {}, limits)
        return attributes.object

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the bounds of every limit range.

        Raises:
            StatusError: 403, the object is outside the bounds of the first that names them.
        """
        for limits in await self._limits(attributes):
            if found := list(violations(attributes.object or {}, attributes.kind.kind, limits)):
                raise new_forbidden(attributes, listed(found))

    async def _limits(self, attributes: AdmissionAttributes) -> list[list[JSONObject]]:
        """Return the limits of each limit range that applies to the operation."""
        if not _is_limited(attributes):
            return []
        ranges = await self._cache.cached(self._resource, attributes.namespace)
        return [(stored.decode().get("spec") or {}).get("limits") or [] for stored in ranges]


def _is_limited(attributes: AdmissionAttributes) -> bool:
    """Return whether limit ranges apply. An update of a pod cannot change its resources, except through `resize`."""
    kind, operation = attributes.kind, attributes.operation
    if kind.group or kind.kind not in ("Pod", "PersistentVolumeClaim") or operation not in ("CREATE", "UPDATE"):
        return False
    if "deletionTimestamp" in ((attributes.old_object or {}).get("metadata") or {}):
        return False
    is_update_of_pod = kind.kind == "Pod" and operation == "UPDATE"
    return is_update_of_pod if attributes.subresource == "resize" else not (attributes.subresource or is_update_of_pod)


def _set_defaults(pod: JSONObject, limits: list[JSONObject]) -> None:
    defaults: dict[str, JSONObject] = {"requests": {}, "limits": {}}
    for limit in limits:
        if limit.get("type") == "Container":
            defaults["requests"] |= limit.get("defaultRequest") or {}
            defaults["limits"] |= limit.get("default") or {}
    spec = pod["spec"]
    done = [
        sentence
        for key, what in (("containers", "container"), ("initContainers", "init container"))
        for container in spec.get(key) or ()
        for sentence in _merge(container, defaults, what)
    ]
    if done:
        annotations = pod["metadata"].get("annotations") or {}
        pod["metadata"]["annotations"] = annotations | {ANNOTATION: f"LimitRanger plugin set: {'; '.join(done)}"}


def _merge(container: JSONObject, defaults: dict[str, JSONObject], what: str) -> Iterator[str]:
    """Set what the container lacks, and yield a sentence about its requests and one about its limits."""
    for side in ("requests", "limits"):
        resources = container.get("resources") or {}
        present = resources.get(side) or {}
        missing = {name: value for name, value in defaults[side].items() if name not in present}
        if missing:
            container["resources"] = resources | {side: present | missing}
            yield f"{', '.join(sorted(missing))} {side.removesuffix('s')} for {what} {container.get('name', '')}"
