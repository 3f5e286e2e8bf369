"""Services that change their type: what they were given goes with the type that needed it."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

SERVICES = "/api/v1/namespaces/default/services"
MERGE = {"content-type": "application/merge-patch+json"}
EXTERNAL = {"type": "ExternalName", "externalName": "far.example.org"}
LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerClass": "example.org/lb"}
ADDRESS = {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}
GIVEN = ADDRESS | {
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "allocateLoadBalancerNodePorts",
    "loadBalancerClass",
    "internalTrafficPolicy",
}


async def made(client: httpx.AsyncClient, name: str = "one", **spec: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    body = {"metadata": {"name": name}, "spec": {"ports": ports, "selector": {"app": "x"}, **spec}}
    answer = await client.post(SERVICES, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ({"type": "ClusterIP"}, EXTERNAL, set()),
        ({"type": "NodePort"}, EXTERNAL, set()),
        (LOCAL, EXTERNAL, set()),
        ({"clusterIP": "None"}, EXTERNAL, set()),
        ({"type": "NodePort"}, {"type": "ClusterIP"}, ADDRESS | {"internalTrafficPolicy"}),
        (LOCAL, {"type": "ClusterIP"}, ADDRESS | {"internalTrafficPolicy"}),
        (LOCAL, {"type": "NodePort"}, ADDRESS | {"internalTrafficPolicy", "externalTrafficPolicy", "ports"}),
        (EXTERNAL, {"type": "ClusterIP"}, ADDRESS | {"internalTrafficPolicy"}),
        (EXTERNAL, {"type": "NodePort"}, ADDRESS | {"internalTrafficPolicy", "externalTrafficPolicy", "ports"}),
        ({"type": "NodePort"}, {**EXTERNAL, "clusterIP": "", "clusterIPs": None}, set()),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_change_of_the_type_drops_what_the_new_one_does_not_need(
    client: httpx.AsyncClient, before: dict[str, Any], after: dict[str, Any], left: set[str], method: str
) -> None:
    """Whether the client sends the change alone or all that it has read with it."""
    created = await made(client, **before)
    if method == "PATCH":
        answer = await client.patch(f"{SERVICES}/one", json={"spec": after}, headers=MERGE)
    else:
        answer = await client.put(f"{SERVICES}/one", json={**created, "spec": {**created["spec"], **after}})
    assert answer.status_code == 200, answer.text
    spec = answer.json()["spec"]
    with_ports = {"ports"} if all("nodePort" in port for port in spec["ports"]) else set()
    assert (spec.keys() & GIVEN) | with_ports == left
    assert with_ports or not any("nodePort" in port for port in spec["ports"])
    read = (await client.get(f"{SERVICES}/one")).json()
    assert read == answer.json()


async def test_released_values_are_allocated_again(client: httpx.AsyncClient) -> None:
    """Address, node ports and the port of the health check are free again."""
    first = (await made(client, "first", **LOCAL))["spec"]
    ports = [{"name": "p", "port": 1, "nodePort": first["ports"][0]["nodePort"]}]
    health = [{"name": "p", "port": 1, "nodePort": first["healthCheckNodePort"]}]
    claims: list[dict[str, Any]] = [
        {"clusterIP": first["clusterIP"]},
        {"type": "NodePort", "ports": ports},
        {"type": "NodePort", "ports": health},
    ]
    for index, claim in enumerate(claims):
        body = {"metadata": {"name": f"n{index}"}, "spec": {"ports": [{"port": 1}], **claim}}
        refused = await client.post(SERVICES, json=body)
        assert (refused.status_code, "already allocated" in refused.json()["message"]) == (422, True)
    await client.patch(f"{SERVICES}/first", json={"spec": EXTERNAL}, headers=MERGE)
    for index, claim in enumerate(claims):
        await made(client, f"n{index}", **claim)


async def test_manifest_without_what_was_allocated_changes_nothing(client: httpx.AsyncClient) -> None:
    """A client that puts its own manifest again keeps addresses and ports, by the names of the ports."""
    created = await made(client, **LOCAL)
    ports = [{"name": "https", "port": 8443}, {"name": "http", "port": 80}, {"name": "more", "port": 1}]
    body = {"metadata": {"name": "one"}, "spec": {"ports": ports, "selector": {"app": "x"}, **LOCAL}}
    spec = (await client.put(f"{SERVICES}/one", json=body)).json()["spec"]
    same = ADDRESS | {"healthCheckNodePort", "externalTrafficPolicy"}
    assert {key: spec[key] for key in same} == {key: created["spec"][key] for key in same}
    before = {port["name"]: port["nodePort"] for port in created["spec"]["ports"]}
    after = {port["name"]: port["nodePort"] for port in spec["ports"]}
    assert {name: after[name] for name in before} == before
    assert after["more"] not in before.values()


async def test_load_balancer_without_node_ports_gives_them_back(client: httpx.AsyncClient) -> None:
    """Where they are no longer to be allocated, and the client leaves them out."""
    created = await made(client, **LOCAL)
    assert all("nodePort" in port for port in created["spec"]["ports"])
    ports = [{"name": port["name"], "port": port["port"]} for port in created["spec"]["ports"]]
    body = {"metadata": {"name": "one"}, "spec": {**LOCAL, "ports": ports, "allocateLoadBalancerNodePorts": False}}
    answer = await client.put(f"{SERVICES}/one", json=body)
    assert answer.status_code == 200, answer.text
    spec = answer.json()["spec"]
    assert not any("nodePort" in port for port in spec["ports"])
    assert spec["healthCheckNodePort"] == created["spec"]["healthCheckNodePort"]


async def test_other_address_of_headless_service_is_checked_as_address(client: httpx.AsyncClient) -> None:
    """It stands for the list of addresses that the client leaves out."""
    await made(client, clusterIP="None")
    body = {"metadata": {"name": "one"}, "spec": {"ports": [{"name": "p", "port": 1}], "clusterIP": "nowhere"}}
    answer = await client.put(f"{SERVICES}/one", json=body)
    assert (answer.status_code, answer.json()["details"]["causes"][0]["field"]) == (422, "spec.clusterIPs[0]")


async def test_load_balancer_status_goes_with_the_type(client: httpx.AsyncClient) -> None:
    """The address that a cloud gave is shown no longer."""
    await made(client, **LOCAL)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    await client.patch(f"{SERVICES}/one/status", json=status, headers=MERGE)
    answer = await client.patch(f"{SERVICES}/one", json={"spec": {"type": "ClusterIP"}}, headers=MERGE)
    assert answer.json()["status"] == {"loadBalancer": {}}


@pytest.mark.parametrize(
    ("before", "change", "causes"),
    [
        (
            {"type": "ClusterIP"},
            {**EXTERNAL, "ipFamilyPolicy": "PreferDualStack"},
            ["spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services"],
        ),
        (
            {"type": "ClusterIP"},
            {"clusterIP": "None"},
            ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
        ),
        (
            LOCAL,
            {"loadBalancerClass": "example.org/other"},
            ['spec.loadBalancerClass: Invalid value: "example.org/other": may not change once set'],
        ),
        (
            LOCAL,
            {"type": "NodePort", "loadBalancerClass": "example.org/other"},
            ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"type": "NodePort"},
            {"type": "ClusterIP", "externalTrafficPolicy": "Local"},
            ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
        ),
        (
            {"type": "NodePort"},
            {"healthCheckNodePort": 30999},
            [
                (
                    "spec.healthCheckNodePort: Invalid value: 30999: may only be set when `type` is 'LoadBalancer' and "
                    "`externalTrafficPolicy` is 'Local'"
                )
            ],
        ),
        (
            {"type": "NodePort"},
            {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": 30998}]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
    ],
)
async def test_changed_values_are_refused_and_not_dropped(
    client: httpx.AsyncClient, before: dict[str, Any], change: dict[str, Any], causes: list[str]
) -> None:
    """Nothing that was asked for is ignored."""
    await made(client, **before)
    answer = await client.patch(f"{SERVICES}/one", json={"spec": change}, headers=MERGE)
    assert answer.status_code == 422
    found = [f"{cause['field']}: {cause['message']}" for cause in answer.json()["details"]["causes"]]
    assert found == causes


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ({"clusterIP": "None", "selector": None}, ["IPv4", "IPv6"]),
        ({"clusterIP": "None", "selector": None, "ipFamilyPolicy": "PreferDualStack"}, ["IPv4", "IPv6"]),
        ({"clusterIP": "None", "selector": None, "ipFamilyPolicy": "SingleStack"}, ["IPv4"]),
        ({"clusterIP": "None"}, ["IPv4"]),
    ],
)
async def test_headless_service_without_a_selector_has_both_families(
    client: httpx.AsyncClient, spec: dict[str, Any], families: list[str]
) -> None:
    """On a server of one family too: its endpoints are made by others."""
    assert (await made(client, **spec))["spec"]["ipFamilies"] == families
