"""Errors of the API: a `Status` object (meta/v1) with a reason, a code and details.

Every package raises `StatusError`; the handlers turn it into a response. Reasons, codes and wording are those of
k8s.io/apimachinery's `api/errors`, as a running kube-apiserver v1.36 answers them.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go, staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_format, go_json
from rootspan_apiserver.kube.meta import GroupResource, JSONObject


@dataclass(frozen=True, slots=True)
class FieldError:
    """One reason why an object is invalid: a cause in the details of a 422.

    `reason` is the cause's machine-readable reason (`FieldValueRequired`, `FieldValueInvalid`, `FieldValueTypeInvalid`,
    `FieldValueDuplicate`, `FieldValueNotSupported`, `FieldValueForbidden`, `FieldValueTooLong`, `FieldValueTooMany`,
    `FieldValueNotFound`, `InternalError`), `message` the text without the path. The constructors take the path as text or as a
    `Path` of `rules`, which is rendered here.
    """

    field: str
    reason: str
    message: str

    @classmethod
    def required(cls, field: object, detail: str = "") -> "FieldError":
        return cls(str(field), "FieldValueRequired", "Required value" + _after(detail))

    @classmethod
    def invalid(cls, field: object, value: object, detail: str) -> "FieldError":
        return cls(str(field), "FieldValueInvalid", f"Invalid value: {_shown(value)}{_after(detail)}")

    @classmethod
    def type_invalid(cls, field: object, value: object, detail: str) -> "FieldError":
        return cls(str(field), "FieldValueTypeInvalid", f"Invalid value: {_shown(value)}{_after(detail)}")

    @classmethod
    def duplicate(cls, field: object, value: object, detail: str = "") -> "FieldError":
        return cls(str(field), "FieldValueDuplicate", f"Duplicate value: {_shown(value)}{_after(detail)}")

    @classmethod
    def forbidden(cls, field: object, detail: str) -> "FieldError":
        return cls(str(field), "FieldValueForbidden", "Forbidden" + _after(detail))

    @classmethod
    def not_found(cls, field: object, value: object) -> "FieldError":
        return cls(str(field), "FieldValueNotFound", f"Not found: {_shown(value)}")

    @classmethod
    def not_supported(cls, field: object, value: object, supported: Sequence[str]) -> "FieldError":
        choices = ", ".join(_shown(choice) for choice in supported)
        detail = f"supported values: {choices}" if choices else ""
        return cls(str(field), "FieldValueNotSupported", f"Unsupported value: {_shown(value)}{_after(detail)}")

    @classmethod
    def too_long(cls, field: object, limit: int, unit: str = "bytes") -> "FieldError":
        detail = f"may not be more than {limit} {unit}" if limit >= 0 else "value is too long"
        return cls(str(field), "FieldValueTooLong", f"Too long: {detail}")

    @classmethod
    def too_many(cls, field: object, count: int, limit: int) -> "FieldError":
        return cls(str(field), "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def listed(errors: Iterable[FieldError | str]) -> str:
    """Return the errors as one text, each once: `a`, or `[a, b]`."""
    unique = dict.fromkeys(map(str, errors))
    return f"[{', '.join(unique)}]" if len(unique) > 1 else "".join(unique)


def _after(detail: str) -> str:
    return f": {detail}" if detail else ""


def _shown(value: object) -> str:
    if isinstance(value, str):
        return quote(value)
    return go_format(value) if isinstance(value, int | float) else go_json(value)


class StatusError(Exception):
    """A refusal, carrying what the `Status` object says.

    `details` may hold name, group, kind, uid, causes and retryAfterSeconds; `details=None` leaves the key out, as the real server
    does for refusals that never came to know the resource.
    """

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def body(self) -> JSONObject:
        """Return the `Status` object, keys in the order the real server writes them."""
        body: JSONObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = dict(self.details)
        body["code"] = self.code
        return body


def _about(resource: GroupResource, name: str = "") -> JSONObject:
    details: JSONObject = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.resource
    return details


def not_found(resource: GroupResource, name: str) -> StatusError:
    """404, there is no such object."""
    return StatusError(404, "NotFound", f"{resource} {quote(name)} not found", _about(resource, name))


def already_exists(resource: GroupResource, name: str) -> StatusError:
    """409, an object of that name exists."""
    return StatusError(409, "AlreadyExists", f"{resource} {quote(name)} already exists", _about(resource, name))


def conflict(resource: GroupResource, name: str, why: str) -> StatusError:
    """409, the object is not in the required state."""
    message = f"Operation cannot be fulfilled on {resource} {quote(name)}: {why}"
    return StatusError(409, "Conflict", message, _about(resource, name))


def modified(resource: GroupResource, name: str) -> StatusError:
    """409, the object has changed since the client read it."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def forbidden(resource: GroupResource, name: str, why: str) -> StatusError:
    """403, `why` completes the sentence."""
    what = f"{resource} {quote(name)}" if name else str(resource)
    return StatusError(403, "Forbidden", f"{what} is forbidden: {why}", _about(resource, name))


def invalid(group: str, kind: str, name: str, errors: Sequence[FieldError]) -> StatusError:
    """An error that was found twice is a cause twice, and stands in the message once."""
    causes = [{"reason": e.reason, "message": e.message, "field": e.field} for e in errors]
    details: JSONObject = {"name": name} if name else {}
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details["causes"] = causes
    qualified = f"{kind}.{group}" if group else kind
    return StatusError(422, "Invalid", f"{qualified} {quote(name)} is invalid: {listed(errors)}", details)


def unprocessable() -> StatusError:
    """422 of a patch that cannot be carried out; the real server does not say why."""
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """401."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> StatusError:
    """405 of a built-in resource."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def method_not_supported(resource: GroupResource, verb: str) -> StatusError:
    """405, the verb is not supported by a custom resource or by a subresource of one."""
    message = f'{verb} is not supported on resources of kind "{resource}"'
    return StatusError(405, "MethodNotAllowed", message, _about(resource))


def unknown_resource() -> StatusError:
    """404, the path names a resource that is not served."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def expired(message: str) -> StatusError:
    """410, the continue token or resource version is older than the history."""
    return StatusError(410, "Expired", message)


def unsupported_media_type(accepted: Iterable[str]) -> StatusError:
    """415, the body has none of the `accepted` media types."""
    text = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", text)


def too_large_body(limit: int) -> StatusError:
    """413; `limit` is in bytes."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


MESSAGE_LIMIT = 2 << 20
"""The bytes of the largest message that etcd's client sends."""


def message_too_large(sizes: str) -> StatusError:
    """An object that cannot be stored; `sizes` are those of the message and the limit."""
    text = f"rpc error: code = ResourceExhausted desc = trying to send message larger than max {sizes}"
    return StatusError(500, "", text)


def internal_error(message: str) -> StatusError:
    """500 with a cause."""
    text = f"Internal error occurred: {message}"
    return StatusError(500, "InternalError", text, {"causes": [{"message": message}]})


def timeout(message: str, retry_after: int = 0) -> StatusError:
    """504; `retry_after` is in seconds."""
    details: JSONObject = {"retryAfterSeconds": retry_after} if retry_after else {}
    return StatusError(504, "Timeout", f"Timeout: {message}", details)


def unavailable(message: str) -> StatusError:
    """503."""
    return StatusError(503, "ServiceUnavailable", message)
