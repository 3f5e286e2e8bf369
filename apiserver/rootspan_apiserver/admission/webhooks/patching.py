"""The patch in a webhook's answer, applied; whatever is wrong with it is the webhook's fault and an internal error to the client."""

from rootspan_apiserver.admission.webhooks.errors import CallFailedError
from rootspan_apiserver.admission.webhooks.matching import Invocation
from rootspan_apiserver.admission.webhooks.review import Answer
from rootspan_apiserver.codec import decoding
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error
from rootspan_apiserver.patch import json_patch
from rootspan_apiserver.types.problems import NotDecodableError, UnknownConversionError

_EXPLAINED = 100
"""Patches of more operations are not searched for the one that fails."""


def operations(webhook: str, answer: Answer) -> list[JSONObject]:
    """The operations of the answer's patch.

    Raises:
        CallFailedError: a kind of patch that is not known.
        StatusError: 500, it cannot be read.
    """
    if not answer.patch:
        return []
    if answer.patch_type != "JSONPatch":
        raise CallFailedError(webhook, f"unsupported patch type {quote(answer.patch_type)}")
    if answer.patch.strip() == b"null":
        return []
    try:
        return json_patch.read(answer.patch)[0]
    except StatusError as exc:
        raise internal_error(exc.message) from exc


def patched(obj: JSONObject, operations: list[JSONObject]) -> JSONObject:
    """What the operations make of `obj`, which stays as it is. Raises StatusError, 500."""
    try:
        return json_patch.apply(obj, operations)
    except StatusError as exc:
        raise internal_error(_explained(obj, operations)) from exc


def read_again(obj: JSONObject, invocation: Invocation) -> JSONObject:
    """The patched object as its type has it, without the fields that are not known.

    Raises:
        StatusError: 500, it does not fit, or the patch made an object of another kind of it. A custom resource of another kind is left
            to those who validate it.
    """
    resource, kind = invocation.resource, invocation.kind
    schema = resource.schema if resource.custom and kind == resource.kind else None
    try:
        return decoding.read_again(obj, kind, schema)
    except UnknownConversionError as exc:
        raise StatusError(500, "", str(exc)) from exc
    except NotDecodableError as exc:
        raise internal_error(str(exc)) from exc


def _explained(obj: JSONObject, operations: list[JSONObject]) -> str:
    for operation in operations[:_EXPLAINED]:
        try:
            obj = json_patch.apply(obj, [operation])
        except StatusError:
            path = str(operation.get("path", ""))
            if operation.get("op") == "test":
                return f"testing value {path} failed: test failed"
            return f"{operation.get('op', 'unknown')} operation does not apply: doc is missing path: {quote(path)}: missing value"
    return "the patch does not apply"
