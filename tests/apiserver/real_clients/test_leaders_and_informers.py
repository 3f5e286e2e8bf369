"""What long-lived clients are made of: leader election over leases, and an informer that follows a list by watching."""

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import kubernetes
import kubernetes_asyncio
import pytest
from kubernetes.informer import ADDED, DELETED, MODIFIED, SharedInformer
from kubernetes_asyncio.leaderelection.electionconfig import Config
from kubernetes_asyncio.leaderelection.leaderelection import LeaderElection
from kubernetes_asyncio.leaderelection.resourcelock.leaselock import LeaseLock

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import manifest

WITHIN = 20.0


@pytest.fixture
def core(kube_apiserver: Environment) -> Iterator[Any]:
    connect: Any = kubernetes.config.new_client_from_config_dict
    with connect(kube_apiserver.kubeconfig) as api:
        yield kubernetes.client.CoreV1Api(api)


@pytest.fixture
async def api(kube_apiserver: Environment) -> AsyncIterator[Any]:
    async with await kubernetes_asyncio.config.new_client_from_config_dict(kube_apiserver.kubeconfig) as api:
        yield api


def test_informer_follows_what_happens(core: Any, namespace: str) -> None:
    """It knows what was there before it began, tells each change once and in order, and forgets what is deleted."""
    label = {"labels": {"followed": "yes"}}

    def config_map(name: str, value: str) -> Any:
        body = manifest("ConfigMap", name, data={"a": value})
        return {**body, "metadata": {**body["metadata"], **label}}

    core.create_namespaced_config_map(namespace, config_map("before", "1"))
    told: queue.Queue[tuple[str, str, str]] = queue.Queue()
    inform: Any = SharedInformer
    informer = inform(core.list_namespaced_config_map, namespace=namespace, label_selector="followed=yes")
    for kind in (ADDED, MODIFIED, DELETED):
        informer.add_event_handler(kind, lambda obj, kind=kind: told.put((kind, obj.metadata.name, obj.data["a"])))
    informer.start()
    try:
        assert told.get(timeout=WITHIN) == ("ADDED", "before", "1")
        core.create_namespaced_config_map(namespace, config_map("c", "1"))
        assert told.get(timeout=WITHIN) == ("ADDED", "c", "1")
        core.patch_namespaced_config_map("c", namespace, {"data": {"a": "2"}})
        assert told.get(timeout=WITHIN) == ("MODIFIED", "c", "2")
        core.patch_namespaced_config_map("c", namespace, {"metadata": {"labels": {"followed": "no"}}})
        assert told.get(timeout=WITHIN) == ("DELETED", "c", "2")
        assert [each.metadata.name for each in informer.cache.list()] == ["before"]
    finally:
        informer.stop()


@pytest.mark.anyio
async def test_one_candidate_leads_at_a_time(api: Any, namespace: str) -> None:
    """The second waits while the first renews its lease, and leads when the first is gone and its lease has run out."""
    leading: asyncio.Queue[str] = asyncio.Queue()
    leases: Any = kubernetes_asyncio.client.CoordinationV1Api(api)

    def candidate(name: str) -> asyncio.Task[None]:
        lock = LeaseLock("lock", namespace, name, api)

        async def lead() -> None:
            await leading.put(name)

        async def stop() -> None:
            raise AssertionError(f"{name} lost its lease")

        election = LeaderElection(Config(lock, 3, 2, 1, onstarted_leading=lead, onstopped_leading=stop))
        return asyncio.create_task(election.run())

    first = candidate("first")
    assert await asyncio.wait_for(leading.get(), WITHIN) == "first"
    second = candidate("second")
    renewed = (await leases.read_namespaced_lease("lock", namespace)).spec.renew_time
    async with asyncio.timeout(WITHIN), kubernetes_asyncio.watch.Watch() as watching:
        async for event in watching.stream(leases.list_namespaced_lease, namespace):
            if event["object"].spec.renew_time > renewed:
                assert event["object"].spec.holder_identity == "first"
                break
    first.cancel()
    assert await asyncio.wait_for(leading.get(), WITHIN) == "second"
    assert (await leases.read_namespaced_lease("lock", namespace)).spec.holder_identity == "second"
    second.cancel()
    for each in (first, second):
        with suppress(asyncio.CancelledError):
            await each
