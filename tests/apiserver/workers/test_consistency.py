"""What is done through one worker is done for all."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from itertools import chain
from typing import Any

import httpx
import pytest

from tests.apiserver.workers.group import CONFIG_MAPS, PATIENCE, Group, config_map, until

pytestmark = pytest.mark.anyio
RBAC = "/apis/rbac.authorization.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ROUNDS = 20


@contextlib.asynccontextmanager
async def both(pair: Group) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """A client of each worker."""
    one, other = pair.workers
    async with pair.connected(one) as first, pair.connected(other) as second:
        yield first, second


async def created(client: httpx.AsyncClient, path: str, obj: object) -> Any:
    answer = await client.post(path, json=obj)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_write_through_one_worker_is_seen_through_the_other(pair: Group) -> None:
    """A get, a list, and a list from the cache at the revision of the write show it as soon as it is answered."""
    async with both(pair) as clients:
        for number in range(ROUNDS):
            writer, reader = clients if number % 2 else reversed(clients)
            obj = await created(writer, CONFIG_MAPS, config_map(f"seen-{number}"))
            path, version = f"{CONFIG_MAPS}/seen-{number}", obj["metadata"]["resourceVersion"]
            assert (await reader.get(path)).json()["metadata"]["uid"] == obj["metadata"]["uid"]
            assert (await reader.get(path, params={"resourceVersion": version})).status_code == 200
            for parameters in ({}, {"resourceVersion": version}):
                listed = (await reader.get(CONFIG_MAPS, params=parameters)).json()["items"]
                assert f"seen-{number}" in [each["metadata"]["name"] for each in listed]
            assert (await reader.delete(path)).status_code == 200
            assert (await writer.get(path)).status_code == 404


async def test_rights_given_through_one_worker_hold_at_the_other(pair: Group) -> None:
    """A role binding, and its deletion, count for the next request, whichever worker gets it."""
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}
    path, as_bob = f"{RBAC}/namespaces/default/rolebindings", {"authorization": "Bearer bob-token"}
    async with both(pair) as (writer, reader):
        for number in range(ROUNDS):
            name = f"bob-{number}"
            binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
            await created(
                writer, path, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", **binding}
            )
            assert (await reader.get(CONFIG_MAPS, headers=as_bob)).status_code == 200
            assert (await writer.delete(f"{path}/{name}")).status_code == 200
            assert (await reader.get(CONFIG_MAPS, headers=as_bob)).status_code == 403


async def test_custom_resource_established_at_one_worker_is_served_by_the_other(pair: Group) -> None:
    """Who sees through one worker that a definition is established can create its objects and find it in discovery through the other."""
    async with both(pair) as (writer, reader):
        for number in range(4):
            group, plural = f"workers{number}.example.com", "gadgets"
            version = {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
            names = {"plural": plural, "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
            spec = {"group": group, "scope": "Cluster", "names": names, "versions": [version]}
            definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
            name = f"{plural}.{group}"
            await created(writer, DEFINITIONS, {**definition, "metadata": {"name": name}})
            async with asyncio.timeout(PATIENCE):
                while True:
                    status = (await writer.get(f"{DEFINITIONS}/{name}")).json().get("status") or {}
                    conditions = status.get("conditions") or ()
                    if any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
                        break
            gadget = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "one"}}
            await created(reader, f"/apis/{group}/v1/{plural}", gadget)
            resources = (await reader.get(f"/apis/{group}/v1")).json()["resources"]
            assert plural in [each["name"] for each in resources]


async def test_watch_at_one_worker_shows_the_writes_through_all(pair: Group) -> None:
    """Every object is seen once, and in the order of the revisions."""
    count = 40
    async with pair.connected(pair.workers[0]) as watcher, both(pair) as writers:
        begin = (await watcher.get(CONFIG_MAPS)).json()["metadata"]["resourceVersion"]
        parameters = {"watch": "true", "resourceVersion": begin}
        async with watcher.stream("GET", CONFIG_MAPS, params=parameters) as stream, asyncio.timeout(PATIENCE):

            async def write(client: httpx.AsyncClient, prefix: str) -> list[str]:
                names = [f"{prefix}-{number}" for number in range(count)]
                return [
                    (await created(client, CONFIG_MAPS, config_map(name)))["metadata"]["resourceVersion"]
                    for name in names
                ]

            writing = asyncio.gather(*(write(client, f"watched-{at}") for at, client in enumerate(writers)))
            seen: list[str] = []
            async for line in stream.aiter_lines():
                event = json.loads(line)
                assert event["type"] == "ADDED"
                seen.append(event["object"]["metadata"]["resourceVersion"])
                if len(seen) == 2 * count:
                    break
            written = chain.from_iterable(await writing)
    assert seen == sorted(written, key=int)


def service(name: str, **port: int) -> dict[str, object]:
    spec = {"type": "NodePort", "ports": [{"port": 80, **port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


async def test_workers_give_no_address_and_no_port_twice(pair: Group) -> None:
    """Nearly all addresses of a small range are given out through both workers at once: each to one Service."""
    path = "/api/v1/namespaces/default/services"
    async with both(pair) as clients:

        async def create(client: httpx.AsyncClient, prefix: str) -> list[Any]:
            return [(await created(client, path, service(f"{prefix}-{number}")))["spec"] for number in range(28)]

        made = await asyncio.gather(*(create(client, f"service-{at}") for at, client in enumerate(clients)))
        specs = list(chain.from_iterable(made))
        assert len({spec["clusterIP"] for spec in specs}) == len(specs)
        assert len({spec["ports"][0]["nodePort"] for spec in specs}) == len(specs)
        for at in range(2):
            for number in range(28):
                assert (await clients[0].delete(f"{path}/service-{at}-{number}")).status_code == 200


async def test_port_that_two_clients_ask_for_goes_to_one(pair: Group) -> None:
    """Of two Services that ask two workers at once for the same node port, one gets it and the other is told that it is allocated."""
    path = "/api/v1/namespaces/default/services"
    async with both(pair) as clients:
        for number in range(ROUNDS):
            asked = (
                client.post(path, json=service(f"asks-{at}-{number}", nodePort=30000 + number))
                for at, client in enumerate(clients)
            )
            answers = await asyncio.gather(*asked)
            assert sorted(answer.status_code for answer in answers) == [201, 422], [each.text for each in answers]
            for answer in answers:
                if answer.status_code == 201:
                    await clients[0].delete(f"{path}/{answer.json()['metadata']['name']}")
                else:
                    assert "provided port is already allocated" in answer.text


async def test_audit_log_of_all_workers_is_one_file_of_whole_lines(pair: Group) -> None:
    """Each request of both is one line of JSON in the file."""
    log = pair.server.kubeconfig.parent / "audit.log"

    async with both(pair) as clients:

        async def ask(client: httpx.AsyncClient) -> list[str]:
            return [(await client.get(f"{CONFIG_MAPS}/none")).headers["audit-id"] for _ in range(50)]

        ids = set(chain.from_iterable(await asyncio.gather(*map(ask, clients))))

        def logged() -> set[str]:
            events = [json.loads(line) for line in log.read_text().splitlines()]
            return {event["auditID"] for event in events if event["stage"] == "ResponseComplete"}

        await until(lambda: ids <= logged())
    assert len(ids) == 100
