"""Apply the patch in an AdmissionResponse. An invalid patch is an internal error to the client.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go
"""

from typing import Any

from rootspan_apiserver.admission.webhooks.admission_review import AdmissionResponse
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError
from rootspan_apiserver.codec import decoding
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error
from rootspan_apiserver.patch import json_patch
from rootspan_apiserver.types.problems import NotDecodableError, UnknownConversionError


def operations(webhook: str, response: AdmissionResponse) -> list[JSONObject]:
    """Return the operations of the response's patch.

    Raises:
        CallFailedError: the type of the patch is not JSONPatch.
        StatusError: 500, the patch is malformed.
    """
    if not response.patch:
        return []
    if response.patch_type != "JSONPatch":
        raise CallFailedError(webhook, f"unsupported patch type {quote(response.patch_type)}")
    if response.patch.strip() == b"null":
        return []
    try:
        return json_patch.read(response.patch)[0]
    except StatusError as exc:
        raise internal_error(exc.message) from exc


def patched(obj: JSONObject, operations: list[JSONObject]) -> Any:
    """Return a patched copy of `obj`, which may be no object by now.

    Raises:
        StatusError: 500, an operation does not apply.
    """
    try:
        return json_patch.apply(obj, operations)
    except json_patch.JSONPatchError as exc:
        raise internal_error(str(exc)) from exc


def read_again(obj: Any, invocation: WebhookInvocation) -> JSONObject:
    """Decode the patched object by its type, without unknown fields.

    Raises:
        StatusError: 500, a field has the wrong type, or the patch changed the kind of a built-in object. The kind of a custom resource is
            checked by validation.
    """
    resource, kind = invocation.resource, invocation.kind
    schema = resource.schema if resource.custom and kind == resource.kind else None
    try:
        return decoding.read_again(obj, kind, schema)
    except UnknownConversionError as exc:
        raise StatusError(500, "", str(exc)) from exc
    except NotDecodableError as exc:
        raise internal_error(str(exc)) from exc
