"""The client's spans, and etcd's own below them."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from textwrap import dedent

import httpx
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import TracerProvider

from rootspan.spans import Span
from rootspan.testing import recording_provider, tree
from rootspan_apiserver.collector import Collector
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.v1_22 import V1_22
from rootspan_apiserver.dialects.v1_36 import V1_36
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient, FutureRevision, Unavailable
from rootspan_apiserver.http_transport.single_connection import SingleConnectionTransport
from tests.apiserver.etcd.processes import etcd, free_ports

pytestmark = pytest.mark.anyio

WITHIN = 30.0
OTELGRPC = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"


def traced(
    url: str,
    inner: Callable[[], httpx.AsyncBaseTransport],
    provider: TracerProvider,
    dialect: Dialect = V1_36,
) -> EtcdClient:
    return EtcdClient([url], transport=lambda: dialect.etcd_client(inner(), tracer_provider=provider), timeout=0)


async def test_call_is_recorded_as_the_rpc_it_is() -> None:
    """Name, kind, scope, attributes and events are those of otelgrpc 0.65 in kube-apiserver 1.36."""
    provider, recorder = recording_provider()
    async with EmbeddedEtcd() as embedded, traced(URL, embedded.transport, provider) as client:
        await client.range(b"k")
    (span,) = recorder.spans
    assert (span.name, span.kind, span.scope.name, span.scope.version) == (
        "etcdserverpb.KV/Range",
        "CLIENT",
        OTELGRPC,
        "0.65.0",
    )
    assert span.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": "etcdserverpb.KV/Range",
        "server.address": "127.0.0.1",
        "server.port": 2379,
        "rpc.response.status_code": "OK",
    }
    assert [(event.name, set(event.attributes)) for event in span.events] == [
        (
            "message",
            {"rpc.message.type", "rpc.message.id", "rpc.message.compressed_size", "rpc.message.uncompressed_size"},
        )
    ] * 2
    assert [event.attributes["rpc.message.type"] for event in span.events] == ["SENT", "RECEIVED"]
    assert span.start <= span.events[0].time <= span.events[1].time <= span.end
    assert (span.status, span.status_message) == ("UNSET", "")


async def test_each_operation_has_its_own_name() -> None:
    """All calls below one span are its children, named after etcd's services and methods."""
    provider, recorder = recording_provider(service="apiserver")
    async with EmbeddedEtcd() as embedded, traced(URL, embedded.transport, provider) as client:
        with provider.get_tracer("test").start_as_current_span("Create"):
            lease = await client.lease_grant(60)
            result = await client.put_if(b"k", b"v", mod_revision=0, lease=lease)
            await client.delete_if(b"k", mod_revision=result.revision)
            await client.compact(result.revision)
            await client.lease_revoke(lease)
            await client.status()
    assert tree(recorder.spans) == dedent(
        """\
        Create INTERNAL apiserver
        ├─ etcdserverpb.Lease/LeaseGrant CLIENT apiserver
        ├─ etcdserverpb.KV/Txn CLIENT apiserver
        ├─ etcdserverpb.KV/Txn CLIENT apiserver
        ├─ etcdserverpb.KV/Compact CLIENT apiserver
        ├─ etcdserverpb.Lease/LeaseRevoke CLIENT apiserver
        └─ etcdserverpb.Maintenance/Status CLIENT apiserver"""
    )


async def test_refusal_is_an_error_of_the_span() -> None:
    """The status code has Go's name and the status etcd's message."""
    provider, recorder = recording_provider()
    async with EmbeddedEtcd() as embedded, traced(URL, embedded.transport, provider) as client:
        with pytest.raises(FutureRevision):
            await client.range(b"k", revision=99)
    (span,) = recorder.spans
    assert span.attributes["rpc.response.status_code"] == "OutOfRange"
    assert span.status == "ERROR"
    assert span.status_message == "etcdserver: mvcc: required revision is a future revision"


async def test_endpoint_that_is_away_is_an_error_of_the_span(system_trust: ssl.SSLContext) -> None:
    """It is Unavailable, as in gRPC."""
    provider, recorder = recording_provider()
    (port,) = free_ports(1)
    async with traced(f"http://127.0.0.1:{port}", partial(SingleConnectionTransport, system_trust), provider) as client:
        with pytest.raises(Unavailable):
            await client.range(b"k")
    (span,) = recorder.spans
    assert span.attributes["rpc.response.status_code"] == "Unavailable"
    assert (span.attributes["server.port"], span.status) == (port, "ERROR")


async def test_watch_that_loses_its_etcd_is_an_error_of_the_span(tmp_path: Path, system_trust: ssl.SSLContext) -> None:
    """The span of the broken stream ends as Unavailable; the watch that takes its place has a span of its own."""
    provider, recorder = recording_provider()
    with etcd(tmp_path) as member:
        async with (
            traced(member.url, partial(SingleConnectionTransport, system_trust), provider) as client,
            aclosing(client.watch(b"k")) as watch,
            asyncio.timeout(WITHIN),
        ):
            await anext(watch)
            await asyncio.to_thread(member.kill)
            await asyncio.to_thread(member.start)
            await anext(watch)
    codes = [span.attributes["rpc.response.status_code"] for span in recorder.spans]
    assert (codes[0], codes[-1]) == ("Unavailable", "Canceled")
    assert {span.name for span in recorder.spans} == {"etcdserverpb.Watch/Watch"}


