"""Rows of what governs: roles, admission, priorities, flow control, certificates, aggregation, devices."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.durations import human
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, condition, created, name, spec, status


def webhooks(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), len(item.get("webhooks") or []), created(item, now)]


def _parameter_kind(item: JSONObject) -> str:
    kind = spec(item).get("paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else "<unset>"


def validating_policy(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), len(spec(item).get("validations") or []), _parameter_kind(item), created(item, now)]


def mutating_policy(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), len(spec(item).get("mutations") or []), _parameter_kind(item), created(item, now)]


def policy_binding(item: JSONObject, now: datetime) -> list[Any]:
    parameter = spec(item).get("paramRef") or {}
    shown = "<unset>"
    if parameter.get("name"):
        inside = parameter.get("namespace") or "*"
        shown = f"{inside}/{parameter['name']}"
    elif parameter.get("selector") is not None:
        shown = "*"
    return [name(item), spec(item).get("policyName", ""), shown, created(item, now)]


def priority_class(item: JSONObject, now: datetime) -> list[Any]:
    default = bool(item.get("globalDefault"))
    return [name(item), item.get("value", 0), default, created(item, now), item.get("preemptionPolicy", "")]


def flow_schema(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    dangling = condition(item, "Dangling").get("status", "?")
    return [
        name(item),
        (wanted.get("priorityLevelConfiguration") or {}).get("name", ""),
        wanted.get("matchingPrecedence", 0),
        (wanted.get("distinguisherMethod") or {}).get("type") or NONE,
        created(item, now),
        dangling,
    ]


def priority_level(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    limited = wanted.get("limited") or wanted.get("exempt") or {}
    shares = limited.get("nominalConcurrencyShares")
    queuing = (limited.get("limitResponse") or {}).get("queuing") or {}
    queues = [queuing.get(key, NONE) for key in ("queues", "handSize", "queueLengthLimit")]
    return [name(item), wanted.get("type", ""), NONE if shares is None else shares, *queues, created(item, now)]


def signing_request(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    seconds = wanted.get("expirationSeconds")
    kinds = {each.get("type") for each in status(item).get("conditions") or []}
    shown = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    if "Failed" in kinds:
        shown += ",Failed"
    if status(item).get("certificate"):
        shown += ",Issued"
    return [
        name(item),
        created(item, now),
        wanted.get("signerName") or NONE,
        wanted.get("username", ""),
        human(seconds) if seconds is not None else NONE,
        shown,
    ]


def api_service(item: JSONObject, now: datetime) -> list[Any]:
    service = spec(item).get("service")
    where = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    available = condition(item, "Available")
    shown = available.get("status", "Unknown")
    if shown != "True" and available.get("reason"):
        shown += f" ({available['reason']})"
    return [name(item), where, shown, created(item, now)]


ADMISSION = "admissionregistration.k8s.io"
FLOW = "flowcontrol.apiserver.k8s.io"
ROWS = {
    (ADMISSION, "MutatingAdmissionPolicy"): mutating_policy,
    (ADMISSION, "MutatingAdmissionPolicyBinding"): policy_binding,
    (ADMISSION, "MutatingWebhookConfiguration"): webhooks,
    (ADMISSION, "ValidatingAdmissionPolicy"): validating_policy,
    (ADMISSION, "ValidatingAdmissionPolicyBinding"): policy_binding,
    (ADMISSION, "ValidatingWebhookConfiguration"): webhooks,
    (FLOW, "FlowSchema"): flow_schema,
    (FLOW, "PriorityLevelConfiguration"): priority_level,
    ("apiregistration.k8s.io", "APIService"): api_service,
    ("certificates.k8s.io", "CertificateSigningRequest"): signing_request,
    ("scheduling.k8s.io", "PriorityClass"): priority_class,
}
