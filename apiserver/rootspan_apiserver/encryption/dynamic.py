"""The transformers in use, and their replacement when the file of the configuration changes.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/controller/controller.go
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from rootspan import ConfigurationError
from rootspan_apiserver.encryption.configuration_file import content_hash, read_file
from rootspan_apiserver.storage.value_transformers import ResourceTransformers, Transformer
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics

_log = logging.getLogger(__name__)
POLL_SECONDS = 60.0
"""How often the file is looked at."""


class Loaded(Protocol):
    """A configuration whose providers work."""

    @property
    def content_hash(self) -> str: ...

    @property
    def has_plugins(self) -> bool: ...

    @property
    def transformers(self) -> ResourceTransformers: ...

    async def check(self) -> None:
        """Raises an exception where a KMS provider is not healthy."""
        ...

    async def aclose(self) -> None:
        """Close the connections to KMS providers."""
        ...


class DynamicTransformers:
    """The transformers of the newest configuration.

    Args:
        reload: Whether it may be replaced by one with KMS plugins.

    Attributes:
        health: The check of the plugins, None where there are none to check.
    """

    def __init__(self, loaded: Loaded, *, reload: bool = False) -> None:
        self._loaded = loaded
        self.health = self.check if reload or loaded.has_plugins else None

    def for_key(self, path: str) -> Transformer:
        """See `ResourceTransformers`."""
        return self._loaded.transformers.for_key(path)

    @property
    def content_hash(self) -> str:
        """What tells the content of the file from another."""
        return self._loaded.content_hash

    async def check(self) -> None:
        """Raises an exception where a KMS provider is not healthy."""
        await self._loaded.check()

    async def replace(self, loaded: Loaded) -> None:
        """Use another configuration from now on."""
        before, self._loaded = self._loaded, loaded
        await before.aclose()

    async def aclose(self) -> None:
        """Close the connections to KMS providers."""
        await self._loaded.aclose()


class EncryptionReloader:
    """Reads the file again when it has changed.

    A configuration that is not valid, or whose providers do not work, is logged and counted, and the one before it stays.
    """

    def __init__(
        self,
        path: str,
        transformers: DynamicTransformers,
        load: Callable[[], Awaitable[Loaded]],
        metrics: EncryptionMetrics,
        *,
        identity: str,
    ) -> None:
        self._path = path
        self._transformers = transformers
        self._load = load
        self._metrics = metrics
        self._identity = f"sha256:{hashlib.sha256(identity.encode()).hexdigest()}"
        metrics.applied(self._identity, transformers.content_hash)

    async def run(self, seconds: float = POLL_SECONDS) -> None:
        """Look at the file every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await self.reload()

    async def reload(self) -> None:
        """Use the configuration in the file, if it is another one than before."""
        try:
            text = await asyncio.to_thread(read_file, self._path)
            if content_hash(text) == self._transformers.content_hash:
                return
            loaded = await self._load()
            try:
                await loaded.check()
            except Exception:
                await loaded.aclose()
                raise
        except Exception as error:  # the present configuration goes on, whatever is wrong with the new one
            _log.error("the encryption configuration %s is not reloaded: %s", self._path, error)
            self._metrics.reloaded("failure", self._identity)
            if not isinstance(error, ConfigurationError | OSError):
                _log.debug("its providers do not work", exc_info=error)
            return
        await self._transformers.replace(loaded)
        self._metrics.applied(self._identity, self._transformers.content_hash)
        self._metrics.reloaded("success", self._identity)
        _log.info("the encryption configuration %s is reloaded", self._path)
