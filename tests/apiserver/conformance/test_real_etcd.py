"""The same traces with a real etcd behind the server: one, and a cluster of three with a second API server over it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from rootspan_apiserver.collector.otlp_receiver import Collector
from rootspan_apiserver.conformance.operation import Operation
from rootspan_apiserver.conformance.operations import operations
from rootspan_apiserver.conformance.record import own_server
from rootspan_apiserver.conformance.recording import Recorded
from rootspan_apiserver.conformance.replay import Pace, Replay
from rootspan_apiserver.conformance.webhook_server import Webhooks, serving_webhooks
from tests.apiserver.conformance.literals import EXPECTED
from tests.apiserver.conformance.outline import outline
from tests.apiserver.etcd.processes import Member, etcd, etcd_cluster

SLOW = ("watch", "slow", "too-large")
SECONDS = 30.0


def brief(webhooks: Webhooks) -> Iterator[Operation]:
    """The operations but those that take seconds."""
    return (each for each in operations(webhooks) if not any(word in each.name for word in SLOW))


async def replayed(members: Sequence[Member], servers: int) -> list[Recorded]:
    """What the first of `servers` API servers over the members was seen to do."""
    endpoints = f"--etcd-servers={','.join(member.url for member in members)}"
    with Collector() as collector, Collector() as others:
        async with AsyncExitStack() as stack:
            webhooks = await stack.enter_async_context(serving_webhooks("127.0.0.1"))
            access, flush = await stack.enter_async_context(own_server(collector.endpoint, endpoints))
            for _ in range(servers - 1):
                await stack.enter_async_context(own_server(others.endpoint, endpoints))
            replay = Replay(access, collector.spans, Pace(settling=0, arriving=SECONDS))
            await replay.record(brief(webhooks))
            return await replay.finished(flush)


@pytest.fixture(scope="module", params=["one etcd", "three etcds, two API servers"])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    directory: Path = tmp_path_factory.mktemp("etcd")
    if request.param == "one etcd":
        with etcd(directory) as member:
            return asyncio.run(replayed([member], 1))
    with etcd_cluster(directory) as members:
        return asyncio.run(replayed(members, 2))


def test_traces_are_the_literals(recording: list[Recorded]) -> None:
    """What etcd it is makes no difference: the cache sees every write, so lists and watches need nothing that only newer ones have."""
    assert recording
    for recorded in recording:
        assert (recorded.status, outline(recorded)) == EXPECTED[recorded.operation], recorded.operation
