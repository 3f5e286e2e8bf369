"""What services are given: addresses and node ports that no other service has."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.registry.store import Store
from tests.apiserver.registry.parts import made, refusal, setting
from tests.apiserver.storage.parts import resource

pytestmark = pytest.mark.anyio
SERVICES = resource("services")


def service(name: str, *, kind: str = "NodePort", node_port: int = 0, **spec: object) -> JSONObject:
    port = {"port": 80, **({"nodePort": node_port} if node_port else {})}
    return made(SERVICES, name, {"type": kind, "ports": [port], "selector": {"app": "x"}, **spec})


async def test_a_node_port_belongs_to_one_service(store: Store) -> None:
    """A port that another service has is refused, on create and on update; it is free again when that service is gone."""
    await store.create(SERVICES, "default", service("first", node_port=30001))
    refused = await refusal(store.create(SERVICES, "other", service("second", node_port=30001)))
    why = "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"
    assert refused.message == f'Service "second" is invalid: {why}'
    await store.create(SERVICES, "other", service("second", node_port=30002))
    change = setting(spec__ports=[{"port": 80, "protocol": "TCP", "targetPort": 80, "nodePort": 30001}])
    assert (await refusal(store.update(SERVICES, "other", "second", change))).message.endswith(why)
    await store.update(SERVICES, "default", "first", setting(metadata__labels={"a": "b"}))
    await store.delete(SERVICES, "default", "first", DeleteOptions())
    await store.update(SERVICES, "other", "second", change)


async def test_a_node_port_lies_in_the_range(store: Store) -> None:
    """A port outside of it is refused."""
    refused = await refusal(store.create(SERVICES, "default", service("x", node_port=80)))
    why = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    assert refused.message == f'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 80: {why}'


async def test_an_address_belongs_to_one_service(store: Store) -> None:
    """So does one that lies outside of the range to none."""
    first = await store.create(SERVICES, "default", service("first", kind="ClusterIP"))
    taken = first.decode()["spec"]["clusterIP"]
    for address, why in (
        (taken, "provided IP is already allocated"),
        ("192.0.2.1", "the provided network does not match the current range"),
    ):
        refused = await refusal(store.create(SERVICES, "default", service("x", kind="ClusterIP", clusterIP=address)))
        where = f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}'
        assert refused.message == f'Service "x" is invalid: {where}: {why}'
