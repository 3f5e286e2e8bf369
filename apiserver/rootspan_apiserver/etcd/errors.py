"""EtcdError
  ├─ Compacted          the revision's history is compacted
  ├─ FutureRevision     the revision has not been written yet
  ├─ RequestTooLarge    a key and its value exceed what etcd takes
  ├─ LeaseNotFound
  ├─ Unauthenticated
  ├─ PermissionDenied
  ├─ Unavailable        no endpoint answered in time; what must not be done twice has not been done
  └─ OutcomeUnknown     a write may or may not have been done, or may yet be

etcd's gateway tells errors by a gRPC code and a message, and only the two together tell them apart. The body is
`{"error", "code", "message"}` up to etcd 3.5 and `{"code", "message"}` from 3.6 on; in a stream both are wrapped once
more, under `error`, and 3.5 calls the code `grpc_code` there.
"""
# ruff: noqa: N818  each name is the condition that etcd reports

import orjson

from rootspan_apiserver.etcd.values import KeyValue

CANCELED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 1, 3, 4, 5, 7, 8
OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 11, 12, 13, 14, 16

NOTHING_DONE = frozenset(
    {
        "etcdserver: no leader",
        "etcdserver: not capable",
        "etcdserver: rpc not supported for learner",
        "etcdserver: too many requests",
    }
)
"""The messages with which a member refuses a request before it has proposed it to the others."""


class EtcdError(Exception):
    """etcd refused; `code` is the gRPC status code.

    `repeated` tells that an earlier copy of the request may have been carried out.
    """

    repeated = False

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Compacted(EtcdError):
    """`compact_revision` is the oldest revision still there, 0 where etcd does not tell it."""

    def __init__(self, message: str, code: int = OUT_OF_RANGE, compact_revision: int = 0) -> None:
        super().__init__(message, code)
        self.compact_revision = compact_revision


class FutureRevision(EtcdError):
    """The revision does not exist yet."""


class RequestTooLarge(EtcdError):
    """A key and its value exceed etcd's limit."""


class LeaseNotFound(EtcdError):
    """The lease does not exist, or has expired."""


class Unauthenticated(EtcdError):
    """The client's credentials are missing or invalid."""


class PermissionDenied(EtcdError):
    """The client may not do this."""


class Unavailable(EtcdError):
    """No endpoint answered in time."""

    @property
    def nothing_done(self) -> bool:
        """Whether etcd says that it has not begun to carry the request out."""
        return self.message in NOTHING_DONE


class OutcomeUnknown(EtcdError):
    """`current` is what was found under the key afterwards; None if nothing was, or it could not be looked up."""

    current: KeyValue | None = None

    @property
    def timed_out(self) -> bool:
        """Whether there was no answer in time, rather than one that does not tell."""
        return self.code == DEADLINE_EXCEEDED


def from_code(code: int, message: str) -> EtcdError:
    """Return the error that a gRPC code and etcd's message stand for."""
    if code == OUT_OF_RANGE:
        return Compacted(message) if "compacted" in message else FutureRevision(message, code)
    if "request is too large" in message or "received message larger than max" in message:
        return RequestTooLarge(message, code)
    if code == NOT_FOUND and "lease" in message:
        return LeaseNotFound(message, code)
    if code == UNAUTHENTICATED:
        return Unauthenticated(message, code)
    if code == PERMISSION_DENIED:
        return PermissionDenied(message, code)
    if code in (CANCELED, UNAVAILABLE, DEADLINE_EXCEEDED) or "too many requests" in message:
        return Unavailable(message, code)
    return EtcdError(message, code)


def from_body(status: int, body: bytes) -> EtcdError:
    """Return the error in an answer of the gateway with an HTTP `status` other than 200."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    error = from_document(document)
    if error is None:
        code = UNAVAILABLE if status >= 500 else UNIMPLEMENTED
        text = body[:200].decode("utf-8", "replace").strip()
        return from_code(code, f"etcd's gateway answered {status}: {text}")
    if status >= 500 and type(error) is EtcdError and error.code != UNIMPLEMENTED:
        return Unavailable(error.message, error.code)
    return error


def from_document(document: object) -> EtcdError | None:
    """Return the error a JSON document of the gateway holds, if it holds one."""
    if not isinstance(document, dict):
        return None
    inner = document.get("error")
    if isinstance(inner, dict):
        document = inner
    code = document.get("code", document.get("grpc_code"))
    message = document.get("message")
    if isinstance(code, int) and isinstance(message, str):
        return from_code(code, message)
    return None
