"""The parts of a server that follow from its options alone: TLS, the tracer provider, etcd and the store.

Upstream: cmd/kube-apiserver/app/server.go, pkg/controlplane/apiserver/config.go
"""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider

from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.serving.certificates import ServingCertificate, server_context, serving_certificate
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.backend import EtcdBackend, client_tls, etcd_backend
from rootspan_apiserver.telemetry.text_traces import TextTraces
from rootspan_apiserver.telemetry.tracer_provider import exporting
from rootspan_apiserver.telemetry.tracing import Tracing

CACHE_SECONDS = 30.0
"""How long the start waits for the watch cache."""
SLOW_REQUESTS, EVERY_STEP = 2, 4
"""The verbosity (-v) from which slow requests are logged, and from which all of their steps are."""


def serving_tls(options: Options) -> tuple[ServingCertificate, ssl.SSLContext]:
    """Return the serving certificate, and the TLS settings of the server. Raises CertificateError."""
    certificate = serving_certificate(
        certificate_file=options.tls_cert_file,
        key_file=options.tls_private_key_file,
        folder=optional_path(options.cert_dir),
        addresses=(options.bind_address, options.advertise_address),
    )
    return certificate, server_context(certificate, optional_path(options.client_ca_file))


def tracer_provider_for(
    options: Options, dialect: Dialect, given: TracerProvider | None
) -> AbstractAsyncContextManager[TracerProvider]:
    """Return the tracer provider that is `given`, or else one that exports spans as the options say."""
    if given is not None:
        return contextlib.nullcontext(given)
    return exporting(
        options.tracing_configuration(),
        dialect.resource(socket.gethostname()),
        flushes=dialect.flushes_at_shutdown or options.flush_spans_at_shutdown,
    )


def text_traces(options: Options) -> TextTraces | None:
    """Return the traces of slow requests for the log, None at a low verbosity."""
    return TextTraces(everything=options.v >= EVERY_STEP) if options.v >= SLOW_REQUESTS else None


def etcd_for(options: Options, dialect: Dialect, provider: TracerProvider) -> AbstractAsyncContextManager[EtcdBackend]:
    """Return the client of the cluster that the options name, or of the embedded etcd. Raises EmbeddedEtcdError."""
    return etcd_backend(
        options.etcd_servers,
        lambda: client_tls(options.etcd_cafile, options.etcd_certfile, options.etcd_keyfile),
        data_dir=optional_path(options.data_dir),
        traced=lambda transport: dialect.etcd_client(transport, tracer_provider=provider),
    )


@contextlib.asynccontextmanager
async def stored(
    options: Options, etcd: EtcdBackend, tracing: Tracing, registry: Registry
) -> AsyncIterator[tuple[Storage, Store]]:
    """Run the storage, whose watch cache may be loading still after some seconds, with the generic store above it."""
    async with Storage(
        etcd.client,
        tracing,
        prefix=options.etcd_prefix,
        resources=registry.resources(),
        compaction_interval=options.etcd_compaction_interval,
    ) as storage:
        store = Store(storage, registry.resources())
        await storage.wait_ready(CACHE_SECONDS)
        yield storage, store


def optional_path(text: str) -> Path | None:
    """Return the path in an option, None for the empty text."""
    return Path(text) if text else None
