"""Cluster IPs and node ports in the store: reserved while a write is under way, held by what is stored, known again after a restart."""

import asyncio

import pytest

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import CreateOptions, DeleteOptions, ListOptions, UpdateOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.storage import StoredObject
from tests.apiserver.registry.parts import made, refusal, setting
from tests.apiserver.storage.parts import WITHIN, embedded_storage, resource, storage_over, take

pytestmark = pytest.mark.anyio
SERVICES = resource("services")
DRY = CreateOptions(dry_run=True)


def service(name: str, *, kind: str = "NodePort", node_port: int = 0, **spec: object) -> JSONObject:
    port = {"port": 80, **({"nodePort": node_port} if node_port else {})}
    return made(SERVICES, name, {"type": kind, "ports": [port], "selector": {"app": "x"}, **spec})


def node_port(stored: StoredObject) -> int:
    number: int = stored.decode()["spec"]["ports"][0]["nodePort"]
    return number


def with_node_port(number: int) -> JSONObject:
    return {"spec__ports": [{"port": 80, "protocol": "TCP", "targetPort": 80, "nodePort": number}]}


async def test_allocated_node_port_is_refused_until_its_service_is_deleted(store: Store) -> None:
    """A port that another service has is refused, on create and on update; it is free again when that service is deleted."""
    await store.create(SERVICES, "default", service("first", node_port=30001))
    refused = await refusal(store.create(SERVICES, "other", service("second", node_port=30001)))
    why = "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"
    assert refused.message == f'Service "second" is invalid: {why}'
    await store.create(SERVICES, "other", service("second", node_port=30002))
    change = setting(**with_node_port(30001))
    assert (await refusal(store.update(SERVICES, "other", "second", change))).message.endswith(why)
    await store.update(SERVICES, "default", "first", setting(metadata__labels={"a": "b"}))
    await store.delete(SERVICES, "default", "first", DeleteOptions())
    await store.update(SERVICES, "other", "second", change)


async def test_node_port_that_an_update_gives_up_is_free(store: Store) -> None:
    """At once, for the next write of this server."""
    await store.create(SERVICES, "default", service("first", node_port=30001))
    await store.update(SERVICES, "default", "first", setting(**with_node_port(30002)))
    await store.create(SERVICES, "default", service("second", node_port=30001))
    refused = await refusal(store.create(SERVICES, "default", service("third", node_port=30002)))
    assert refused.message.endswith("provided port is already allocated")


async def test_allocated_or_foreign_cluster_ip_is_refused(store: Store) -> None:
    """An address of another service, and one outside of the range, are refused with 422."""
    first = await store.create(SERVICES, "default", service("first", kind="ClusterIP"))
    taken = first.decode()["spec"]["clusterIP"]
    for address, why in (
        (taken, "provided IP is already allocated"),
        ("192.0.2.1", "the provided network does not match the current range"),
    ):
        refused = await refusal(store.create(SERVICES, "default", service("x", kind="ClusterIP", clusterIP=address)))
        where = f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}'
        assert refused.message == f'Service "x" is invalid: {where}: {why}'


async def test_write_that_fails_keeps_nothing(store: Store) -> None:
    """What a refused create, a refused update and a dry run asked for is free for the next write."""

    async def deny(*_: object) -> None:
        raise StatusError(403, "Forbidden", "denied")

    await store.create(SERVICES, "default", service("there", node_port=30009))
    create = store.create(SERVICES, "default", service("x", node_port=30001), CreateOptions(validate=deny))
    assert (await refusal(create)).message == "denied"
    change, options = setting(**with_node_port(30002)), UpdateOptions(validate=deny)
    assert (await refusal(store.update(SERVICES, "default", "there", change, options))).message == "denied"
    await store.create(SERVICES, "default", service("x", node_port=30003), DRY)
    for number in (30001, 30002, 30003):
        await store.create(SERVICES, "default", service(f"s{number}", node_port=number))


async def test_writes_at_the_same_time_do_not_share(store: Store) -> None:
    """Of two creates that ask for the same port before either is stored, one is refused."""
    both_begun = asyncio.Barrier(2)

    async def wait(_: JSONObject) -> None:
        await both_begun.wait()

    async def fail_first() -> StatusError:
        refused = await refusal(store.create(SERVICES, "default", service("second", node_port=30001)))
        await both_begun.wait()
        return refused

    first = store.create(SERVICES, "default", service("first", node_port=30001), CreateOptions(validate=wait))
    stored, refused = await asyncio.wait_for(asyncio.gather(first, fail_first()), WITHIN)
    assert node_port(stored) == 30001
    assert refused.message.endswith("provided port is already allocated")


async def test_dry_run_answers_with_values_out_of_the_range(store: Store) -> None:
    """As the real server: the address of the network, and ports behind the last one."""
    local = service("x", kind="LoadBalancer", externalTrafficPolicy="Local")
    dry = await store.create(SERVICES, "default", local, DRY)
    spec = dry.decode()["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("10.0.0.0", ["10.0.0.0"])
    assert (node_port(dry), spec["healthCheckNodePort"]) == (32769, 32770)


async def test_allocations_are_known_after_a_restart() -> None:
    """A server over a store with services, and one over a store that another server writes to, refuse what those have."""
    async with embedded_storage() as (storage, client, _):
        store = Store(storage, builtin_registry().resources())
        await store.create(SERVICES, "default", service("first", node_port=30001))
        async with storage_over(client) as again:
            restarted = Store(again, builtin_registry().resources())
            assert await again.wait_ready(WITHIN)
            refused = await refusal(restarted.create(SERVICES, "default", service("second", node_port=30001)))
            assert refused.message.endswith("provided port is already allocated")
            stored = await store.create(SERVICES, "default", service("third", node_port=30003))
            await again.get(SERVICES, "default", "third", stored.resource_version)
            refused = await refusal(restarted.create(SERVICES, "default", service("fourth", node_port=30003)))
            assert refused.message.endswith("provided port is already allocated")


async def test_service_that_is_not_valid_does_not_stop_the_watch_cache() -> None:
    """A value that somebody wrote into etcd is put up with, whatever it says."""
    async with embedded_storage() as (storage, client, _):
        store = Store(storage, builtin_registry().resources())
        broken = b'{"kind":"Service","apiVersion":"v1","metadata":{"name":"x"},"spec":{"clusterIPs":["no address"]}}'
        async with store.watch(SERVICES, "", ListOptions()) as watch, asyncio.timeout(WITHIN):
            await put(client, b"/registry/services/specs/default/x", broken)
            await store.create(SERVICES, "default", service("first"))
            assert [event[:2] for event in await take(watch, 2)] == [("ADDED", "x"), ("ADDED", "first")]


async def put(client: EtcdClient, key: bytes, value: bytes) -> None:
    assert (await client.put_if(key, value, mod_revision=0, lease=0)).succeeded
