"""OTLP back ends for tests: real ones, with TLS or without."""

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue

import grpc
import trustme
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
Received = SimpleQueue[tuple[dict[str, str], ExportTraceServiceRequest]]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of a test's own; `path` is its certificate's."""

    ca: trustme.CA
    path: Path

    @classmethod
    def into(cls, folder: Path) -> "Authority":
        ca = trustme.CA()
        ca.cert_pem.write_to_path(folder / "ca.pem")
        return cls(ca, folder / "ca.pem")

    def client_files(self) -> tuple[str, str]:
        """Write a client's certificate and key beside the authority's. Return their paths."""
        issued = self.ca.issue_cert("shop.example")
        chain, key = self.path.with_name("client.pem"), self.path.with_name("client.key")
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        return str(chain), str(key)


@contextmanager
def grpc_back_end(authority: Authority, *, clients: bool = False) -> Iterator[tuple[str, Received]]:
    """Run an OTLP/gRPC server with TLS; with `clients`, only for those with a certificate. Gives its address and what it received."""
    received: Received = SimpleQueue()

    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        headers = {key: str(value) for key, value in context.invocation_metadata() or ()}
        received.put((headers, ExportTraceServiceRequest.FromString(body)))
        return b""

    issued = authority.ca.issue_cert("localhost", "127.0.0.1")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    credentials = grpc.ssl_server_credentials(
        [(issued.private_key_pem.bytes(), chain)], authority.path.read_bytes() if clients else None, clients
    )
    handlers = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    with ThreadPoolExecutor(1) as workers:
        server = grpc.server(workers)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield f"localhost:{port}", received
        finally:
            server.stop(grace=None).wait()


@contextmanager
def http_back_end(
    authority: Authority | None, *, redirection: str | None = None
) -> Iterator[tuple[str, "SimpleQueue[tuple[str, dict[str, str], bytes]]"]]:
    """Run an OTLP/HTTP server, with TLS if it has an authority. Gives its address and the paths, headers and bodies it received."""
    received: SimpleQueue[tuple[str, dict[str, str], bytes]] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.put((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(307 if redirection else 200)
            if redirection:
                self.send_header("location", redirection)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"localhost:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()
