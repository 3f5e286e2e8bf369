"""Watches through all that happens, and what they may show: no event lost, repeated or out of order.

A watch that ends is begun again at the revision it had come to. Where that is answered 410 the client lists, and watches from there:
a new segment.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import orjson

from tests.apiserver.chaos.workload import ACCOUNTS, WITHIN, Memory, Version

PAUSE = 0.02


@dataclass
class Segment:
    """The events behind the revision `start`, without a gap up to the last one."""

    start: int
    events: list[tuple[str, Version]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.events[-1][1].revision if self.events else self.start

    def between(self, start: int, end: int) -> list[tuple[str, Version]]:
        return [event for event in self.events if start < event[1].revision <= end]


class Watcher:
    """Watches the objects of the workload through one server, for as long as it runs."""

    def __init__(self, server: httpx.AsyncClient) -> None:
        self._server = server
        self.segments: list[Segment] = []
        self.begun = asyncio.Event()
        self._more = asyncio.Condition()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await self._watch()
            except httpx.TransportError:
                await asyncio.sleep(PAUSE)

    async def _watch(self) -> None:
        if not self.segments:
            answer = await self._server.get(ACCOUNTS)
            if answer.status_code != 200:
                await asyncio.sleep(PAUSE)
                return
            self.segments.append(Segment(int(answer.json()["metadata"]["resourceVersion"])))
        segment = self.segments[-1]
        params = {"watch": "1", "resourceVersion": str(segment.end)}
        timeout = httpx.Timeout(WITHIN, read=None)
        async with self._server.stream("GET", ACCOUNTS, params=params, timeout=timeout) as response:
            if response.status_code != 200:
                await self._refused(response.status_code)
                return
            self.begun.set()
            async for line in response.aiter_lines():
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    await self._refused(event["object"]["code"])
                    return
                async with self._more:
                    segment.events.append((event["type"], Version.of(event["object"])))
                    self._more.notify_all()

    async def _refused(self, code: int) -> None:
        if code == 410:
            answer = await self._server.get(ACCOUNTS)
            if answer.status_code == 200:
                self.segments.append(Segment(int(answer.json()["metadata"]["resourceVersion"])))
        await asyncio.sleep(PAUSE)

    async def reached(self, revision: int) -> None:
        """Return when the watch has shown this revision, which is one of its objects'."""
        async with self._more:
            await self._more.wait_for(lambda: bool(self.segments) and self.segments[-1].end >= revision)


@asynccontextmanager
async def watching(servers: Iterable[httpx.AsyncClient]) -> AsyncIterator[list[Watcher]]:
    """One watcher for each server, until the block ends."""
    watchers = [Watcher(server) for server in servers]
    tasks = [asyncio.create_task(each.run()) for each in watchers]
    try:
        async with asyncio.timeout(WITHIN):
            for each in watchers:
                await each.begun.wait()
        yield watchers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def check_watches(watchers: Sequence[Watcher], memory: Memory) -> None:
    """Raise AssertionError if an event is missing, repeated, out of order, or of another content than clients were told."""
    segments = [segment for watcher in watchers for segment in watcher.segments]
    for segment in segments:
        revisions = [version.revision for _, version in segment.events]
        assert all(revision > segment.start for revision in revisions), (
            f"a watch from {segment.start} shows {revisions}"
        )
        assert revisions == sorted(set(revisions)), f"a watch shows {revisions}"
        shown = {version for kind, version in segment.events if kind != "DELETED"}
        for version in memory.seen:
            if segment.start < version.revision <= segment.end:
                assert version in shown, f"a watch from {segment.start} to {segment.end} does not show {version}"
        for other in segments:
            start, end = max(segment.start, other.start), min(segment.end, other.end)
            assert segment.between(start, end) == other.between(start, end), f"two watches differ in {start} to {end}"
        _check_lives(segment)


def _check_lives(segment: Segment) -> None:
    """Check that each object is added once, then changed, then deleted; no uid lives twice."""
    alive: dict[str, str] = {}
    dead: set[str] = set()
    for kind, version in segment.events:
        before = alive.get(version.name)
        assert version.uid not in dead, f"{version} is back"
        if kind == "ADDED":
            assert before is None, f"{version} is added beside {before}"
            alive[version.name] = version.uid
        else:
            assert before in (None, version.uid), f"{kind} {version}, but {before} was there"
        if kind == "DELETED":
            alive.pop(version.name, None)
            dead.add(version.uid)
