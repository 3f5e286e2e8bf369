"""The composition root: `apiserver(options)` starts all parts of the server in order of dependency, and stops them in reverse.

Upstream: cmd/kube-apiserver/app/server.go, pkg/controlplane/apiserver/config.go
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider

from rootspan_apiserver import assembly
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.order import admission_chain
from rootspan_apiserver.auditing import auditing
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.chain import AuthorizerChain
from rootspan_apiserver.clients.access_webhooks import AccessWebhooks
from rootspan_apiserver.clients.aggregated_services import AggregatedServices
from rootspan_apiserver.clients.converters import Converters
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_client import ServiceClients
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.clients.webhook_clients import WebhookClients
from rootspan_apiserver.controllers import ServerFacts, Settled, once_elected, running_controllers
from rootspan_apiserver.controllers.aggregator import aggregating
from rootspan_apiserver.controllers.custom_resources import serving_custom_resources
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.encrypting import encrypting
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.filters.current_definitions import CurrentDefinitions
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.handlers.documents.health import Check
from rootspan_apiserver.handlers.proxy import AggregationProxy
from rootspan_apiserver.handlers.routes import application
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.options import identities
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.options.shown_flags import zpages
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import GRACE, Address, serving
from rootspan_apiserver.serving.running import Running
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing
from rootspan_apiserver.workers.identity import ServerIdentity
from rootspan_apiserver.workers.worker import Worker

CACHE_SECONDS = 30.0


@contextlib.asynccontextmanager
async def apiserver(
    options: Options,
    *,
    tracer_provider: TracerProvider | None = None,
    grace: float = GRACE,
    worker: Worker | None = None,
) -> AsyncIterator[Running]:
    """Serve inside the block, in which the system namespaces exist and the kubeconfig is written.

    Args:
        tracer_provider: Makes the spans and is shut down by the caller; by default one is created from the options.
        grace: Seconds that requests in flight have after the block.
        worker: What this process is among those of the server; None if it is the only one.

    Raises:
        OptionsError, BindError, CertificateError, KeyFileError, TokenFileError, ConfigurationError, EmbeddedEtcdError: No server.
    """
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        identity = worker.identity if worker is not None else stack.enter_context(assembly.only_process(options))
        parts = await enter(_parts_of(options, identity, worker, tracer_provider))
        traced = await enter(_answering(parts))
        await parts.storage.wait_ready(CACHE_SECONDS)
        drained = parts.lifecycle.in_flight.drained if options.shutdown_send_retry_after else None
        bound, stopping = identity.bound, parts.lifecycle.stopping.set
        served = serving(traced, bound, tls=identity.tls, stopping=stopping, drained=drained, grace=grace)
        address = await enter(served)
        parts.loopback.connect(address.host, address.port, identity.certificate.pair.certificate)
        yield _running(parts, address, await enter(_working(parts, address)))


@contextlib.asynccontextmanager
async def _parts_of(
    options: Options, identity: ServerIdentity, worker: Worker | None, given: TracerProvider | None
) -> AsyncIterator["_Parts"]:
    """Start what all the others need."""
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        dialect, metrics = options.dialect(), assembly.metrics(options)
        provider = await enter(assembly.tracer_provider(options, dialect, given, worker))
        tracing = Tracing(provider, dialect, texts=assembly.text_traces(options))
        etcd = await enter(assembly.etcd(options, dialect, provider, worker))
        registry = builtin_registry(options.service_cluster_ip_range, int(options.event_ttl))
        values = await enter(encrypting(options, tracing, registry, metrics.encryption))
        stored = assembly.storage(options, etcd, tracing, registry, metrics, transformers=values, worker=worker)
        storage = await enter(stored)
        client = LoopbackClient(provider, dialect.http_client, metrics.clients, identity.loopback_token)
        loopback = await enter(contextlib.aclosing(client))
        webhooks = await enter(contextlib.aclosing(AccessWebhooks(dialect.http_client, provider, metrics)))
        authorizer = await enter(assembly.authorizer(options, storage, registry, webhooks, metrics))
        resolver = assembly.service_resolver(options, storage, registry, loopback)
        yield _Parts(
            options=options,
            dialect=dialect,
            provider=provider,
            tracing=tracing,
            metrics=metrics,
            registry=registry,
            storage=storage,
            store=Store(storage, registry.resources(), worker.claims if worker is not None else None),
            loopback=loopback,
            authorizer=authorizer,
            webhooks=webhooks,
            resolver=resolver,
            services=AggregatedServices(),
            clients=assembly.service_clients(resolver, options, provider),
            lifecycle=assembly.lifecycle(options),
            flow=await enter(assembly.flow_control(options, storage, registry, metrics)),
            etcd_check=etcd.check,
            kms_check=values.health if values is not None else None,
            identity=identity,
            accounts=identities.service_account_tokens(identity.accounts, storage, registry, loopback),
            worker=worker,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the parts of one server share."""

    options: Options
    dialect: Dialect
    provider: TracerProvider
    tracing: Tracing
    metrics: Metrics
    registry: Registry
    storage: Storage
    store: Store
    loopback: LoopbackClient
    authorizer: AuthorizerChain
    webhooks: AccessWebhooks
    resolver: ServiceResolver
    services: AggregatedServices
    clients: ServiceClients
    lifecycle: Lifecycle
    flow: FlowController | None
    etcd_check: Check
    kms_check: Check | None
    identity: ServerIdentity
    accounts: ServiceAccountTokens
    worker: Worker | None


