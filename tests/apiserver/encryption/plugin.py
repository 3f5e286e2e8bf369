"""A KMS plugin of version 2: a gRPC server on a Unix socket, which encrypts with a key of its own."""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rootspan_apiserver.encryption.kms_service import entries, entry
from rootspan_apiserver.types.wire import bytes_field, fields, octets, text

NONCE = b"\0" * 12


@dataclass
class Plugin:
    """The keys by their ids; `key_id` is that of the one to encrypt with."""

    key_id: str = "key-1"
    healthz: str = "ok"
    version: str = "v2"
    annotations: dict[str, bytes] = field(default_factory=lambda: {"x.example.com": b"y"})
    calls: list[str] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)

    def key(self, key_id: str) -> AESGCM:
        return AESGCM(self.keys.setdefault(key_id, os.urandom(32)))

    async def status(self, request: bytes, context: object) -> bytes:
        self.calls.append("Status")
        values = (self.version, self.healthz, self.key_id)
        return b"".join(bytes_field(number, value.encode()) for number, value in enumerate(values, 1))

    async def encrypt(self, request: bytes, context: object) -> bytes:
        self.calls.append("Encrypt")
        given = {number: value for number, _, value in fields(memoryview(request))}
        sealed = self.key(self.key_id).encrypt(NONCE, bytes(octets(given[1])), None)
        return bytes_field(1, sealed) + bytes_field(2, self.key_id.encode()) + entries(3, self.annotations)

    async def decrypt(self, request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        self.calls.append("Decrypt")
        given = {number: value for number, _, value in fields(memoryview(request))}
        if entry(octets(given[4])) != self.annotations:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "other annotations")
        opened = self.key(text(given[3])).decrypt(NONCE, bytes(octets(given[1])), None)
        return bytes_field(1, opened)


@contextlib.asynccontextmanager
async def serving_plugin(plugin: Plugin, socket: Path) -> AsyncIterator[str]:
    """Serve the plugin at a path; yield its endpoint."""
    server = grpc.aio.server()
    methods = {"Status": plugin.status, "Encrypt": plugin.encrypt, "Decrypt": plugin.decrypt}
    handlers = {name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("v2.KeyManagementService", handlers)])
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    try:
        yield f"unix://{socket}"
    finally:
        await server.stop(None)
