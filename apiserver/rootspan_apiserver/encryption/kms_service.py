"""The gRPC service of a KMS plugin, version 2, on a Unix socket.

Upstream: staging/src/k8s.io/kms/apis/v2/api.proto, staging/src/k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/grpc_service.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import grpc.aio

from rootspan_apiserver.storage.value_transformers import TransformError
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.wire import bytes_field, fields, octets, text

_SERVICE = "/v2.KeyManagementService"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResponse:
    """How the plugin is: `healthz` is `ok`, and new keys are encrypted with the key `key_id`."""

    version: str = ""
    healthz: str = ""
    key_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptResponse:
    """An encrypted key, and with which key it was encrypted."""

    ciphertext: bytes = b""
    key_id: str = ""
    annotations: Mapping[str, bytes] = field(default_factory=dict)


class KMSService:
    """The plugin at an endpoint (`unix:///run/kms.sock`; `unix:///@name` is an abstract socket).

    Args:
        timeout: The seconds that a call may take.
    """

    def __init__(self, endpoint: str, timeout: float) -> None:
        path = urlsplit(endpoint).path
        target = f"unix-abstract:{path[2:]}" if path.startswith("/@") else f"unix:{path}"
        options = [("grpc.default_authority", "localhost")]
        self._channel = grpc.aio.insecure_channel(target, options=options)
        self._timeout = timeout

    async def status(self) -> StatusResponse:
        """Raises TransformError."""
        found = dict(await self._call("Status", b""))
        named = {1: "version", 2: "healthz", 3: "key_id"}
        return StatusResponse(**{named[number]: text(value) for number, value in found.items() if number in named})

    async def encrypt(self, uid: str, plaintext: bytes) -> EncryptResponse:
        """Raises TransformError."""
        body = bytes_field(1, plaintext) + bytes_field(2, uid.encode())
        ciphertext, key_id = b"", ""
        annotations: dict[str, bytes] = {}
        for number, value in await self._call("Encrypt", body):
            if number == 1:
                ciphertext = bytes(octets(value))
            elif number == 2:
                key_id = text(value)
            elif number == 3:
                annotations |= entry(octets(value))
        return EncryptResponse(ciphertext=ciphertext, key_id=key_id, annotations=annotations)

    async def decrypt(self, uid: str, ciphertext: bytes, key_id: str, annotations: Mapping[str, bytes]) -> bytes:
        """Raises TransformError."""
        body = bytes_field(1, ciphertext) + bytes_field(2, uid.encode()) + bytes_field(3, key_id.encode())
        body += entries(4, annotations)
        plaintext = b""
        for number, value in await self._call("Decrypt", body):
            if number == 1:
                plaintext = bytes(octets(value))
        return plaintext

    async def _call(self, method: str, body: bytes) -> list[tuple[int, int | memoryview]]:
        """Return the fields of the answer. Raises TransformError."""
        call = self._channel.unary_unary(f"{_SERVICE}/{method}", None, None)
        try:
            answer: bytes = await call(body, timeout=self._timeout, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            code = "".join(word.capitalize() for word in error.code().name.split("_"))
            raise TransformError(f"rpc error: code = {code} desc = {error.details()}") from error
        try:
            return [(number, value) for number, _, value in fields(memoryview(answer))]
        except NotDecodableError as error:
            raise TransformError(f"the answer of {method} is not valid: {error}") from error

    async def aclose(self) -> None:
        """Close the connection."""
        await self._channel.close(None)


def entries(number: int, annotations: Mapping[str, bytes]) -> bytes:
    """Return a `map<string, bytes>` as protobuf has it, sorted by key."""
    pairs = (bytes_field(1, key.encode()) + bytes_field(2, annotations[key]) for key in sorted(annotations))
    return b"".join(bytes_field(number, pair) for pair in pairs)


def entry(data: memoryview) -> dict[str, bytes]:
    """Return one entry of such a map. Raises NotDecodableError."""
    key, value = "", b""
    for number, _, given in fields(data):
        if number == 1:
            key = text(given)
        elif number == 2:
            value = bytes(octets(given))
    return {key: value}
