"""CSIStorageCapacity (storage.k8s.io): how much a driver can still provide, by class and by part of the cluster.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/csistoragecapacity/strategy.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.resources.core.node_labels import NODE_LABELS, expression_warnings
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import absent_as, immutable, named, struct
from rootspan_apiserver.rules.label_selectors import immutable_selector, label_selector
from rootspan_apiserver.rules.quantities import not_negative_quantity


def _warnings(capacity: JSONObject, old: JSONObject | None) -> list[str]:
    topology = capacity.get("nodeTopology") or {}
    found = list(expression_warnings(topology.get("matchExpressions") or (), "nodeTopology.matchExpressions"))
    labels = (key for key in topology.get("matchLabels") or () if key in NODE_LABELS)
    return found + [f"nodeTopology.matchLabels.{key}: {NODE_LABELS[key]}" for key in labels]


definition = Definition(
    "storage.k8s.io/v1",
    "CSIStorageCapacity",
    "csistoragecapacities",
    update_needs_resource_version=True,
    rules=struct(
        nodeTopology=label_selector(),
        storageClassName=absent_as("", named(dns_subdomain)),
        capacity=not_negative_quantity,
    ),
    changes=struct(nodeTopology=immutable_selector, storageClassName=absent_as("", immutable)),
    update_order=UpdateOrder.RULES_FIRST,
    warnings=_warnings,
)
