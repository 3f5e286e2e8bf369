"""`rootspan sample-webhooks`: serve the webhooks and register them with the API server of a kubeconfig."""

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from socket import socket

import httpx
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from rootspan import ConfigurationError
from rootspan_apiserver.cli.command_options import SampleWebhooksOptions
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.sample_webhooks.configurations import by_service, configurations, path_of
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME, KubernetesAPI, serving_webhooks
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import BindError, listen
from rootspan_apiserver.serving.kubeconfig import KubeconfigError
from rootspan_apiserver.serving.until_stopped import serve_until_stopped
from rootspan_apiserver.telemetry.tracer_provider import tracer_provider
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

PAUSE = 0.5


def run_sample_webhooks(options: SampleWebhooksOptions) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit status."""
    if not options.kubeconfig:
        print(
            "Error: --kubeconfig is needed: the validating webhook reads namespaces from the API server",
            file=sys.stderr,
        )
        return 1
    try:
        configuration = TracingConfiguration.read(options.tracing_config_file) if options.tracing_config_file else None
        with listen(options.bind_address, options.secure_port) as bound:
            api = _found(options)
            provider = tracer_provider(configuration, Resource({"service.name": SERVICE_NAME}))
            try:
                asyncio.run(serve_until_stopped(_serving(options, api, bound, provider)))
            finally:
                provider.shutdown()
    except (ConfigurationError, BindError, KubeconfigError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.asynccontextmanager
async def _serving(
    options: SampleWebhooksOptions, api: KubernetesAPI, bound: socket, provider: TracerProvider
) -> AsyncIterator[None]:
    host = f"{options.service}.{options.namespace}.svc"
    certificate = self_signed([host, "127.0.0.1", "localhost"], None)
    async with serving_webhooks(api, bound, server_context(certificate), provider) as address:
        print(f"Serving webhooks on {address.url}", flush=True)
        where = by_service(options.namespace, options.service, address.port, certificate.ca_bundle)
        await _register(api, configurations(where))
        print("The webhooks are registered with the API server", flush=True)
        yield


def _found(options: SampleWebhooksOptions) -> KubernetesAPI:
    access = kubeconfig.wait_for(Path(options.kubeconfig), lambda text: print(text, flush=True))
    tls = ssl.create_default_context(cadata=access.ca_bundle.decode())
    return KubernetesAPI(options.server or access.server, tls, access.token, options.tls_server_name)


async def _register(api: KubernetesAPI, objects: list[JSONObject]) -> None:
    headers = {"authorization": f"Bearer {api.token}", "user-agent": SERVICE_NAME}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, verify=api.tls, trust_env=False) as client:
        for obj in objects:
            await _put(client, api, obj)


async def _put(client: httpx.AsyncClient, api: KubernetesAPI, obj: JSONObject) -> None:
    """Create the object, replacing an existing one. Repeat until the API server answers."""
    path, reported = path_of(obj), ""
    while True:
        try:
            await client.delete(f"{path}/{obj['metadata']['name']}", extensions=api.extensions)
            (await client.post(path, json=obj, extensions=api.extensions)).raise_for_status()
        except httpx.HTTPError as error:
            if str(error) != reported:
                reported = str(error)
                print(f"Waiting for the API server: {reported}", file=sys.stderr, flush=True)
            await asyncio.sleep(PAUSE)
        else:
            return
