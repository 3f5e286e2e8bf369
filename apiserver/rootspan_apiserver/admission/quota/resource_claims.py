"""What a claim for devices counts for: itself, and for each device class the most devices that it can be given.

Devices of a class with an extended resource count as requests of that resource, too, unless the pod of the claim counts for them.

Upstream: pkg/quota/v1/evaluator/core/resource_claims.go,
staging/src/k8s.io/dynamic-resource-allocation/deviceclass/extendedresourcecache/extendedresourcecache.go
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.quota.evaluator import Evaluator
from rootspan_apiserver.admission.quota.pods import DEVICE_CLASS, REQUESTS, PodEvaluator, is_extended_in_quota
from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import ONE, ZERO, Amounts
from rootspan_apiserver.resources.conversion import convert

CLAIMS = GroupResource("resource.k8s.io", "resourceclaims")
OF_CLASS = ".deviceclass.resource.k8s.io/devices"
MOST_DEVICES = 32
"""How many devices a claim for all of them is given at most."""
_KIND = GroupVersionKind("resource.k8s.io", "v1", "ResourceClaim")
_OF_EXTENDED_RESOURCES = "resource.kubernetes.io/extended-resource-claim"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimSurroundings:
    """What the count of a claim depends on: the device classes, and the pods and claims of its namespace."""

    classes: Sequence[JSONObject]
    pods: Sequence[JSONObject]
    claims: Sequence[JSONObject]


class ResourceClaimEvaluator(Evaluator):
    """Counts claims for devices and their devices, among `around`."""

    def __init__(self, around: ClaimSurroundings) -> None:
        super().__init__(CLAIMS)
        self._around = around
        self._extended = {
            each["metadata"]["name"]: name
            for each in around.classes
            if (name := (each.get("spec") or {}).get("extendedResourceName"))
        }
        implicit = {DEVICE_CLASS + each["metadata"]["name"] for each in around.classes}
        self._resources = implicit | set(self._extended.values())

    def handles(self, attributes: AdmissionAttributes) -> bool:
        return attributes.operation in ("CREATE", "UPDATE") and not attributes.subresource

    def counts(self, name: str) -> bool:
        is_device = not is_extended_in_quota(name) or name.removeprefix(REQUESTS) in self._resources
        return self.may_count(name) and is_device

    def may_count(self, name: str) -> bool:
        return super().counts(name) or name.endswith(OF_CLASS) or is_extended_in_quota(name)

    def usage(self, obj: JSONObject) -> Amounts:
        claim = convert(obj, _KIND)
        devices: dict[str, int] = {}
        for request in ((claim.get("spec") or {}).get("devices") or {}).get("requests") or ():
            alternatives = request.get("firstAvailable") or [each for each in (request.get("exactly"),) if each]
            for name, count in _most(alternatives).items():
                devices[name] = devices.get(name, 0) + count
        counted = {name: Quantity(Decimal(count)) for name, count in devices.items()}
        return {
            self.count: ONE,
            **{name + OF_CLASS: quantity for name, quantity in counted.items()},
            **self._as_extended(counted, self._usage_of_pod(claim)),
        }

    def _as_extended(self, devices: Amounts, counted: Amounts) -> Amounts:
        """Return the devices as requests of extended resources, without what has been `counted` for the pod."""
        requests = {}
        for name, quantity in devices.items():
            requests[REQUESTS + DEVICE_CLASS + name] = quantity
            if extended := self._extended.get(name):
                requests[REQUESTS + extended] = quantity
        left = {name: quantity - counted.get(name, ZERO) for name, quantity in requests.items()}
        return {name: quantity for name, quantity in left.items() if quantity.value > 0}

    def _usage_of_pod(self, claim: JSONObject) -> Amounts:
        """Return what the pod counts for whose extended resources the claim was made for, nothing if there is none."""
        uid = _pod_uid(claim)
        pod = next((each for each in self._around.pods if each["metadata"].get("uid") == uid), None)
        if not uid or pod is None:
            return {}
        status = (pod.get("status") or {}).get("extendedResourceClaimStatus")
        if status is None:
            owned = [each for each in self._around.claims if _pod_uid(each) == uid]
            is_its = all(_age(each) >= _age(claim) for each in owned)
        else:
            is_its = status.get("resourceClaimName") == claim["metadata"].get("name")
        return PodEvaluator().usage(pod) if is_its else {}


def _most(alternatives: Iterable[JSONObject]) -> dict[str, int]:
    """Return the devices of each class that the best for it of the alternatives gives."""
    most: dict[str, int] = {}
    for request in alternatives:
        mode = request.get("allocationMode")
        count = {"ExactCount": request.get("count") or 0, "All": MOST_DEVICES}.get(mode or "", 0)
        name = request.get("deviceClassName") or ""
        most[name] = max(count, most.get(name, 0))
    return most


def _pod_uid(claim: JSONObject) -> str:
    """Return the uid of the pod that controls a claim for extended resources, "" for other claims."""
    metadata = claim["metadata"]
    if (metadata.get("annotations") or {}).get(_OF_EXTENDED_RESOURCES) != "true":
        return ""
    owners: list[dict[str, Any]] = metadata.get("ownerReferences") or []
    owner = next((each for each in owners if each.get("controller")), {})
    is_pod = (owner.get("kind"), owner.get("apiVersion")) == ("Pod", "v1")
    return str(owner.get("uid", "")) if is_pod else ""


def _age(claim: JSONObject) -> tuple[str, str]:
    return claim["metadata"].get("creationTimestamp") or "", claim["metadata"].get("name") or ""
