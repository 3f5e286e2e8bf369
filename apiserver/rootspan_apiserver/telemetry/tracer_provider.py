"""The tracer provider of a tracing configuration.

Spans are sent in plain text, whatever the scheme of an endpoint in the environment; only a certificate in the environment turns TLS on.
With a rate of 0 no new trace is sampled, but a span whose parent was sampled is exported.

Upstream: staging/src/k8s.io/component-base/tracing/utils.go
"""

import asyncio
import atexit
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from rootspan import create_tracer_provider
from rootspan.otlp import OTLPSettings
from rootspan.otlp_environment import OTLPVariables
from rootspan.provider import provider_of, sampler_of
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

_DEFAULT_TARGET = "localhost:4317"


def tracer_provider(
    configuration: TracingConfiguration | None, resource: Resource, *, shutdown_timeout: float = 2.0
) -> TracerProvider:
    """Return the provider of a configuration. Without one nothing is exported, but contexts still propagate.

    Args:
        configuration: Endpoint and sampling rate.
        resource: The resource of all spans.
        shutdown_timeout: The seconds that sending the last spans may take.

    Raises:
        rootspan.ConfigurationError: A certificate that the environment names cannot be used.
    """
    if configuration is None:
        return create_tracer_provider(sampling_rate_per_million=0, resource=resource)
    sampler = sampler_of(configuration.sampling_rate_per_million or 0)
    return provider_of(settings(configuration.endpoint), sampler, resource, shutdown_timeout)


@contextlib.asynccontextmanager
async def exporting(
    configuration: TracingConfiguration | None, resource: Resource, *, flushes: bool
) -> AsyncIterator[TracerProvider]:
    """Make the provider of `configuration`, and shut it down after the block.

    Args:
        flushes: Whether the spans that are left are exported at the end; otherwise they are lost.
    """
    provider = tracer_provider(configuration, resource)
    if not flushes:
        atexit.unregister(provider.shutdown)
    try:
        yield provider
    finally:
        if flushes:
            await asyncio.to_thread(provider.shutdown)


def settings(endpoint: str | None, environment: Mapping[str, str] = os.environ) -> OTLPSettings:
    """Return the exporter's settings: the endpoint of the configuration, else of the environment as opentelemetry-go reads it."""
    variables = OTLPVariables(environment)
    secure = variables.value("CERTIFICATE") or variables.value("CLIENT_CERTIFICATE")
    return OTLPSettings(
        target=_target(endpoint) if endpoint else _target_of_url(variables.value("ENDPOINT")),
        headers=variables.headers(),
        timeout=variables.timeout(),
        gzip=variables.gzip(),
        tls=variables.tls_files() if secure else None,
    )


def _target(endpoint: str) -> str:
    scheme, separator, rest = endpoint.partition("://")
    return f"{scheme}:{rest}" if separator and scheme in ("unix", "unix-abstract") else endpoint


def _target_of_url(url: str) -> str:
    if not url:
        return _DEFAULT_TARGET
    return urlsplit(url).netloc if url.startswith(("http://", "https://")) else _target(url)
