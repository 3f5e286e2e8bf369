"""What tests of audit are made of."""

import asyncio
from asyncio import Future
from collections.abc import Sequence

from rootspan_apiserver.audit.backend import Outcome
from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.kube.meta import JSONObject


def audit_event(number: int, level: Level = Level.METADATA, **more: object) -> AuditEvent:
    """Return an event whose id is a number."""
    document: JSONObject = {
        "level": level.text,
        "auditID": str(number),
        "stage": "ResponseComplete",
        "requestURI": "/version",
        "verb": "get",
        "user": {"username": "jane", "groups": ["a", "b"]},
        "requestReceivedTimestamp": "2026-11-27T03:20:15.884500Z",
        "stageTimestamp": "2026-11-27T03:20:15.888529Z",
        **more,
    }
    return AuditEvent(level, document)


def ids(events: Sequence[AuditEvent]) -> list[int]:
    return [int(event.document["auditID"]) for event in events]


class Taking:
    """A backend that remembers its batches and ends them when it is told."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.outcomes: list[Future[bool]] = []
        self.closed = False
        self.at_once = at_once
        self._changed = asyncio.Event()

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        self.batches.append(ids(events))
        outcome: Future[bool] = asyncio.get_running_loop().create_future()
        self.outcomes.append(outcome)
        self._changed.set()
        if self.at_once:
            outcome.set_result(True)
        return outcome

    async def taken(self, batches: int) -> None:
        """Wait until there are so many batches."""
        async with asyncio.timeout(10):
            while len(self.batches) < batches:
                self._changed.clear()
                await self._changed.wait()

    async def aclose(self) -> None:
        self.closed = True

    def __str__(self) -> str:
        return "taking"


class Keeping:
    """A backend that keeps the events, and for which nobody waits."""

    def __init__(self) -> None:
        self.documents: list[JSONObject] = []

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        self.documents += [event.document for event in events]
        return None

    async def aclose(self) -> None:
        """There is nothing to close."""
