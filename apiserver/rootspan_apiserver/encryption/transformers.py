"""The ways to encrypt values with keys that the configuration names.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/value/transformer.go, encrypt/identity/identity.go, encrypt/aes/aes.go,
encrypt/secretbox/secretbox.go
"""

import os
from collections.abc import Sequence
from time import perf_counter

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from rootspan_apiserver.storage.value_transformers import Transformer, TransformError
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics

ENCRYPTED = b"k8s:enc:"
"""The beginning of every encrypted value."""
_BLOCK, _GCM_NONCE = 16, 12
_SHORT = "the stored data was shorter than the required size"


class IdentityTransformer:
    """Stores values as they are, and reads none that is encrypted."""

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        return data

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`."""
        if data.startswith(ENCRYPTED):
            raise TransformError("identity transformer tried to read encrypted data")
        return data, False


class AESCBCTransformer:
    """AES-CBC with PKCS#7 padding, behind a random initialization vector. Nothing is authenticated."""

    def __init__(self, key: bytes) -> None:
        self._key = AES(key)

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        vector, missing = os.urandom(_BLOCK), _BLOCK - len(data) % _BLOCK
        encryptor = Cipher(self._key, CBC(vector)).encryptor()
        return vector + encryptor.update(data + bytes([missing]) * missing) + encryptor.finalize()

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`."""
        if len(data) < _BLOCK:
            raise TransformError(_SHORT)
        vector, rest = data[:_BLOCK], data[_BLOCK:]
        if len(rest) % _BLOCK:
            raise TransformError("the stored data is not a multiple of the block size")
        decryptor = Cipher(self._key, CBC(vector)).decryptor()
        plain = decryptor.update(rest) + decryptor.finalize()
        padding = plain[-1] if plain else 0
        if not 0 < padding <= len(plain):
            raise TransformError("invalid PKCS7 data (empty or not padded)")
        if plain[-padding:] != bytes([padding]) * padding:
            raise TransformError("invalid padding on input")
        return plain[:-padding], False


class AESGCMTransformer:
    """AES-GCM behind a random nonce. The key that a value is stored under is authenticated with it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        nonce = os.urandom(_GCM_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, context)

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`."""
        if len(data) < _GCM_NONCE:
            raise TransformError(_SHORT)
        try:
            return self._cipher.decrypt(data[:_GCM_NONCE], data[_GCM_NONCE:], context), False
        except (InvalidTag, ValueError) as exc:
            raise TransformError("cipher: message authentication failed") from exc


class SecretboxTransformer:
    """XSalsa20 and Poly1305 behind a random nonce. The key that a value is stored under is not authenticated.

    Raises:
        ImportError: The package PyNaCl is not installed.
    """

    def __init__(self, key: bytes) -> None:
        from nacl.exceptions import CryptoError  # an optional dependency
        from nacl.secret import SecretBox

        self._box, self._error = SecretBox(key), CryptoError
        self._shortest = SecretBox.NONCE_SIZE + SecretBox.MACBYTES

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        return bytes(self._box.encrypt(data))

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`."""
        if len(data) < self._shortest:
            raise TransformError(_SHORT)
        try:
            return self._box.decrypt(data), False
        except self._error as exc:
            raise TransformError("output array was not large enough for encryption") from exc


class PrefixTransformers:
    """Several transformers, each for values with a prefix: the first one writes, all read.

    A value that the first one did not write is stale.

    Args:
        transformers: Each with its prefix.
        unknown: The error of a value with no such prefix.
        metrics: Count the transformations of `resource`; None counts nothing.
    """

    def __init__(
        self,
        transformers: Sequence[tuple[bytes, Transformer]],
        unknown: str,
        metrics: EncryptionMetrics | None = None,
        resource: str = "",
    ) -> None:
        self._transformers = tuple(transformers)
        self._unknown = unknown
        self._metrics = metrics
        self._resource = resource

    def counted(self, metrics: EncryptionMetrics, resource: str) -> "PrefixTransformers":
        """Return the same transformers, those within them too, with metrics for a resource."""
        within = [
            (prefix, each.counted(metrics, resource) if isinstance(each, PrefixTransformers) else each)
            for prefix, each in self._transformers
        ]
        return PrefixTransformers(within, self._unknown, metrics, resource)

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        prefix, transformer = self._transformers[0]
        started, failed = perf_counter(), True
        try:
            value = prefix + await transformer.to_storage(data, context)
            failed = False
        finally:
            self._observe("to_storage", prefix, started, failed=failed)
        return value

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`. Prefixes may overlap: where one transformer fails, the next that matches is tried."""
        errors = []
        started = perf_counter()
        for index, (prefix, transformer) in enumerate(self._transformers):
            if not data.startswith(prefix):
                continue
            try:
                plain, stale = await transformer.from_storage(data[len(prefix) :] if prefix else data, context)
            except TransformError as exc:
                if prefix:
                    self._observe("from_storage", prefix, started, failed=True)
                    errors.append(str(exc))
                continue
            self._observe("from_storage", prefix, started)
            return plain, stale or index != 0
        if not errors:
            self._observe("from_storage", b"unknown", started, failed=True)
            raise TransformError(self._unknown)
        distinct = list(dict.fromkeys(errors))
        raise TransformError(distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]")

    def _observe(self, direction: str, prefix: bytes, started: float, *, failed: bool = False) -> None:
        if self._metrics is not None:
            named = prefix.decode("utf-8", "replace") or "identity"
            seconds = perf_counter() - started
            self._metrics.transformed(self._resource, direction, named, seconds, failed=failed)
