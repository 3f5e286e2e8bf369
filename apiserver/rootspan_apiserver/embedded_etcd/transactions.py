"""Reading and changing the store: everything is checked first, so what has begun cannot fail half-way."""

import operator
from collections.abc import Callable
from typing import Any

import orjson
from pybase64 import b64decode

from rootspan_apiserver.embedded_etcd.errors import INVALID_ARGUMENT, NOT_FOUND, GatewayError
from rootspan_apiserver.embedded_etcd.leases import Leases
from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore, covers
from rootspan_apiserver.embedded_etcd.records import Record
from rootspan_apiserver.embedded_etcd.requests import Compare, DeleteRange, Operation, Put, Range, Txn, check_size

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": operator.eq,
    "GREATER": operator.gt,
    "LESS": operator.lt,
    "NOT_EQUAL": operator.ne,
}
NUMBERS: dict[str, Callable[[Record], int]] = {
    "VERSION": operator.attrgetter("version"),
    "CREATE": operator.attrgetter("create_revision"),
    "MOD": operator.attrgetter("mod_revision"),
    "LEASE": operator.attrgetter("lease"),
}
WHOLE: Callable[[Record], bytes] = operator.attrgetter("document")
KEYS_ONLY: Callable[[Record], bytes] = operator.attrgetter("keys_only")


class Transactions:
    """Each method returns the members of the JSON answer that follow its header."""

    def __init__(self, store: MVCCStore, leases: Leases) -> None:
        self._store = store
        self._leases = leases

    def range(self, request: Range, revision: int = 0) -> bytes:
        """`revision` stands in for a request's 0."""
        if request.revision > 0:
            revision = request.revision
        records, count = self._store.range(request.key, request.range_end, revision, request.limit)
        if request.count_only:
            return b',"count":"%d"' % count if count else b""
        if not count:
            return b""
        document = KEYS_ONLY if request.keys_only else WHOLE
        more = b',"more":true' if count > len(records) else b""
        return b',"kvs":[%b]%b,"count":"%d"' % (b",".join(map(document, records)), more, count)

    def put(self, request: Put) -> bytes:
        self._check((request,), ())
        return self._put(request)

    def delete_range(self, request: DeleteRange) -> bytes:
        return self._delete_range(request)

    def txn(self, request: Txn) -> bytes:
        self._check(request.success, request.failure)
        succeeded = all(map(self._holds, request.compare))
        operations = request.success if succeeded else request.failure
        for operation in operations:
            if isinstance(operation, Range):
                self._store.range(operation.key, b"", operation.revision, 1)
        responses = b",".join(map(self._respond, operations))
        return b"%b%b" % (
            b',"succeeded":true' if succeeded else b"",
            b',"responses":[%b]' % responses if responses else b"",
        )

    def _check(self, *branches: tuple[Operation, ...]) -> None:
        for branch in branches:
            puts = [operation for operation in branch if isinstance(operation, Put)]
            check_size(puts)
            for put in puts:
                if put.lease and not self._leases.known(put.lease):
                    raise GatewayError(NOT_FOUND, "etcdserver: requested lease not found")
            deletes = [operation for operation in branch if isinstance(operation, DeleteRange)]
            if len({put.key for put in puts}) < len(puts) or any(
                covers(delete.key, delete.range_end, put.key) for delete in deletes for put in puts
            ):
                raise GatewayError(INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request")

    def _holds(self, compare: Compare) -> bool:
        record = self._store.get(compare.key)
        found: int | bytes
        if compare.target == "VALUE":
            if record is None:
                return False
            found = b64decode(orjson.loads(record.document).get("value", ""))
        else:
            found = NUMBERS[compare.target](record) if record is not None else 0
        return COMPARISONS[compare.result](found, compare.operand)

    def _respond(self, operation: Operation) -> bytes:
        if isinstance(operation, Put):
            kind, body = b"response_put", self._put(operation)
        elif isinstance(operation, Range):
            kind, body = b"response_range", self.range(operation)
        else:
            kind, body = b"response_delete_range", self._delete_range(operation)
        return b'{"%b":{"header":{"revision":"%d"}%b}}' % (kind, self._store.writing, body)

    def _put(self, request: Put) -> bytes:
        previous = self._store.get(request.key)
        self._store.put(request.key, request.value, request.lease)
        self._leases.move(request.key, previous.lease if previous is not None else 0, request.lease)
        if request.prev_kv and previous is not None:
            return b',"prev_kv":' + previous.document
        return b""

    def _delete_range(self, request: DeleteRange) -> bytes:
        records, count = self._store.range(request.key, request.range_end, 0, 0)
        for record in records:
            self._store.delete(record.key)
            self._leases.move(record.key, record.lease, 0)
        if not count:
            return b""
        previous = b",".join([record.document for record in records]) if request.prev_kv else b""
        return b',"deleted":"%d"%b' % (count, b',"prev_kvs":[%b]' % previous if previous else b"")
