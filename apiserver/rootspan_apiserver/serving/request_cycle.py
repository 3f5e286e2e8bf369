"""One request and its response on a connection: uvicorn's cycle with three differences in how it ends."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

ASGIApp = Callable[..., Any]

# A webhook may choose any code of three digits, and Go's server writes it; uvicorn has the codes below 600 only.
for _code in range(600, 1000):
    STATUS_LINE.setdefault(_code, b"HTTP/1.1 %d status code %d\r\n" % (_code, _code))


class RequestCycle(RequestResponseCycle):
    """Calls the application for one request; connections of unfinished responses are cut rather than completed."""

    async def run_asgi(self, app: ASGIApp) -> None:
        """Call the application. If it is cancelled because the server stops, the connection is cut."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self._cut()
        except Exception:
            self.logger.exception("the application failed: %s %s", self.scope["method"], self.scope["path"])
            if self.response_started:
                self._cut()
            else:
                await self.send_500_response()
        else:
            if not self.response_started and not self.disconnected:
                self.logger.error("the application did not answer: %s %s", self.scope["method"], self.scope["path"])
                await self.send_500_response()
            elif not self.response_complete:
                self._cut()
        finally:
            self.on_response = _nothing

    def _cut(self) -> None:
        self.disconnected = True
        self.transport.abort()


def _nothing() -> None:
    """Replace the callback, so that a finished cycle does not keep its protocol alive."""


async def answer_general_options(scope: Any, receive: Any, send: Any) -> None:
    """Answer `OPTIONS *`, which is about the server rather than a resource, without authentication."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
