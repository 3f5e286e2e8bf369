"""The audit filter: an event at each stage of a request that the policy does not omit.

The event of a complete response is recorded before the last part of the response is sent, so that a client that has its answer finds the
event in the log. Requests that are refused before this filter have one event, when the refusal is sent.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go, authn_audit.go, request_deadline.go
"""

import asyncio
import time
from types import MappingProxyType

from rootspan_apiserver.audit.context import STATUS_FIELDS
from rootspan_apiserver.audit.level import Stage
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.filters.authorization import internal_error
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.http.request import ClientDisconnected, Request, request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.kube.status import timeout
from rootspan_apiserver.telemetry.latency_trackers import LATENCY_TRACKERS, LatencyTrackers

_CLOSED_EARLY = MappingProxyType({"status": "Success", "message": "Connection closed early", "code": 200})
_SLOW_SECONDS = 0.5
_LATE = "request did not complete within requested timeout - context deadline exceeded"
_TIMED_OUT = MappingProxyType({key: value for key, value in timeout(_LATE).body().items() if key in STATUS_FIELDS})


class Audit:
    """Records the requests of authenticated users.

    Args:
        auditor: None records nothing.
    """

    def __init__(self, app: ASGIApp, auditor: Auditor | None) -> None:
        self._app = app
        self._auditor = auditor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.AUDIT):
            if self._auditor is None or not self._auditor.begin(request, request.user).enabled:
                await self._app(scope, receive, send)
                return
            await self._recorded(self._auditor, request, receive, send)

    async def _recorded(self, auditor: Auditor, request: Request, receive: Receive, send: Send) -> None:
        outcome = auditor.process(request, Stage.REQUEST_RECEIVED)
        if outcome is not None and not await outcome:
            auditor.metrics.rejected.inc()
            await internal_error(request, "failed to store audit event").send(request, send)
            return
        stages = _Stages(auditor, request, send)
        try:
            await self._app(request.scope, receive, stages)
        except ClientDisconnected:
            raise
        except (TimeoutError, asyncio.CancelledError):
            stages.time_out()
            raise
        except Exception as error:
            stages.panic(error)
            raise
        finally:
            stages.end()


class _Stages:
    """Sends the response on, and records its stages."""

    def __init__(self, auditor: Auditor, request: Request, send: Send) -> None:
        self._auditor = auditor
        self._request = request
        self._send = send
        self._long_running = is_long_running(request.info, request.scope)
        self._complete = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            _log_response(self._request, message["status"])
            if self._long_running:
                await self._reached(Stage.RESPONSE_STARTED)
        elif not message.get("more_body", False) and not self._complete:
            self._complete = True
            self._annotate_latency()
            await self._reached(Stage.RESPONSE_COMPLETE)
        await self._send(message)

    async def _reached(self, stage: Stage) -> None:
        if (outcome := self._auditor.process(self._request, stage)) is not None:
            await outcome

    def _annotate_latency(self) -> None:
        """Say how long the layers of a slow request took."""
        total = time.time() - self._request.received
        if total > _SLOW_SECONDS and (trackers := LATENCY_TRACKERS.get()) is not None:
            self._request.audit_annotations.add_all(trackers.annotations(total))

    def time_out(self) -> None:
        """The handler was stopped before it answered."""
        context = self._request.audit
        if context is not None and context.response_status is None and not self._long_running:
            context.response_status = dict(_TIMED_OUT)

    def panic(self, error: Exception) -> None:
        """The handler failed."""
        context = self._request.audit
        if context is None or self._complete:
            return
        self._complete = True
        words = f"APIServer panic'd: {error}"
        context.response_status = {
            "status": "Failure",
            "message": words,
            "reason": "InternalError",
            "code": 500,
        }
        self._auditor.process(self._request, Stage.PANIC)

    def end(self) -> None:
        """The handler has returned: record the end of a response that was not completed."""
        context = self._request.audit
        if context is None or self._complete:
            return
        self._complete = True
        if context.response_status is None:
            context.response_status = dict(_CLOSED_EARLY)
            if self._long_running:
                self._auditor.process(self._request, Stage.RESPONSE_STARTED)
        self._annotate_latency()
        self._auditor.process(self._request, Stage.RESPONSE_COMPLETE)


class RefusalAudit:
    """Records the requests that are refused before they reach the audit filter: without valid credentials, or with a wrong time-out."""

    def __init__(self, app: ASGIApp, auditor: Auditor) -> None:
        self._app = app
        self._auditor = auditor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, token = request_of(scope), LATENCY_TRACKERS.set(LatencyTrackers())

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and request.audit is None:
                self._auditor.begin(request, None)
                _log_response(request, message["status"])
                if (outcome := self._auditor.process(request, Stage.RESPONSE_STARTED)) is not None:
                    await outcome
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            LATENCY_TRACKERS.reset(token)


def _log_response(request: Request, status: int) -> None:
    if request.audit is not None:
        request.audit.log_response(status, request.response_document)
