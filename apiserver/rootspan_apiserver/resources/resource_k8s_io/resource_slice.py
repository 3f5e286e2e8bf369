"""ResourceSlice (resource.k8s.io/v1): devices of a pool that a driver offers, on one node or several.

Upstream: pkg/apis/resource/validation/validation.go (ValidateResourceSlice), pkg/apis/resource/v1/defaults.go,
pkg/registry/resource/resourceslice/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterable
from datetime import datetime
from time import time

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import from_seconds
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder, WriteContext
from rootspan_apiserver.resources.resource_k8s_io.slices import slice_spec
from rootspan_apiserver.resources.selectable import paths

LISTS = frozenset({"bools", "ints", "strings", "versions"})
MAPPINGS = "nodeAllocatableResourceMappings"


def _default_taints(obj: JSONObject) -> None:
    for device in _devices(obj):
        for taint in device.get("taints") or ():
            if taint.get("timeAdded") is None:
                taint["timeAdded"] = from_seconds(int(time()))


def _drop_disabled(obj: JSONObject, old: JSONObject) -> None:
    """Remove the fields of the gates DRAListTypeAttributes and DRANodeAllocatableResources, which are off, unless `old` has such fields."""
    keeps_lists = any(not LISTS.isdisjoint(attribute) for device in _devices(old) for attribute in _attributes(device))
    keeps_mappings = any(device.get(MAPPINGS) for device in _devices(old))
    for device in _devices(obj):
        if not keeps_mappings:
            device.pop(MAPPINGS, None)
        for attribute in () if keeps_lists else _attributes(device):
            for name in LISTS & attribute.keys():
                del attribute[name]


def _devices(obj: JSONObject) -> list[JSONObject]:
    return at(obj, "spec", "devices") or []


def _attributes(device: JSONObject) -> Iterable[JSONObject]:
    return (device.get("attributes") or {}).values()


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    _drop_disabled(obj, {})


def _prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _drop_disabled(obj, old)


def _node(obj: JSONObject, now: datetime) -> str:
    return at(obj, "spec", "nodeName") or ("<all>" if at(obj, "spec", "allNodes") else "<node selector>")


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    driver = at(obj, "spec", "driver") or ""
    if driver == driver.lower():
        return []
    return [f"spec.driver: driver names should be lowercase; {quote(driver)} contains uppercase characters"]


definition = Definition(
    "resource.k8s.io/v1",
    "ResourceSlice",
    "resourceslices",
    namespaced=False,
    generation=COUNTED,
    delete_returns_object=True,
    defaults=(_default_taints,),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    warnings=_warnings,
    spec=slice_spec,
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    selectable=paths("spec.driver", "spec.nodeName"),
    columns=(
        NAME,
        Column("Node", _node, description="The node whose devices the slice has."),
        Column("Driver", value("spec.driver"), description="The driver of the devices."),
        Column("Pool", value("spec.pool.name"), description="The pool to which the devices belong."),
        AGE,
    ),
)
