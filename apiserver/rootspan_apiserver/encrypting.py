"""The encryption at rest that the options ask for.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/etcd.go (maybeApplyResourceTransformers)
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextvars import Context

from rootspan_apiserver.encryption.dynamic import DynamicTransformers, EncryptionReloader
from rootspan_apiserver.encryption.loading import LoadedConfiguration
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing


@contextlib.asynccontextmanager
async def encrypting(
    options: Options, tracing: Tracing, registry: Registry, metrics: EncryptionMetrics
) -> AsyncIterator[DynamicTransformers | None]:
    """Encrypt what is stored while the block runs; None where values are stored as they are. Raises ConfigurationError."""
    path, reload = options.encryption_provider_config, options.encryption_provider_config_automatic_reload
    if not path:
        yield None
        return

    async def load() -> LoadedConfiguration:
        return await LoadedConfiguration.read(path, registry.resources(), metrics, tracing, reload=reload)

    async with contextlib.AsyncExitStack() as stack:
        found = await stack.enter_async_context(contextlib.aclosing(DynamicTransformers(await load(), reload=reload)))
        reloader = EncryptionReloader(path, found, load, metrics, identity=socket.gethostname())
        if reload:
            task = asyncio.create_task(reloader.run(), context=Context(), name="encryption-configuration")
            stack.callback(task.cancel)
        yield found
