"""Collector, webhooks and API server of the demo: the production parts, in one process and on free ports."""

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
from rootspan_apiserver.collector.otlp_receiver import Collector
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.demo.story import USER_AGENT
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.sample_webhooks.configurations import by_url, configurations, path_of
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME, KubernetesAPI, serving_webhooks
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen
from rootspan_apiserver.serving.running import Running

ALL_SAMPLED = 1_000_000
"""Sampling rate per million: the demo samples every trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoParts:
    """The running parts. `flush` exports all ended spans and returns when the collector has them."""

    server: Running
    client: httpx.AsyncClient
    spans: ReceivedSpans
    collector: str
    webhooks: str
    flush: Callable[[], None]


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[DemoParts]:
    """Start all parts, with a TracingConfiguration and a kubeconfig in `folder`."""
    async with contextlib.AsyncExitStack() as stack:
        collector = stack.enter_context(Collector())
        server = await stack.enter_async_context(apiserver(_options(folder, collector.endpoint)))
        tls = ssl.create_default_context(cadata=server.ca_bundle.decode())

        provider = create_tracer_provider(
            endpoint=collector.endpoint,
            sampling_rate_per_million=ALL_SAMPLED,
            resource=Resource({"service.name": SERVICE_NAME}),
        )
        stack.push_async_callback(asyncio.to_thread, provider.shutdown)
        certificate = self_signed(["127.0.0.1"], None)
        webhooks = await stack.enter_async_context(
            serving_webhooks(
                KubernetesAPI(server.address.url, tls, server.token),
                listen("127.0.0.1", 0),
                server_context(certificate),
                provider,
            )
        )
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=server.address.url,
                verify=tls,
                headers={"authorization": f"Bearer {server.token}", "user-agent": USER_AGENT},
                trust_env=False,
            )
        )
        for configuration in configurations(by_url(webhooks.url, certificate.ca_bundle)):
            (await client.post(path_of(configuration), json=configuration)).raise_for_status()

        def flush() -> None:
            server.tracer_provider.force_flush()
            provider.force_flush()

        yield DemoParts(
            server=server,
            client=client,
            spans=collector.spans,
            collector=collector.endpoint,
            webhooks=webhooks.url,
            flush=flush,
        )


def _options(folder: Path, collector: str) -> Options:
    tracing = folder / "tracing-configuration.yaml"
    configuration = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "TracingConfiguration",
        "endpoint": collector,
        "samplingRatePerMillion": ALL_SAMPLED,
    }
    tracing.write_text(yaml.safe_dump(configuration, sort_keys=False))
    flags = ["--secure-port=0", f"--tracing-config-file={tracing}", f"--write-kubeconfig={folder / 'kubeconfig'}"]
    return Options.parse(flags)
