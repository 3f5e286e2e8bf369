"""AdmissionReview (admission.k8s.io/v1 and v1beta1): write the request, read and check the response.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go, errors/statuserror.go
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation
from rootspan_apiserver.admission.webhooks.response_types import check_types
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError, RejectedError
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import user_info
from rootspan_apiserver.resources.resource import Resource

GROUP = "admission.k8s.io"
VERSIONS = ("v1", "v1beta1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionResponse:
    """The response of a webhook, checked. `patch` holds the bytes of a JSON patch."""

    allowed: bool
    patch: bytes = b""
    patch_type: str = ""
    status: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    audit_annotations: Mapping[str, str] = field(default_factory=dict)


def version_for(invocation: WebhookInvocation) -> str:
    """Return the first version in the webhook's list that the server supports.

    Raises:
        CallFailedError: there is none.
    """
    for version in invocation.webhook.review_versions:
        if version in VERSIONS:
            return version
    raise CallFailedError(
        invocation.webhook.name,
        "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    )


def request(
    *,
    uid: str,
    version: str,
    invocation: WebhookInvocation,
    attributes: AdmissionAttributes,
    obj: bytes | None,
    old: bytes | None,
) -> bytes:
    """Return the AdmissionReview to send. `obj` and `old` are the objects as JSON, in the invocation's kind."""
    kind, resource = attributes.kind, attributes.resource
    fields: JSONObject = {"uid": uid, "kind": _kind(invocation.kind), "resource": _resource(invocation.resource)}
    if attributes.subresource:
        fields["subResource"] = attributes.subresource
    fields |= {"requestKind": _kind(kind), "requestResource": _resource(resource)}
    if attributes.subresource:
        fields["requestSubResource"] = attributes.subresource
    if attributes.name:
        fields["name"] = attributes.name
    if attributes.request_namespace:
        fields["namespace"] = attributes.request_namespace
    fields |= {
        "operation": attributes.operation,
        "userInfo": user_info(attributes.user),
        "object": _fragment(obj),
        "oldObject": _fragment(old),
        "dryRun": attributes.dry_run,
        "options": attributes.options or None,
    }
    review = {"kind": "AdmissionReview", "apiVersion": f"{GROUP}/{version}", "request": fields}
    return orjson.dumps(review, option=orjson.OPT_APPEND_NEWLINE)


def response(review: JSONObject, *, webhook: str, uid: str, version: str, mutating: bool) -> AdmissionResponse:
    """Read the AdmissionReview that the webhook of that name returned.

    Raises:
        CallFailedError: it is not a valid response to the request with this uid and version.
    """
    check_types(webhook, review)
    try:
        return _v1_response(uid, review, mutating) if version == "v1" else _v1beta1_response(review, mutating)
    except _InvalidError as exc:
        raise CallFailedError(webhook, f"received invalid webhook response: {exc}") from exc


def rejection(webhook: str, status: Mapping[str, Any] | None) -> RejectedError:
    """Return the error for the client: the webhook's status with a code of at least 400 and the webhook's name in the message."""
    status = status or {}
    code, message, reason = status.get("code") or 0, status.get("message") or "", status.get("reason") or ""
    by = f"admission webhook {quote(webhook)} denied the request"
    why = f"{by}: {message or reason}" if message or reason else f"{by} without explanation"
    return RejectedError(StatusError(max(code, 400), reason, why, status.get("details")))


class _InvalidError(Exception):
    pass


def _v1_response(uid: str, review: JSONObject, mutating: bool) -> AdmissionResponse:
    response = _response(review)
    if response.get("uid", "") != uid:
        raise _InvalidError(f"expected response.uid={quote(uid)}, got {quote(str(response.get('uid', '')))}")
    expected = f"{GROUP}/v1, Kind=AdmissionReview"
    got = _type_of(review)
    if got != expected:
        raise _InvalidError(f"expected webhook response of {expected}, got {got}")
    patch, patch_type = response.get("patch") or "", response.get("patchType")
    if mutating:
        if patch and patch_type is None:
            raise _InvalidError("webhook returned response.patch but not response.patchType")
        if not patch and patch_type is not None:
            raise _InvalidError("webhook returned response.patchType but not response.patch")
        if patch_type == "":
            raise _InvalidError('webhook returned invalid response.patchType of ""')
    elif patch:
        raise _InvalidError("validating webhook may not return response.patch")
    elif patch_type is not None:
        raise _InvalidError("validating webhook may not return response.patchType")
    return _read(response, patch_type or "")


def _v1beta1_response(review: JSONObject, mutating: bool) -> AdmissionResponse:
    response = _response(review)
    expected = f"{GROUP}/v1beta1, Kind=AdmissionReview"
    got = _type_of(review)
    if got not in (expected, "/, Kind="):
        raise _InvalidError(f"expected webhook response of {expected}, got {got}")
    if not mutating:
        response = {key: value for key, value in response.items() if key != "patch"}
    return _read(response, "JSONPatch" if response.get("patch") else "")


def _response(review: JSONObject) -> JSONObject:
    response = review.get("response")
    if not isinstance(response, dict):
        raise _InvalidError("webhook response was absent")
    return response


def _read(response: JSONObject, patch_type: str) -> AdmissionResponse:
    try:
        patch = base64.b64decode(response.get("patch") or "", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _InvalidError(f"response.patch is not base64: {exc}") from exc
    return AdmissionResponse(
        allowed=bool(response.get("allowed")),
        patch=patch,
        patch_type=patch_type,
        status=response.get("status"),
        warnings=tuple(response.get("warnings") or ()),
        audit_annotations=response.get("auditAnnotations") or {},
    )


def _type_of(review: JSONObject) -> str:
    api_version, kind = str(review.get("apiVersion", "")), str(review.get("kind", ""))
    group, _, version = api_version.rpartition("/")
    return f"{group}/{version}, Kind={kind}"


def _kind(kind: GroupVersionKind) -> JSONObject:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(resource: Resource) -> JSONObject:
    return {"group": resource.kind.group, "version": resource.kind.version, "resource": resource.plural}


def _fragment(obj: bytes | None) -> orjson.Fragment | None:
    return None if obj is None else orjson.Fragment(obj)
