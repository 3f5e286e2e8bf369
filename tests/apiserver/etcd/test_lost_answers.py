"""Compare-and-swap when an answer is lost: it is looked up, and never carried out twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

import orjson
import pytest

from rootspan_apiserver.etcd import EtcdClient, EtcdEvent, OutcomeUnknown, TxnResult
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage.errors import etcd_errors
from tests.apiserver.etcd.processes import Member
from tests.apiserver.etcd.proxy import Fault, Misfortune, Proxy, proxying

pytestmark = pytest.mark.anyio

WITHIN = 30.0
TXN = "/v3/kv/txn"


@dataclass
class Case:
    """A client whose requests for `key` pass through `proxy`, and `other`, whose do not."""

    key: bytes
    proxy: Proxy
    client: EtcdClient
    other: EtcdClient

    async def put(self, value: bytes, mod_revision: int = 0) -> int:
        result = await self.other.put_if(self.key, value, mod_revision=mod_revision)
        assert result.succeeded
        return result.revision

    async def delete(self, mod_revision: int) -> int:
        result = await self.other.delete_if(self.key, mod_revision=mod_revision)
        assert result.succeeded
        return result.revision

    async def mod_revision(self) -> int:
        found = await self.other.range(self.key)
        return found.kvs[0].mod_revision if found.kvs else 0

    async def history(self, start: int) -> list[EtcdEvent]:
        """The changes of the key from revision `start` on."""
        end = (await self.other.put_if(self.key + b"-end", b"", mod_revision=0)).revision
        events: list[EtcdEvent] = []
        async with aclosing(self.other.watch(self.key, self.key + b".", start_revision=start)) as changes:
            while not events or events[-1].kv.mod_revision < end:
                events += (await anext(changes)).events
        return events[:-1]


@asynccontextmanager
async def case(member: Member, key: bytes, *, endpoints: int = 1) -> AsyncIterator[Case]:
    async with AsyncExitStack() as stack:
        proxy, url = await stack.enter_async_context(proxying(member.client_port))
        urls = [url, *[member.url] * (endpoints - 1)]
        client = await stack.enter_async_context(EtcdClient(urls))
        other = await stack.enter_async_context(EtcdClient([member.url]))
        await stack.enter_async_context(asyncio.timeout(WITHIN))
        yield Case(key, proxy, client, other)


def told(events: list[EtcdEvent]) -> list[bytes]:
    """Each change as its value, "-" for a deletion."""
    return [event.kv.value if event.kind == "PUT" else b"-" for event in events]


DONE, LOST, UNKNOWN = "done", "lost", "unknown"
MINE, OTHER, GONE = b"mine", b"other", b"-"
OPERATIONS: dict[str, Callable[[EtcdClient, bytes, int], Awaitable[TxnResult]]] = {
    "create": lambda client, key, _: client.put_if(key, MINE, mod_revision=0),
    "update": lambda client, key, base: client.put_if(key, MINE, mod_revision=base),
    "delete": lambda client, key, base: client.delete_if(key, mod_revision=base),
}
TABLE = [
    # operation, fault, what another client does meanwhile, outcome, changes of the key, times sent
    ("create", Fault.LOST, [], UNKNOWN, [MINE], 1),
    ("create", Fault.LOST, [GONE], UNKNOWN, [MINE, GONE], 1),
    ("create", Fault.LOST, [OTHER], UNKNOWN, [MINE, OTHER], 1),
    ("create", Fault.TIMED_OUT, [], UNKNOWN, [MINE], 1),
    ("create", Fault.NOT_SENT, [], UNKNOWN, [], 1),
    ("create", Fault.NOT_SENT, [OTHER], UNKNOWN, [OTHER], 1),
    ("create", Fault.NO_LEADER, [], DONE, [MINE], 2),
    ("create", Fault.NO_LEADER, [OTHER], LOST, [OTHER], 2),
    ("update", Fault.LOST, [], UNKNOWN, [MINE], 1),
    ("update", Fault.LOST, [OTHER], UNKNOWN, [MINE, OTHER], 1),
    ("update", Fault.LOST, [GONE], UNKNOWN, [MINE, GONE], 1),
    ("update", Fault.TIMED_OUT, [], UNKNOWN, [MINE], 1),
    ("update", Fault.NOT_SENT, [], DONE, [MINE], 2),
    ("update", Fault.NOT_SENT, [OTHER], LOST, [OTHER], 1),
    ("update", Fault.NOT_SENT, [OTHER, MINE], LOST, [OTHER, MINE], 1),
    ("update", Fault.NOT_SENT, [MINE], UNKNOWN, [MINE], 1),
    ("update", Fault.NOT_SENT, [GONE], LOST, [GONE], 1),
    ("update", Fault.NOT_SENT, [GONE, MINE], LOST, [GONE, MINE], 1),
    ("update", Fault.NO_LEADER, [], DONE, [MINE], 2),
    ("delete", Fault.LOST, [], UNKNOWN, [GONE], 1),
    ("delete", Fault.LOST, [OTHER], UNKNOWN, [GONE, OTHER], 1),
    ("delete", Fault.TIMED_OUT, [], UNKNOWN, [GONE], 1),
    ("delete", Fault.NOT_SENT, [], DONE, [GONE], 2),
    ("delete", Fault.NOT_SENT, [OTHER], LOST, [OTHER], 1),
    ("delete", Fault.NOT_SENT, [OTHER, GONE], LOST, [OTHER, GONE], 1),
    ("delete", Fault.NOT_SENT, [GONE], UNKNOWN, [GONE], 1),
    ("delete", Fault.NO_LEADER, [], DONE, [GONE], 2),
]


def name_of(row: tuple[str, Fault, list[bytes], str, list[bytes], int]) -> str:
    operation, fault, meanwhile, *_ = row
    return " ".join([operation, fault.name, *(value.decode() for value in meanwhile)])


@pytest.mark.parametrize(
    ("operation", "fault", "meanwhile", "outcome", "changes", "sent"), TABLE, ids=map(name_of, TABLE)
)
async def test_write_with_lost_answer_is_carried_out_once_at_most(
    real_etcd: Member,
    prefix: bytes,
    operation: str,
    fault: Fault,
    meanwhile: list[bytes],
    outcome: str,
    changes: list[bytes],
    sent: int,
) -> None:
    """A write is sent again only if nothing has happened; else it is known to have lost, or its outcome is unknown."""
    async with case(real_etcd, prefix) as this:
        base = await this.put(b"base") if operation != "create" else 0
        start = (await this.other.range(this.key)).revision + 1

        async def act() -> None:
            revision = await this.mod_revision()
            for value in meanwhile:
                revision = await (this.delete(revision) if value == GONE else this.put(value, revision))
                revision = 0 if value == GONE else revision

        this.proxy.misfortune = Misfortune(fault, TXN, this.key, act)
        try:
            result = await OPERATIONS[operation](this.client, this.key, base)
        except OutcomeUnknown as exc:
            found, current = UNKNOWN, exc.current
        else:
            found, current = DONE if result.succeeded else LOST, result.current
        assert this.proxy.misfortune.happened
        if found != DONE:
            assert (current.mod_revision if current else 0) == await this.mod_revision()
        assert (found, told(await this.history(start)), this.proxy.requests.count(TXN)) == (outcome, changes, sent)


async def test_late_copy_of_update_changes_nothing(real_etcd: Member, prefix: bytes) -> None:
    """The update is sent again and succeeds, the object is changed, deleted and created again; then the first copy arrives."""
    async with case(real_etcd, prefix) as this:
        base = await this.put(b"base")
        this.proxy.misfortune = Misfortune(Fault.LATE, TXN, this.key)
        result = await this.client.put_if(this.key, MINE, mod_revision=base)
        assert result.succeeded
        await this.delete(result.revision)
        await this.put(OTHER)
        assert "succeeded" not in orjson.loads(await this.proxy.misfortune.release())
        assert told(await this.history(base)) == [b"base", MINE, GONE, OTHER]


async def test_late_creation_happens_once(real_etcd: Member, prefix: bytes) -> None:
    """Its outcome was said to be unknown, and it has not been sent again when it arrives."""
    async with case(real_etcd, prefix) as this:
        start = (await this.other.range(this.key)).revision + 1
        this.proxy.misfortune = Misfortune(Fault.LATE, TXN, this.key)
        with pytest.raises(OutcomeUnknown):
            await this.client.put_if(this.key, MINE, mod_revision=0)
        assert await this.mod_revision() == 0
        assert orjson.loads(await this.proxy.misfortune.release())["succeeded"] is True
        assert told(await this.history(start)) == [MINE]


async def test_silent_member_is_left_and_the_write_looked_up(real_etcd: Member, prefix: bytes) -> None:
    """An update that a silent member has carried out is not sent to the next one; kube-apiserver's clients are told 504."""
    async with case(real_etcd, prefix, endpoints=2) as this:
        base = await this.put(b"base")
        this.proxy.misfortune = Misfortune(Fault.SILENT, TXN, this.key)
        with pytest.raises(OutcomeUnknown, match=r"^context deadline exceeded$") as unknown:
            await this.client.put_if(this.key, MINE, mod_revision=base)
        with pytest.raises(StatusError) as answer, etcd_errors():
            raise unknown.value
        assert (answer.value.code, answer.value.reason) == (504, "Timeout")
        words = "request did not complete within requested timeout - context deadline exceeded"
        assert answer.value.message == f"Timeout: {words}"
        assert told(await this.history(base)) == [b"base", MINE]


async def test_write_whose_history_is_compacted_has_unknown_outcome(real_etcd: Member, prefix: bytes) -> None:
    """What happened first after the object was read is forgotten, so it may have been this write."""
    async with case(real_etcd, prefix) as this:
        base = await this.put(b"base")

        async def replace_and_compact() -> None:
            await this.other.compact(await this.put(OTHER, base))

        this.proxy.misfortune = Misfortune(Fault.NOT_SENT, TXN, this.key, replace_and_compact)
        with pytest.raises(OutcomeUnknown):
            await this.client.put_if(this.key, MINE, mod_revision=base)
        assert this.proxy.requests.count(TXN) == 1


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.NOT_SENT, Fault.NO_LEADER])
async def test_read_is_repeated(real_etcd: Member, prefix: bytes, fault: Fault) -> None:
    """It changes nothing, however often it is carried out."""
    async with case(real_etcd, prefix) as this:
        await this.put(OTHER)
        this.proxy.misfortune = Misfortune(fault, "/v3/kv/range", this.key)
        assert (await this.client.range(this.key)).kvs[0].value == OTHER
        assert this.proxy.requests == ["/v3/kv/range"] * 2
