"""As many connections to one server as there are requests at the same time.

Upstream: Go's src/net/http/transport.go
"""

import ssl

import httpx

from rootspan_apiserver.http_transport.single_connection import SingleConnectionTransport


class ConnectionsTransport(httpx.AsyncBaseTransport):
    """Returns responses that are read to their end, so that a connection is free again.

    The number of requests at the same time has no limit, since a request may wait for another one. Of the connections that are free,
    at most `idle` are kept; the one that was used last is used first.
    """

    def __init__(self, tls: ssl.SSLContext, *, idle: int) -> None:
        self._tls = tls
        self._idle = idle
        self._free: list[SingleConnectionTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and return the whole response. Raises httpx.TransportError."""
        connection = self._free.pop() if self._free else SingleConnectionTransport(self._tls)
        try:
            response = await connection.handle_async_request(request)
            await response.aread()
        except BaseException:
            await connection.aclose()
            raise
        if len(self._free) < self._idle:
            self._free.append(connection)
        else:
            await connection.aclose()
        return response

    async def aclose(self) -> None:
        """Close the connections that are free."""
        while self._free:
            await self._free.pop().aclose()
