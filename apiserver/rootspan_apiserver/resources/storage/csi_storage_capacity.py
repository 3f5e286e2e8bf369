"""CSIStorageCapacity (storage.k8s.io): how much a driver can still provide, by class and by part of the cluster.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/csistoragecapacity/strategy.go
"""

from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import absent_as, immutable, named, struct
from rootspan_apiserver.rules.label_selectors import immutable_selector, label_selector
from rootspan_apiserver.rules.quantities import not_negative_quantity

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
)
