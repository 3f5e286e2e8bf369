"""The paths of the gateway, and what stands behind each.

`Gateway.answer` is all that a transport needs: a path and a body in, an answer out.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import orjson
from pybase64 import b64encode

from rootspan_apiserver.embedded_etcd import fields, journal_entries, requests
from rootspan_apiserver.embedded_etcd.durability import GroupCommit
from rootspan_apiserver.embedded_etcd.errors import (
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
    UNKNOWN,
    GatewayError,
    future_revision,
    unsupported,
)
from rootspan_apiserver.embedded_etcd.fields import Document
from rootspan_apiserver.embedded_etcd.journal import Journal, Stored
from rootspan_apiserver.embedded_etcd.journal_entries import JournalEntry
from rootspan_apiserver.embedded_etcd.journal_file import identity
from rootspan_apiserver.embedded_etcd.leases import Leases
from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore
from rootspan_apiserver.embedded_etcd.transactions import Transactions
from rootspan_apiserver.embedded_etcd.watches import Watch, Watches

VERSION = "3.6.0"
RAFT_TERM = 2
WATCH = "/v3/watch"
KNOWN_SERVICES = ("/v3/kv/", "/v3/lease/", "/v3/maintenance/", "/v3/cluster/", "/v3/auth/")

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is a watch where the answer has no end."""

    status: int
    body: bytes | Watch
    content_type: str = "application/json"


UNKNOWN_METHOD = Answer(404, b"Not Found\n", "text/plain; charset=utf-8")
UNKNOWN_PAGE = Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")
METHOD_NOT_ALLOWED = Answer(405, b"Method Not Allowed\n", "text/plain; charset=utf-8")


