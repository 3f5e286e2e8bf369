"""One request and its answer on the wire, where uvicorn's own would not do."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

ASGIApp = Callable[..., Any]

# A webhook may name any code of three digits, and Go's server writes it; uvicorn knows those below 600.
for _code in range(600, 1000):
    STATUS_LINE.setdefault(_code, b"HTTP/1.1 %d status code %d\r\n" % (_code, _code))


class Exchange(RequestResponseCycle):
    async def run_asgi(self, app: ASGIApp) -> None:
        """Call the application. What it leaves unanswered when it is cancelled, because the server stops, has its connection cut."""
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
    """The protocol is not referred to any more by what its last exchange leaves behind."""


async def answer_general_options(scope: Any, receive: Any, send: Any) -> None:
    """`OPTIONS *` asks for the server's abilities, not a resource's; anybody may."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
