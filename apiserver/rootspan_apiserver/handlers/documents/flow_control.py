"""`/debug/api_priority_and_fairness/…`: the state of flow control, for people.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller_debug.go (Install)
"""

from collections.abc import Awaitable, Callable, Mapping

from rootspan_apiserver.flow_control import dumps
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, plain_text

_PREFIX = "/debug/api_priority_and_fairness/dump_"


def flow_control_dumps(flow: FlowController) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
    """Return the documents by their paths."""

    async def levels(request: Request) -> Response:
        return plain_text(dumps.levels(flow))

    async def queues(request: Request) -> Response:
        return plain_text(dumps.queues(flow))

    async def requests(request: Request) -> Response:
        details = bool(request.parameter("includeRequestDetails"))
        return plain_text(dumps.requests(flow, details=details))

    return {f"{_PREFIX}priority_levels": levels, f"{_PREFIX}queues": queues, f"{_PREFIX}requests": requests}
