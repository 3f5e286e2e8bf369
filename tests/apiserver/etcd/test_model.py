"""The embedded etcd against a model that keeps a copy of everything at every revision."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import ClassVar, TypeVar
from unittest import TestCase

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError, EtcdEvent, FutureRevision, KeyValue
from tests.apiserver.etcd.disk import no_file_beyond

WITHIN = 5.0

Result = TypeVar("Result")
State = dict[bytes, KeyValue]

KEYS = st.sampled_from([b"/a", b"/a/1", b"/a/2", b"/b", b"/b\x00", b"/c\xff"])
VALUES = st.binary(max_size=8)
RANGES = st.sampled_from([(b"/a", b""), (b"/a/", b"/a0"), (b"/", b"0"), (b"/b", b"\0"), (b"\0", b"\0"), (b"/c", b"/a")])


def within(key: bytes, range_end: bytes, candidate: bytes) -> bool:
    if range_end == b"":
        return candidate == key
    return key <= candidate and (range_end == b"\0" or candidate < range_end)


class EtcdModel(RuleBasedStateMachine):
    """Every answer of the client is the one that the model gives; `states[r - 1]` is the model at revision r."""

    durable: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.states: list[State] = [{}]
        self.events: list[EtcdEvent] = []
        self.compacted = 0

    def run(self, operation: Coroutine[object, object, Result]) -> Result:
        return self.loop.run_until_complete(operation)

    @property
    def revision(self) -> int:
        return len(self.states)

    @initialize()
    def open(self) -> None:
        self.etcd = EmbeddedEtcd(Path(self.directory.name) if self.durable else None)
        self.run(self.etcd.__aenter__())
        self.client = EtcdClient([URL], transport=self.etcd.transport)

    def close(self) -> None:
        self.run(self.client.aclose())
        self.run(self.etcd.aclose())

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.close()
        self.loop.close()
        self.directory.cleanup()

    @precondition(lambda self: self.durable)
    @rule()
    def restart(self) -> None:
        self.close()
        self.open()

    def changed(self, state: State, kind: str, kv: KeyValue, previous: KeyValue | None) -> None:
        self.states.append(state)
        self.events.append(EtcdEvent("PUT" if kind == "PUT" else "DELETE", kv, previous))

    @rule(key=KEYS, value=VALUES, stale=st.booleans())
    def put(self, key: bytes, value: bytes, stale: bool) -> None:
        state = dict(self.states[-1])
        current = state.get(key)
        expected = current.mod_revision if current else 0
        result = self.run(self.client.put_if(key, value, mod_revision=expected + stale))
        assert (result.succeeded, result.current) == ((False, current) if stale else (True, None))
        if not stale:
            revision = self.revision + 1
            kv = KeyValue(
                key,
                value,
                current.create_revision if current else revision,
                revision,
                current.version + 1 if current else 1,
            )
            self.changed(state | {key: kv}, "PUT", kv, current)
        assert result.revision == self.revision

    @rule(key=KEYS, stale=st.booleans())
    def delete(self, key: bytes, stale: bool) -> None:
        state = dict(self.states[-1])
        current = state.pop(key, None)
        expected = current.mod_revision if current else 7
        result = self.run(self.client.delete_if(key, mod_revision=expected + stale))
        assert (result.succeeded, result.current) == (current is not None and not stale, current)
        if result.succeeded:
            self.changed(state, "DELETE", KeyValue(key, b"", 0, self.revision + 1, 0), current)
        assert result.revision == self.revision

    @rule(bounds=RANGES, back=st.integers(-1, 12), limit=st.integers(0, 3))
    def range(self, bounds: tuple[bytes, bytes], back: int, limit: int) -> None:
        revision = max(self.revision - back, 1)
        ranging = self.client.range(*bounds, revision=revision, limit=limit)
        if revision > self.revision:
            with pytest.raises(FutureRevision):
                self.run(ranging)
        elif revision < self.compacted:
            with pytest.raises(Compacted):
                self.run(ranging)
        else:
            result = self.run(ranging)
            state = self.states[revision - 1]
            wanted = tuple(state[key] for key in sorted(state) if within(*bounds, key))
            assert result.kvs == (wanted[:limit] if limit else wanted)
            assert (result.count, result.more) == (len(wanted), len(result.kvs) < len(wanted))

    @rule(back=st.integers(0, 12))
    def compact(self, back: int) -> None:
        revision = max(self.revision - back, 1)
        if revision <= self.compacted:
            with pytest.raises(Compacted):
                self.run(self.client.compact(revision))
        else:
            self.run(self.client.compact(revision))
            self.compacted = revision

    @rule(bounds=RANGES.filter(lambda bounds: bounds != (b"/c", b"/a")), back=st.integers(0, 12))
    def watch(self, bounds: tuple[bytes, bytes], back: int) -> None:
        start = max(self.revision - back, 1)

        async def replay(count: int) -> list[EtcdEvent]:
            found: list[EtcdEvent] = []
            watching = self.client.watch(*bounds, start_revision=start, prev_kv=True)
            async with aclosing(watching) as watch, asyncio.timeout(WITHIN):
                await anext(watch)
                while len(found) < count:
                    found += (await anext(watch)).events
            return found

        wanted = [event for event in self.events if event.kv.mod_revision >= start and within(*bounds, event.kv.key)]
        if start < self.compacted:
            with pytest.raises(Compacted):
                self.run(replay(1))
        elif wanted:
            found = self.run(replay(len(wanted)))
            assert [(event.kind, event.kv) for event in found] == [(event.kind, event.kv) for event in wanted]
            for ours, theirs in zip(wanted, found, strict=True):
                if ours.prev_kv is None or ours.kv.mod_revision > self.compacted:
                    assert theirs.prev_kv == ours.prev_kv

    @precondition(lambda self: self.durable)
    @rule(keys=st.lists(KEYS, min_size=1, max_size=5), back=st.integers(0, 12))
    def fail(self, keys: list[bytes], back: int) -> None:
        """Writes at once, each on top of the one before, while the disk takes nothing: all are refused, and the model stays."""
        writes: list[Coroutine[object, object, object]] = []
        state, revision = dict(self.states[-1]), self.revision
        for key in keys:
            revision += 1
            if current := state.pop(key, None):
                writes.append(self.client.delete_if(key, mod_revision=current.mod_revision))
            else:
                writes.append(self.client.put_if(key, b"lost", mod_revision=0))
                state[key] = KeyValue(key, b"lost", revision, revision, 1)
        if revision - back > self.compacted:
            writes.append(self.client.compact(revision - back))

        async def write() -> list[object]:
            return await asyncio.gather(*writes, return_exceptions=True)

        with no_file_beyond(1):
            assert {type(result) for result in self.run(write())} == {EtcdError}

    @invariant()
    def revision_is_the_models(self) -> None:
        if hasattr(self, "client"):
            assert self.run(self.client.range(b"\0", b"\0", count_only=True)).revision == self.revision


class DurableEtcdModel(EtcdModel):
    """The same on disk, with restarts and failures of the disk in between."""

    durable = True


EtcdModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
DurableEtcdModel.TestCase.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)

TestInMemory: type[TestCase] = EtcdModel.TestCase
TestOnDisk: type[TestCase] = DurableEtcdModel.TestCase
