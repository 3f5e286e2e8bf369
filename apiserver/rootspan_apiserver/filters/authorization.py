"""May the user do this; 403 where nobody says yes."""

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.authz.forbidden_message import forbidden_message
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Receive, Request, Scope, Send
from rootspan_apiserver.http.request_context import request_context
from rootspan_apiserver.http.responses import write_filter_error
from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.kube.status import StatusError, forbidden


def forbidden_error(attributes: AuthorizationAttributes, reason: str) -> StatusError:
    why = forbidden_message(attributes, reason)
    if not attributes.is_resource:
        return StatusError(403, "Forbidden", f"forbidden: {why}", {})
    return forbidden(GroupResource(attributes.group, attributes.resource), attributes.name, why)


class Authorization:
    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._parts.tracing.span(operations.AUTHORIZATION):
            context = request_context(scope)
            attributes = AuthorizationAttributes.of_request(context.user, context.info)
            decision = await self._parts.authorizer.authorize(attributes)
            if decision.verdict != "allow":
                error = forbidden_error(attributes, decision.reason)
                request = Request(self._parts, scope, receive, send)
                await write_filter_error(request, error, context.info.group_version)
                return
            await self._app(scope, receive, send)
