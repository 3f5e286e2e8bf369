"""The trace context in every call that leaves the server: to webhooks, to etcd, and to itself."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan.spans import Span
from rootspan_apiserver.collector import Collector
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.collector.trees import is_whole
from tests.apiserver.end_to_end.outside import (
    CONFIG_MAPS,
    administering,
    config_map,
    overhearing,
    started,
    tracing_configuration,
    webhooks,
)
from tests.apiserver.end_to_end.processes import PATIENCE
from tests.apiserver.etcd.processes import Member, etcd

pytestmark = pytest.mark.anyio

EVERYTHING = 1_000_000
FORGED = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "tracestate": "a=b", "baggage": "c=d"}


async def trace_of(audit_id: str, spans: ReceivedSpans) -> list[Span]:
    """All spans of the trace of the request that was answered with this audit id, once none of them lacks its parent."""

    def whole(received: tuple[Span, ...]) -> list[Span] | None:
        ids = [span.trace_id for span in received if span.attributes.get("audit-id") == audit_id]
        trace = [span for span in received if span.trace_id in ids]
        calls = [span for span in trace if span.name.startswith("etcdserverpb.") and span.service == "apiserver"]
        joined = [span for span in trace if span.service == "etcd"]
        return trace if trace and is_whole(trace) and len(calls) == len(joined) else None

    async with asyncio.timeout(PATIENCE):
        return await spans.until(whole)


async def test_each_call_carries_the_trace_of_its_request_and_the_id_of_its_own_span(tmp_path: Path) -> None:
    """Webhooks and etcd get the SERVER span's trace id and the CLIENT span's id, new in each call; etcd's spans and the server's
    own, where it calls itself, are children of those CLIENT spans."""
    with Collector() as collector:
        flags = (
            "--experimental-enable-distributed-tracing",
            f"--experimental-distributed-tracing-address={collector.endpoint}",
        )
        with etcd(tmp_path, *flags) as member:
            async with (
                overhearing(member.client_port) as before_etcd,
                webhooks() as hooks,
                started(
                    tmp_path,
                    f"--etcd-servers={before_etcd.url}",
                    tracing_configuration(tmp_path, endpoint=collector.endpoint, samplingRatePerMillion=EVERYTHING),
                ) as server,
                administering(server) as client,
            ):
                await hooks.register(client)
                answers = [
                    await client.post(CONFIG_MAPS, json=config_map("c"), headers=FORGED),
                    await client.get(CONFIG_MAPS, headers=FORGED),
                    await client.put(f"{CONFIG_MAPS}/c", json=config_map("c", a="1"), headers=FORGED),
                    await client.post("/api/v1/namespaces/nowhere/configmaps", json=config_map("c"), headers=FORGED),
                    await client.delete(f"{CONFIG_MAPS}/c", headers=FORGED),
                ]
                assert [answer.status_code for answer in answers] == [201, 200, 200, 404, 200]
                traces = [await trace_of(answer.headers["audit-id"], collector.spans) for answer in answers]
    reviews, rpcs = hooks.contexts(), before_etcd.contexts()
    assert [sum(review.trace_id == trace[0].trace_id for review in reviews) for trace in traces] == [2, 0, 2, 0, 2]
    sent = [(context.trace_id, context.span_id) for context in reviews + rpcs]
    assert len(set(sent)) == len(sent)
    assert {context.flags for context in reviews + rpcs} == {"01"}
    for trace in traces:
        (root,) = [span for span in trace if span.parent_id is None]
        assert (root.kind, root.service) == ("SERVER", "apiserver")
        clients = {span.span_id: span for span in trace if span.kind == "CLIENT"}
        below = {span.parent_id: span for span in trace if span.kind == "SERVER" and span is not root}
        for contexts, name in ((reviews, "HTTP POST"), (rpcs, "etcdserverpb.")):
            carried = {context.span_id for context in contexts if context.trace_id == root.trace_id}
            assert carried == {key for key, span in clients.items() if span.name.startswith(name)}
        assert {below[key].service for key, span in clients.items() if span.name.startswith("etcdserverpb.")} == {
            "etcd"
        }
        assert {below[key].service for key, span in clients.items() if span.name == "HTTP GET"} <= {"apiserver"}
    assert len({trace[0].trace_id for trace in traces}) == len(traces)
    itself = [span for trace in traces for span in trace if span.name == "HTTP GET"]
    assert len(itself) == 1
    assert b"\r\ntraceparent:" not in before_etcd.sent.lower()


async def put(member: Member, key: str, value: dict[str, Any]) -> None:
    """Write a key as another API server would."""
    body = {
        "key": base64.b64encode(key.encode()).decode(),
        "value": base64.b64encode(json.dumps(value).encode()).decode(),
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{member.url}/v3/kv/put", json=body)).raise_for_status()


def sampled(trace_id: str, per_million: int) -> bool:
    """The rule of the ratio sampler, told by the lower half of the trace id."""
    return int(trace_id[16:], 16) < round(per_million / 1_000_000 * (1 << 64))


@pytest.mark.parametrize(
    ("fields", "flags", "rate"),
    [
        ({"samplingRatePerMillion": 100}, (), 100),
        ({}, (), 0),
        ({"samplingRatePerMillion": EVERYTHING}, ("--emulated-version=1.22",), 0),
        ({"samplingRatePerMillion": 0}, ("--emulated-version=1.22", "--feature-gates=APIServerTracing=true"), 0),
        (None, (), 0),
    ],
    ids=["100 per million", "no rate", "gate off", "rate 0", "no file"],
)
async def test_contexts_are_sent_and_nothing_is_exported(
    tmp_path: Path, real_etcd: Member, fields: dict[str, int] | None, flags: tuple[str, ...], rate: int
) -> None:
    """Webhooks, etcd and the server itself get the context of the request, with flag 00; the collector gets no span, not even
    when the server ends. (At 100 per million one trace in ten thousand is another matter: its id tells which.)

    The server calls itself because its cache, whose watch stands still, does not know the namespace; it reads that from etcd, in the
    same trace but for v1.22, where a request is always a trace of its own.
    """
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}, "status": {"phase": "Active"}}
    key = f"{tmp_path}/namespaces/later"
    with Collector() as collector:
        if fields is not None:
            flags = (*flags, tracing_configuration(tmp_path, endpoint=collector.endpoint, **fields))
        async with (
            overhearing(real_etcd.client_port) as before_etcd,
            webhooks() as hooks,
            started(tmp_path, f"--etcd-servers={before_etcd.url}", f"--etcd-prefix={tmp_path}", *flags) as server,
        ):
            async with administering(server) as client:
                await hooks.register(client)
                assert (await client.get(CONFIG_MAPS, headers=FORGED)).status_code == 200
                before_etcd.watches_go_on.clear()
                await put(real_etcd, key, namespace)
                made = await client.post("/api/v1/namespaces/later/configmaps", json=config_map("c"), headers=FORGED)
                assert made.status_code == 201
                before_etcd.watches_go_on.set()
            assert await asyncio.to_thread(server.process.stop) == 0
        spans = collector.spans.snapshot()
    reviews, rpcs = hooks.contexts(), before_etcd.contexts()
    for context in reviews + rpcs:
        assert context.flags == ("01" if sampled(context.trace_id, rate) else "00")
    assert {span.trace_id for span in spans} <= {context.trace_id for context in rpcs if context.flags == "01"}
    assert len({context.span_id for context in reviews + rpcs}) == len(reviews + rpcs)
    mutating, validating = (
        context
        for context, review in zip(reviews, hooks.application.asked, strict=True)
        if review["request"]["namespace"] == "later" and review["request"]["name"] == "c"
    )
    assert validating.trace_id == mutating.trace_id
    itself = {context.trace_id for context in before_etcd.contexts(key)}
    assert (mutating.trace_id in itself) is not any("1.22" in flag for flag in flags)
    assert mutating.trace_id not in FORGED["traceparent"]
