"""Authorization: may the user do this; 403 unless an authorizer allows it, 500 if one failed and none decided.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authorization.go
"""

from time import perf_counter

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.authz.forbidden_message import forbidden_message, sanitized
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import FILTER, Response, error_response, plain_text
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.kube.status import StatusError, forbidden
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.step_metrics import AccessMetrics

_DECISION, _REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"


def forbidden_error(attributes: AuthorizationAttributes, reason: str) -> StatusError:
    """Return the refusal of what an authorizer does not allow, for its `reason`."""
    why = forbidden_message(attributes, reason)
    if not attributes.is_resource:
        return StatusError(403, "Forbidden", f"forbidden: {why}", {})
    return forbidden(GroupResource(attributes.group, attributes.resource), attributes.name, why)


def internal_error(request: Request, error: str) -> Response:
    """Return the answer to a request that a filter can neither pass on nor refuse, as when the authorizers fail."""
    return plain_text(sanitized(f"Internal Server Error: {quote(request.uri)}: {error}") + "\n", 500)


class Authorization:
    """Lets through what the authorizer allows."""

    def __init__(self, app: ASGIApp, authorizer: Authorizer, metrics: AccessMetrics) -> None:
        self._app = app
        self._authorizer = authorizer
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.AUTHORIZATION):
            attributes = AuthorizationAttributes.of_request(request.user, request.info)
            started = perf_counter()
            decision = await self._authorizer.authorize(attributes)
            track("authorization", perf_counter() - started)
            self._metrics.authorized(decision.verdict, perf_counter() - started, failed=bool(decision.error))
            if decision.verdict != "allow" and decision.error:
                request.audit_annotations.add(_REASON, "internal error")
                await internal_error(request, decision.error).send(request, send)
                return
            request.audit_annotations.add(_DECISION, "allow" if decision.verdict == "allow" else "forbid")
            request.audit_annotations.add(_REASON, decision.reason)
            if decision.verdict != "allow":
                error = forbidden_error(attributes, decision.reason)
                version = request.info.group_version
                await error_response(request, error, group_version=version, writer=FILTER).send(request, send)
                return
            await self._app(scope, receive, send)
