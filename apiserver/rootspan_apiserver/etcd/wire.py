"""The gateway's JSON: bytes are base64, 64-bit integers are strings, what has its default value is left out."""

from collections.abc import Iterable
from typing import Any

from pybase64 import b64decode, b64encode

from rootspan_apiserver.etcd.errors import INVALID_ARGUMENT, OUT_OF_RANGE, Compacted, EtcdError, from_document
from rootspan_apiserver.etcd.values import EtcdEvent, KeyValue, RangeResult, Status, TxnResult, WatchBatch

RANGE, TXN, WATCH = "/v3/kv/range", "/v3/kv/txn", "/v3/watch"
LEASE_GRANT, LEASE_REVOKE = "/v3/lease/grant", "/v3/lease/revoke"
COMPACT, STATUS = "/v3/kv/compaction", "/v3/maintenance/status"


def range_request(
    key: bytes,
    range_end: bytes,
    *,
    limit: int = 0,
    revision: int = 0,
    keys_only: bool = False,
    count_only: bool = False,
    serializable: bool = False,
) -> bytes:
    """Return the body of a RangeRequest."""
    body = b'{"key":"' + b64encode(key) + b'"'
    if range_end:
        body += b',"range_end":"' + b64encode(range_end) + b'"'
    if limit:
        body += b',"limit":"%d"' % limit
    if revision:
        body += b',"revision":"%d"' % revision
    if keys_only:
        body += b',"keys_only":true'
    if count_only:
        body += b',"count_only":true'
    if serializable:
        body += b',"serializable":true'
    return body + b"}"


def put_if_request(key: bytes, value: bytes, mod_revision: int, lease: int) -> bytes:
    """Return the body of a transaction that writes a key if its revision is `mod_revision`."""
    key = b64encode(key)
    put = b'{"key":"' + key + b'","value":"' + b64encode(value) + (b'","lease":"%d"}' % lease if lease else b'"}')
    return _if_unchanged(key, mod_revision, b'{"request_put":' + put + b"}")


def delete_if_request(key: bytes, mod_revision: int) -> bytes:
    """Return the body of a transaction that deletes a key if its revision is `mod_revision`."""
    key = b64encode(key)
    return _if_unchanged(key, mod_revision, b'{"request_delete_range":{"key":"' + key + b'","prev_kv":true}}')


def _if_unchanged(key: bytes, mod_revision: int, operation: bytes) -> bytes:
    return (
        b'{"compare":[{"target":"MOD","result":"EQUAL","key":"%b","mod_revision":"%d"}],"success":[%b],'
        b'"failure":[{"request_range":{"key":"%b"}}]}' % (key, mod_revision, operation, key)
    )


def watch_request(key: bytes, range_end: bytes, start_revision: int, prev_kv: bool, progress_notify: bool) -> bytes:
    """Return the body of a WatchRequest."""
    body = b'{"create_request":{"key":"' + b64encode(key) + b'"'
    if range_end:
        body += b',"range_end":"' + b64encode(range_end) + b'"'
    if start_revision:
        body += b',"start_revision":"%d"' % start_revision
    if prev_kv:
        body += b',"prev_kv":true'
    if progress_notify:
        body += b',"progress_notify":true'
    return body + b"}}"


def ranges_request(keys: Iterable[bytes]) -> bytes:
    """Return the body of a transaction that reads keys."""
    reads = b",".join([b'{"request_range":{"key":"%b"}}' % b64encode(key) for key in keys])
    return b'{"success":[' + reads + b"]}"


def revision_of(document: dict[str, Any]) -> int:
    """Return the revision in the header of an answer."""
    return int(document["header"].get("revision", 0))


def key_value(document: dict[str, Any]) -> KeyValue:
    """Read a KeyValue."""
    get = document.get
    return KeyValue(
        key=b64decode(document["key"], validate=True),
        value=b64decode(get("value", ""), validate=True),
        create_revision=int(get("create_revision", 0)),
        mod_revision=int(get("mod_revision", 0)),
        version=int(get("version", 0)),
        lease=int(get("lease", 0)),
    )


def range_result(document: dict[str, Any]) -> RangeResult:
    """Read a RangeResponse."""
    return RangeResult(
        revision_of(document),
        tuple(map(key_value, document.get("kvs", ()))),
        int(document.get("count", 0)),
        document.get("more", False),
    )


def ranges_result(document: dict[str, Any]) -> list[RangeResult]:
    """Read the answer to a transaction that reads keys: what each has at the one revision."""
    revision, found = revision_of(document), []
    for response in document["responses"]:
        read: dict[str, Any] = response["response_range"]
        kvs = tuple(map(key_value, read.get("kvs", ())))
        found.append(RangeResult(revision, kvs, int(read.get("count", 0)), False))
    return found


def txn_result(document: dict[str, Any]) -> TxnResult:
    """Read the answer to a compare-and-swap."""
    succeeded = document.get("succeeded", False)
    response = document["responses"][0]
    deleted: dict[str, Any] = response.get("response_delete_range", {})
    kvs = deleted.get("prev_kvs") if succeeded else response["response_range"].get("kvs")
    return TxnResult(succeeded, revision_of(document), key_value(kvs[0]) if kvs else None)


def status(document: dict[str, Any]) -> Status:
    """Read a StatusResponse."""
    return Status(
        version=document["version"],
        revision=revision_of(document),
        member_id=int(document["header"].get("member_id", 0)),
        leader=int(document.get("leader", 0)),
        raft_term=int(document.get("raftTerm", document.get("raft_term", 0))),
        database_size=int(document.get("dbSize", document.get("db_size", 0))),
    )


def watch_batch(document: dict[str, Any], position: int) -> WatchBatch:
    """The batch in one line of a watch that has delivered all before revision `position` (0: it starts now).

    The revision in the header of events is the store's, which may be ahead of them while history is replayed; so the
    last event tells how far the watch has come.

    Raises:
        Compacted: the history that the watch was to start from is compacted.
        EtcdError: the watch was refused or ended by etcd.
    """
    error = from_document(document)
    if error is not None:
        raise error
    result = document["result"]
    if result.get("canceled"):
        compacted = int(result.get("compact_revision", 0))
        if compacted:
            raise Compacted(
                "etcdserver: mvcc: required revision has been compacted", OUT_OF_RANGE, compact_revision=compacted
            )
        raise EtcdError(result.get("cancel_reason", "etcd canceled the watch"), INVALID_ARGUMENT)
    events = tuple(map(_event, result.get("events", ())))
    if events:
        return WatchBatch(events[-1].kv.mod_revision, events)
    revision = revision_of(result)
    if result.get("created") and position:
        revision = min(revision, position - 1)
    return WatchBatch(revision, ())


def _event(document: dict[str, Any]) -> EtcdEvent:
    previous = document.get("prev_kv")
    return EtcdEvent(
        "DELETE" if document.get("type") == "DELETE" else "PUT",
        key_value(document["kv"]),
        key_value(previous) if previous is not None else None,
    )
