"""Limits on the size of events and of batches: a larger event loses its objects, a larger batch is divided.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/audit/truncate/truncate.go
"""

from collections.abc import Sequence

from rootspan_apiserver.audit.backend import Backend, Outcome, PluginErrors, joined
from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.audit.level import Level

PLUGIN = "truncate"


class Truncate:
    """Passes events on that are not too large.

    Args:
        max_event: The bytes of an event at most.
        max_batch: The bytes of a batch at most.
    """

    def __init__(self, delegate: Backend, errors: PluginErrors, *, max_event: int, max_batch: int) -> None:
        self._delegate = delegate
        self._errors = errors
        self._max_event = max_event
        self._max_batch = max_batch

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """See `Backend`."""
        outcomes: list[Outcome] = []
        batch: list[AuditEvent] = []
        size = 0
        for event in filter(None, map(self._fitting, events)):
            if batch and size + len(event.line) > self._max_batch:
                outcomes.append(self._delegate.process(batch))
                batch, size = [], 0
            batch.append(event)
            size += len(event.line)
        if batch:
            outcomes.append(self._delegate.process(batch))
        return joined(outcomes)

    async def aclose(self) -> None:
        """See `Backend`."""
        await self._delegate.aclose()

    def __str__(self) -> str:
        return f"{PLUGIN}<{self._delegate}>"

    def _fitting(self, event: AuditEvent) -> AuditEvent | None:
        """Return the event, without its objects where it is too large; None where it is too large even so, which is logged."""
        try:
            if len(event.line) > self._max_event and event.level >= Level.REQUEST:
                event = event.truncated()
            if len(event.line) <= self._max_event:
                return event
            error: object = "event is too large even after truncating"
        except (TypeError, ValueError) as exc:
            error = exc
        self._errors.handle(PLUGIN, error, [event])
        return None
