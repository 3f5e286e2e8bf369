"""The parts of the demo: collector, webhooks, API server. Each is what it would be in production, in one process and on free ports."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml
from opentelemetry.sdk.resources import Resource

from rootspan import create_tracer_provider
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.collector.received import ReceivedSpans
from rootspan_apiserver.collector.receiver import Collector
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.sample_webhooks.configurations import by_url, configurations, path_of
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME, KubernetesAPI, serving_webhooks
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen
from rootspan_apiserver.serving.running import Running

EVERYTHING = 1_000_000
"""Samples per million: the demo wants every trace, where a real server takes a few."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything running. `flush` sends on what is still to be exported, and returns when the collector has it."""

    server: Running
    client: httpx.AsyncClient
    spans: ReceivedSpans
    collector: str
    webhooks: str
    flush: Callable[[], None]


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Set everything up, with files in `folder`: a TracingConfiguration and a kubeconfig."""
    async with contextlib.AsyncExitStack() as stack:
        collector = stack.enter_context(Collector())
        tracing = folder / "tracing-configuration.yaml"
        tracing.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "apiserver.config.k8s.io/v1",
                    "kind": "TracingConfiguration",
                    "endpoint": collector.endpoint,
                    "samplingRatePerMillion": EVERYTHING,
                },
                sort_keys=False,
            )
        )
        options = Options.parse(
            [
                "--secure-port=0",
                f"--tracing-config-file={tracing}",
                f"--write-kubeconfig={folder / 'kubeconfig'}",
            ]
        )
        server = await stack.enter_async_context(apiserver(options))
        tls = ssl.create_default_context(cadata=server.ca_bundle.decode())

        provider = create_tracer_provider(
            endpoint=collector.endpoint,
            sampling_rate_per_million=EVERYTHING,
            resource=Resource({"service.name": SERVICE_NAME}),
        )
        stack.push_async_callback(asyncio.to_thread, provider.shutdown)
        certificate = self_signed(["127.0.0.1"], None)
        webhooks = await stack.enter_async_context(
            serving_webhooks(
                KubernetesAPI(server.address.url, tls, server.token),
                listen("127.0.0.1", 0),
                server_context(certificate, None),
                provider,
            )
        )
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=server.address.url,
                verify=tls,
                headers={"authorization": f"Bearer {server.token}", "user-agent": "stranger"},
                trust_env=False,
            )
        )
        for configuration in configurations(by_url(webhooks.url, certificate.ca_bundle)):
            (await client.post(path_of(configuration), json=configuration)).raise_for_status()

        def flush() -> None:
            server.tracer_provider.force_flush()
            provider.force_flush()

        yield Stage(server, client, collector.spans, collector.endpoint, webhooks.url, flush)
