"""The composition root: `apiserver(options)` starts all parts of the server in order of dependency and stops them in reverse.

Upstream: pkg/controlplane/apiserver/config.go, cmd/kube-apiserver/app/server.go
"""

import asyncio
import atexit
import contextlib
import contextvars
import logging
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette

from rootspan import Continuation
from rootspan.continuation import ContinuationOf
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.order import admission_chain, plugin_faults
from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.client_certificates import ClientCertificates
from rootspan_apiserver.authn.loopback import loopback_authenticator
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authn.tokens import StaticTokens, read_token_file
from rootspan_apiserver.authn.union import UnionAuthenticator
from rootspan_apiserver.authz.modes import authorizer_for
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers import controller_faults, running_controllers
from rootspan_apiserver.controllers.custom_resources import serving_custom_resources
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.etcd.lanes import gateway_transport
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.handlers.routes import routes
from rootspan_apiserver.http.parts import Check, Limits, Parts
from rootspan_apiserver.kube.users import MASTERS, User
from rootspan_apiserver.options.idle_settings import idle_settings
from rootspan_apiserver.options.options import Options, OptionsError
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.serving import certificates, kubeconfig
from rootspan_apiserver.serving.http import GRACE, Address, listen, serving
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.audit_log import AuditLog
from rootspan_apiserver.telemetry.text_traces import TextTraces
from rootspan_apiserver.telemetry.tracer_provider import tracer_provider
from rootspan_apiserver.telemetry.tracing import Tracing

logger = logging.getLogger(__name__)
CACHE_SECONDS = 30.0
SLOW_REQUESTS, EVERY_STEP = 2, 4
"""The verbosity (-v) from which slow requests are logged, and from which all of their steps are."""
HEALTH_SECONDS = 2.0
"""The time limit of a health check of etcd, the default of --etcd-healthcheck-timeout."""
ISSUER = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Running:
    """A running server: its address, its CA bundle (PEM), a token of the administrator, and the provider of its spans.

    `shut_down` announces the end: the server continues to serve but is not ready any more. `settled` returns once the controllers have
    done the work of the startup.
    """

    address: Address
    ca_bundle: bytes
    token: str
    tracer_provider: TracerProvider
    shut_down: Callable[[], None]
    settled: Callable[[], Awaitable[None]]

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig of the administrator."""
        return kubeconfig.render(self.address.url, self.ca_bundle, self.token)


@contextlib.asynccontextmanager
async def apiserver(
    options: Options, *, tracer_provider: TracerProvider | None = None, grace: float = GRACE
) -> AsyncIterator[Running]:
    """Serve inside the block, in which the system namespaces exist and the kubeconfig is written.

    Args:
        options: The options of the command line.
        tracer_provider: Makes the spans and is shut down by the caller; by default one is created from the options.
        grace: Seconds that requests in flight have after the block.

    Raises:
        OptionsError, BindError, CertificateError, TokenFileError, ConfigurationError, EmbeddedEtcdError: the server cannot start.
    """
    if faults := [
        *plugin_faults(options.enable_admission_plugins, options.disable_admission_plugins),
        *controller_faults(options.controllers),
    ]:
        raise OptionsError(faults)
    for sentence in idle_settings(options):
        logger.warning("%s", sentence)
    async with contextlib.AsyncExitStack() as stack:
        bound = stack.enter_context(listen(options.bind_address, options.secure_port))
        certificate = _certificate(options)
        tls = certificates.server_context(certificate, _path(options.client_ca_file))
        token = secrets.token_urlsafe(32)

        dialect = options.dialect()
        provider = tracer_provider
        if provider is None:
            provider = await stack.enter_async_context(_tracer_provider(options, dialect))
        texts = TextTraces(everything=options.v >= EVERY_STEP) if options.v >= SLOW_REQUESTS else None
        tracing = Tracing(provider, dialect, texts=texts)
        etcd, etcd_check = await stack.enter_async_context(_etcd(options, provider, dialect))
        registry = builtin_registry(options.service_cluster_ip_range)
        storage = await stack.enter_async_context(
            Storage(etcd, tracing, prefix=options.etcd_prefix, resources=registry.resources())
        )
        store = Store(storage, registry.resources())
        loopback = LoopbackClient(provider, dialect.http_client)
        stack.push_async_callback(loopback.aclose)
        initializer = PluginInitializer(
            cache=storage,
            registry=registry,
            loopback=loopback,
            tracing=tracing,
            tracer_provider=provider,
            service_addresses=options.service_addresses(),
        )
        admission = admission_chain(
            initializer, enable=options.enable_admission_plugins, disable=options.disable_admission_plugins
        )
        stack.push_async_callback(admission.aclose)

        accounts = ServiceAccountTokens(ISSUER, ServiceAccountObjects(storage, registry))
        parts = Parts(
            registry=registry,
            store=store,
            admission=admission,
            tracing=tracing,
            authenticator=_authenticator(options, token, loopback.token, accounts),
            authorizer=authorizer_for(options.authorization_mode, storage, registry),
            tokens=accounts,
            checks={"etcd": etcd_check},
            audit=stack.enter_context(AuditLog(options.audit_log_path)).append if options.audit_log_path else None,
            dialect=dialect,
            limits=Limits(
                request_timeout=options.request_timeout,
                min_request_timeout=options.min_request_timeout,
                max_requests_in_flight=options.max_requests_inflight,
                max_mutating_requests_in_flight=options.max_mutating_requests_inflight,
            ),
        )
        application = dialect.server_span(
            chain(_routed(parts), parts),
            tracer_provider=provider,
            continuation=_continuation(options, dialect, loopback),
        )

        await storage.wait_ready(CACHE_SECONDS)
        address = await stack.enter_async_context(
            serving(application, bound, tls=tls, stopping=parts.stopping.set, grace=grace)
        )
        loopback.connect(address.host, address.port, certificate.pair.certificate)
        await stack.enter_async_context(serving_custom_resources(storage, registry, loopback))
        settled = await stack.enter_async_context(
            running_controllers(
                storage,
                registry,
                loopback,
                ca_bundle=certificate.ca_bundle,
                secure_port=address.port,
                service_range=options.service_cluster_ip_range,
                chosen=options.controllers,
            )
        )
        running = Running(
            address=_advertised(options, address),
            ca_bundle=certificate.ca_bundle,
            token=token,
            tracer_provider=provider,
            shut_down=parts.shutting_down.set,
            settled=settled,
        )
        if options.write_kubeconfig:
            kubeconfig.write(Path(options.write_kubeconfig), running.kubeconfig)
        yield running


def _routed(parts: Parts) -> Starlette:
    """Return the routes without Starlette's error pages: the panic filter answers errors as kube-apiserver does."""
    application = Starlette(routes=routes(parts))
    application.middleware_stack = application.router
    return application


