"""Acting as somebody else: `Impersonate-*` headers, and what the authorizer must allow for that.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/constrained_impersonation.go
"""

import math
from time import perf_counter

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.impersonation.headers import requested
from rootspan_apiserver.filters.impersonation.modes import ImpersonatedUser, modes
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import FILTER, error_response
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.expiring_cache import ExpiringCache
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.impersonation_metrics import ImpersonationMetrics

_REMEMBERED_USERS = 10_000


class Impersonation:
    """Changes the user of the request where its headers name another and the authorizer allows that in one of the modes."""

    def __init__(self, app: ASGIApp, authorizer: Authorizer, metrics: ImpersonationMetrics) -> None:
        self._app = app
        self._metrics = metrics
        self._modes = modes(authorizer, metrics)
        self._last: ExpiringCache[str, int] = ExpiringCache(_REMEMBERED_USERS)
        """The mode that was last allowed to a user, which is tried first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.IMPERSONATION):
            if any(name.startswith(b"impersonate-") for name, _ in scope["headers"]):
                try:
                    await self._impersonate(request)
                except StatusError as error:
                    await error_response(request, error, group_version="v1", writer=FILTER).send(request, send)
                    return
            await self._app(scope, receive, send)

    async def _impersonate(self, request: Request) -> None:
        """Make the user that the headers name the user of the request.

        Raises:
            StatusError: 400 where the headers name none, 403 where this is not allowed.
        """
        wanted = requested(request.scope["headers"])
        if wanted is None:
            return
        started = perf_counter()
        try:
            found = await self._allowed(wanted, AuthorizationAttributes.of_request(request.user, request.info))
        except StatusError:
            self._metrics.attempt("", allowed=False, seconds=perf_counter() - started)
            raise
        self._metrics.attempt(found.mode, allowed=True, seconds=perf_counter() - started)
        request.impersonated_by, request.user = request.user, found.user
        request.impersonation_constraint = found.constraint

    async def _allowed(self, wanted: User, attributes: AuthorizationAttributes) -> ImpersonatedUser:
        """Return the user in the first mode that allows it. Raises StatusError 403 of the first mode that was tried."""
        last = self._last.get(attributes.user.name)
        order = sorted(range(len(self._modes)), key=lambda index: index != last)
        first: StatusError | None = None
        for index in order:
            try:
                found = await self._modes[index].check(wanted, attributes)
            except StatusError as error:
                first = first or error
                continue
            if found is not None:
                self._last.set(attributes.user.name, index, math.inf)
                return found
        assert first is not None, "the last mode is for all users"
        raise first
