"""The addresses of Services: from the ranges of ServiceCIDRs, each with an IPAddress."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

SERVICES = "/api/v1/namespaces/default/services"
ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
CIDRS = "/apis/networking.k8s.io/v1/servicecidrs"
API_VERSION = "networking.k8s.io/v1"
PORTS = [{"port": 80}]


async def service(client: Client, name: str, **spec: object) -> str:
    """Create a Service and return its address."""
    created = await client.create(SERVICES, "Service", name, spec={"ports": PORTS, **spec})
    return str(created["spec"].get("clusterIP", ""))


async def cidr(client: Client, name: str, *cidrs: str) -> JSONObject:
    return await client.create(CIDRS, "ServiceCIDR", name, api_version=API_VERSION, spec={"cidrs": list(cidrs)})


async def test_service_has_an_ip_address_object() -> None:
    """From the answer to its creation until the answer to its deletion, with the Service as its parent."""
    async with cluster() as client:
        address = await service(client, "web")
        found = await client.send("GET", f"{ADDRESSES}/{address}")
        assert found["spec"] == {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}
        assert found["metadata"]["labels"] == {
            "ipaddress.kubernetes.io/ip-family": "IPv4",
            "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        }
        assert [each["manager"] for each in found["metadata"]["managedFields"]] == ["kube-apiserver"]
        await client.delete(f"{SERVICES}/web")
        assert await client.names(ADDRESSES) == ["10.0.0.1"]


async def test_ip_address_follows_the_type_of_a_service() -> None:
    """An ExternalName has none; a headless Service and a dry run make none."""
    async with cluster() as client:
        address = await service(client, "web")
        await client.send("PATCH", f"{SERVICES}/web", {"spec": {"type": "ExternalName", "externalName": "a.example"}},
                          content_type="application/merge-patch+json")  # fmt: skip
        assert address not in await client.names(ADDRESSES)
        changed = await client.send("PATCH", f"{SERVICES}/web", {"spec": {"type": "ClusterIP", "externalName": None}},
                                    content_type="application/merge-patch+json")  # fmt: skip
        names = await client.names(ADDRESSES)
        assert changed["spec"]["clusterIP"] in names
        await service(client, "headless", clusterIP="None", selector={"a": "b"})
        await client.create(f"{SERVICES}?dryRun=All", "Service", "dry", spec={"ports": PORTS})
        assert await client.names(ADDRESSES) == names


async def test_refused_service_leaves_no_ip_address() -> None:
    """Neither one whose name is in use, nor one that asks for an address for which a client made an IPAddress."""
    async with cluster() as client:
        await service(client, "web")
        parent = {"parentRef": {"resource": "things", "group": "example.com", "name": "x"}}
        await client.create(ADDRESSES, "IPAddress", "10.0.0.77", api_version=API_VERSION, spec=parent)
        names = await client.names(ADDRESSES)
        with pytest.raises(AssertionError, match="already exists"):
            await service(client, "web")
        with pytest.raises(
            AssertionError, match=r"failed to allocate IP 10\.0\.0\.77: provided IP is already allocated"
        ):
            await service(client, "other", clusterIP="10.0.0.77")
        assert await client.names(ADDRESSES) == names
        await client.delete(f"{ADDRESSES}/10.0.0.77")
        assert await service(client, "other", clusterIP="10.0.0.77") == "10.0.0.77"


async def test_second_service_cidr_adds_addresses() -> None:
    """While it is there: an address of its range may be asked for, and is given once the first range is full."""
    async with cluster("--service-cluster-ip-range=10.0.0.0/30") as client:
        refusal = "failed to allocate IP 10.7.0.9: the provided network does not match the current range"
        with pytest.raises(AssertionError, match=refusal):
            await service(client, "early", clusterIP="10.7.0.9")
        assert await service(client, "last") == "10.0.0.2"
        with pytest.raises(AssertionError, match="failed to allocate a serviceIP: range is full"):
            await service(client, "none")
        await cidr(client, "more", "10.7.0.0/24")
        assert await service(client, "early", clusterIP="10.7.0.9") == "10.7.0.9"
        assert (await service(client, "any")).startswith("10.7.0.")
        await client.delete(f"{CIDRS}/more")
        with pytest.raises(AssertionError, match=r"the provided network does not match the current range"):
            await service(client, "late", clusterIP="10.7.0.10")
        await client.delete(f"{SERVICES}/early")
        assert "10.7.0.9" not in await client.names(ADDRESSES)


async def test_service_cidr_that_is_not_ready_gives_no_addresses() -> None:
    """By its condition, which a controller sets."""
    async with cluster() as client:
        await cidr(client, "more", "10.7.0.0/24")
        condition = {
            "type": "Ready",
            "status": "False",
            "reason": "Terminating",
            "message": "m",
            "lastTransitionTime": "2026-01-02T03:04:05Z",
        }
        status = {"status": {"conditions": [condition]}}
        merge = "application/merge-patch+json"
        await client.send("PATCH", f"{CIDRS}/more/status", status, content_type=merge)
        with pytest.raises(AssertionError, match="does not match the current range"):
            await service(client, "web", clusterIP="10.7.0.9")
        condition["status"] = "True"
        await client.send("PATCH", f"{CIDRS}/more/status", status, content_type=merge)
        assert await service(client, "web", clusterIP="10.7.0.9") == "10.7.0.9"


async def test_deleted_ip_address_of_a_service_comes_back() -> None:
    """And its address is not given to another Service meanwhile."""
    async with cluster() as client:
        address = await service(client, "web")
        uid = (await client.send("GET", f"{ADDRESSES}/{address}"))["metadata"]["uid"]
        await client.delete(f"{ADDRESSES}/{address}")
        found = await client.until(
            f"{ADDRESSES}/{address}", lambda obj: obj is not None and obj["metadata"]["uid"] != uid
        )
        assert found is not None
        assert found["spec"]["parentRef"]["name"] == "web"
