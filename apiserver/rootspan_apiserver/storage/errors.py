"""What the store says when it cannot answer, in the API's words.

etcd's own errors are translated here and nowhere else: `with etcd_errors():` around every call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rootspan_apiserver.etcd import EtcdError, RequestTooLarge, Unavailable
from rootspan_apiserver.kube.go_numbers import parse_uint
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request, expired, message_too_large, unavailable

LIST_TOO_OLD = "The resourceVersion for the provided list is too old."
CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
    "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided "
    "token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was "
    "returned and now may show up in the list."
)


class ContinueExpiredError(StatusError):
    """A continue token older than what is kept; `token` goes on from the same place in the present state."""

    def __init__(self, token: str) -> None:
        super().__init__(410, "Expired", CONTINUE_TOO_OLD)
        self.token = token

    def body(self) -> dict[str, Any]:
        body = super().body()
        body["metadata"] = {"continue": self.token}
        return body


@contextmanager
def etcd_errors() -> Iterator[None]:
    """Turn etcd's errors into the API's; those a caller understands better than this must be caught inside."""
    try:
        yield
    except Unavailable as exc:
        raise unavailable(exc.message) from exc
    except RequestTooLarge as exc:
        raise _too_large_to_store(exc.message) from exc
    except EtcdError as exc:
        raise StatusError(500, "", exc.message) from exc


def _too_large_to_store(message: str) -> StatusError:
    """What etcd refused: kube-apiserver's client would not have sent what exceeds the size of a message."""
    _, exceeded, sizes = message.partition("larger than max ")
    return message_too_large(sizes) if exceeded else StatusError(500, "", message)


def list_too_old() -> StatusError:
    return expired(LIST_TOO_OLD)


def too_old(requested: int, oldest: int) -> StatusError:
    """A watch cannot begin behind revision `requested`; the first change still known is `oldest`."""
    return expired(f"too old resource version: {requested} ({oldest - 1})")


def too_large(requested: int, current: int) -> StatusError:
    """The revision asked for has not been written, or not been seen, in the time there is to wait for it."""
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    message = f"Timeout: Too large resource version: {requested}, current: {current}"
    return StatusError(504, "Timeout", message, details)


def initializing() -> StatusError:
    return StatusError(429, "TooManyRequests", "storage is (re)initializing", {"retryAfterSeconds": 1})


def parse_resource_version(text: str) -> int:
    """A resourceVersion as its number; "" is 0.

    Raises:
        StatusError: 400, it is not a number.
    """
    if not text:
        return 0
    try:
        return parse_uint(text)
    except ValueError as error:
        reason = FieldError.invalid("resourceVersion", text, str(error))
        raise bad_request(f"invalid resource version: {reason}") from error
