"""What a value becomes on its way to etcd and back: the interface of encryption at rest.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/value/transformer.go
"""

from typing import Protocol


class TransformError(Exception):
    """A value cannot be encrypted or decrypted."""


class Transformer(Protocol):
    """Encrypts and decrypts values. `context` is authenticated with a value: the key it is stored under."""

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """Return the value to store. Raises TransformError."""
        ...

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """Return a stored value, and whether it is stale: to be stored anew although it is as it should be. Raises TransformError."""
        ...


class ResourceTransformers(Protocol):
    """The transformers of all resources."""

    def for_key(self, path: str) -> Transformer:
        """Return the transformer of an object, by its place below the prefix of the store (`/secrets/default/a`)."""
        ...
