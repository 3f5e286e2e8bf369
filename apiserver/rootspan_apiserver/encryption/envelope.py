"""Values encrypted with keys that a KMS plugin has encrypted: each is stored with its key.

The plugin encrypts a seed, from which the key of every value is derived; values whose own key was encrypted are read, too.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/envelope.go, v2/api.proto,
staging/src/k8s.io/apiserver/pkg/storage/value/encrypt/aes/aes_extended_nonce.go
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from rootspan_apiserver.encryption.kms_service import entries, entry
from rootspan_apiserver.encryption.transformers import AESGCMTransformer
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.storage.value_transformers import TransformError
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.wire import bytes_field, fields, integer_field, octets, text

KEY_ID_LIMIT = 1024
_SOURCE_LIMIT, _ANNOTATIONS_LIMIT = 1024, 32 * 1024
INFO = SEED = 32
"""The bytes of what a key is derived with, and of the seed that it is derived from."""
KEY, SEEDED = 0, 1
"""What the plugin has encrypted: the key of a value itself, or a seed."""


class SeededTransformer:
    """AES-GCM with a key derived from the seed for each value, which begins with what it is derived with."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) < SEED:
            raise TransformError(f"invalid seed length {len(seed)} used for key generation")
        self._seed = seed

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        info = os.urandom(INFO)
        return info + await self._derived(info).to_storage(data, context)

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`."""
        if len(data) < INFO:
            raise TransformError("the stored data was shorter than the required size")
        return await self._derived(data[:INFO]).from_storage(data[INFO:], context)

    def _derived(self, info: bytes) -> AESGCMTransformer:
        return AESGCMTransformer(HKDFExpand(SHA256(), 32, info).derive(self._seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedObject:
    """A stored value.

    Attributes:
        data: The encrypted value.
        key_id: With which key the plugin has encrypted `source`.
        source: The encrypted key or seed.
        source_type: Which of both it is.
    """

    data: bytes = b""
    key_id: str = ""
    source: bytes = b""
    annotations: Mapping[str, bytes] = field(default_factory=dict)
    source_type: int = KEY

    @classmethod
    def decode(cls, value: bytes) -> "EncryptedObject":
        """Read a stored value. Raises TransformError."""
        data, key_id, source, source_type = b"", "", b"", KEY
        annotations: dict[str, bytes] = {}
        try:
            for number, _, given in fields(memoryview(value)):
                if number == 1:
                    data = bytes(octets(given))
                elif number == 2:
                    key_id = text(given)
                elif number == 3:
                    source = bytes(octets(given))
                elif number == 4:
                    annotations |= entry(octets(given))
                elif number == 5 and isinstance(given, int):
                    source_type = given
        except NotDecodableError as error:
            raise TransformError(f"proto: {error}") from error
        found = cls(data=data, key_id=key_id, source=source, annotations=annotations, source_type=source_type)
        found.check()
        return found

    def encode(self) -> bytes:
        """Return the value to store. Raises TransformError."""
        self.check()
        parts = [bytes_field(1, self.data), bytes_field(2, self.key_id.encode()), bytes_field(3, self.source)]
        parts.append(entries(4, self.annotations))
        if self.source_type:
            parts.append(integer_field(5, self.source_type))
        return b"".join(parts)

    def check(self) -> None:
        """Raises TransformError where a field is not as it should be."""
        if self.source_type not in (KEY, SEEDED):
            raise TransformError(f"unknown encryptedDEKSourceType: {self.source_type}")
        if not self.data:
            raise TransformError("encrypted data is empty")
        source, limit = len(self.source), _SOURCE_LIMIT
        if not source or source > limit:
            words = f"{source} bytes, which exceeds the max size of {limit}" if source else "empty"
            raise TransformError(f"failed to validate encrypted DEK source: encrypted DEK source is {words}")
        if why := fault_of_key_id(self.key_id):
            raise TransformError(f"failed to validate key id: {why}")
        for key in self.annotations:
            if dns_subdomain(key) or "." not in key:
                raise TransformError(f"failed to validate annotations: {key} is no fully qualified domain name")
        total = sum(len(key.encode()) + len(value) for key, value in self.annotations.items())
        if total > _ANNOTATIONS_LIMIT:
            words = f"total size of annotations is {total}, which exceeds the max size of {_ANNOTATIONS_LIMIT}"
            raise TransformError(f"failed to validate annotations: {words}")

    @property
    def cache_key(self) -> tuple[int, bytes, str, tuple[tuple[str, bytes], ...]]:
        """What tells one encrypted key from another."""
        return self.source_type, self.source, self.key_id, tuple(sorted(self.annotations.items()))


def fault_of_key_id(key_id: str) -> str:
    """Return what is wrong with the id of a key, "" if nothing is."""
    if not key_id:
        return "keyID is empty"
    size = len(key_id.encode())
    return f"keyID is {size} bytes, which exceeds the max size of {KEY_ID_LIMIT}" if size > KEY_ID_LIMIT else ""


def hashed(key_id: str) -> str:
    """Return the hash of the id of a key, which is what logs, errors and metrics show of it."""
    return f"sha256:{hashlib.sha256(key_id.encode()).hexdigest()}" if key_id else ""
