"""Check the types of the fields in an AdmissionResponse, as Go's JSON decoder does.

Upstream: staging/src/k8s.io/api/admission/v1/types.go
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError
from rootspan_apiserver.kube.go_values import json_type

_RESPONSE: Mapping[str, tuple[type, str]] = {
    "uid": (str, "types.UID"),
    "allowed": (bool, "bool"),
    "status": (dict, "v1.Status"),
    "patch": (str, "[]uint8"),
    "patchType": (str, "v1.PatchType"),
    "auditAnnotations": (dict, "map[string]string"),
    "warnings": (list, "[]string"),
}
_STATUS: Mapping[str, tuple[type, str]] = {
    "code": (int, "int32"),
    "message": (str, "string"),
    "reason": (str, "v1.StatusReason"),
    "details": (dict, "v1.StatusDetails"),
}
_DETAILS: Mapping[str, tuple[type, str]] = {
    "name": (str, "string"),
    "group": (str, "string"),
    "kind": (str, "string"),
    "uid": (str, "types.UID"),
    "causes": (list, "[]v1.StatusCause"),
    "retryAfterSeconds": (int, "int32"),
}


def check_types(webhook: str, review: Mapping[str, Any]) -> None:
    """Check the `response` of an AdmissionReview.

    Raises:
        CallFailedError: a field has the wrong type; the message is that of Go's decoder.
    """
    for owner, field, value, go_type in _mismatches(review):
        kind = json_type(value)
        shown = f"number {value}" if (kind, go_type) == ("number", "int32") else kind
        text = f"json: cannot unmarshal {shown} into Go struct field {owner}.{field} of type {go_type}"
        raise CallFailedError(webhook, f"failed to call webhook: {text}")


def _mismatches(review: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, str]]:
    response = review.get("response")
    if response is None:
        return
    if not isinstance(response, dict):
        yield "AdmissionReview", "response", response, "v1.AdmissionResponse"
        return
    yield from _wrong("AdmissionResponse", "response", response, _RESPONSE)
    if isinstance(status := response.get("status"), dict):
        yield from _wrong("Status", "response.status", status, _STATUS)
        if isinstance(details := status.get("details"), dict):
            yield from _wrong("StatusDetails", "response.status.details", details, _DETAILS)
    if isinstance(warnings := response.get("warnings"), list):
        yield from (
            ("AdmissionResponse", "response.warnings", each, "string") for each in warnings if not isinstance(each, str)
        )
    if isinstance(notes := response.get("auditAnnotations"), dict):
        yield from (
            ("AdmissionResponse", "response.auditAnnotations", each, "string")
            for each in notes.values()
            if not isinstance(each, str)
        )


def _wrong(
    owner: str, path: str, value: Mapping[str, Any], types: Mapping[str, tuple[type, str]]
) -> Iterator[tuple[str, str, Any, str]]:
    for name, (wanted, go_type) in types.items():
        given = value.get(name)
        if given is not None and not (_is_int32(given) if wanted is int else isinstance(given, wanted)):
            yield owner, f"{path}.{name}", given, go_type


def _is_int32(value: Any) -> bool:
    return value.__class__ is int and -(1 << 31) <= value < 1 << 31
