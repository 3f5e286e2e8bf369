"""What a service counts for: itself, its node ports, its load balancer.

Upstream: pkg/quota/v1/evaluator/core/services.go
"""

from decimal import Decimal

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.quota.evaluator import Evaluator
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import ONE, ZERO, Amounts

SERVICES = GroupResource("", "services")
_COUNTED = ("NodePort", "LoadBalancer")


class ServiceEvaluator(Evaluator):
    """Counts services, and the node ports that they will have."""

    def __init__(self) -> None:
        super().__init__(SERVICES, ("services", "services.nodeports", "services.loadbalancers"))

    def handles(self, attributes: AdmissionAttributes) -> bool:
        return attributes.operation in ("CREATE", "UPDATE") and not attributes.subresource

    def usage(self, obj: JSONObject) -> Amounts:
        spec = obj.get("spec") or {}
        kind, ports = spec.get("type"), spec.get("ports") or ()
        if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
            ports = [port for port in ports if port.get("nodePort")]
        return {
            self.count: ONE,
            "services": ONE,
            "services.nodeports": Quantity(Decimal(len(ports))) if kind in _COUNTED else ZERO,
            "services.loadbalancers": ONE if kind == "LoadBalancer" else ZERO,
        }

    def is_replenished(self, old: JSONObject, new: JSONObject) -> bool:
        return _counted_type(old) != _counted_type(new)


def _counted_type(service: JSONObject) -> str:
    kind = (service.get("spec") or {}).get("type")
    return kind if kind in _COUNTED else ""
