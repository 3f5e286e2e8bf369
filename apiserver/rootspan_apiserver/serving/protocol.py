"""HTTP/1.1 with the limits of Go's net/http, which apply before authentication, and its answers to malformed requests.

It takes the place of uvicorn's protocols, whose parsers have the rules of other servers; the state of the server and the flow control of
connections are uvicorn's.

A request that is rejected here reaches neither the application nor a trace nor a log. A request is read when the one before it has been
answered, so that no connection has two at work.

Upstream: staging/src/k8s.io/apiserver/pkg/server/secure_serving.go, Go's net/http/server.go
"""

import asyncio
import contextvars
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.server import ServerState

from rootspan_apiserver.serving import heads, own_answers
from rootspan_apiserver.serving.bodies import Body, BodyError, ChunkedBody, SizedBody, Tunnel
from rootspan_apiserver.serving.head_reader import HeadReader
from rootspan_apiserver.serving.request_cycle import MAX_UNREAD, ASGIApp, RequestCycle

CLIENT_CERTIFICATES = "client_certificates"
"""The extra information of a transport that is the chain of the client's certificate, as PEM, the client's own first."""
WRITE_BUFFER = 64 * 1024
"""The bytes that wait for a slow reader before the application waits too; TLS transports have 512 KiB otherwise."""
LINGER = 0.5
"""Seconds that a client which is still sending has to read the rejection before its connection is reset."""
_ERROR_HEADERS = b"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
_ASGI = {"version": "3.0", "spec_version": "2.3"}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of kube-apiserver. Times are in seconds, sizes in bytes.

    `head` limits a request line and its headers together: Go's `MaxHeaderBytes` plus the size of its read buffer. `handshake_time` limits
    the TLS handshake, `head_time` the receipt of each head, and `idle_time` the time between two requests. `connections` is a limit of
    this server, which a lower limit of file descriptors lowers.
    """

    head: int = (1 << 20) + 4096
    handshake_time: float = 32.0
    head_time: float = 32.0
    idle_time: float = 90.0
    connections: int = 16384


LIMITS = ConnectionLimits()


class ServingState(ServerState):
    """What the connections of one server share."""

    def __init__(self, app: ASGIApp, limits: ConnectionLimits = LIMITS) -> None:
        super().__init__()
        self.app = app
        self.limits = limits
        self.connections: set[Connection] = set()  # type: ignore[assignment] # uvicorn names its own protocols


class Connection(asyncio.Protocol):
    """One connection. The client's certificate is in the scope, in the TLS extension of the ASGI specification."""

    def __init__(self, server: ServingState) -> None:
        self.closed = asyncio.Event()
        self.transport: asyncio.Transport
        self._server = server
        self._limits = server.limits
        self._loop = asyncio.get_running_loop()
        self._scope: dict[str, Any] = {"type": "http", "asgi": _ASGI, "root_path": ""}
        self._flow: FlowControl
        self._cycle: RequestCycle | None = None
        self._body: Body | None = None
        self._received: bytes | bytearray = b""
        self._heads = HeadReader(server.limits.head)
        self._ending = self._stopping = False
        self._timer: asyncio.TimerHandle | None = None
        self._discarded = 0

    @property
    def answering(self) -> bool:
        """Whether a response is in progress."""
        return self._cycle is not None and not self._cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a stream's transport is one
        transport.set_write_buffer_limits(WRITE_BUFFER)
        self.transport, self._flow = transport, FlowControl(transport)
        self._server.connections.add(self)
        is_tls = transport.get_extra_info("sslcontext") is not None
        client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._scope |= {
            "scheme": "https" if is_tls else "http",
            "client": tuple(client[:2]) if client else None,
            "server": tuple(server[:2]) if server else None,
        }
        if chain := transport.get_extra_info(CLIENT_CERTIFICATES):
            self._scope["extensions"] = {"tls": {"client_cert_chain": chain}}
        self._set_timer(self._limits.head_time)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._set_timer(None)
        if self._cycle is not None:
            self._cycle.disconnected = True
            self._cycle.message_event.set()
        self._flow.resume_writing()
        self._body, self._received = None, b""
        self.closed.set()

    def pause_writing(self) -> None:
        self._flow.pause_writing()

    def resume_writing(self) -> None:
        self._flow.resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        if self._received:
            # A bytearray grows without being copied for each byte that a slow client sends.
            self._received = received = (
                bytearray(self._received) if isinstance(self._received, bytes) else self._received
            )
            received += data
        if self.answering and self._body is None:
            self._received = self._received or data
            self._flow.pause_reading()
        elif self._received:
            self._read(self._received)
        else:
            if self._cycle is not None and self._body is None:
                self._set_timer(self._limits.head_time)
            self._read(data)

    def shutdown(self) -> None:
        """Close the connection when what has been asked is answered."""
        self._stopping = True
        if not self.answering:
            self.transport.close()
        elif self._cycle is not None and not self._received:
            self._cycle.keep_alive = False

    def _read(self, data: bytes | bytearray) -> None:
        self._received = b""
        while data:
            if self._body is not None:
                data = self._read_body(self._body, bytes(data))
                if self._ending:
                    return
            elif self.answering:
                self._received = data
                self._flow.pause_reading()
                return
            else:
                try:
                    head = self._heads.read(data)
                    if head is None:
                        self._received = data
                        return
                    self._start(head.line, head.framing)
                except heads.RefusedError as error:
                    self._refuse(error)
                    return
                data = head.rest

    def _start(self, line: heads.RequestLine, framing: heads.Framing) -> None:
        """Start the application for a request. Raises RefusedError."""
        heads.check(line, framing)
        method, target, version = line
        path, query = heads.split_target(method, target)
        self._set_timer(None)
        self._discarded = 0
        self._body = ChunkedBody() if framing.length is None else SizedBody(framing.length)
        expects_continue = framing.expects == b"100-continue"
        app = self._server.app
        if framing.expects and not expects_continue:
            app = own_answers.expectation_failed
        elif method == b"OPTIONS" and target == b"*":
            app = own_answers.general_options
        text = path.decode("utf-8", "replace")
        self._cycle = cycle = RequestCycle(
            scope=self._scope
            | {
                "method": method.decode("ascii"),
                "http_version": version,
                "path": unquote(text) if "%" in text else text,
                "raw_path": path,
                "query_string": query,
                "headers": framing.headers.copy(),
            },
            transport=self.transport,
            flow=self._flow,
            default_headers=self._server.default_headers,
            keep_alive=framing.keep_alive and version != "2.0",
            expects_continue=expects_continue and version != "1.0" and framing.length != 0,
            unread=self._unread,
            on_upgrade=self._upgrade,
            on_response=self._on_response,
        )
        if self._body.complete:
            self._end_body(cycle)
        # Contexts of earlier requests and of the acceptor end here.
        task = self._loop.create_task(cycle.run_asgi(app), context=contextvars.Context())
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    def _read_body(self, body: Body, data: bytes) -> bytes:
        """Give content to the application, and return what follows the body."""
        assert self._cycle is not None
        cycle, answered = self._cycle, not self.answering
        try:
            content, rest = body.read(data)
        except BodyError as error:
            cycle.body_error, cycle.keep_alive = str(error), False
            cycle.message_event.set()
            self._ending = True
            if answered:
                self._linger()
            return b""
        if answered:
            self._discarded += len(data) - len(rest)
            if self._discarded > MAX_UNREAD:
                self._linger()
                return b""
        elif content:
            cycle.body += content
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self._flow.pause_reading()
            cycle.message_event.set()
        if body.complete:
            self._end_body(cycle)
            if answered:
                self._set_timer(self._limits.head_time if rest else self._limits.idle_time)
        return rest

    def _end_body(self, cycle: RequestCycle) -> None:
        self._body = None
        cycle.more_body = False
        cycle.message_event.set()

    def _unread(self) -> int | None:
        return 0 if self._body is None else self._body.remaining()

    def _upgrade(self) -> None:
        """Pass on what follows as it comes."""
        self._body = Tunnel()
        if self._cycle is not None:
            self._cycle.more_body = True
        data, self._received = self._received, b""
        self._flow.resume_reading()
        if data:
            self._read(data)

    def _on_response(self) -> None:
        """Read the next request, or close the connection."""
        cycle = self._cycle
        if self.transport.is_closing() or cycle is None:
            return
        self._flow.resume_reading()
        if self._ending or not cycle.keep_alive or (self._stopping and not self._received):
            self._linger() if self._body is not None or self._ending else self._hang_up()
            return
        data = self._received
        self._set_timer(self._limits.head_time if data or self._body is not None else self._limits.idle_time)
        if data:
            self._read(data)

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(seconds, self._hang_up)

    def _refuse(self, error: heads.RefusedError) -> None:
        """Send the rejection, and stop reading."""
        self._set_timer(None)
        self.transport.write(b"HTTP/1.1 " + error.answer + _ERROR_HEADERS + error.body)
        if error.answer == heads.TOO_LARGE:
            self._linger()
        else:
            self._hang_up()

    def _linger(self) -> None:
        """Close the connection soon: a client that is still sending has time to read the answer."""
        self._ending, self._received = True, b""
        self._flow.resume_reading()
        self._set_timer(LINGER)

    def _hang_up(self) -> None:
        """Close the connection, after LINGER seconds without waiting for the client to close TLS."""
        self._ending = True
        self._set_timer(None)
        self.transport.close()
        self._loop.call_later(LINGER, self.transport.abort)