class Gateway:
    """`log` keeps the store on disk; None: in memory only.

    Raises:
        EmbeddedEtcdError: `log` cannot be read.
    """

    def __init__(self, log: Journal | None, progress_notify_interval: float) -> None:
        stored = log.load() if log is not None else Stored(identity(), identity(), MVCCStore(), {})
        self._member_id = stored.member_id
        self._header_start = b'"header":{"cluster_id":"%d","member_id":"%d",' % (stored.cluster_id, stored.member_id)
        self.closed = False
        self._store = stored.store
        self._leases = Leases(self._revoke)
        self._transactions = Transactions(self._store, self._leases)
        self._watches = Watches(self._store, self._header, interval=progress_notify_interval)
        self._commits = GroupCommit(log, self._watches.publish) if log is not None else None
        self._restore_leases(stored.leases)
        self._paths: dict[str, Callable[[Document], Awaitable[bytes]]] = {
            "/v3/kv/range": self._range,
            "/v3/kv/put": self._put,
            "/v3/kv/deleterange": self._delete_range,
            "/v3/kv/txn": self._txn,
            "/v3/kv/compaction": self._compact,
            "/v3/lease/grant": self._lease_grant,
            "/v3/lease/revoke": self._lease_revoke,
            "/v3/kv/lease/revoke": self._lease_revoke,
            "/v3/lease/timetolive": self._lease_time_to_live,
            "/v3/kv/lease/timetolive": self._lease_time_to_live,
            "/v3/lease/leases": self._lease_leases,
            "/v3/kv/lease/leases": self._lease_leases,
            "/v3/lease/keepalive": self._lease_keep_alive,
            "/v3/maintenance/status": self._status,
        }

    def _restore_leases(self, leases: Mapping[int, int]) -> None:
        for lease, ttl in leases.items():
            self._leases.restore(lease, ttl)
        for record in self._store.range(b"\0", b"\0", 0, 0)[0]:
            if record.lease:
                self._leases.move(record.key, 0, record.lease)

    def start(self) -> None:
        """Let the leases run; the event loop must."""
        self._leases.start()

    async def aclose(self) -> None:
        """Write what is to be written and end every watch."""
        self.closed = True
        self._leases.stop()
        if self._commits is not None:
            await self._commits.aclose()
        self._watches.close()

    def end_watches(self) -> None:
        self._watches.close()

    async def check(self) -> None:
        """
        Raises:
            GatewayError: changes cannot be made durable.
        """
        if self._commits is not None:
            await self._commits.check()

    async def answer(self, method: str, path: str, body: bytes) -> Answer:
        handler = self._paths.get(path)
        if handler is None and path != WATCH:
            return await self._health() if (method, path) == ("GET", "/health") else _elsewhere(method, path)
        if method != "POST":
            return METHOD_NOT_ALLOWED
        try:
            if handler is None:
                return Answer(200, self._watch(body))
            return Answer(200, await handler(fields.document(body)))
        except GatewayError as exc:
            return Answer(exc.status, exc.body)

    def _header(self, revision: int) -> bytes:
        text = b'"revision":"%d",' % revision if revision else b""
        return self._header_start + text + b'"raft_term":"%d"}' % RAFT_TERM

    def _ok(self, members: bytes) -> bytes:
        return b"{%b%b}" % (self._header(self._store.revision), members)

    async def _range(self, source: Document) -> bytes:
        request = requests.range_(source)
        published = self._watches.published
        if published == self._store.revision:
            return self._ok(self._transactions.range(request))
        if request.revision > published:
            raise future_revision()
        return b"{%b%b}" % (self._header(published), self._transactions.range(request, published))

    async def _put(self, source: Document) -> bytes:
        return await self._write(self._transactions.put, requests.put(source))

    async def _delete_range(self, source: Document) -> bytes:
        return await self._write(self._transactions.delete_range, requests.delete_range(source))

    async def _txn(self, source: Document) -> bytes:
        return await self._write(self._transactions.txn, requests.txn(source))

    async def _write(self, operation: Callable[[Request], bytes], request: Request) -> bytes:
        members = operation(request)
        self._publish()
        answer = self._ok(members)
        await self._durable()
        return answer

    def _publish(self, *others: JournalEntry, undo: Callable[[], object] | None = None) -> None:
        """End the transaction; `others` are the changes besides the records it made, `undo` undoes them."""
        records = self._store.commit()
        if self._commits is None:
            self._watches.publish(self._store.revision)
            return
        if records:
            self._commits.add((journal_entries.records_written(records),), self._store.revision, self._undo)
        if undo is not None:
            self._commits.add(others, self._store.revision, undo)

    def _undo(self) -> None:
        for record, previous in self._store.undo():
            self._leases.move(record.key, record.lease, previous.lease if previous is not None else 0)

    async def _durable(self) -> None:
        """What an answer tells must be on disk: its own changes, and those of others that it has seen."""
        if self._commits is not None and not self._commits.idle:
            await self._commits.durable()

    async def _compact(self, source: Document) -> bytes:
        revision = fields.integer(source, "revision")
        compaction = self._store.compact(revision)
        self._publish(journal_entries.compacted_at(revision), undo=partial(self._store.undo_compaction, compaction))
        self._watches.compact()
        answer = self._ok(b"")
        await self._durable()
        if self._commits is not None:
            self._commits.compacted()
        return answer

    async def _lease_grant(self, source: Document) -> bytes:
        lease, ttl = self._leases.grant(fields.integer(source, "TTL"), fields.integer(source, "ID"))
        self._publish(journal_entries.lease_granted(lease, ttl), undo=partial(self._leases.remove, lease))
        await self._durable()
        return self._ok(b',"ID":"%d","TTL":"%d"' % (lease, ttl))

    async def _lease_revoke(self, source: Document) -> bytes:
        self._revoke(fields.integer(source, "ID"))
        answer = self._ok(b"")
        await self._durable()
        return answer

    def _revoke(self, lease: int) -> None:
        entry = self._leases.remove(lease)
        for key in sorted(entry.keys):
            self._store.delete(key)
        self._publish(journal_entries.lease_revoked(lease), undo=partial(self._leases.undo_remove, lease, entry))

    async def _lease_keep_alive(self, source: Document) -> bytes:
        lease = fields.integer(source, "ID")
        ttl = self._leases.renew(lease)
        text = b',"TTL":"%d"' % ttl if ttl else b""
        return b'{"result":%b}\n' % self._ok(b',"ID":"%d"%b' % (lease, text))

    async def _lease_time_to_live(self, source: Document) -> bytes:
        lease = fields.integer(source, "ID")
        left, granted, keys = self._leases.describe(lease)
        members = b',"ID":"%d","TTL":"%d"' % (lease, left)
        if granted:
            members += b',"grantedTTL":"%d"' % granted
        if keys and fields.boolean(source, "keys"):
            members += b',"keys":' + orjson.dumps([b64encode(key).decode() for key in keys])
        return self._ok(members)

    async def _lease_leases(self, source: Document) -> bytes:
        leases = b",".join(b'{"ID":"%d"}' % lease for lease in self._leases)
        return self._ok(b',"leases":[%b]' % leases if leases else b"")

    async def _health(self) -> Answer:
        try:
            await self.check()
        except GatewayError as exc:
            reason = "ALARM NOSPACE" if exc.code == RESOURCE_EXHAUSTED else exc.message
            return Answer(503, orjson.dumps({"health": "false", "reason": reason}))
        return Answer(200, b'{"health":"true","reason":""}')

    async def _status(self, source: Document) -> bytes:
        text = b'{%b,"version":"%b","leader":"%d","raftIndex":"%d","raftTerm":"%d","raftAppliedIndex":"%d"}'
        revision = self._watches.published
        return text % (self._header(revision), VERSION.encode(), self._member_id, revision, RAFT_TERM, revision)

    def _watch(self, body: bytes) -> Watch:
        try:
            create = fields.message(fields.document(body), "create_request")
            if create is None:
                raise unsupported("a stream of watch requests; send one create_request")
            return self._watches.open(requests.watch_create(create))
        except GatewayError as exc:
            raise exc if exc.code == UNIMPLEMENTED else GatewayError(UNKNOWN, exc.message) from exc


def _elsewhere(method: str, path: str) -> Answer:
    if method == "GET" and path == "/version":
        return Answer(200, b'{"etcdserver":"%b","etcdcluster":"%b"}' % (VERSION.encode(), VERSION.encode()))
    if path.startswith(KNOWN_SERVICES):
        error = unsupported(path)
        return Answer(error.status, error.body)
    return UNKNOWN_METHOD if path.startswith("/v3/") else UNKNOWN_PAGE