async def test_watch_is_a_trace_of_its_own() -> None:
    """A watch opened inside a span is no child of it; its span lasts as long as the watch and counts its messages."""
    provider, recorder = recording_provider()
    async with EmbeddedEtcd() as embedded, traced(URL, embedded.transport, provider) as client:
        with provider.get_tracer("test").start_as_current_span("Create"):
            async with aclosing(client.watch(b"k")) as watch:
                await anext(watch)
                await client.put_if(b"k", b"v", mod_revision=0)
                await anext(watch)
                assert [span.name for span in recorder.spans] == ["etcdserverpb.KV/Txn"]
    by_name = {span.name: span for span in recorder.spans}
    span = by_name["etcdserverpb.Watch/Watch"]
    assert span.parent_id is None
    assert span.trace_id != by_name["Create"].trace_id
    assert [event.attributes["rpc.message.type"] for event in span.events] == ["SENT", "RECEIVED", "RECEIVED"]
    assert span.attributes["rpc.response.status_code"] == "Canceled"


async def test_dialect_of_1_22() -> None:
    """The older otelgrpc splits the method from its service and writes the code as a number."""
    provider, recorder = recording_provider()
    async with (
        EmbeddedEtcd() as embedded,
        traced(URL, embedded.transport, provider, V1_22) as client,
    ):
        await client.range(b"k")
    (span,) = recorder.spans
    assert (span.name, span.scope.version) == ("etcdserverpb.KV/Range", "semver:0.20.0")
    assert span.attributes == {
        "rpc.system": "grpc",
        "rpc.service": "etcdserverpb.KV",
        "rpc.method": "Range",
        "rpc.grpc.status_code": 0,
    }
    assert [set(event.attributes) for event in span.events] == [
        {"message.type", "message.id", "message.uncompressed_size"}
    ] * 2


class Overhears(httpx.AsyncBaseTransport):
    """Carries requests to `inner` and keeps their headers."""

    def __init__(self, inner: httpx.AsyncBaseTransport, heard: list[httpx.Headers]) -> None:
        self._inner = inner
        self._heard = heard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._heard.append(request.headers.copy())
        return await self._inner.handle_async_request(request)


async def test_context_is_sent_as_metadata_sampled_or_not() -> None:
    """It is new in each call and never called `traceparent`; a trace that is not sampled goes on with flag 00."""
    heard: list[httpx.Headers] = []
    for sampled in (True, False):
        provider, recorder = recording_provider() if sampled else recording_provider(sampler=ALWAYS_OFF)
        async with (
            EmbeddedEtcd() as embedded,
            traced(URL, partial(Overhears, embedded.transport(), heard), provider) as client,
        ):
            await client.range(b"k")
            await client.range(b"k")
        assert len(recorder.spans) == (2 if sampled else 0)
    contexts = [headers["Grpc-Metadata-Traceparent"].split("-") for headers in heard]
    assert [(version, flags) for version, _, _, flags in contexts] == [("00", "01")] * 2 + [("00", "00")] * 2
    assert len({span_id for _, _, span_id, _ in contexts}) == 4
    assert not any("traceparent" in headers for headers in heard)


async def test_etcd_joins_the_trace(tmp_path: Path, system_trust: ssl.SSLContext) -> None:
    """Of a sampled call etcd's own SERVER span is the child of ours; of one that is not, etcd records none."""
    provider, recorder = recording_provider(service="apiserver")
    unsampled, _ = recording_provider(sampler=ALWAYS_OFF)
    with Collector() as collector:
        flags = (
            "--experimental-enable-distributed-tracing",
            f"--experimental-distributed-tracing-address={collector.endpoint}",
        )
        with etcd(tmp_path, *flags) as member:
            for each in (unsampled, provider):
                async with traced(member.url, partial(SingleConnectionTransport, system_trust), each) as client:
                    await client.put_if(b"k", b"v", mod_revision=0)
                    await client.range(b"k")
            ours = recorder.spans
            traces = {span.trace_id for span in ours}

            def joined(received: tuple[Span, ...]) -> list[Span] | None:
                found = [span for span in received if span.trace_id in traces]
                return found if len(found) == 2 else None

            async with asyncio.timeout(WITHIN):
                etcds = await collector.spans.until(joined)
            received = collector.spans.snapshot()
    assert tree([*ours, *etcds]) == dedent(
        """\
        etcdserverpb.KV/Txn CLIENT apiserver
        └─ etcdserverpb.KV/Txn SERVER etcd OK
        etcdserverpb.KV/Range CLIENT apiserver
        └─ etcdserverpb.KV/Range SERVER etcd OK"""
    )
    assert [span.name for span in received].count("etcdserverpb.KV/Txn") == 1
