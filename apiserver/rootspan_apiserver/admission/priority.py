"""Priority: a pod's class becomes a number, and the default class is given to pods that name none."""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.chain import Reinvocation
from rootspan_apiserver.admission.names import creates_pod, is_pod, refused
from rootspan_apiserver.admission.namespaces import Cache
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource

DEFAULT_POLICY = "PreemptLowerPriority"


class Priority:
    name = "Priority"

    def __init__(self, cache: Cache, resource: Resource) -> None:
        self._cache = cache
        self._resource = resource

    async def mutate(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        pod = attributes.object
        if pod is not None and attributes.operation == "UPDATE" and is_pod(attributes):
            return _kept(pod, attributes.old_object or {})
        if pod is None or not creates_pod(attributes):
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
            raise refused(attributes, why)
        if spec.get("preemptionPolicy") not in (None, policy):
            why = (
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; priority "
                f"admission controller computed {policy} from the given PriorityClass name"
            )
            raise refused(attributes, why)
        if found:
            spec["priorityClassName"] = found["metadata"]["name"]
        spec["priority"], spec["preemptionPolicy"] = value, policy
        return pod

    async def validate(self, attributes: Attributes) -> None:
        """One class at most is the default."""
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
            raise refused(attributes, f"PriorityClass {name} is already marked as default. Only one default can exist")

    async def _class(self, attributes: Attributes, name: str) -> Mapping[str, Any]:
        """The class of that name; without a name the default class, empty if there is none."""
        if name:
            stored = await self._cache.cached_object(self._resource, "", name)
            if stored is None:
                raise refused(attributes, f"no PriorityClass with name {name} was found")
            return stored.decode()
        default: Mapping[str, Any] = {}
        for stored in await self._cache.cached(self._resource):
            each = stored.decode()
            if each.get("globalDefault") and (not default or each.get("value", 0) < default.get("value", 0)):
                default = each
        return default


def _kept(pod: JSONObject, old: JSONObject) -> JSONObject:
    """An update that says nothing of what was given on creation leaves it as it is."""
    spec, there = pod.setdefault("spec", {}), old.get("spec") or {}
    for key in ("priority", "preemptionPolicy"):
        if spec.get(key) is None and key in there:
            spec[key] = there[key]
    return pod
