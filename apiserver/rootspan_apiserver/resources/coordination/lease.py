"""Lease (coordination.k8s.io/v1): who holds something, and until when.

Upstream: pkg/apis/coordination/validation/validation.go, pkg/registry/coordination/lease/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import not_negative, positive, struct

definition = Definition(
    "coordination.k8s.io/v1",
    "Lease",
    "leases",
    allow_create_on_update=True,
    update_needs_resource_version=True,
    spec=struct(leaseDurationSeconds=positive, leaseTransitions=not_negative),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    standard_finalizers=False,
    columns=(NAME, Column("Holder", value("spec.holderIdentity"), description="The identity of the holder."), AGE),
)
