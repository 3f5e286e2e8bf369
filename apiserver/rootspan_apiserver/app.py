"""The composition root: `apiserver(options)` starts all parts of the server in order of dependency, and stops them in reverse.

Upstream: cmd/kube-apiserver/app/server.go, pkg/controlplane/apiserver/config.go
"""

import contextlib
import logging
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider

from rootspan import Continuation
from rootspan.continuation import ContinuationOf
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.order import admission_chain, plugin_faults
from rootspan_apiserver.authn.server_authenticator import server_authenticator
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.modes import authorizer_for
from rootspan_apiserver.authz.union import UnionAuthorizer
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers import Settled, controller_faults, running_controllers
from rootspan_apiserver.controllers.custom_resources import serving_custom_resources
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.filters.audit import Sink
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.handlers.documents.health import Check
from rootspan_apiserver.handlers.routes import application
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.options.idle_settings import idle_settings
from rootspan_apiserver.options.options import Options, OptionsError
from rootspan_apiserver.options.shown_flags import zpages
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.certificates import ServingCertificate, server_context, serving_certificate
from rootspan_apiserver.serving.http import GRACE, Address, listen, serving
from rootspan_apiserver.serving.running import Running
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.backend import EtcdBackend, client_tls, etcd_backend
from rootspan_apiserver.telemetry.audit_log import AuditLog
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.text_traces import TextTraces
from rootspan_apiserver.telemetry.tracer_provider import exporting
from rootspan_apiserver.telemetry.tracing import Tracing

logger = logging.getLogger(__name__)
CACHE_SECONDS = 30.0
SLOW_REQUESTS, EVERY_STEP = 2, 4
"""The verbosity (-v) from which slow requests are logged, and from which all of their steps are."""
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
    _check(options)
    async with contextlib.AsyncExitStack() as stack:
        bound = stack.enter_context(listen(options.bind_address, options.secure_port))
        certificate, tls = _tls(options)
        dialect, token, lifecycle = options.dialect(), secrets.token_urlsafe(32), Lifecycle()
        provider = await stack.enter_async_context(_tracer_provider(options, dialect, tracer_provider))
        tracing = Tracing(provider, dialect, texts=_text_traces(options))
        etcd = await stack.enter_async_context(_etcd(options, dialect, provider))
        registry = builtin_registry(options.service_cluster_ip_range)
        metrics = Metrics(options.emulated_version)
        storage = await stack.enter_async_context(_storage(options, etcd, tracing, registry, metrics))
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
            registry=registry,
            storage=storage,
            authorizer=authorizer,
            admission=admission,
            accounts=accounts,
            loopback_token=loopback.token,
            admin_token=token,
            metrics=metrics,
            lifecycle=lifecycle,
            etcd_check=etcd.check,
            audit=stack.enter_context(AuditLog(options.audit_log_path)).append if options.audit_log_path else None,
        )
        traced = _traced(requests, options, dialect, loopback, provider)
        await storage.wait_ready(CACHE_SECONDS)
        listening = serving(traced, bound, tls=tls, stopping=lifecycle.stopping.set, grace=grace)
        address = await stack.enter_async_context(listening)
        loopback.connect(address.host, address.port, certificate.pair.certificate)
        await stack.enter_async_context(serving_custom_resources(storage, registry, loopback))
        controllers = _controllers(options, storage, registry, loopback, certificate=certificate, address=address)
        settled = await stack.enter_async_context(controllers)
        running = Running(
            address=address.advertised(options.advertise_address),
            ca_bundle=certificate.ca_bundle,
            token=token,
            tracer_provider=provider,
            shut_down=lifecycle.shutting_down.set,
            settled=settled,
            expire_history=storage.expire_history,
        )
        lifecycle.started.set()
        _write_kubeconfig(options, running)
        yield running


def _check(options: Options) -> None:
    """Refuse names that do not exist, and warn of options that have no effect. Raises OptionsError."""
    if faults := [
        *plugin_faults(options.enable_admission_plugins, options.disable_admission_plugins),
        *controller_faults(options.controllers),
    ]:
        raise OptionsError(faults)
    for sentence in idle_settings(options):
        logger.warning("%s", sentence)


def _request_path(
    options: Options,
    *,
    dialect: Dialect,
    tracing: Tracing,
    registry: Registry,
    storage: Storage,
    authorizer: UnionAuthorizer,
    admission: AdmissionChain,
    accounts: ServiceAccountTokens,
    loopback_token: str,
    admin_token: str,
    metrics: Metrics,
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


def _tls(options: Options) -> tuple[ServingCertificate, ssl.SSLContext]:
    certificate = serving_certificate(
        certificate_file=options.tls_cert_file,
        key_file=options.tls_private_key_file,
        folder=_path(options.cert_dir),
        addresses=(options.bind_address, options.advertise_address),
    )
    return certificate, server_context(certificate, _path(options.client_ca_file))


def _tracer_provider(
    options: Options, dialect: Dialect, given: TracerProvider | None
) -> AbstractAsyncContextManager[TracerProvider]:
    if given is not None:
        return contextlib.nullcontext(given)
    return exporting(
        options.tracing_configuration(),
        dialect.resource(socket.gethostname()),
        flushes=dialect.flushes_at_shutdown or options.flush_spans_at_shutdown,
    )


def _text_traces(options: Options) -> TextTraces | None:
    return TextTraces(everything=options.v >= EVERY_STEP) if options.v >= SLOW_REQUESTS else None


def _etcd(options: Options, dialect: Dialect, provider: TracerProvider) -> AbstractAsyncContextManager[EtcdBackend]:
    return etcd_backend(
        options.etcd_servers,
        lambda: client_tls(options.etcd_cafile, options.etcd_certfile, options.etcd_keyfile),
        data_dir=_path(options.data_dir),
        traced=lambda transport: dialect.etcd_client(transport, tracer_provider=provider),
    )


def _storage(options: Options, etcd: EtcdBackend, tracing: Tracing, registry: Registry, metrics: Metrics) -> Storage:
    storage = Storage(
        etcd.client,
        tracing,
        prefix=options.etcd_prefix,
        resources=registry.resources(),
        compaction_interval=options.etcd_compaction_interval,
        metrics=metrics.storage,
    )
    metrics.storage.counts = lambda: {
        resource.group_resource: storage.count(resource) for resource in registry.resources() if resource.storage_path
    }
    return storage


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


def _write_kubeconfig(options: Options, running: Running) -> None:
    if options.write_kubeconfig:
        kubeconfig.write(Path(options.write_kubeconfig), running.kubeconfig)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
