"""The parts of a server that follow from its options alone.

Upstream: cmd/kube-apiserver/app/options/completion.go
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from pathlib import Path

import orjson
from opentelemetry.sdk.trace import TracerProvider

from rootspan import Continuation
from rootspan.continuation import ContinuationOf
from rootspan_apiserver.admission.plugins.order import plugin_faults
from rootspan_apiserver.authz.abac import read_policies
from rootspan_apiserver.authz.chain import AuthorizerChain
from rootspan_apiserver.authz.configuration_file import read_configuration
from rootspan_apiserver.authz.modes import authorizers_of
from rootspan_apiserver.authz.reloading import AuthorizationReloader
from rootspan_apiserver.clients.access_webhooks import AccessWebhooks
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_client import ClientCertificate, ServiceClients
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.controllers import controller_faults
from rootspan_apiserver.controllers.flow_configuration import controlling_flow
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.filters.retry_after import RetryAfter
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.http.lifecycle import Lifecycle, Stopping
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.options.authorization import ABAC
from rootspan_apiserver.options.idle_settings import idle_settings
from rootspan_apiserver.options.options import Options, OptionsError
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.backend import EtcdBackend, client_tls, etcd_backend
from rootspan_apiserver.storage.value_transformers import ResourceTransformers
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.text_traces import TextTraces
from rootspan_apiserver.telemetry.tracer_provider import exporting
from rootspan_apiserver.telemetry.tracing import Tracing
from rootspan_apiserver.workers.identity import ServerIdentity, server_identity
from rootspan_apiserver.workers.worker import Worker, process_resource

logger = logging.getLogger(__name__)
SLOW_REQUESTS, EVERY_STEP = 2, 4
"""The verbosity (-v) from which slow requests are logged, and from which all of their steps are."""


def check(options: Options) -> None:
    """Refuse names that do not exist, and warn of options that have no effect. Raises OptionsError."""
    if faults := [
        *plugin_faults(options.enable_admission_plugins, options.disable_admission_plugins),
        *controller_faults(options.controllers),
        *_faults_of_flow_control(options),
    ]:
        raise OptionsError(faults)
    for sentence in idle_settings(options):
        logger.warning("%s", sentence)


def _faults_of_flow_control(options: Options) -> Iterator[str]:
    reads, writes = options.max_requests_inflight, options.max_mutating_requests_inflight
    if options.enable_priority_and_fairness and reads + writes <= 0:
        yield (
            f"invalid configuration: MaxRequestsInFlight={reads} and MaxMutatingRequestsInFlight={writes}; they must add up to something "
            "positive"
        )


@contextlib.contextmanager
def only_process(options: Options) -> Iterator[ServerIdentity]:
    """Return the identity of a server that is this process alone, while the block runs.

    Raises:
        OptionsError, BindError, CertificateError, KeyFileError: There can be no server.
    """
    check(options)
    if options.workers > 1:
        raise OptionsError(["--workers: a server inside another process has one"])
    with server_identity(options) as found:
        yield found


def continuation(options: Options, dialect: Dialect, loopback: LoopbackClient) -> Continuation | ContinuationOf:
    """Return what is done with a caller's trace context: the loopback client's traces are continued, unless every request has its own."""
    if not dialect.joins_traces:
        return Continuation.RESTART_WITHOUT_LINK
    linked = options.inbound_trace_context == "link"
    return loopback.continuation(Continuation.RESTART_WITH_LINK if linked else Continuation.RESTART_WITHOUT_LINK)


@contextlib.asynccontextmanager
async def authorizer(
    options: Options, storage: Storage, registry: Registry, webhooks: AccessWebhooks, metrics: Metrics
) -> AsyncIterator[AuthorizerChain]:
    """Decide who may do what inside the block, and follow the file that says it if there is one. Raises ConfigurationError."""
    path, text = options.authorization_config, b""
    configuration = options.authorizers()
    if path:
        configuration, text = read_configuration(path)
    modes = dict(authorizers_of((each.type for each in configuration), storage, registry))
    if any(each.type == ABAC for each in configuration):
        modes[ABAC] = read_policies(options.authorization_policy_file)
    chain = AuthorizerChain(configuration, modes=modes, webhook=webhooks.authorizer, metrics=metrics.authorization)
    if not path:
        yield chain
        return
    reloader = AuthorizationReloader(path, text, chain, metrics.authorization, modes)
    following = asyncio.create_task(reloader.run(), context=Context())
    try:
        yield chain
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


def authentication_trust(options: Options) -> Mapping[str, str]:
    """Return the data of the config map that tells the servers of aggregated APIs whom this server trusts to authenticate users."""
    found = {}
    if options.client_ca_file:
        found["client-ca-file"] = Path(options.client_ca_file).read_text()
    if options.requestheader_client_ca_file:
        found["requestheader-client-ca-file"] = Path(options.requestheader_client_ca_file).read_text()
        for name in ("allowed_names", "extra_headers_prefix", "group_headers", "uid_headers", "username_headers"):
            listed = getattr(options, f"requestheader_{name}")
            found[f"requestheader-{name.replace('_', '-')}"] = orjson.dumps(listed).decode()
    return found


def service_resolver(
    options: Options, storage: Storage, registry: Registry, loopback: LoopbackClient
) -> ServiceResolver:
    """Return what finds the addresses of Services: the flag, and the external names of Services in the cluster."""
    services = registry.builtin("services")

    async def external_name(namespace: str, name: str) -> str | None:
        stored = await storage.cached_object(services, namespace, name)
        return (stored.decode()["spec"].get("externalName") or None) if stored is not None else None

    return ServiceResolver(options.service_addresses(), loopback, external_name)


def service_clients(resolver: ServiceResolver, options: Options, provider: TracerProvider) -> ServiceClients:
    """Return the connections to aggregated servers."""
    certificate = ClientCertificate(options.proxy_client_cert_file, options.proxy_client_key_file)
    return ServiceClients(resolver, resolver.loopback, provider, certificate)


def tracer_provider(
    options: Options, dialect: Dialect, given: TracerProvider | None, worker: Worker | None
) -> AbstractAsyncContextManager[TracerProvider]:
    """Return what makes the spans while the block runs: the one that is given, or one that exports as the configuration says."""
    if given is not None:
        return contextlib.nullcontext(given)
    resource = dialect.resource(socket.gethostname())
    if worker is not None:
        resource = resource.merge(process_resource(resource, worker.member))
    return exporting(
        options.tracing_configuration(),
        resource,
        flushes=dialect.flushes_at_shutdown or options.flush_spans_at_shutdown,
    )


def metrics(options: Options) -> Metrics:
    """Return the metrics of a server."""
    made = Metrics(options.emulated_version)
    made.features = options.gates().effective
    return made


def text_traces(options: Options) -> TextTraces | None:
    """Return what writes slow requests to the log, None at a lower verbosity."""
    return TextTraces(everything=options.v >= EVERY_STEP) if options.v >= SLOW_REQUESTS else None


def etcd(
    options: Options, dialect: Dialect, provider: TracerProvider, worker: Worker | None
) -> AbstractAsyncContextManager[EtcdBackend]:
    """Return the store while the block runs: a real etcd, or the embedded one, which workers have in a process of its own."""
    return etcd_backend(
        options.etcd_servers,
        lambda: client_tls(options.etcd_cafile, options.etcd_certfile, options.etcd_keyfile),
        data_dir=_path(options.data_dir),
        traced=lambda transport: dialect.etcd_client(transport, tracer_provider=provider),
        socket_path=worker.store_path if worker is not None else "",
    )


def storage(
    options: Options,
    etcd: EtcdBackend,
    tracing: Tracing,
    registry: Registry,
    metrics: Metrics,
    *,
    transformers: ResourceTransformers | None,
    worker: Worker | None,
) -> Storage:
    """Return the storage of the resources in a registry."""
    found = Storage(
        etcd.client,
        tracing,
        prefix=options.etcd_prefix,
        resources=registry.resources(),
        compaction_interval=options.etcd_compaction_interval,
        metrics=metrics.storage,
        transformers=transformers,
        shared=worker.revisions if worker is not None else None,
    )
    metrics.storage.counts = lambda: {
        resource.group_resource: found.count(resource) for resource in registry.resources() if resource.storage_path
    }
    metrics.cache.numbers = lambda: {
        resource.group_resource: found.numbers(resource)
        for resource in registry.resources()
        if resource.storage_path and resource.watch_cache
    }
    metrics.cache.revision = lambda: found.revision
    return found


@contextlib.asynccontextmanager
async def flow_control(
    options: Options, storage: Storage, registry: Registry, metrics: Metrics
) -> AsyncIterator[FlowController | None]:
    """Control the flow of requests inside the block; return None where the options turn that off."""
    if not options.enable_priority_and_fairness:
        yield None
        return
    most = limits(options)
    seats = most.max_requests_in_flight + most.max_mutating_requests_in_flight
    async with controlling_flow(seats, storage, registry, metrics) as flow:
        yield flow


def limits(options: Options) -> Limits:
    """Return the limits of this process: those of the server, of which each of its processes has an equal part."""
    most, mutating = (
        -(-limit // options.workers)  # 0, which is no limit, stays 0
        for limit in (options.max_requests_inflight, options.max_mutating_requests_inflight)
    )
    return Limits(
        request_timeout=options.request_timeout, max_requests_in_flight=most, max_mutating_requests_in_flight=mutating
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def retry_after(options: Options, app: ASGIApp, lifecycle: Lifecycle) -> ASGIApp:
    """Return `app`, behind the filter of --shutdown-send-retry-after if that is set."""
    if not options.shutdown_send_retry_after:
        return app
    waits_for_watches = options.shutdown_watch_termination_grace_period > 0
    return RetryAfter(app, lifecycle, waits_for_watches=waits_for_watches)


def lifecycle(options: Options) -> Lifecycle:
    """Return the events of the start and the shutdown, which ends the watches over the time of their flag."""
    return Lifecycle(stopping=Stopping(options.shutdown_watch_termination_grace_period))
