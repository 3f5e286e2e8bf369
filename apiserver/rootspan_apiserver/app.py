"""The composition root: `apiserver(options)` starts all parts of the server in order of dependency, and stops them in reverse.

Upstream: cmd/kube-apiserver/app/server.go, pkg/controlplane/apiserver/config.go
"""

import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider

from rootspan import Continuation
from rootspan.continuation import ContinuationOf
from rootspan_apiserver import assembly
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.order import admission_chain
from rootspan_apiserver.authn.server_authenticator import server_authenticator
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.modes import authorizer_for
from rootspan_apiserver.authz.union import UnionAuthorizer
from rootspan_apiserver.clients.converters import Converters
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.clients.webhook_clients import WebhookClients
from rootspan_apiserver.controllers import Settled, running_controllers
from rootspan_apiserver.controllers.custom_resources import serving_custom_resources
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.filters.audit import Sink
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.handlers.documents.health import Check
from rootspan_apiserver.handlers.routes import application
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.options.shown_flags import zpages
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.certificates import ServingCertificate
from rootspan_apiserver.serving.http import GRACE, Address, listen, serving
from rootspan_apiserver.serving.running import Running
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.audit_log import AuditLog
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing

logger = logging.getLogger(__name__)
CACHE_SECONDS = 30.0
ISSUER = "https://kubernetes.default.svc.cluster.local"


@contextlib.asynccontextmanager
async def apiserver(
    options: Options, *, tracer_provider: TracerProvider | None = None, grace: float = GRACE
) -> AsyncIterator[Running]:
    """Serve inside the block, in which the system namespaces exist and the kubeconfig is written.

    Args:
        tracer_provider: Makes the spans and is shut down by the caller; by default one is created from the options.
        grace: Seconds that requests in flight have after the block.

    Raises:
        OptionsError, BindError, CertificateError, TokenFileError, ConfigurationError, EmbeddedEtcdError: the server cannot start.
    """
    assembly.check(options)
    async with contextlib.AsyncExitStack() as stack:
        bound = stack.enter_context(listen(options.bind_address, options.secure_port))
        certificate, tls = assembly.tls(options)
        dialect, token, lifecycle = options.dialect(), secrets.token_urlsafe(32), Lifecycle()
        provider = await stack.enter_async_context(assembly.tracer_provider(options, dialect, tracer_provider))
        tracing = Tracing(provider, dialect, texts=assembly.text_traces(options))
        etcd = await stack.enter_async_context(assembly.etcd(options, dialect, provider))
        registry = builtin_registry(options.service_cluster_ip_range)
        metrics = Metrics(options.emulated_version)
        storage = await stack.enter_async_context(assembly.storage(options, etcd, tracing, registry, metrics))
        loopback = await stack.enter_async_context(contextlib.aclosing(LoopbackClient(provider, dialect.http_client)))
        authorizer = authorizer_for(options.authorization_mode, storage, registry)
        admission = _admission(
            options, storage, registry, loopback, authorizer, metrics=metrics, tracing=tracing, provider=provider
        )
        stack.push_async_callback(admission.aclose)
        accounts = ServiceAccountTokens(ISSUER, ServiceAccountObjects(storage, registry))
        requests = _request_path(
            options,
            dialect=dialect,
            tracing=tracing,
            metrics=metrics,
            registry=registry,
            storage=storage,
            authorizer=authorizer,
            admission=admission,
            accounts=accounts,
            loopback_token=loopback.token,
            admin_token=token,
            lifecycle=lifecycle,
            etcd_check=etcd.check,
            audit=stack.enter_context(AuditLog(options.audit_log_path)).append if options.audit_log_path else None,
        )
        traced = _traced(requests, options, dialect, loopback, provider)
        await storage.wait_ready(CACHE_SECONDS)
        listening = serving(traced, bound, tls=tls, stopping=lifecycle.stopping.set, grace=grace)
        address = await stack.enter_async_context(listening)
        loopback.connect(address.host, address.port, certificate.pair.certificate)
        webhooks = WebhookClients(ServiceResolver(options.service_addresses(), loopback), provider)
        converters = Converters(webhooks, tracing, metrics.conversion)
        await stack.enter_async_context(serving_custom_resources(storage, registry, loopback, converters))
        controllers = _controllers(options, storage, registry, loopback, certificate=certificate, address=address)
        settled = await stack.enter_async_context(controllers)
        yield _running(
            options,
            address,
            certificate,
            token=token,
            provider=provider,
            shutdown=lifecycle,
            settled=settled,
            expire_history=storage.expire_history,
        )


