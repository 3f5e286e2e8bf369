"""HTTP/1.1 with the limits of Go's net/http, which apply before authentication, and its answers to malformed requests.

uvicorn and its parser read the requests. A request that is rejected here reaches neither the application nor a trace nor a log.

Upstream: staging/src/k8s.io/apiserver/pkg/server/secure_serving.go
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from rootspan_apiserver.serving import heads
from rootspan_apiserver.serving.request_cycle import RequestCycle, answer_general_options

CLIENT_CERTIFICATES = "client_certificates"
"""The extra information of a transport that is the chain of the client's certificate, as PEM, the client's own first."""
WRITE_BUFFER = 64 * 1024
"""The bytes that wait for a slow reader before the application waits too; TLS transports have 512 KiB otherwise."""
LINGER = 0.5
"""Seconds that a client which is still sending has to read the rejection before its connection is reset."""
_ERROR_HEADERS = b"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of kube-apiserver. Times are in seconds, sizes in bytes.

    `head` limits a request line and its headers together: Go's `MaxHeaderBytes` plus the size of its read buffer. `handshake_time` limits
    the TLS handshake, `head_time` the receipt of each head, and `idle_time` the time between two requests.
    """

    head: int = (1 << 20) + 4096
    handshake_time: float = 32.0
    head_time: float = 32.0
    idle_time: float = 90.0


LIMITS = ConnectionLimits()


class Protocol(HttpToolsProtocol):
    """One connection. The client's certificate is in the scope, in the TLS extension of the ASGI specification."""

    def __init__(self, config: uvicorn.Config, state: ServerState, limits: ConnectionLimits) -> None:
        super().__init__(config, state, app_state={})
        # uvicorn looks for handlers of its access log, and test runners put some on every logger.
        self.access_log = False
        self.timeout_keep_alive = limits.idle_time  # type: ignore[assignment] # uvicorn takes whole seconds only by annotation
        self.closed = asyncio.Event()
        self._limits = limits
        self._extensions: dict[str, Any] | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_size = 0
        self._in_head = self._in_body = False
        self._hosts: list[bytes] = []
        self._good_hosts: list[bytes] | None = None
        self._refusal: bytes | None = None

    @property
    def answering(self) -> bool:
        """Whether a response is in progress."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it the same way
        super().connection_made(transport)
        transport.set_write_buffer_limits(WRITE_BUFFER)
        if chain := transport.get_extra_info(CLIENT_CERTIFICATES):
            self._extensions = {"tls": {"client_cert_chain": chain}}
        self._limit_head_time()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._end_head_time()
        self._unset_keepalive_if_required()
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._refusal is not None:
            return
        if not self._in_body:
            self._head_size += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, heads.RefusedError):
                raise
            self._refuse(error.__context__.answer)
        except httptools.HttpParserError:
            self._refuse(heads.BAD_REQUEST)
        except httptools.HttpParserUpgrade:
            pass  # the request is answered without an upgrade, as by Go
        else:
            if self._head_size > self._limits.head:
                self._refuse(heads.TOO_LARGE)
            elif not self.answering:
                self._limit_head_time()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._hosts = []
        if self._extensions is not None:
            self.scope["extensions"] = self._extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"host":
            self._hosts.append(value)
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        version, method = self.parser.get_http_version(), self.parser.get_method()
        if self._head_size > self._limits.head and self._measured(method) > self._limits.head:
            raise heads.RefusedError(heads.TOO_LARGE)
        if version != "1.1" or self._hosts != self._good_hosts:
            heads.check(version, method, self._hosts)
            self._good_hosts = self._hosts or None
        self._in_head, self._in_body, self._head_size = False, True, 0
        self._end_head_time()
        path, query = heads.target(self.url)
        scope = self.scope
        scope["method"] = method.decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path.decode("ascii")) if b"%" in path else path.decode("ascii")
        scope["raw_path"] = path
        scope["query_string"] = query
        app = answer_general_options if method == b"OPTIONS" and self.url == b"*" else self.app
        busy = self.answering
        self.cycle = RequestCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if busy:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        else:
            self._start_asgi_task(self.cycle, app)

    def on_message_complete(self) -> None:
        self._in_body = False
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head and self._refusal is None:
            return
        if self.answering or self.transport.is_closing():
            return
        if self._refusal is not None:
            self._send_refusal(self._refusal)
        else:
            self._unset_keepalive_if_required()
            self._limit_head_time()

    def _measured(self, method: bytes) -> int:
        """Return the size of the head. The received bytes may include the beginning of the body."""
        line = len(method) + len(self.url) + len(b"  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers) + len(b"\r\n")

    def _limit_head_time(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.head_time, self._hang_up)

    def _end_head_time(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        """Stop reading, and send the rejection after the responses to earlier requests."""
        self._refusal = answer
        if not self.answering:
            self._send_refusal(answer)

    def _send_refusal(self, answer: bytes) -> None:
        self._end_head_time()
        self.transport.write(b"HTTP/1.1 " + answer + _ERROR_HEADERS + answer)
        if answer == heads.TOO_LARGE:
            self.loop.call_later(LINGER, self._hang_up)
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        """Close the connection, after LINGER seconds without waiting for the client to close TLS."""
        self.transport.close()
        self.loop.call_later(LINGER, self.transport.abort)
