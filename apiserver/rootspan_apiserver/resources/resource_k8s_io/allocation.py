"""The status of a claim: the devices that were allocated, what drivers report about them, and who uses them.

Upstream: pkg/apis/resource/validation/validation.go (validateResourceClaimStatusUpdate and what it calls)
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_interface
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.node_selectors import NODE_SELECTOR
from rootspan_apiserver.resources.resource_k8s_io.bindings import binding_conditions
from rootspan_apiserver.resources.resource_k8s_io.configuration import ObjectOfBytes, device_configuration
from rootspan_apiserver.resources.resource_k8s_io.item_lists import item_set, items
from rootspan_apiserver.resources.resource_k8s_io.names import driver_name, label, pool_name, share_id
from rootspan_apiserver.resources.resource_k8s_io.requests import LIMIT, request_reference
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    each,
    function,
    max_items,
    max_length,
    one_of,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.conditions import conditions
from rootspan_apiserver.rules.immutable_structs import immutable_struct

CONSUMERS_LIMIT = 256
CONDITIONS_LIMIT = 8
DATA_LIMIT = 10 * 1024
ADDRESSES_LIMIT = 16
HIDDEN: Mapping[str, Mapping[str, str]] = {"Driver": {}, "Pool": {}, "Device": {}, "ShareID": {}}
"""What an error shows of the identity of a device: upstream's struct has no fields that JSON could show."""

DeviceID = tuple[str, str, str, str]
_request_reference = request_reference(("spec", "devices"))
_requests = item_set(_request_reference, limit=LIMIT)
_consumer = struct(resource=required, name=required, uid=required)
_result = (
    struct(request=_request_reference, driver=driver_name, pool=pool_name, device=label)
    & binding_conditions
    & struct(shareID=share_id)
)
_configuration = struct(source=required & one_of("FromClaim", "FromClass"), requests=_requests) & device_configuration()
_allocation = struct(
    devices=struct(results=items(_result, limit=LIMIT), config=items(_configuration, limit=2 * LIMIT)),
    nodeSelector=NODE_SELECTOR,
)


def _id_of(device: JSONObject) -> DeviceID:
    driver, pool, name, share = (device.get(key) or "" for key in ("driver", "pool", "device", "shareID"))
    return driver, pool, name, share


@function("validateDeviceStatus")
def _is_allocated(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The claim has the device."""
    allocation = (context.root.get("status") or {}).get("allocation") or {}
    results = (allocation.get("devices") or {}).get("results") or ()
    if _id_of(value) not in map(_id_of, results):
        yield FieldError.invalid(path, HIDDEN, "must be an allocated device in the claim")


@function("IsValidInterfaceAddress")
def _address(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address with the length of its prefix, in canonical form."""
    try:
        found = ip_interface(value) if "/" in value else None
    except ValueError:
        found = None
    if found is None:
        yield FieldError.invalid(
            path, value, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"
        )
    elif value != found.with_prefixlen:
        yield FieldError.invalid(path, value, f'must be in canonical form ("{found.with_prefixlen}")')


_network = struct(
    interfaceName=max_length(256),
    hardwareAddress=max_length(128),
    ips=item_set(_address, limit=ADDRESSES_LIMIT),
)


@function("validateDeviceStatus")
def _conditions(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 8 conditions; more are checked all the same."""
    yield from max_items(CONDITIONS_LIMIT).check(value, ABSENT, path, context)
    yield from conditions.check(value, ABSENT, path, context)


_device = (
    struct(driver=driver_name, pool=pool_name, device=label, shareID=share_id)
    & _is_allocated
    & struct(conditions=_conditions, data=unless_empty(ObjectOfBytes(DATA_LIMIT)), networkData=_network)
)


@function("validateResourceClaimStatusUpdate")
def _doubles(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No device stands twice."""
    ids = [_id_of(device) for device in value]
    yield from (FieldError.duplicate(path / index, HIDDEN) for index, found in enumerate(ids) if found in ids[:index])


_IMMUTABLE = immutable_struct("resource/v1.AllocationResult")


@function("validateResourceClaimStatusUpdate")
def _invariants(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Only what is allocated is reserved, and nothing more once the claim is being deleted; an allocation stays as it is."""
    before: JSONObject = old if type(old) is dict else {}
    consumers, allocation, at = value.get("reservedFor") or [], value.get("allocation"), path / "reservedFor"
    if consumers and allocation is None:
        yield FieldError.forbidden(at, "may not be specified when `allocated` is not set")
    elif context.root["metadata"].get("deletionTimestamp") and any(
        new not in (before.get("reservedFor") or ()) for new in consumers
    ):
        words = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        yield FieldError.forbidden(at, words)
    if allocation is None:
        return
    if (stored := before.get("allocation")) is None:
        yield from _allocation.check(allocation, ABSENT, path / "allocation", context)
    else:
        yield from _IMMUTABLE.check(allocation, stored, path / "allocation", context)


claim_status = (
    struct(
        reservedFor=item_set(_consumer, limit=CONSUMERS_LIMIT, by="uid"),
        devices=each(_device) & _doubles,
    )
    & _invariants
)
"""The rule of the status of a claim, in an update of the status."""
