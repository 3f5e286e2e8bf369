"""What a ResourceSlice says of a pool of devices: the driver, the pool, the nodes, the devices or their counters.

Upstream: pkg/apis/resource/validation/validation.go (validateResourceSliceSpec)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.resource_k8s_io.devices import counter_set, device, node_choice
from rootspan_apiserver.resources.resource_k8s_io.item_lists import NoDoubles, item_set
from rootspan_apiserver.resources.resource_k8s_io.names import driver_name, pool_name
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    Rule,
    RuleContext,
    absent_as,
    each,
    function,
    greater_than,
    max_items,
    minimum,
    struct,
)

DEVICES_LIMIT = 128
DEVICES_LIMIT_WITH_TAINTS_OR_COUNTERS = 64
COUNTER_SETS_LIMIT = 8
FLAGS = ("allNodes", "perDeviceNodeSelection")
ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"

_pool = struct(
    name=pool_name,
    resourceSliceCount=absent_as(0, greater_than(0, words="must be greater than zero")),
    generation=minimum(0, words="must be greater than or equal to zero"),
)


@function("validateResourceSliceSpec")
def _identity(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The pool, the driver and the node stay."""
    if old is ABSENT:
        return
    old = old or {}
    pools = [(spec.get("pool") or {}).get("name") or "" for spec in (value, old)]
    if pools[0] != pools[1]:
        yield FieldError.invalid(path / "pool" / "name", pools[0], "field is immutable")
    if (value.get("driver") or "") != (old.get("driver") or ""):
        yield FieldError.invalid(path / "driver", value.get("driver") or "", "field is immutable")
    if not same(value.get("nodeName"), old.get("nodeName")):
        yield FieldError.invalid(path / "nodeName", value.get("nodeName"), "field is immutable")


@function("validateResourceSliceSpec")
def _place(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The devices are on one node, on selected nodes, on all nodes, or each says where it is."""
    found = []
    empty = "must be either unset or set to a non-empty string"
    for error_or_name in node_choice(value, path, context, empty=empty, flags=FLAGS, one_term=True):
        if not isinstance(error_or_name, str):
            yield error_or_name
            continue
        found.append(f"`{error_or_name}`")
    if not found:
        yield FieldError.required(path, ONE_PLACE)
    elif len(found) > 1:
        yield FieldError.invalid(path, f"{{{', '.join(found)}}}", f"{ONE_PLACE}, but multiple fields are set")
    if value.get("sharedCounters") is not None and value.get("devices") is not None:
        yield FieldError.invalid(path, "", "only one of `sharedCounters` or `devices` is allowed")


_by_name = each(device, key="name") & NoDoubles(lambda item: item.get("name") or "", "unique by name")
_few_devices = max_items(DEVICES_LIMIT_WITH_TAINTS_OR_COUNTERS) & _by_name
_many_devices = max_items(DEVICES_LIMIT) & _by_name


@function("validateResourceSliceSpec")
def _devices(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 128 devices, or 64 where one has taints or consumes counters."""
    devices = value.get("devices") or []
    rule = (
        _few_devices if any(item.get("taints") or item.get("consumesCounters") for item in devices) else _many_devices
    )
    before = (old or {}).get("devices") or [] if old is not ABSENT else ABSENT
    yield from rule.check(devices, before, path / "devices", context)


slice_spec: Rule = (
    struct(driver=driver_name, pool=absent_as({}, _pool))
    & _identity
    & _place
    & _devices
    & struct(sharedCounters=item_set(counter_set, limit=COUNTER_SETS_LIMIT, by="name"))
)
"""The rule of the spec of a ResourceSlice."""