@contextlib.asynccontextmanager
async def _tracer_provider(options: Options, dialect: Dialect) -> AsyncIterator[TracerProvider]:
    provider = tracer_provider(options.tracing_configuration(), dialect.resource(socket.gethostname()))
    flushes = dialect.flushes_at_shutdown or options.flush_spans_at_shutdown
    if not flushes:
        atexit.unregister(provider.shutdown)
    try:
        yield provider
    finally:
        if flushes:
            await asyncio.to_thread(provider.shutdown)


def _continuation(options: Options, dialect: Dialect, loopback: LoopbackClient) -> Continuation | ContinuationOf:
    """Continue the traces of the loopback client, unless every request of the emulated version starts a new trace."""
    if not dialect.joins_traces:
        return Continuation.RESTART_WITHOUT_LINK
    linked = options.inbound_trace_context == "link"
    return loopback.continuation(Continuation.RESTART_WITH_LINK if linked else Continuation.RESTART_WITHOUT_LINK)


@contextlib.asynccontextmanager
async def _etcd(
    options: Options, provider: TracerProvider, dialect: Dialect
) -> AsyncIterator[tuple[EtcdClient, Check]]:
    """Yield the etcd client, and the health check of etcd."""
    async with contextlib.AsyncExitStack() as stack:
        inner: Callable[[], httpx.AsyncBaseTransport]
        embedded = None
        if options.etcd_servers:
            endpoints, tls = options.etcd_servers, _etcd_tls(options)

            def inner() -> httpx.AsyncBaseTransport:
                return gateway_transport(tls)
        else:
            embedded = await stack.enter_async_context(EmbeddedEtcd(_path(options.data_dir)))
            endpoints, inner = (URL,), embedded.transport

        def traced() -> httpx.AsyncBaseTransport:
            return dialect.etcd_client(inner(), tracer_provider=provider)

        client = await stack.enter_async_context(EtcdClient(endpoints, transport=traced))
        await client.wait_until_ready(lambda why: logger.warning("waiting for etcd: %s", why))
        yield client, _health_check(client, embedded)


def _health_check(etcd: EtcdClient, embedded: EmbeddedEtcd | None) -> Check:
    """Return a health check that reads from etcd, as kube-apiserver's. The embedded etcd also reports whether it can write."""

    async def check() -> None:
        """Read in an empty context, so that the span is not part of a request's trace."""
        reading = etcd.range(b"health", limit=1, keys_only=True)
        async with asyncio.timeout(HEALTH_SECONDS):
            await asyncio.create_task(reading, context=contextvars.Context())
            if embedded is not None:
                await embedded.check()

    return check


def _etcd_tls(options: Options) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.etcd_cafile or None)
    if options.etcd_certfile:
        context.load_cert_chain(options.etcd_certfile, options.etcd_keyfile)
    return context


def _certificate(options: Options) -> certificates.ServingCertificate:
    if options.tls_cert_file:
        return certificates.from_files(Path(options.tls_cert_file), Path(options.tls_private_key_file))
    hosts = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    hosts += ["localhost", "127.0.0.1", "::1", socket.gethostname(), options.bind_address, options.advertise_address]
    return certificates.self_signed(filter(None, hosts), _path(options.cert_dir))


def _authenticator(
    options: Options, admin_token: str, loopback_token: str, accounts: ServiceAccountTokens
) -> Authenticator:
    known: list[Authenticator] = [
        loopback_authenticator(loopback_token),
        StaticTokens({admin_token: User("kubernetes-admin", groups=(MASTERS,))}),
    ]
    if options.client_ca_file:
        known.append(ClientCertificates())
    if options.token_auth_file:
        known.append(read_token_file(Path(options.token_auth_file)))
    known.append(accounts)
    if options.anonymous_auth:
        known.append(AnonymousAuthenticator())
    return UnionAuthenticator(known, [accounts.issuer])


def _advertised(options: Options, address: Address) -> Address:
    unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = options.advertise_address or unspecified.get(address.host, address.host)
    return Address(address.scheme, host, address.port)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
