"""The webhook backend: events are sent as an `EventList`, again after a while if that fails.

A call has no span, and the webhook no trace context: kube-apiserver starts its operation outside of any trace.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/audit/webhook/webhook.go, staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go
"""

import asyncio
import random
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context

from rootspan_apiserver.audit.backend import Outcome, PluginErrors
from rootspan_apiserver.audit.event import AuditEvent, event_list
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.telemetry.tracing import Tracing

PLUGIN = "webhook"
_ATTEMPTS = 5
_FACTOR, _JITTER = 1.5, 0.2
_CLOSING_SECONDS = 10.0

Post = Callable[[bytes], Awaitable[object]]
"""Sends a body. Raises CallError."""


class WebhookBackend:
    """Sends events to a webhook, each call by itself.

    Args:
        post: Sends a body.
        backoff: The seconds before the second of five attempts; there are more before each further one.
    """

    def __init__(self, post: Post, backoff: float, errors: PluginErrors, tracing: Tracing) -> None:
        self._post = post
        self._backoff = backoff
        self._errors = errors
        self._tracing = tracing
        self._calls: set[asyncio.Task[None]] = set()

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """Send the events. The outcome is known once the webhook has taken them, or the last attempt has failed."""
        outcome: Future[bool] = asyncio.get_running_loop().create_future()
        call = asyncio.create_task(self._call(events, outcome), context=Context())
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return outcome

    async def aclose(self) -> None:
        """Let the calls under way end, for at most ten seconds."""
        if not self._calls:
            return
        _, late = await asyncio.wait(self._calls, timeout=_CLOSING_SECONDS)
        for call in late:
            call.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def __str__(self) -> str:
        return PLUGIN

    async def _call(self, events: Sequence[AuditEvent], outcome: "Future[bool]") -> None:
        error: BaseException | None = None
        try:
            await self._sent(event_list(events), len(events))
        except (CallError, TypeError, ValueError, asyncio.CancelledError) as exc:
            error = exc
            self._errors.handle(PLUGIN, str(exc) or "audit backend shut down", events)
        if not outcome.done():
            outcome.set_result(error is None)

    async def _sent(self, body: bytes, count: int) -> None:
        """Send a body, in five attempts. Raises CallError."""
        wait = self._backoff
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._tracing.span(operations.CALL_AUDIT_WEBHOOK, lambda: facts(name=PLUGIN, count=count)):
                    await self._post(body)
            except CallError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return
            await asyncio.sleep(wait * (1 + random.random() * _JITTER))
            wait *= _FACTOR
