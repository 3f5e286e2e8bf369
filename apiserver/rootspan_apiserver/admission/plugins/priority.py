"""Priority: sets the priority and preemption policy of a pod from its PriorityClass, or from the default class.

Upstream: plugin/pkg/admission/priority/admission.go
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

DEFAULT_POLICY = "PreemptLowerPriority"


class Priority:
    """Resolves priority classes; `resource` is that of priority classes."""

    def __init__(self, cache: ObjectCache, resource: Resource) -> None:
        self._cache = cache
        self._resource = resource

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the pod's priority on creation, and keep it on an update that omits it.

        Raises:
            StatusError: 403, the class does not exist or the pod names another priority than its class.
        """
        pod = attributes.object
        if pod is None or not attributes.is_pod:
            return pod
        if attributes.operation == "UPDATE":
            return _keep_priority(pod, attributes.old_object or {})
        if attributes.operation != "CREATE":
            return pod
        spec = pod.setdefault("spec", {})
        found = await self._class(attributes, spec.get("priorityClassName") or "")
        value = found.get("value", 0)
        policy = found.get("preemptionPolicy") or DEFAULT_POLICY
        if spec.get("priority") not in (None, value):
            why = (
                f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority admission "
                f"controller computed {value} from the given PriorityClass name"
            )
            raise new_forbidden(attributes, why)
        if spec.get("preemptionPolicy") not in (None, policy):
            why = (
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; priority "
                f"admission controller computed {policy} from the given PriorityClass name"
            )
            raise new_forbidden(attributes, why)
        if found:
            spec["priorityClassName"] = found["metadata"]["name"]
        spec["priority"], spec["preemptionPolicy"] = value, policy
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check that there is at most one default class.

        Raises:
            StatusError: 403, another class is the default already.
        """
        new = attributes.object
        if (
            attributes.resource.group_resource != self._resource.group_resource
            or attributes.subresource
            or not (new or {}).get("globalDefault")
        ):
            return
        default = await self._class(attributes, "")
        name = (default.get("metadata") or {}).get("name")
        if name and (attributes.operation == "CREATE" or name != attributes.name):
            raise new_forbidden(
                attributes, f"PriorityClass {name} is already marked as default. Only one default can exist"
            )

    async def _class(self, attributes: AdmissionAttributes, name: str) -> Mapping[str, Any]:
        """Return the class of that name; without a name the default class, empty if there is none."""
        if name:
            stored = await self._cache.cached_object(self._resource, "", name)
            if stored is None:
                raise new_forbidden(attributes, f"no PriorityClass with name {name} was found")
            return stored.decode()
        default: Mapping[str, Any] = {}
        for stored in await self._cache.cached(self._resource):
            each = stored.decode()
            if each.get("globalDefault") and (not default or each.get("value", 0) < default.get("value", 0)):
                default = each
        return default


def _keep_priority(pod: JSONObject, old: JSONObject) -> JSONObject:
    """Copy the admission-set fields from the old pod where the new one omits them."""
    spec, old_spec = pod.setdefault("spec", {}), old.get("spec") or {}
    for key in ("priority", "preemptionPolicy"):
        if spec.get(key) is None and key in old_spec:
            spec[key] = old_spec[key]
    return pod