@contextlib.asynccontextmanager
async def _working(parts: _Parts, address: Address) -> AsyncIterator[Sequence[Settled]]:
    """Run everything that works beside the requests: custom resources, the aggregator, the controllers."""
    options, shared = parts.options, (parts.storage, parts.registry, parts.loopback)
    converters = Converters(WebhookClients(parts.resolver, parts.provider), parts.tracing, parts.metrics.conversion)
    aggregator = aggregating(
        *shared,
        store=parts.store,
        services=parts.services,
        clients=parts.clients,
        trust=assembly.authentication_trust(options),
        metrics=parts.metrics,
    )
    controllers = partial(
        running_controllers,
        *shared,
        store=parts.store,
        tokens=parts.accounts,
        ca_bundle=parts.identity.certificate.ca_bundle,
        server=ServerFacts(
            addresses=(options.advertise_address, address.host),
            secure_port=address.port,
            service_range=options.service_cluster_ip_range,
        ),
        chosen=options.controllers,
        metrics=parts.metrics.queues,
        bootstraps_roles=options.has_mode("RBAC"),
        controls_flow=parts.flow is not None,
    )
    async with (
        serving_custom_resources(*shared, converters, metrics=parts.metrics.queues),
        aggregator as registered,
        controllers() if parts.worker is None else once_elected(parts.worker.member, controllers) as settled,
    ):
        yield registered, settled


@contextlib.asynccontextmanager
async def _answering(parts: _Parts) -> AsyncIterator[ASGIApp]:
    """Return what answers requests while the block runs."""
    options = parts.options
    async with (
        contextlib.aclosing(_admission(parts)) as admission,
        auditing(options, parts.tracing, parts.metrics.audit) as auditor,
        identities.authentication(
            options, parts.accounts, parts.loopback, parts.identity.administrator_token, parts.webhooks
        ) as authenticator,
    ):
        requests = _request_path(parts, admission, authenticator, auditor)
        continuation = assembly.continuation(options, parts.dialect, parts.loopback)
        yield parts.dialect.server_span(requests, tracer_provider=parts.provider, continuation=continuation)


def _request_path(
    parts: _Parts, admission: AdmissionChain, authenticator: Authenticator, auditor: Auditor | None
) -> ASGIApp:
    """Return the handlers behind the filters."""
    options, storage, registry = parts.options, parts.storage, parts.registry
    handlers = application(
        registry=registry,
        store=parts.store,
        admission=admission,
        authenticator=authenticator,
        authorizer=parts.authorizer,
        tokens=parts.accounts,
        metrics=parts.metrics,
        lifecycle=parts.lifecycle,
        etcd_check=parts.etcd_check,
        kms_check=parts.kms_check,
        zpages=zpages(options),
        min_request_timeout=options.min_request_timeout,
        proxy=AggregationProxy(parts.services, parts.clients, parts.lifecycle.stopping),
        expire_history=storage.expire_history if options.debug_expire_history else None,
        enforces_roles=options.has_mode("RBAC"),
        flow=parts.flow,
    )
    filtered = chain(
        handlers,
        authenticator=authenticator,
        authorizer=parts.authorizer,
        registry=registry,
        tracing=parts.tracing,
        metrics=parts.metrics,
        auditor=auditor,
        flow=parts.flow,
        limits=assembly.limits(options),
        dialect=parts.dialect,
    )
    filtered = filtered if parts.worker is None else CurrentDefinitions(filtered, storage, registry)
    return assembly.retry_after(options, filtered, parts.lifecycle)


def _admission(parts: _Parts) -> AdmissionChain:
    options = parts.options
    initializer = PluginInitializer(
        cache=parts.storage,
        registry=parts.registry,
        authorizer=parts.authorizer,
        loopback=parts.loopback,
        tracing=parts.tracing,
        tracer_provider=parts.provider,
        service_addresses=options.service_addresses(),
        configuration=options.admission_configuration(),
        toleration_seconds=options.toleration_seconds(),
        metrics=parts.metrics.admission,
    )
    return admission_chain(
        initializer,
        enable=options.enable_admission_plugins,
        disable=options.disable_admission_plugins,
        metrics=parts.metrics.admission,
    )


def _running(parts: _Parts, address: Address, settled: Sequence[Settled]) -> Running:
    """Return the server, whose kubeconfig is written if one is wanted; workers leave that to their parent."""

    async def all_settled() -> None:
        for each in settled:
            await each()

    options = parts.options
    running = Running(
        address=address.advertised(options.advertise_address),
        ca_bundle=parts.identity.certificate.ca_bundle,
        token=parts.identity.administrator_token,
        tracer_provider=parts.provider,
        shut_down=parts.lifecycle.shutting_down.set,
        settled=all_settled,
        expire_history=parts.storage.expire_history,
        start=parts.lifecycle.started.set,
    )
    if parts.worker is None:
        running.start()
    if options.write_kubeconfig and parts.worker is None:
        kubeconfig.write(Path(options.write_kubeconfig), running.kubeconfig)
    return running
