"""Node (v1): a machine on which pods run.

Upstream: pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate), pkg/apis/core/v1/defaults.go (SetDefaults_NodeStatus),
pkg/apis/core/v1/conversion.go (Convert_v1_NodeSpec_To_core_NodeSpec), pkg/registry/core/node/strategy.go,
pkg/printers/internalversion/printers.go
"""

from copy import deepcopy
from datetime import datetime

from rootspan_apiserver.kube.address_warnings import cidr_warnings
from rootspan_apiserver.kube.durations import UNKNOWN
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.cells import NONE, condition, joined, spec, status
from rootspan_apiserver.resources.columns import AGE, NAME, Cell, Column, value
from rootspan_apiserver.resources.core.node_annotations import node_annotations
from rootspan_apiserver.resources.core.node_parts import addresses_once, once_set, pod_ranges, ranges_stay
from rootspan_apiserver.resources.core.resource_lists import resource_list
from rootspan_apiserver.resources.core.taints import taints
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, WriteContext
from rootspan_apiserver.resources.selectable import at
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition, status_subresource
from rootspan_apiserver.rules import struct

_ROLE = "node-role.kubernetes.io/"
_OLD_ROLE = "kubernetes.io/role"
_READY = {"True": "Ready"}

_AMOUNTS = resource_list(keyed=False)
_STATUS = struct(status=struct(capacity=_AMOUNTS, allocatable=_AMOUNTS))
_ANNOTATIONS = struct(metadata=struct(annotations=node_annotations))
_CHANGES = (
    _ANNOTATIONS
    & _STATUS
    & struct(status=struct(addresses=addresses_once))
    & struct(spec=ranges_stay & once_set("providerID"))
    & taints
    & struct(spec=once_set("externalID", words="may not be updated", from_empty=False))
)


def _default(node: JSONObject) -> None:
    """What can be allocated is all there is, unless the kubelet says otherwise; `podCIDR` is the first of `podCIDRs`."""
    state, wanted = node["status"], node["spec"]
    if state.get("capacity") is not None and state.get("allocatable") is None:
        state["allocatable"] = deepcopy(state["capacity"])
    first, ranges = wanted.get("podCIDR"), wanted.get("podCIDRs")
    if first and (not ranges or ranges[0] != first):
        wanted["podCIDRs"] = [first]
    elif ranges and ranges[0]:
        wanted["podCIDR"] = ranges[0]


def _prepare_create(node: JSONObject, context: WriteContext) -> None:
    """Drop what the removed feature DynamicKubeletConfig had."""
    spec(node).pop("configSource", None)
    status(node).pop("config", None)


def _prepare_update(node: JSONObject, old: JSONObject, context: WriteContext) -> None:
    if spec(old).get("configSource") is None:
        spec(node).pop("configSource", None)


def _prepare_status(node: JSONObject, old: JSONObject, context: WriteContext) -> None:
    if status(old).get("config") is None:
        status(node).pop("config", None)


def _state(node: JSONObject, now: datetime) -> str:
    ready = condition(node, "Ready")
    shown = _READY.get(ready.get("status", ""), "NotReady") if ready else "Unknown"
    return f"{shown},SchedulingDisabled" if spec(node).get("unschedulable") else shown


def _roles(node: JSONObject, now: datetime) -> str:
    labels = (node.get("metadata") or {}).get("labels") or {}
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)} | {labels.get(_OLD_ROLE, "")}
    return joined(sorted(roles - {""})) or NONE


def _address(kind: str) -> Cell:
    """Return a cell with the first address of a type."""

    def cell(node: JSONObject, now: datetime) -> str:
        found = (each.get("address") for each in status(node).get("addresses") or [] if each.get("type") == kind)
        return next(found, None) or NONE

    return cell


def _info(name: str) -> Cell:
    def cell(node: JSONObject, now: datetime) -> str:
        return (status(node).get("nodeInfo") or {}).get(name) or UNKNOWN

    return cell


def _kernel(node: JSONObject, now: datetime) -> str:
    info = status(node).get("nodeInfo") or {}
    architecture = f" ({info['architecture']})" if info.get("architecture") else ""
    return (info.get("kernelVersion") or UNKNOWN) + architecture


def _warnings(node: JSONObject, old: JSONObject | None) -> list[str]:
    spec, found = node.get("spec") or {}, []
    if spec.get("externalID"):
        found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    for index, cidr in enumerate(spec.get("podCIDRs") or ()):
        found += cidr_warnings(f"spec.podCIDRs[{index}]", cidr)
    return found


definition = Definition(
    "v1",
    "Node",
    "nodes",
    namespaced=False,
    short_names=("no",),
    subresources=(
        SubresourceDefinition(
            "proxy",
            GroupVersionKind("", "v1", "NodeProxyOptions"),
            verbs=frozenset({"create", "delete", "get", "patch", "update"}),
        ),
        status_subresource(rules=_CHANGES, prepare_update=_prepare_status),
    ),
    storage_path="/minions",
    defaults=(_default,),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    keeps_status_on_create=True,
    rules=_ANNOTATIONS & taints & _STATUS & struct(spec=struct(podCIDRs=pod_ranges)),
    changes=_CHANGES,
    update_order=UpdateOrder.RULES_FIRST,
    selectable={"spec.unschedulable": at("spec.unschedulable", "false")},
    columns=(
        NAME,
        Column("Status", _state, description="Whether pods can run on it."),
        Column("Roles", _roles, description="The roles that its labels say it has."),
        AGE,
        Column("Version", value("status.nodeInfo.kubeletVersion"), description="The version of its kubelet."),
        Column("Internal-IP", _address("InternalIP"), priority=1, description="Its address in the cluster."),
        Column("External-IP", _address("ExternalIP"), priority=1, description="Its address for the world."),
        Column("OS-Image", _info("osImage"), priority=1, description="Its operating system."),
        Column("Kernel-Version", _kernel, priority=1, description="The version of its kernel."),
        Column(
            "Container-Runtime", _info("containerRuntimeVersion"), priority=1, description="What runs its containers."
        ),
    ),
    warnings=_warnings,
)
