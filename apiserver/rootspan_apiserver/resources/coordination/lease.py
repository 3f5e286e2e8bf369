"""Lease (coordination.k8s.io/v1): who holds something, and until when.

Upstream: pkg/apis/coordination/validation/validation.go, pkg/registry/coordination/lease/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, WriteContext
from rootspan_apiserver.rules import not_negative, positive, struct

ELECTION = ("strategy", "preferredHolder")
"""The fields of the feature CoordinatedLeaderElection, which is off by default: they are dropped, unless they are in use."""


def _prepare_create(lease: JSONObject, context: WriteContext) -> None:
    _drop_election(lease, {})


def _prepare_update(lease: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _drop_election(lease, old)


def _drop_election(lease: JSONObject, old: JSONObject) -> None:
    for key in ELECTION:
        if at(old, "spec", key) is None:
            lease.get("spec", {}).pop(key, None)


definition = Definition(
    "coordination.k8s.io/v1",
    "Lease",
    "leases",
    allow_create_on_update=True,
    update_needs_resource_version=True,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    spec=struct(leaseDurationSeconds=positive, leaseTransitions=not_negative),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    standard_finalizers=False,
    columns=(NAME, Column("Holder", value("spec.holderIdentity"), description="The identity of the holder."), AGE),
)
