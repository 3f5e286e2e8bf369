"""Service (v1): a name and an address for a set of pods.

Upstream: pkg/apis/core/validation/validation.go (ValidateService), pkg/apis/core/v1/defaults.go (SetDefaults_Service),
pkg/registry/core/service/strategy.go, pkg/registry/core/service/storage/storage.go, pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.kube.address_warnings import load_balancer_warnings
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.resources.core.service.allocation import ServiceAllocator
from rootspan_apiserver.resources.core.service.changes import load_balancer_status, spec_changes, warnings
from rootspan_apiserver.resources.core.service.columns import COLUMNS
from rootspan_apiserver.resources.core.service.rules import SERVICE
from rootspan_apiserver.resources.core.service.spec import WITH_NODE_PORTS, drop_by_type, externally_accessible
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, WriteContext
from rootspan_apiserver.resources.selectable import paths
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition, status_subresource
from rootspan_apiserver.rules import struct

AFFINITY_SECONDS = 10800


def _default(service: JSONObject) -> None:
    spec = service["spec"]
    affinity = spec.setdefault("sessionAffinity", "None")
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", AFFINITY_SECONDS)
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if externally_accessible(spec):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind in ("ClusterIP", *WITH_NODE_PORTS):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "ExternalName":
        spec.pop("internalTrafficPolicy", None)  # upstream keeps it, and leaves it out when it is read
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for ingress in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
            if ingress.get("ip"):
                ingress.setdefault("ipMode", "VIP")


def _prepare_update(service: JSONObject, old: JSONObject, context: WriteContext) -> None:
    drop_by_type(service["spec"], old["spec"])
    if service["spec"].get("type") != "LoadBalancer":
        service.setdefault("status", {})["loadBalancer"] = {}


definition = Definition(
    "v1",
    "Service",
    "services",
    short_names=("svc",),
    categories=("all",),
    subresources=(
        SubresourceDefinition(
            "proxy",
            GroupVersionKind("", "v1", "ServiceProxyOptions"),
            verbs=frozenset({"create", "delete", "get", "patch", "update"}),
        ),
        status_subresource(rules=load_balancer_status, warnings=load_balancer_warnings),
    ),
    storage_path="/services/specs",
    defaults=(_default,),
    prepare_update=_prepare_update,
    allow_create_on_update=True,
    allocator=ServiceAllocator,
    warnings=warnings,
    name_rule=dns_label,
    rules=SERVICE,
    changes=struct(spec=spec_changes),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    selectable=paths("spec.clusterIP", "spec.type"),
    columns=COLUMNS,
    delete_returns_object=True,
)
