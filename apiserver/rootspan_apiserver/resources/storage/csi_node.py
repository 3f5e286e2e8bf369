"""CSINode (storage.k8s.io): the drivers of volumes that run on a node.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/csinode/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, count
from rootspan_apiserver.resources.core.volume_sources import csi_driver_name
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    each,
    function,
    not_negative,
    on_update,
    required,
    struct,
    unique,
)
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

NODE_ID_LIMIT = 256


@function("validateCSINodeDriverNodeID")
def _node_id(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 256 bytes."""
    if len(value.encode()) > NODE_ID_LIMIT:
        yield FieldError.invalid(path, value, f"must be {NODE_ID_LIMIT} characters or less")


@function("validateCSINodeDriver")
def _topology_keys(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The keys of the topology are qualified names, each once; the errors are at the driver."""
    keys = value.get("topologyKeys") or []
    for index, key in enumerate(keys):
        if not key:
            yield FieldError.required(path)
        if key in keys[:index]:
            yield FieldError.duplicate(path, key)
        yield from (FieldError.invalid(path, key, reason) for reason in qualified_name(key))


@function("ValidateCSINodeUpdate")
def _unchanged(
    value: list[JSONObject], old: list[JSONObject] | None, path: Path, context: RuleContext
) -> Iterator[FieldError]:
    """What is known of a driver stays, but for the number of volumes that it can have."""
    for before in old or []:
        for driver in value:
            new, known = ({**each, "allocatable": None} for each in (driver, before))
            if driver.get("name") == before.get("name") and not same(new, known):
                shown = internal_form(new, go_types().struct("storage/v1.CSINodeDriver"))
                yield FieldError.invalid(path, shown, "field is immutable")


DRIVER = struct(name=csi_driver_name, nodeID=required & _node_id, allocatable=struct(count=not_negative))
SPEC = struct(drivers=each(DRIVER) & unique(by="name") & each(_topology_keys))

definition = Definition(
    "storage.k8s.io/v1",
    "CSINode",
    "csinodes",
    namespaced=False,
    delete_returns_object=True,
    update_needs_resource_version=True,
    spec=SPEC,
    rules=struct(spec=struct(drivers=on_update(_unchanged))),
    update_order=UpdateOrder.RULES_ONLY,
    columns=(NAME, Column("Drivers", count("spec.drivers"), "integer", description="How many drivers there are."), AGE),
)
