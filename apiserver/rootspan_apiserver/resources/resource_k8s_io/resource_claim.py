"""ResourceClaim (resource.k8s.io/v1): a request for devices, and in its status the devices that were allocated.

Upstream: pkg/apis/resource/validation/validation.go (ValidateResourceClaim and its updates), pkg/apis/resource/v1/defaults.go,
pkg/registry/resource/resourceclaim/strategy.go, pkg/printers/internalversion/printers.go
"""

from datetime import datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, WriteContext
from rootspan_apiserver.resources.resource_k8s_io.allocation import claim_status
from rootspan_apiserver.resources.resource_k8s_io.requests import default_claim, device_claim, has_selectors
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import on_create, struct
from rootspan_apiserver.rules.immutable_structs import immutable_struct


def _default(obj: JSONObject) -> None:
    default_claim((obj.get("spec") or {}).get("devices") or {})


def _drop_status_of_deallocated(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Remove what drivers reported about devices that the claim no longer has."""
    status = obj.get("status") or {}
    gone = _allocated(old) - _allocated(obj)
    kept = [device for device in status.get("devices") or () if _id_of(device) not in gone]
    if kept:
        status["devices"] = kept
    else:
        status.pop("devices", None)


def _allocated(claim: JSONObject) -> set[tuple[str, ...]]:
    return {_id_of(result) for result in at(claim, "status", "allocation", "devices", "results") or ()}


def _id_of(device: JSONObject) -> tuple[str, ...]:
    return tuple(device.get(key) or "" for key in ("driver", "pool", "device"))


def _state(obj: JSONObject, now: datetime) -> str:
    states = ["deleted"] if at(obj, "metadata", "deletionTimestamp") else []
    if at(obj, "status", "allocation") is None:
        states += [] if states else ["pending"]
    else:
        states.append("allocated")
        states += ["reserved"] if at(obj, "status", "reservedFor") else []
    return ",".join(states)


definition = Definition(
    "resource.k8s.io/v1",
    "ResourceClaim",
    "resourceclaims",
    delete_returns_object=True,
    subresources=(
        status_subresource(
            claim_status,
            has_table=False,
            keeps_metadata=METADATA_OF_STATUS,
            prepare_update=_drop_status_of_deallocated,
        ),
    ),
    defaults=(_default,),
    spec=on_create(struct(devices=device_claim("spec", "devices"))),
    changes=struct(spec=immutable_struct("resource/v1.ResourceClaimSpec")),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(NAME, Column("State", _state, description="Whether devices are allocated and reserved."), AGE),
    is_slow_to_validate=lambda obj: has_selectors(at(obj, "spec", "devices")),
)
