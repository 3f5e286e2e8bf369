"""Whether the names of a definition are accepted, and what its status says then.

A name belongs to the definition that had it accepted first. A definition is established with its first names, and stays so.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/controller/establish/establishing_controller.go
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import write_time
from rootspan_apiserver.resources import cells
from rootspan_apiserver.resources.custom.approval import Approval, approval_of, needs_approval


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A condition of a definition, without its time."""

    type: str
    status: str
    reason: str
    message: str


NO_CONFLICTS = Condition(type="NamesAccepted", status="True", reason="NoConflicts", message="no conflicts found")
ESTABLISHED = Condition(
    type="Established",
    status="True",
    reason="InitialNamesAccepted",
    message="the initial names have been accepted",
)
NOT_ACCEPTED = Condition(type="Established", status="False", reason="NotAccepted", message="not all names are accepted")
IN_DELETION = Condition(
    type="Terminating",
    status="True",
    reason="InstanceDeletionInProgress",
    message="CustomResource deletion is in progress",
)


def is_true(definition: JSONObject, kind: str) -> bool:
    """Return whether a definition has a condition, and it is true."""
    return cells.condition(definition, kind).get("status") == "True"


def with_condition(status: JSONObject, condition: Condition, now: datetime) -> JSONObject:
    """Return a status with a condition set; its time is that of the last change of what it says is so."""
    said = {"reason": condition.reason, "message": condition.message}
    conditions = [dict(each) for each in status.get("conditions") or []]
    known = next((each for each in conditions if each["type"] == condition.type), None)
    if known is None:
        conditions.append(
            {"type": condition.type, "status": condition.status, "lastTransitionTime": write_time(now), **said}
        )
    else:
        if known["status"] != condition.status or not known.get("lastTransitionTime"):
            known["lastTransitionTime"] = write_time(now)
        known |= {"status": condition.status, **said}
    return {**status, "conditions": conditions}


def accepted_status(definition: JSONObject, others: Iterable[JSONObject], now: datetime) -> JSONObject:
    """Return the status of a definition once its names were looked at.

    Args:
        others: the accepted names of the other definitions of its group.
    """
    status: JSONObject = definition.get("status") or {}
    if needs_approval(definition):
        approval, why = approval_of(definition)
        conforms = "True" if approval is Approval.GIVEN else "False"
        conformity = Condition(
            type="KubernetesAPIApprovalPolicyConformant", status=conforms, reason=approval.value, message=why
        )
        status = with_condition(status, conformity, now)
    names = definition["spec"]["names"]
    if names != status.get("acceptedNames"):
        accepted, condition = _looked_at(names, status.get("acceptedNames") or {}, list(others))
        status = with_condition({**status, "acceptedNames": accepted}, condition, now)
        if not is_true(definition, "Established"):
            established = ESTABLISHED if condition is NO_CONFLICTS else NOT_ACCEPTED
            status = with_condition(status, established, now)
    return status


def _looked_at(wanted: JSONObject, accepted: JSONObject, others: list[JSONObject]) -> tuple[JSONObject, Condition]:
    """Return the names that a definition has then, and the condition that says whether they are those that it wants."""
    resources = {each.get(key) for each in others for key in ("plural", "singular")}
    resources |= {name for each in others for name in each.get("shortNames") or ()}
    kinds = {each.get(key) for each in others for key in ("kind", "listKind")}
    names, condition = {"plural": "", "kind": "", **accepted}, NO_CONFLICTS
    for key, used in (
        ("plural", resources),
        ("singular", resources),
        ("shortNames", resources),
        ("kind", kinds),
        ("listKind", kinds),
    ):
        asked, had = _as_list(wanted.get(key)), _as_list(accepted.get(key))
        taken = [f'"{name}" is already in use' for name in asked if name not in had and name in used]
        if taken:
            message = f"[{', '.join(taken)}]" if len(taken) > 1 else taken[0]
            reason = f"{key[0].upper()}{key[1:]}Conflict"
            condition = Condition(type="NamesAccepted", status="False", reason=reason, message=message)
        else:
            _put(names, key, wanted.get(key))
    _put(names, "categories", wanted.get("categories"))
    order = ("plural", "singular", "shortNames", "kind", "listKind", "categories")
    return {key: names[key] for key in order if key in names}, condition


def _as_list(value: object) -> list[str]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) and value else []


def _put(names: JSONObject, key: str, value: object) -> None:
    if value:
        names[key] = value
    else:
        names.pop(key, None)