def _request_path(
    options: Options,
    *,
    dialect: Dialect,
    tracing: Tracing,
    metrics: Metrics,
    registry: Registry,
    storage: Storage,
    authorizer: UnionAuthorizer,
    admission: AdmissionChain,
    accounts: ServiceAccountTokens,
    loopback_token: str,
    admin_token: str,
    lifecycle: Lifecycle,
    etcd_check: Check,
    audit: Sink | None,
) -> ASGIApp:
    """Return the handlers behind the filters."""
    authenticator = server_authenticator(
        loopback_token=loopback_token,
        admin_token=admin_token,
        accounts=accounts,
        client_certificates=bool(options.client_ca_file),
        token_file=options.token_auth_file,
        anonymous=options.anonymous_auth,
    )
    handlers = application(
        registry=registry,
        store=Store(storage, registry.resources()),
        admission=admission,
        authenticator=authenticator,
        authorizer=authorizer,
        tokens=accounts,
        metrics=metrics,
        lifecycle=lifecycle,
        etcd_check=etcd_check,
        zpages=zpages(options),
        min_request_timeout=options.min_request_timeout,
        expire_history=storage.expire_history if options.debug_expire_history else None,
    )
    limits = Limits(
        request_timeout=options.request_timeout,
        max_requests_in_flight=options.max_requests_inflight,
        max_mutating_requests_in_flight=options.max_mutating_requests_inflight,
    )
    return chain(
        handlers,
        authenticator=authenticator,
        authorizer=authorizer,
        registry=registry,
        tracing=tracing,
        metrics=metrics,
        audit=audit,
        limits=limits,
        dialect=dialect,
    )


def _admission(
    options: Options,
    storage: Storage,
    registry: Registry,
    loopback: LoopbackClient,
    authorizer: UnionAuthorizer,
    *,
    metrics: Metrics,
    tracing: Tracing,
    provider: TracerProvider,
) -> AdmissionChain:
    initializer = PluginInitializer(
        cache=storage,
        registry=registry,
        authorizer=authorizer,
        loopback=loopback,
        tracing=tracing,
        tracer_provider=provider,
        service_addresses=options.service_addresses(),
        configuration=options.admission_configuration(),
        toleration_seconds=options.toleration_seconds(),
    )
    return admission_chain(
        initializer,
        enable=options.enable_admission_plugins,
        disable=options.disable_admission_plugins,
        metrics=metrics.admission,
    )


def _controllers(
    options: Options,
    storage: Storage,
    registry: Registry,
    loopback: LoopbackClient,
    *,
    certificate: ServingCertificate,
    address: Address,
) -> AbstractAsyncContextManager[Settled]:
    return running_controllers(
        storage,
        registry,
        loopback,
        ca_bundle=certificate.ca_bundle,
        secure_port=address.port,
        service_range=options.service_cluster_ip_range,
        chosen=options.controllers,
    )


def _traced(
    requests: ASGIApp, options: Options, dialect: Dialect, loopback: LoopbackClient, provider: TracerProvider
) -> ASGIApp:
    continuation = _continuation(options, dialect, loopback)
    return dialect.server_span(requests, tracer_provider=provider, continuation=continuation)


def _continuation(options: Options, dialect: Dialect, loopback: LoopbackClient) -> Continuation | ContinuationOf:
    """Return what is done with a caller's trace context: the loopback client's traces are continued, unless every request has its own."""
    if not dialect.joins_traces:
        return Continuation.RESTART_WITHOUT_LINK
    linked = options.inbound_trace_context == "link"
    return loopback.continuation(Continuation.RESTART_WITH_LINK if linked else Continuation.RESTART_WITHOUT_LINK)


def _running(
    options: Options,
    address: Address,
    certificate: ServingCertificate,
    *,
    token: str,
    provider: TracerProvider,
    shutdown: Lifecycle,
    settled: Settled,
    expire_history: Callable[[], Awaitable[None]],
) -> Running:
    """Return the server, whose kubeconfig is written if one is wanted."""
    running = Running(
        address=address.advertised(options.advertise_address),
        ca_bundle=certificate.ca_bundle,
        token=token,
        tracer_provider=provider,
        shut_down=shutdown.shutting_down.set,
        settled=settled,
        expire_history=expire_history,
    )
    shutdown.started.set()
    if options.write_kubeconfig:
        kubeconfig.write(Path(options.write_kubeconfig), running.kubeconfig)
    return running
