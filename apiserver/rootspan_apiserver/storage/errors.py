"""The errors of the storage, in the API's words.

etcd's own errors are translated here alone: `with etcd_errors():` around every call.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/errors.go, staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rootspan_apiserver.etcd import EtcdError, OutcomeUnknown, RequestTooLarge, Unavailable
from rootspan_apiserver.kube.go_numbers import parse_uint
from rootspan_apiserver.kube.status import (
    FieldError,
    StatusError,
    bad_request,
    expired,
    internal_error,
    message_too_large,
    timeout,
    unavailable,
)

LIST_TOO_OLD = "The resourceVersion for the provided list is too old."
CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
    "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided "
    "token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was "
    "returned and now may show up in the list."
)


class ContinueExpiredError(StatusError):
    """A continue token whose revision is compacted; `token` goes on from the same place in the present state."""

    def __init__(self, token: str) -> None:
        super().__init__(410, "Expired", CONTINUE_TOO_OLD)
        self.token = token

    def body(self) -> dict[str, Any]:
        body = super().body()
        body["metadata"] = {"continue": self.token}
        return body


@contextmanager
def etcd_errors() -> Iterator[None]:
    """Turn etcd's errors into the API's; errors that the caller handles itself must be caught inside."""
    try:
        yield
    except Unavailable as exc:
        raise unavailable(exc.message) from exc
    except RequestTooLarge as exc:
        raise _too_large_to_store(exc.message) from exc
    except EtcdError as exc:
        if isinstance(exc, OutcomeUnknown) and exc.timed_out:
            raise timeout(f"request did not complete within requested timeout - {exc.message}") from exc
        raise StatusError(500, "", exc.message) from exc


def unreadable(why: str) -> StatusError:
    """Return the error for a value that cannot be encrypted or decrypted."""
    return internal_error(why)


def _too_large_to_store(message: str) -> StatusError:
    """Return the error for a value that etcd refuses; kube-apiserver's client does not even send what exceeds the size of a message."""
    _, exceeded, sizes = message.partition("larger than max ")
    return message_too_large(sizes) if exceeded else StatusError(500, "", message)


def list_too_old() -> StatusError:
    """Return the error for a list at a revision that is compacted."""
    return expired(LIST_TOO_OLD)


def watch_too_old() -> StatusError:
    """Return the error for a watch of etcd after a revision that is compacted."""
    return expired("The resourceVersion for the provided watch is too old.")


def too_old(requested: int, oldest: int) -> StatusError:
    """Return the error for a watch after revision `requested`, when the first change in the history is `oldest`."""
    return expired(f"too old resource version: {requested} ({oldest - 1})")


def too_large(requested: int, current: int, *, retry_after: int = 1) -> StatusError:
    """Return the error for a revision that the watch cache, which is at `current`, does not reach in the time to wait for it.

    `retry_after` is in seconds, 0 where etcd itself was asked, which is not behind.
    """
    details: dict[str, Any] = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    }
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    message = f"Timeout: Too large resource version: {requested}, current: {current}"
    return StatusError(504, "Timeout", message, details)


def initializing() -> StatusError:
    """Return the error for a request that needs the watch cache before it has loaded."""
    return StatusError(429, "TooManyRequests", "storage is (re)initializing", {"retryAfterSeconds": 1})


def parse_resource_version(text: str) -> int:
    """Return the resourceVersion of a list as a number; "" is 0.

    Raises:
        StatusError: 400, it is not a number.
    """
    try:
        return _resource_version(text)
    except ValueError as error:
        raise bad_request(f"invalid resource version: {error}") from error


def cached_resource_version(text: str) -> int:
    """Return the resourceVersion of a watch, or of a get from the cache, as a number; "" is 0.

    Raises:
        StatusError: 500, it is not a number.
    """
    try:
        return _resource_version(text)
    except ValueError as error:
        raise StatusError(500, "", str(error)) from error


def _resource_version(text: str) -> int:
    """Raises ValueError that it is not a number."""
    if not text:
        return 0
    try:
        return parse_uint(text)
    except ValueError as error:
        raise ValueError(FieldError.invalid("resourceVersion", text, str(error))) from error
