"""From requests to audit events: the policy decides, the backend records, and requests wait where it says so.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go (evaluatePolicyAndCreateAuditEvent),
staging/src/k8s.io/apiserver/pkg/audit/request.go (LogRequestMetadata)
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from opentelemetry import trace

from rootspan_apiserver.audit.backend import Backend, Outcome
from rootspan_apiserver.audit.context import AuditContext, RequestMetadata
from rootspan_apiserver.audit.level import Stage
from rootspan_apiserver.audit.policy import Policy
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.times import write_micro_time
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics

TRACE_ID = "tracing.rootspan.dev/trace-id"
_USER_AGENT_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Auditor:
    """Records requests."""

    policy: Policy
    backend: Backend
    metrics: AuditMetrics

    def begin(self, request: Request, user: User | None) -> AuditContext:
        """Return the new record of a request, whose user is None where authentication failed."""
        config = self.policy.config_for(user, request.info)
        self.metrics.levels.labels(config.level.text).inc()
        agent = _text(request.user_agent)
        if len(agent) > _USER_AGENT_LIMIT:
            agent = agent[:_USER_AGENT_LIMIT] + "...TRUNCATED"
        metadata = RequestMetadata(
            audit_id=_text(request.audit_id),
            uri=request.uri,
            info=request.info,
            user=user,
            source_ips=tuple(_source_ips(request)),
            user_agent=agent,
            received=write_micro_time(datetime.fromtimestamp(request.received, UTC)),
        )
        request.audit = context = AuditContext(config, metadata, request.audit_annotations)
        return context

    def process(self, request: Request, stage: Stage) -> Outcome:
        """Hand the event at a stage to the backend, which does not block. Return the outcome, None if the request does not wait for it."""
        context = request.audit
        if context is None or not context.enabled or context.omits(stage):
            return None
        if request.impersonated_by is not None:
            context.impersonated_user = request.user
            context.impersonation_constraint = request.impersonation_constraint
        traced = trace.get_current_span().get_span_context()
        if traced.is_valid and TRACE_ID not in request.audit_annotations:
            request.audit_annotations.add(TRACE_ID, f"{traced.trace_id:032x}")
        self.metrics.events.inc()
        return self.backend.process([context.event(stage)])


def _text(header: str) -> str:
    """Return the text of a header, which is decoded as Latin-1, as Go reads it."""
    return header if header.isascii() else header.encode("latin-1", "replace").decode("utf-8", "replace")


def _source_ips(request: Request) -> Iterator[str]:
    """Yield the addresses that the proxies on the way and the connection itself name, each after the one that it is nearer to."""
    listed = [*_parsed(request.header(b"x-forwarded-for").split(","))]
    listed += [each for each in _parsed([request.header(b"x-real-ip")]) if each not in listed]
    peer = request.scope.get("client")
    if peer and (not listed or peer[0] != listed[-1]):
        listed.append(peer[0])
    yield from listed


def _parsed(texts: list[str]) -> Iterator[str]:
    for text in texts:
        try:
            yield str(ipaddress.ip_address(text.strip()))
        except ValueError:
            continue
