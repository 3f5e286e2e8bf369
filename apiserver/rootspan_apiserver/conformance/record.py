"""Record a server: replay all operations against it and collect its answers and traces."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.collector.otlp_receiver import Collector
from rootspan_apiserver.conformance.operations import operations
from rootspan_apiserver.conformance.recording import Recorded
from rootspan_apiserver.conformance.replay import Pace, Replay
from rootspan_apiserver.conformance.webhook_server import serving_webhooks
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.kubeconfig import Access

OWN_PACE = Pace(settling=0, arriving=5)
FOREIGN_PACE = Pace(settling=3, arriving=15)
"""A batch of spans is exported every five seconds; an informer of webhook configurations lags by a second or two."""


async def record_own(*, otlp_grpc_endpoint: str = "127.0.0.1:0", webhook_address: str = "127.0.0.1") -> list[Recorded]:
    """Start a server, replay all operations against it and return the recording.

    Raises:
        BindError, CollectorError: an address is in use.
    """
    async with contextlib.AsyncExitStack() as stack:
        collector = stack.enter_context(Collector(otlp_grpc_endpoint))
        webhooks = await stack.enter_async_context(serving_webhooks(webhook_address))
        access, flush = await stack.enter_async_context(own_server(collector.endpoint))
        replay = Replay(access, collector.spans, OWN_PACE)
        await replay.record(operations(webhooks))
        return await replay.finished(flush)


async def record_foreign(
    access: Access, *, otlp_grpc_endpoint: str = "127.0.0.1:4317", webhook_address: str = "127.0.0.1"
) -> list[Recorded]:
    """Replay all operations against a running server, which sends its spans to the endpoint, and return the recording.

    Raises:
        BindError, CollectorError: an address is in use.
        httpx.HTTPError: the server does not answer, or rejects a request that every server allows.
    """
    async with contextlib.AsyncExitStack() as stack:
        collector = stack.enter_context(Collector(otlp_grpc_endpoint))
        webhooks = await stack.enter_async_context(serving_webhooks(webhook_address))
        replay = Replay(access, collector.spans, FOREIGN_PACE)
        await replay.record(operations(webhooks))
        return await replay.finished(lambda: None)


@contextlib.asynccontextmanager
async def own_server(collector: str, *flags: str) -> AsyncIterator[tuple[Access, Callable[[], Any]]]:
    """Run a server with `flags` that sends every span to `collector`. Yield how to reach it, and a function that flushes its spans."""
    with tempfile.TemporaryDirectory(prefix="rootspan-") as folder:
        tracing = Path(folder) / "tracing-configuration.yaml"
        tracing.write_text(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n"
            f"endpoint: {collector}\nsamplingRatePerMillion: 1000000\n"
        )
        standard = [
            "--secure-port=0",
            f"--tracing-config-file={tracing}",
            "--inbound-trace-context=link",
            "--authorization-mode=RBAC",
            "--controllers=*,-root-ca-cert-publisher,-garbagecollector",
        ]
        async with apiserver(Options.parse([*standard, *flags])) as server:
            access = Access(server.address.url, server.ca_bundle, server.token)
            yield access, server.tracer_provider.force_flush
