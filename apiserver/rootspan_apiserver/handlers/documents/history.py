"""POST /debug/expire-history: every resourceVersion and continue token so far becomes too old, as after minutes of many writes.

kube-apiserver has no such path. It is served if `--debug-expire-history` is set, for tests of clients that handle 410 Expired.
"""

from collections.abc import Awaitable, Callable

from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import ROUTER, Response, error_response
from rootspan_apiserver.kube.media_types import TEXT
from rootspan_apiserver.kube.status import StatusError, method_not_allowed

PATH = "/debug/expire-history"


class HistoryExpiry:
    """Answers once the history is expired by `expire`."""

    def __init__(self, expire: Callable[[], Awaitable[None]]) -> None:
        self._expire = expire

    async def answer(self, request: Request) -> Response:
        """Return `ok`."""
        if request.method != "POST":
            return error_response(request, method_not_allowed(), writer=ROUTER)
        try:
            await self._expire()
        except StatusError as error:
            return error_response(request, error, writer=ROUTER)
        return Response(body=b"ok", content_type=TEXT)
