"""The interface of audit backends, and the backends that pass events on to others.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/types.go, union.go, metrics.go (HandlePluginError),
staging/src/k8s.io/apiserver/pkg/server/options/audit.go (ignoreErrorsBackend)
"""

import logging
from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import Protocol

from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics

_log = logging.getLogger(__name__)

Outcome = Future[bool] | None
"""Whether the events were recorded, known later; None where no request waits for it."""


class Backend(Protocol):
    """Takes events."""

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """Take the events, without blocking."""
        ...

    async def aclose(self) -> None:
        """Record the events taken before, and take no more."""
        ...

    def __str__(self) -> str: ...


class UnionBackend:
    """Several backends, each of which gets all events."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        self._backends = tuple(backends)

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """See `Backend`. The outcome is that of all."""
        return joined([backend.process(events) for backend in self._backends])

    async def aclose(self) -> None:
        """See `Backend`."""
        for backend in self._backends:
            await backend.aclose()

    def __str__(self) -> str:
        return f"union[{','.join(map(str, self._backends))}]"


class IgnoreErrors:
    """A backend whose failures do not matter to requests, which wait for it all the same."""

    def __init__(self, delegate: Backend) -> None:
        self._delegate = delegate

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """See `Backend`."""
        outcome = self._delegate.process(events)
        if outcome is None:
            return None
        done: Future[bool] = outcome.get_loop().create_future()
        outcome.add_done_callback(lambda _: None if done.done() else done.set_result(True))
        return done

    async def aclose(self) -> None:
        """See `Backend`."""
        await self._delegate.aclose()

    def __str__(self) -> str:
        return f"ignoreErrors<{self._delegate}>"


class PluginErrors:
    """Counts and logs the events that a backend could not record."""

    def __init__(self, metrics: AuditMetrics) -> None:
        self._metrics = metrics

    def handle(self, plugin: str, error: object, events: Sequence[AuditEvent]) -> None:
        """Count the events as lost in `plugin`, and log what they were."""
        self._metrics.errors.labels(plugin).inc(len(events))
        lost = "\n".join(event.summary() for event in events)
        _log.error(
            "Error in audit plugin '%s' affecting %d audit events: %s\nImpacted events:\n%s",
            plugin,
            len(events),
            error,
            lost,
        )


def joined(outcomes: Iterable[Outcome]) -> Outcome:
    """Return one outcome of several: whether all events were recorded."""
    awaited = [outcome for outcome in outcomes if outcome is not None]
    if len(awaited) < 2:
        return next(iter(awaited), None)
    done: Future[bool] = awaited[0].get_loop().create_future()
    waiting, recorded = len(awaited), True

    def ended(outcome: Future[bool]) -> None:
        nonlocal waiting, recorded
        waiting -= 1
        recorded = recorded and not outcome.cancelled() and outcome.result()
        if not waiting and not done.done():
            done.set_result(recorded)

    for outcome in awaited:
        outcome.add_done_callback(ended)
    return done
