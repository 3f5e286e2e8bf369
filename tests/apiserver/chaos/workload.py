"""Clients that read and write a few objects through several servers at once, and remember what they were told.

The objects are ServiceAccounts, which have a list that a JSON patch can append to: `imagePullSecrets`, whose names are the tokens of
the checker. After some operations the clients go on with a new object, so that no history gets long.
"""

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import orjson

from tests.apiserver.chaos.linearizability import (
    APPEND,
    CONFLICT,
    CREATE,
    DELETE,
    DONE,
    MISSING,
    PUT,
    READ,
    SWAP,
    UNKNOWN,
    Content,
    Operation,
    is_linearizable,
)

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
KINDS = (*(READ,) * 5, *(CREATE,) * 3, *(PUT,) * 2, *(SWAP,) * 3, *(APPEND,) * 4, *(DELETE,) * 2)
LONGEST, MOST_UNKNOWN = 50, 6
"""Operations, and those of unknown outcome, after which the clients leave an object."""
WITHIN = 60.0
"""Seconds within which every request is answered."""
OUTCOMES = {200: DONE, 201: DONE, 404: MISSING, 409: CONFLICT}
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
NOTHING_DONE = (429, 503)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, as it was answered or shown by a watch."""

    name: str
    uid: str
    revision: int
    content: Content

    @classmethod
    def of(cls, obj: dict[str, Any]) -> "Version":
        metadata = obj["metadata"]
        content = tuple(each["name"] for each in obj.get("imagePullSecrets", ()))
        return cls(metadata["name"], metadata["uid"], int(metadata["resourceVersion"]), content)


@dataclass
class Memory:
    """All that clients were told.

    Attributes:
        histories: The operations on each object.
        writes: When each acknowledged write was sent and answered, and the version it made.
        seen: Every version of an object that was in an answer.
        faults: What no client may be told, whatever happens.
    """

    histories: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    writes: list[tuple[float, float, Version]] = field(default_factory=list)
    seen: set[Version] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def wrote(self, called: float, answered: float, version: Version) -> None:
        self.writes.append((called, answered, version))
        self._more.set()

    async def more_writes(self, count: int) -> None:
        """Return when so many more writes have been acknowledged."""
        wanted = len(self.writes) + count
        while len(self.writes) < wanted:
            self._more.clear()
            await self._more.wait()

    def __str__(self) -> str:
        outcomes = Counter(each.outcome for history in self.histories.values() for each in history)
        return f"{len(self.histories)} objects, {sum(outcomes.values())} operations {dict(outcomes)}"

    def check(self) -> None:
        """Raise AssertionError if something was told that cannot be true."""
        assert not self.faults, "\n".join(self.faults)
        for name, history in self.histories.items():
            shown = "\n".join(map(str, sorted(history, key=lambda each: each.called)))
            assert is_linearizable(history), f"the history of {name} is not linearizable:\n{shown}"
        revisions = [version.revision for _, _, version in self.writes]
        assert len(revisions) == len(set(revisions)), "two writes have one revision"
        assert len({each.revision for each in self.seen}) == len(self.seen), "one revision has two contents"
        newest = 0
        answered = sorted((answered, version.revision) for _, answered, version in self.writes)
        for called, _, version in sorted(self.writes, key=lambda write: write[0]):
            while answered and answered[0][0] < called:
                newest = max(newest, answered.pop(0)[1])
            assert version.revision > newest, f"{version} was written after revision {newest}"
        created = [version.uid for _, _, version in self.writes if len(version.content) == 1]
        assert len({(each.uid, each.name) for each in self.seen}) == len({each.uid for each in self.seen}), created


class Client:
    """One client: it sends one request at a time, each to any of the `servers`."""

    def __init__(self, number: int, servers: Sequence[httpx.AsyncClient], memory: Memory, random: Random) -> None:
        self._number = number
        self._servers = servers
        self._memory = memory
        self._random = random
        self._known: dict[str, Version] = {}
        self._sent = 0

    async def run(self, objects: "Objects") -> None:
        """Read and write until cancelled; the request that is on its way then has an unknown outcome."""
        while not objects.ended:
            name = objects.current()
            known = self._known.get(name)
            kind = self._random.choice(KINDS if known else (READ, CREATE))
            await self._operate(kind, name, known)

    async def _operate(self, kind: str, name: str, known: Version | None) -> None:
        self._sent += 1
        token = f"{self._number}-{self._sent}"
        expected = known.content if known is not None and kind == SWAP else None
        called = time.monotonic()
        try:
            answer = await self._send(kind, name, token, known)
        except NOT_SENT:
            await asyncio.sleep(0.02)
            return
        except httpx.TransportError as exc:
            if isinstance(exc, httpx.TimeoutException):
                self._memory.faults.append(f"{kind} {name} was not answered within {WITHIN} s")
            outcome, body = UNKNOWN, {}
        else:
            if answer.status_code in NOTHING_DONE:
                await asyncio.sleep(0.02)
                return
            outcome, body = OUTCOMES.get(answer.status_code, UNKNOWN), answer.json()
            if answer.status_code < 500 and outcome == UNKNOWN:
                self._memory.faults.append(f"{kind} {name}: {answer.status_code} {answer.text}")
        if kind == READ and outcome == UNKNOWN:
            return
        answered = time.monotonic() if outcome != UNKNOWN else math.inf
        found = None
        if outcome == DONE and kind != DELETE:
            found = self._keep(kind, called, answered, Version.of(body))
        self._memory.histories[name].append(
            Operation(
                kind=kind,
                called=called,
                answered=answered,
                outcome=outcome,
                token=token,
                expected=expected,
                found=found,
            )
        )

    def _keep(self, kind: str, called: float, answered: float, version: Version) -> Content:
        self._known[version.name] = version
        self._memory.seen.add(version)
        if kind != READ:
            self._memory.wrote(called, answered, version)
        return version.content

    async def _send(self, kind: str, name: str, token: str, known: Version | None) -> httpx.Response:
        server = self._random.choice(self._servers)
        path = f"{ACCOUNTS}/{name}"
        body: dict[str, Any] = {"metadata": {"name": name}, "imagePullSecrets": [{"name": token}]}
        if kind == READ:
            return await server.get(path)
        if kind == CREATE:
            return await server.post(ACCOUNTS, json=body)
        if kind == DELETE:
            return await server.delete(path)
        if kind == APPEND:
            patch = [{"op": "add", "path": "/imagePullSecrets/-", "value": {"name": token}}]
            headers = {"content-type": "application/json-patch+json"}
            return await server.patch(path, content=orjson.dumps(patch), headers=headers)
        if kind == SWAP:
            assert known is not None
            body["metadata"] |= {"resourceVersion": str(known.revision)}
        return await server.put(path, json=body)


class Objects:
    """The object that all clients read and write at present."""

    def __init__(self, memory: Memory, prefix: str) -> None:
        self._memory = memory
        self._prefix = prefix
        self._number = 0
        self.ended = False

    def current(self) -> str:
        history = self._memory.histories.get(name := f"{self._prefix}-{self._number}", [])
        if len(history) >= LONGEST or sum(each.outcome == UNKNOWN for each in history) >= MOST_UNKNOWN:
            self._number += 1
            return self.current()
        return name


@asynccontextmanager
async def working(
    servers: Sequence[httpx.AsyncClient], memory: Memory, random: Random, clients: int = 5
) -> AsyncIterator[None]:
    """Clients work while the block runs; at its end they finish what they have begun."""
    objects = Objects(memory, f"o-{random.randrange(1 << 32):08x}")
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            client = Client(number, servers, memory, Random(random.random()))
            group.create_task(client.run(objects))
        try:
            yield
        finally:
            objects.ended = True
