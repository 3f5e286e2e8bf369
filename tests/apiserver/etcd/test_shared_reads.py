"""Reads that wait at the same moment go together, and each gets what it would have got alone."""

import asyncio
from collections import Counter

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient, Unavailable

pytestmark = pytest.mark.anyio
READS = 150


class Counting(httpx.AsyncBaseTransport):
    """Passes requests on, and counts them by path."""

    def __init__(self, transport: httpx.AsyncBaseTransport, counted: Counter[str]) -> None:
        self._transport = transport
        self._counted = counted

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._counted[request.url.path] += 1
        await asyncio.sleep(0)
        return await self._transport.handle_async_request(request)


async def test_reads_at_the_same_moment_are_few_requests(client: EtcdClient, prefix: bytes) -> None:
    """Each of many concurrent reads gets its own key, at a revision that is not older than the read."""
    for number in range(0, READS, 2):
        await client.put_if(prefix + b"%03d" % number, b"%d" % number, mod_revision=0)
    written = (await client.range(prefix + b"000")).revision
    found = await asyncio.gather(*(client.range(prefix + b"%03d" % number) for number in range(READS)))
    for number, result in enumerate(found):
        assert [kv.value for kv in result.kvs] == ([b"%d" % number] if number % 2 == 0 else [])
        assert result.count == len(result.kvs)
        assert result.revision >= written


async def test_read_shows_what_was_written_before_it(client: EtcdClient, prefix: bytes) -> None:
    """Writers that read their key back among many others see what they wrote."""

    async def write_and_read(key: bytes) -> None:
        revision = 0
        for number in range(10):
            result = await client.put_if(key, b"%d" % number, mod_revision=revision)
            revision = result.revision
            (kv,) = (await client.range(key)).kvs
            assert (kv.value, kv.mod_revision) == (b"%d" % number, revision)

    await asyncio.gather(*(write_and_read(prefix + b"%d" % number) for number in range(20)))


@pytest.mark.parametrize(("sampler", "alone"), [(ALWAYS_ON, True), (ALWAYS_OFF, False)])
async def test_recorded_reads_have_spans_and_requests_of_their_own(sampler: Sampler, alone: bool) -> None:
    """A read in a trace is the request that its span tells of; reads that nobody records share few, which nobody records either."""
    exporter, counted = InMemorySpanExporter(), Counter[str]()
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")

    async with EmbeddedEtcd() as embedded:

        def transport() -> httpx.AsyncBaseTransport:
            return DEFAULT.etcd_client(Counting(embedded.transport(), counted), tracer_provider=provider)

        async with EtcdClient([URL], transport=transport) as client:

            async def read(number: int) -> None:
                with tracer.start_as_current_span(f"{number}"):
                    await client.range(b"/key%d" % number)

            await asyncio.gather(*map(read, range(READS)))
    spans = exporter.get_finished_spans()
    calls = [span for span in spans if span.parent is not None]
    if alone:
        assert counted == {"/v3/kv/range": READS}
        assert len({span.parent.span_id for span in calls if span.parent}) == READS
    else:
        assert not spans
        assert counted.total() < READS / 10


async def test_reads_of_an_etcd_that_is_away_all_fail() -> None:
    """No read is left waiting."""
    embedded = EmbeddedEtcd()
    async with EtcdClient([URL], transport=embedded.transport, timeout=0.2) as client:
        async with embedded:
            await client.range(b"/a")
        found = await asyncio.gather(
            *(client.range(b"/%d" % number) for number in range(READS)), return_exceptions=True
        )
    assert {type(each) for each in found} == {Unavailable}


async def test_reader_that_leaves_does_not_disturb_the_others(client: EtcdClient, prefix: bytes) -> None:
    """Of reads that share a request, cancelled ones end, and the rest are answered."""
    await client.put_if(prefix, b"x", mod_revision=0)
    reads = [asyncio.create_task(client.range(prefix)) for _ in range(20)]
    await asyncio.sleep(0)
    for read in reads[::2]:
        read.cancel()
    found = await asyncio.gather(*reads, return_exceptions=True)
    for each in found[1::2]:
        assert not isinstance(each, BaseException)
        assert [kv.value for kv in each.kvs] == [b"x"]
