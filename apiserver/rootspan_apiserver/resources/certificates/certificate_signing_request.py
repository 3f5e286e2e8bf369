"""CertificateSigningRequest (certificates.k8s.io/v1): a certificate that a user asks for, its approval, and the certificate.

What is asked for never changes; the approval and the certificate are written through a subresource each.

Upstream: pkg/registry/certificates/certificates/strategy.go, pkg/apis/certificates/validation/validation.go,
pkg/printers/internalversion/printers.go
"""

from copy import deepcopy
from datetime import datetime

from rootspan_apiserver.kube.durations import human
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.kube.users import user_info
from rootspan_apiserver.resources.cells import NONE, status
from rootspan_apiserver.resources.certificates.signing_rules import (
    APPROVED,
    DENIED,
    FAILED,
    SPEC,
    STATUS,
    STATUS_CHANGES,
)
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, WriteContext
from rootspan_apiserver.resources.selectable import paths
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition
from rootspan_apiserver.rules import struct


def _name_user(obj: JSONObject, context: WriteContext) -> None:
    """Put the user who makes the request into the spec, whatever the client wrote there."""
    spec = obj["spec"]
    for field in ("username", "uid", "groups", "extra"):
        spec.pop(field, None)
    if context.user is not None:
        spec.update(user_info(context.user))


def _keep_spec(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    obj["spec"] = deepcopy(old["spec"])


def _prepare_approval(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Change nothing but the conditions."""
    wanted = _conditions(obj)
    obj["status"] = deepcopy(old.get("status") or {})
    if wanted:
        obj["status"]["conditions"] = wanted
    else:
        obj["status"].pop("conditions", None)
    _set_times(obj, old)


def _prepare_status(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Keep the decision as it is, unless one is added or removed, which is refused."""
    conditions = _conditions(obj)
    for kind in (APPROVED, DENIED):
        kept = [condition for condition in _conditions(old) if condition.get("type") == kind]
        places = [index for index, condition in enumerate(conditions) if condition.get("type") == kind]
        if len(kept) == len(places):
            for index, condition in zip(places, kept, strict=True):
                conditions[index] = deepcopy(condition)
    _set_times(obj, old)


def _set_times(obj: JSONObject, old: JSONObject) -> None:
    """Set the times that conditions lack; a condition whose status did not change keeps the time of its transition."""
    now = timestamp()
    times = {
        (condition.get("type"), condition.get("status")): condition.get("lastTransitionTime")
        for condition in reversed(_conditions(old))
    }
    for condition in _conditions(obj):
        if not condition.get("lastUpdateTime"):
            condition["lastUpdateTime"] = now
        if not condition.get("lastTransitionTime"):
            key = condition.get("type"), condition.get("status")
            condition["lastTransitionTime"] = times.get(key) or now


def _conditions(obj: JSONObject) -> list[JSONObject]:
    return status(obj).get("conditions") or []


def _duration(obj: JSONObject, now: datetime) -> str:
    seconds = at(obj, "spec", "expirationSeconds")
    return human(seconds) if seconds is not None else NONE


def _condition(obj: JSONObject, now: datetime) -> str:
    kinds = {condition.get("type") for condition in _conditions(obj)}
    shown = DENIED if DENIED in kinds else APPROVED if APPROVED in kinds else "Pending"
    if FAILED in kinds:
        shown += ",Failed"
    return f"{shown},Issued" if status(obj).get("certificate") else shown


definition = Definition(
    "certificates.k8s.io/v1",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    namespaced=False,
    short_names=("csr",),
    subresources=(
        SubresourceDefinition(
            "approval",
            has_table=False,
            writes=("status",),
            reset_fields=("spec", "status.certificate"),
            counts_generation=False,
            prepare_update=_prepare_approval,
        ),
        SubresourceDefinition(
            "status",
            writes=("status",),
            reset_fields=("spec", "status.conditions"),
            counts_generation=False,
            prepare_update=_prepare_status,
        ),
    ),
    reset_fields=("spec", "status"),
    prepare_create=_name_user,
    prepare_update=_keep_spec,
    name_rule=path_segment,
    spec=SPEC,
    rules=struct(status=STATUS),
    changes=struct(status=STATUS_CHANGES),
    update_order=UpdateOrder.RULES_FIRST,
    selectable=paths("spec.signerName"),
    columns=(
        NAME,
        AGE,
        Column("SignerName", lambda obj, now: at(obj, "spec", "signerName") or NONE, description="Who shall sign."),
        Column("Requestor", value("spec.username"), description="The user who asks."),
        Column("RequestedDuration", _duration, description="How long the certificate shall be valid."),
        Column("Condition", _condition, description="Whether the request is approved and the certificate issued."),
    ),
)
