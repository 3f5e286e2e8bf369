"""A TLS connection of pyOpenSSL on asyncio: the protocol below it has the bytes, the protocol above it the text.

Upstream: https://docs.python.org/3/library/asyncio-protocol.html
"""

import asyncio
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from rootspan_apiserver.serving.protocol import CLIENT_CERTIFICATES

_CHUNK = 1 << 16


class OpenSSLProtocol(asyncio.Protocol):
    """Does the handshake, then makes the protocol above. `opened` has a result, or an exception, when the handshake is done."""

    def __init__(self, context: SSL.Context, above: Callable[[], asyncio.Protocol], handshake_time: float) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self._tls = SSL.Connection(context, None)
        self._tls.set_accept_state()
        self._make = above
        self._above: asyncio.Protocol | None = None
        self._timer = loop.call_later(handshake_time, self._abort)
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a stream's transport is one
        self._wire = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError("the handshake is not done"))
        if self._above is not None:
            self._above.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        if self._above is not None:
            self._above.resume_writing()

    def eof_received(self) -> bool:
        if self._above is not None:
            self._above.eof_received()
        return False

    def data_received(self, data: bytes) -> None:
        self._tls.bio_write(data)
        try:
            if self._above is None:
                self._shake_hands()
            if self._above is not None:
                self._read(self._above)
        except SSL.Error:
            # What OpenSSL has to say about it is sent first.
            self._flush()
            if self._wire is not None:
                self._wire.close()
            return
        self._flush()

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        self._tls.sendall(data)
        self._flush()

    def close(self) -> None:
        """Tell the client that no more will come, and close the connection once all is sent."""
        try:
            self._tls.shutdown()
            self._flush()
        except SSL.Error:
            pass
        if self._wire is not None:
            self._wire.close()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            return
        self._timer.cancel()
        assert self._wire is not None
        self._above = self._make()
        self._above.connection_made(OpenSSLTransport(self, self._wire, _chain(self._tls)))
        self.opened.set_result(None)

    def _read(self, above: asyncio.Protocol) -> None:
        while True:
            try:
                data = self._tls.recv(_CHUNK)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                above.eof_received()
                self.close()
                return
            above.data_received(data)

    def _flush(self) -> None:
        while self._wire is not None:
            try:
                self._wire.write(self._tls.bio_read(_CHUNK))
            except SSL.WantReadError:
                return

    def _abort(self) -> None:
        if self._wire is not None:
            self._wire.abort()


class OpenSSLTransport(asyncio.Transport):
    """What the protocol above writes to."""

    def __init__(self, tls: OpenSSLProtocol, wire: asyncio.Transport, client_certificates: list[str]) -> None:
        super().__init__({CLIENT_CERTIFICATES: client_certificates, "sslcontext": tls})
        self._tls = tls
        self._wire = wire
        self._closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        found = super().get_extra_info(name)
        return self._wire.get_extra_info(name, default) if found is None else found

    def is_closing(self) -> bool:
        return self._closing or self._wire.is_closing()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._tls.close()

    def abort(self) -> None:
        self._closing = True
        self._wire.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data and not self.is_closing():
            self._tls.write(bytes(data))

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self._wire.pause_reading()

    def resume_reading(self) -> None:
        self._wire.resume_reading()

    def is_reading(self) -> bool:
        return self._wire.is_reading()

    def get_write_buffer_size(self) -> int:
        return self._wire.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._wire.set_write_buffer_limits(high, low)


def _chain(tls: SSL.Connection) -> list[str]:
    own = tls.get_peer_certificate(as_cryptography=True)
    if own is None:
        return []
    others = tls.get_peer_cert_chain(as_cryptography=True) or []
    chain = [own, *(each for each in others if each != own)]
    return [each.public_bytes(Encoding.PEM).decode() for each in chain]
