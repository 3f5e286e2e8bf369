"""The devices that a ResourceSlice offers: their attributes, capacities, taints, counters and nodes.

Upstream: pkg/apis/resource/validation/validation.go (validateDevice and what it calls)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.node_selectors import NODE_SELECTOR
from rootspan_apiserver.resources.resource_k8s_io.bindings import binding_conditions
from rootspan_apiserver.resources.resource_k8s_io.capacity import of_many_allocations, of_one_allocation
from rootspan_apiserver.resources.resource_k8s_io.item_lists import item_map, item_set, items
from rootspan_apiserver.resources.resource_k8s_io.names import (
    DOMAIN_LIMIT,
    IDENTIFIER_LIMIT,
    label,
    label_key,
    label_text,
    qualified,
)
from rootspan_apiserver.resources.resource_k8s_io.requests import EFFECTS
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    Rule,
    RuleContext,
    function,
    max_items,
    max_length,
    named,
    one_of,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

PROPERTIES_LIMIT = 32
TEXT_LIMIT = 64
TAINTS_LIMIT = 16
COUNTERS_LIMIT = 32
CONSUMPTIONS_LIMIT = 2
KEY_SHOWN = DOMAIN_LIMIT + len("/") + IDENTIFIER_LIMIT
PER_DEVICE = "`perDeviceNodeSelection` is set to true in the ResourceSlice spec"
ATTRIBUTE_TYPES = ("int", "bool", "string", "version", "ints", "bools", "strings", "versions")
_NUMBER = r"(0|[1-9]\d*)"
_PRERELEASE = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = r"[0-9a-zA-Z-]+"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRERELEASE}(\.{_PRERELEASE})*)?(\+{_BUILD}(\.{_BUILD})*)?", re.ASCII
)


def _version(value: str) -> list[str]:
    return [] if _VERSION.fullmatch(value) else ["must be a string compatible with semver.org spec 2.0.0"]


@function("validateDeviceAttribute")
def _one_value(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Exactly one type of value is set."""
    found = [name for name in ATTRIBUTE_TYPES if value.get(name) is not None]
    if not found:
        yield FieldError.invalid(path, "", "exactly one value must be specified")
    elif len(found) > 1:
        # The error shows the fields as kube-apiserver names them internally.
        shown = {
            f"{name.removesuffix('s').capitalize()}Value{'s' * name.endswith('s')}": value.get(name)
            for name in ATTRIBUTE_TYPES
        }
        yield FieldError.invalid(path, shown, "exactly one value must be specified")


_text = max_length(TEXT_LIMIT)
_attribute = struct(string=_text, version=named(_version) & _text) & _one_value
_counters = required & max_items(COUNTERS_LIMIT) & item_map(label, struct(), shown=DOMAIN_LIMIT)
counter_set = struct(name=required & label, counters=_counters)
_consumption = struct(counterSet=required & label, counters=_counters)
_taint = struct(key=label_key, value=unless_empty(label_text), effect=required & one_of(*EFFECTS))
_taints = items(_taint, limit=TAINTS_LIMIT)
_consumptions = item_set(_consumption, limit=CONSUMPTIONS_LIMIT, by="counterSet")
_capacities = {
    many: item_map(qualified, of_many_allocations if many else of_one_allocation, shown=KEY_SHOWN)
    for many in (True, False)
}


@function("validateDevice")
def _properties(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Attributes and capacities are limited together; a capacity has a policy only where the device is shared."""
    attributes, capacity = value.get("attributes") or {}, value.get("capacity") or {}
    if (count := len(attributes) + len(capacity)) > PROPERTIES_LIMIT:
        words = f"the total number of attributes and capacities must not exceed {PROPERTIES_LIMIT}"
        yield FieldError.invalid(path, count, words)
    yield from _attributes.check(attributes, ABSENT, path / "attributes", context)
    rule = _capacities[bool(value.get("allowMultipleAllocations"))]
    yield from rule.check(capacity, ABSENT, path / "capacity", context)


_attributes = item_map(qualified, _attribute, shown=KEY_SHOWN)


@function("validateDevice")
def _changed_taints(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Taints are valid; those that stay as they were are not checked again."""
    taints = value.get("taints") or []
    if old is ABSENT or not same(taints, old.get("taints")):
        yield from _taints.check(taints, ABSENT, path / "taints", context)


def node_choice(
    value: JSONObject, path: Path, context: RuleContext, *, empty: str, flags: tuple[str, ...], one_term: bool = False
) -> Iterator[FieldError | str]:
    """Yield the errors of the fields that say where devices are, and the names (texts) of those that are set.

    Args:
        empty: the words against an empty name of a node.
        flags: the fields that are unset or true.
        one_term: whether the node selector has one term only.
    """
    if (node := value.get("nodeName")) is not None:
        if node:
            yield "nodeName"
            yield from (FieldError.invalid(path / "nodeName", node, reason) for reason in dns_subdomain(node))
        else:
            yield FieldError.invalid(path / "nodeName", node, empty)
    if (selector := value.get("nodeSelector")) is not None:
        yield "nodeSelector"
        yield from NODE_SELECTOR.check(selector, ABSENT, path / "nodeSelector", context)
        terms = selector.get("nodeSelectorTerms")
        if one_term and len(terms or ()) != 1:
            shown = internal_form(selector, go_types().struct("core/v1.NodeSelector"))["NodeSelectorTerms"]
            words = "must have exactly one node selector term"
            yield FieldError.invalid(path / "nodeSelector" / "nodeSelectorTerms", shown, words)
    for name in flags:
        if (flag := value.get(name)) is not None:
            if flag:
                yield name
            else:
                yield FieldError.invalid(path / name, flag, "must be either unset or set to true")


@function("validateDevice")
def _node(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A device says where it is if and only if the slice leaves that to its devices."""
    if not (context.root.get("spec") or {}).get("perDeviceNodeSelection"):
        if any(value.get(name) is not None for name in ("nodeName", "nodeSelector", "allNodes")):
            words = "`nodeName`, `nodeSelector` and `allNodes` can only be set"
            yield FieldError.invalid(path, None, f"{words} if {PER_DEVICE}")
        return
    found = []
    for error_or_name in node_choice(value, path, context, empty="must not be empty", flags=("allNodes",)):
        if isinstance(error_or_name, str):
            found.append(f"`{error_or_name}`")
        else:
            yield error_or_name
    words = f"exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when {PER_DEVICE}"
    if not found:
        yield FieldError.required(path, words)
    elif len(found) > 1:
        yield FieldError.invalid(path, f"{{{', '.join(found)}}}", words)


device: Rule = (
    struct(name=label)
    & _properties
    & _changed_taints
    & struct(consumesCounters=_consumptions)
    & _node
    & binding_conditions
)
"""The rule of a device of a slice; `old` is the device of the same name."""
