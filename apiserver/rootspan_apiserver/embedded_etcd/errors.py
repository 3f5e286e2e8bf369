"""EmbeddedEtcdError            the data directory cannot be used
  ├─ DataDirectoryInUse       another process has it open
  ├─ DataDirectoryUnreadable  what is in it is damaged, or not ours
  └─ SnapshotUnreadable       the same of a snapshot

GatewayError is for a client: etcd's own code and message, with the HTTP status that the gateway gives them.
"""
# ruff: noqa: N818  each name is the condition found

import orjson

UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, FAILED_PRECONDITION = 2, 3, 5, 8, 9
ABORTED, OUT_OF_RANGE, UNIMPLEMENTED = 10, 11, 12

HTTP_STATUS = {
    UNKNOWN: 500,
    INVALID_ARGUMENT: 400,
    NOT_FOUND: 404,
    RESOURCE_EXHAUSTED: 429,
    FAILED_PRECONDITION: 400,
    ABORTED: 409,
    OUT_OF_RANGE: 400,
    UNIMPLEMENTED: 501,
}


class EmbeddedEtcdError(Exception):
    """The embedded etcd cannot start."""


class DataDirectoryInUse(EmbeddedEtcdError):
    """Another process uses the data directory."""


class DataDirectoryUnreadable(EmbeddedEtcdError):
    """The data directory does not hold what this version writes."""


class SnapshotUnreadable(EmbeddedEtcdError):
    """The file is not a sound snapshot."""


class GatewayError(Exception):
    """A request that is refused; `code` is the gRPC status code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return HTTP_STATUS[self.code]

    @property
    def body(self) -> bytes:
        return orjson.dumps({"error": self.message, "code": self.code, "message": self.message})


def future_revision() -> GatewayError:
    """Return the error for a revision that does not exist yet."""
    return GatewayError(OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision")


def compacted() -> GatewayError:
    """Return the error for a revision that is compacted."""
    return GatewayError(OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted")


def unsupported(what: str) -> GatewayError:
    """Return the error for a feature of etcd that is not implemented here."""
    return GatewayError(UNIMPLEMENTED, f"etcdserver: the embedded etcd does not support {what}")
