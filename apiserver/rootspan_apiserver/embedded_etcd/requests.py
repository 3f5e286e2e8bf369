"""The gateway's requests as values; what we know of and do not do is refused."""

from dataclasses import dataclass

from rootspan_apiserver.embedded_etcd.errors import INVALID_ARGUMENT, RESOURCE_EXHAUSTED, GatewayError, unsupported
from rootspan_apiserver.embedded_etcd.fields import (
    Document,
    boolean,
    enumerated,
    field,
    integer,
    message,
    messages,
    octets,
)

MAX_REQUEST_BYTES = 1536 * 1024
MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 512 * 1024
MAX_TXN_OPERATIONS = 128
RAFT_OVERHEAD = 32

COMPARE_TARGETS = ("VERSION", "CREATE", "MOD", "VALUE", "LEASE")
COMPARE_RESULTS = ("EQUAL", "GREATER", "LESS", "NOT_EQUAL")
COMPARE_OPERANDS = ("version", "create_revision", "mod_revision", "value", "lease")


@dataclass(frozen=True, slots=True)
class Put:
    """Write a key."""

    key: bytes
    value: bytes
    lease: int
    prev_kv: bool


@dataclass(frozen=True, slots=True)
class Range:
    """Read keys."""

    key: bytes
    range_end: bytes
    limit: int
    revision: int
    keys_only: bool
    count_only: bool


@dataclass(frozen=True, slots=True)
class DeleteRange:
    """Delete keys."""

    key: bytes
    range_end: bytes
    prev_kv: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition of a transaction: `target` of the key compared with `operand`."""

    key: bytes
    target: str
    result: str
    operand: int | bytes


Operation = Put | Range | DeleteRange


@dataclass(frozen=True, slots=True)
class Txn:
    """A transaction: `success` if all of `compare` hold, else `failure`."""

    compare: tuple[Compare, ...]
    success: tuple[Operation, ...]
    failure: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class WatchCreate:
    """Begin a watch."""

    key: bytes
    range_end: bytes
    start_revision: int
    watch_id: int
    prev_kv: bool
    progress_notify: bool


def _key(source: Document) -> bytes:
    key = octets(source, "key")
    if not key:
        raise GatewayError(INVALID_ARGUMENT, "etcdserver: key is not provided")
    return key


def put(source: Document) -> Put:
    """Read a PutRequest. Raises GatewayError."""
    for unknown in ("ignore_value", "ignore_lease"):
        if boolean(source, unknown):
            raise unsupported(unknown)
    return Put(_key(source), octets(source, "value"), integer(source, "lease"), boolean(source, "prev_kv"))


def range_(source: Document) -> Range:
    """Read a RangeRequest. Raises GatewayError."""
    for unknown in ("min_mod_revision", "max_mod_revision", "min_create_revision", "max_create_revision"):
        if integer(source, unknown):
            raise unsupported(unknown)
    order = enumerated(source, "sort_order", ("NONE", "ASCEND", "DESCEND"))
    target = enumerated(source, "sort_target", ("KEY", "VERSION", "CREATE", "MOD", "VALUE"))
    if order == "DESCEND" or target != "KEY":
        raise unsupported("sorting other than by ascending key")
    return Range(
        key=_key(source),
        range_end=octets(source, "range_end"),
        limit=integer(source, "limit"),
        revision=integer(source, "revision"),
        keys_only=boolean(source, "keys_only"),
        count_only=boolean(source, "count_only"),
    )


def delete_range(source: Document) -> DeleteRange:
    """Read a DeleteRangeRequest. Raises GatewayError."""
    return DeleteRange(_key(source), octets(source, "range_end"), boolean(source, "prev_kv"))


def txn(source: Document) -> Txn:
    """Read a TxnRequest. Raises GatewayError."""
    branches = [messages(source, branch) for branch in ("success", "failure")]
    compare = messages(source, "compare")
    if max(len(compare), *map(len, branches)) > MAX_TXN_OPERATIONS:
        raise GatewayError(INVALID_ARGUMENT, "etcdserver: too many operations in txn request")
    success, failure = (tuple(map(_operation, branch)) for branch in branches)
    return Txn(tuple(map(_compare, compare)), success, failure)


def _operation(source: Document) -> Operation:
    if (found := message(source, "request_put")) is not None:
        return put(found)
    if (found := message(source, "request_range")) is not None:
        return range_(found)
    if (found := message(source, "request_delete_range")) is not None:
        return delete_range(found)
    if message(source, "request_txn") is not None:
        raise unsupported("a transaction inside a transaction")
    raise GatewayError(INVALID_ARGUMENT, "etcdserver: key not found")


def _compare(source: Document) -> Compare:
    if octets(source, "range_end"):
        raise unsupported("comparing a range")
    target = enumerated(source, "target", COMPARE_TARGETS)
    operand = COMPARE_OPERANDS[COMPARE_TARGETS.index(target)]
    return Compare(
        _key(source),
        target,
        enumerated(source, "result", COMPARE_RESULTS),
        octets(source, operand) if target == "VALUE" else integer(source, operand),
    )


def watch_create(source: Document) -> WatchCreate:
    """Read a WatchCreateRequest. Raises GatewayError."""
    if field(source, "filters"):
        raise unsupported("filters of a watch")
    return WatchCreate(
        key=octets(source, "key") or b"\0",
        range_end=octets(source, "range_end"),
        start_revision=integer(source, "start_revision"),
        watch_id=integer(source, "watch_id"),
        prev_kv=boolean(source, "prev_kv"),
        progress_notify=boolean(source, "progress_notify"),
    )


def check_size(puts: list[Put]) -> None:
    """Raises GatewayError if etcd would not take as many bytes in one request."""
    size = sum(_message_size(put) for put in puts)
    if size > MAX_MESSAGE_BYTES:
        raise too_large(size)
    if size + RAFT_OVERHEAD > MAX_REQUEST_BYTES:
        raise GatewayError(INVALID_ARGUMENT, "etcdserver: request is too large")


def too_large(size: int) -> GatewayError:
    """Return the error for a request of `size` bytes, which exceeds the limit of a message."""
    text = f"grpc: received message larger than max ({size} vs. {MAX_MESSAGE_BYTES})"
    return GatewayError(RESOURCE_EXHAUSTED, text)


def _message_size(put: Put) -> int:
    return sum(1 + (len(data).bit_length() + 6) // 7 + len(data) for data in (put.key, put.value) if data)
