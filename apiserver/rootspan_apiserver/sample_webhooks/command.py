"""`rootspan sample-webhooks`: serve the webhooks and make them known to the API server that a kubeconfig names."""

import asyncio
import base64
import contextlib
import signal
import ssl
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import yaml
from opentelemetry.sdk.resources import Resource

from rootspan import ConfigurationError, TracingConfiguration, create_tracer_provider
from rootspan_apiserver.sample_webhooks.configurations import by_service, configurations, path_of
from rootspan_apiserver.sample_webhooks.options import SampleWebhooksOptions
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME, KubernetesAPI, serving_webhooks
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import BindError, listen

PAUSE = 0.5
JSONObject = dict[str, Any]


def run_sample_webhooks(options: SampleWebhooksOptions) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    try:
        configuration = TracingConfiguration.read(options.tracing_config_file) if options.tracing_config_file else None
        bound = listen(options.bind_address, options.secure_port)
    except (ConfigurationError, BindError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if not options.kubeconfig:
        bound.close()
        print("Error: --kubeconfig is needed: the validating webhook asks the API server", file=sys.stderr)
        return 1
    provider = create_tracer_provider(configuration, resource=Resource({"service.name": SERVICE_NAME}))
    try:
        with contextlib.closing(bound):
            asyncio.run(_serve(options, bound, provider))
    finally:
        provider.shutdown()
    return 0


async def _serve(options: SampleWebhooksOptions, bound: Any, provider: Any) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    story = asyncio.create_task(_until_stopped(options, bound, provider))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({story, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in (story, stopped):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await story


async def _until_stopped(options: SampleWebhooksOptions, bound: Any, provider: Any) -> None:
    api = await _found(options)
    host = f"{options.service}.{options.namespace}.svc"
    certificate = self_signed([host, "127.0.0.1", "localhost"], None)
    async with serving_webhooks(api, bound, server_context(certificate, None), provider) as address:
        print(f"Serving webhooks on {address.url}", flush=True)
        port = address.port
        await _register(
            api, configurations(by_service(options.namespace, options.service, port, certificate.ca_bundle))
        )
        print("The API server knows them", flush=True)
        await asyncio.Event().wait()


async def _found(options: SampleWebhooksOptions) -> KubernetesAPI:
    path, told = Path(options.kubeconfig), False
    while (document := _content(path)) is None:
        if not told:
            print(f"Waiting for {path}", flush=True)
            told = True
        await asyncio.sleep(PAUSE)
    api = read_kubeconfig(document)
    return replace(api, url=options.server or api.url, tls_server_name=options.tls_server_name)


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def read_kubeconfig(document: str) -> KubernetesAPI:
    """The server of the current context of a kubeconfig whose user has a token."""
    config = yaml.safe_load(document)
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return KubernetesAPI(cluster["server"], ssl.create_default_context(cadata=authority), user["token"])


def _named(items: list[JSONObject], name: str) -> JSONObject:
    return next(item for item in items if item["name"] == name)


async def _register(api: KubernetesAPI, objects: list[JSONObject]) -> None:
    headers = {"authorization": f"Bearer {api.token}", "user-agent": SERVICE_NAME}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, verify=api.tls, trust_env=False) as client:
        for obj in objects:
            await _put(client, api, obj)


async def _put(client: httpx.AsyncClient, api: KubernetesAPI, obj: JSONObject) -> None:
    """Create the object, in the place of one that is there. Tries until the API server answers."""
    path, told = path_of(obj), ""
    while True:
        try:
            await client.delete(f"{path}/{obj['metadata']['name']}", extensions=api.extensions)
            (await client.post(path, json=obj, extensions=api.extensions)).raise_for_status()
        except httpx.HTTPError as error:
            if str(error) != told:
                told = str(error)
                print(f"Waiting for the API server: {told}", file=sys.stderr, flush=True)
            await asyncio.sleep(PAUSE)
        else:
            return
