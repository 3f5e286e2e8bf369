"""What a new server contains: there from the start, and again after it was deleted or changed."""

from functools import partial

import httpx
import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.controllers.server_addresses import public_address
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

MERGE = "application/merge-patch+json"
FLOW_CONTROL = "/apis/flowcontrol.apiserver.k8s.io/v1"
SCHEMAS, LEVELS = f"{FLOW_CONTROL}/flowschemas", f"{FLOW_CONTROL}/prioritylevelconfigurations"
NETWORKING = "/apis/networking.k8s.io/v1"
SYSTEM_MAPS = "/api/v1/namespaces/kube-system/configmaps"
TRACKING = f"{SYSTEM_MAPS}/kube-apiserver-legacy-service-account-token-tracking"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec"
HOST = public_address("", "127.0.0.1")


async def changed(client: Client, path: str, body: JSONObject) -> JSONObject:
    return await client.send("PATCH", path, body, content_type=MERGE)


def condition(obj: JSONObject | None, kind: str) -> JSONObject:
    conditions = ((obj or {}).get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


async def test_new_server_has_flow_schemas_with_their_levels() -> None:
    """Eleven schemas, each with the condition that its level exists, and eight levels; all are updated automatically."""
    async with cluster() as client:
        schemas = (await client.send("GET", SCHEMAS))["items"]
        assert {each["metadata"]["name"]: each["spec"]["matchingPrecedence"] for each in schemas} == {
            "catch-all": 10000,
            "exempt": 1,
            "global-default": 9900,
            "kube-controller-manager": 800,
            "kube-scheduler": 800,
            "kube-system-service-accounts": 900,
            "probes": 2,
            "service-accounts": 9000,
            "system-leader-election": 100,
            "system-node-high": 400,
            "system-nodes": 500,
        }
        assert {condition(each, "Dangling")["status"] for each in schemas} == {"False"}
        levels = (await client.send("GET", LEVELS))["items"]
        shares = {each["metadata"]["name"]: each["spec"][each["spec"]["type"].lower()] for each in levels}
        assert {name: (each["nominalConcurrencyShares"], each["lendablePercent"]) for name, each in shares.items()} == {
            "catch-all": (5, 0),
            "exempt": (0, 0),
            "global-default": (20, 50),
            "leader-election": (10, 0),
            "node-high": (40, 25),
            "system": (30, 33),
            "workload-high": (40, 50),
            "workload-low": (100, 90),
        }
        assert {each["metadata"]["annotations"][AUTO_UPDATE] for each in (*schemas, *levels)} == {"true"}


@pytest.mark.skipif(not HOST, reason="this machine has no address but the loopback")
async def test_new_server_says_where_it_is() -> None:
    """Its range of service addresses is ready; the endpoints of its Service have its address; its Lease names its host."""
    async with cluster("--service-cluster-ip-range=10.9.0.0/16") as client:
        cidr = await client.send("GET", f"{NETWORKING}/servicecidrs/kubernetes")
        assert cidr["spec"] == {"cidrs": ["10.9.0.0/16"]}
        assert condition(cidr, "Ready")["message"] == "Kubernetes default Service CIDR is ready"
        service = await client.send("GET", "/api/v1/namespaces/default/services/kubernetes")
        assert service["spec"]["clusterIP"] == "10.9.0.1"
        port = service["spec"]["ports"][0]["targetPort"]
        endpoints = await client.send("GET", "/api/v1/namespaces/default/endpoints/kubernetes")
        assert endpoints["subsets"] == [
            {"addresses": [{"ip": HOST}], "ports": [{"name": "https", "port": port, "protocol": "TCP"}]}
        ]
        assert endpoints["metadata"]["labels"] == {"endpointslice.kubernetes.io/skip-mirror": "true"}
        found = await client.send("GET", f"{SLICES}/kubernetes")
        assert found["endpoints"] == [{"addresses": [HOST], "conditions": {"ready": True}}]
        assert found["metadata"]["labels"] == {"kubernetes.io/service-name": "kubernetes"}
        (lease,) = (await client.send("GET", LEASES))["items"]
        assert lease["spec"]["holderIdentity"].startswith(f"{lease['metadata']['name']}_")
        assert lease["spec"]["leaseDurationSeconds"] == 3600
        annotations = lease["metadata"]["annotations"]
        assert annotations == {"kubernetes.io/peer-advertise-address": f"{HOST}:{port}"}
        assert list((await client.send("GET", TRACKING))["data"]) == ["since"]


def is_another(uid: str, obj: JSONObject | None) -> bool:
    return obj is not None and obj["metadata"]["uid"] != uid


def content(obj: JSONObject) -> list[object]:
    return [obj.get(key) for key in ("spec", "data", "subsets", "endpoints")]


async def test_deleted_objects_come_back() -> None:
    """Another object with the same name and content takes the place of each."""
    paths = [
        f"{SCHEMAS}/probes",
        f"{SCHEMAS}/catch-all",
        f"{LEVELS}/workload-low",
        f"{LEVELS}/exempt",
        f"{NETWORKING}/servicecidrs/kubernetes",
        "/api/v1/namespaces/kube-node-lease",
        "/api/v1/namespaces/default/services/kubernetes",
        *(["/api/v1/namespaces/default/endpoints/kubernetes", f"{SLICES}/kubernetes"] if HOST else []),
        TRACKING,
    ]
    async with cluster() as client:
        for path in paths:
            before = await client.send("GET", path)
            uid = before["metadata"]["uid"]
            await client.delete(path)
            after = await client.until(path, partial(is_another, uid))
            assert after is not None
            assert content(after) == content(before), path


async def test_mandatory_level_keeps_its_spec() -> None:
    """Whatever its annotation says, which is put back too; only the shares of `exempt` can be changed at all, and not for long."""
    async with cluster() as client:
        with pytest.raises(AssertionError, match="spec of 'catch-all' must equal the fixed value"):
            await changed(client, f"{LEVELS}/catch-all", {"spec": {"limited": {"nominalConcurrencyShares": 7}}})
        path = f"{LEVELS}/exempt"
        change = {"metadata": {"annotations": {AUTO_UPDATE: "false"}}, "spec": {"exempt": {"lendablePercent": 7}}}
        await changed(client, path, change)
        await client.until(
            path,
            lambda obj: (
                obj is not None
                and obj["spec"]["exempt"]["lendablePercent"] == 0
                and obj["metadata"]["annotations"] == {AUTO_UPDATE: "true"}
            ),
        )


async def test_suggested_schema_is_put_back_unless_its_annotation_forbids() -> None:
    """With `false` it keeps the change; with `true`, or a text that is no boolean before any change, it does not."""
    async with cluster() as client:
        path, other = f"{SCHEMAS}/service-accounts", f"{SCHEMAS}/probes"
        kept = {"metadata": {"annotations": {AUTO_UPDATE: "false"}}, "spec": {"matchingPrecedence": 8000}}
        await changed(client, path, kept)
        await changed(client, other, {"spec": {"matchingPrecedence": 3}})
        await client.until(other, lambda obj: obj is not None and obj["spec"]["matchingPrecedence"] == 2)
        assert (await client.send("GET", path))["spec"]["matchingPrecedence"] == 8000
        await changed(client, path, {"metadata": {"annotations": {AUTO_UPDATE: None}}})
        await client.until(path, lambda obj: (obj or {})["metadata"].get("annotations") == {AUTO_UPDATE: "false"})
        await changed(client, path, {"metadata": {"annotations": {AUTO_UPDATE: "T"}}})
        await client.until(path, lambda obj: obj is not None and obj["spec"]["matchingPrecedence"] == 9000)


async def test_flow_schema_is_dangling_while_its_level_is_missing() -> None:
    """Its condition follows the level, and a change of the reference."""
    async with cluster() as client:
        spec = {"priorityLevelConfiguration": {"name": "gold"}, "matchingPrecedence": 700}
        api_version = "flowcontrol.apiserver.k8s.io/v1"
        path = f"{SCHEMAS}/mine"
        await client.create(SCHEMAS, "FlowSchema", "mine", api_version=api_version, spec=spec)
        found = await client.until(path, lambda obj: condition(obj, "Dangling").get("status") == "True")
        assert condition(found, "Dangling")["message"] == (
            'This FlowSchema references the PriorityLevelConfiguration object named "gold" but there is no such object'
        )
        level = {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}
        await client.create(LEVELS, "PriorityLevelConfiguration", "gold", api_version=api_version, spec=level)
        found = await client.until(path, lambda obj: condition(obj, "Dangling").get("status") == "False")
        assert condition(found, "Dangling")["reason"] == "Found"
        managers = [each["manager"] for each in (found or {})["metadata"]["managedFields"]]
        assert managers[0] == "api-priority-and-fairness-config-consumer-v1"
        await client.delete(f"{LEVELS}/gold")
        await client.until(path, lambda obj: condition(obj, "Dangling").get("status") == "True")
        await changed(client, path, {"spec": {"priorityLevelConfiguration": {"name": "system"}}})
        await client.until(path, lambda obj: condition(obj, "Dangling").get("status") == "False")


async def test_what_the_server_keeps_makes_no_spans() -> None:
    """A test that counts spans sees those of its own requests alone, though a deleted object was created again."""
    async with Environment() as env:
        headers = {"authorization": f"Bearer {env.token}"}
        async with httpx.AsyncClient(base_url=env.url, headers=headers, verify=False, trust_env=False) as http:
            client = Client(http)
            await client.delete(f"{SCHEMAS}/probes")
            await client.until(f"{SCHEMAS}/probes", lambda obj: condition(obj, "Dangling") != {})
        requests = {span.name.split(" ")[0] for span in env.spans if span.kind == "SERVER"}
        assert requests == {"DELETE", "GET"}


def test_address_of_the_host_is_used_where_the_server_listens_on_loopback() -> None:
    """Endpoints cannot have loopback addresses; an advertised address comes first."""
    assert public_address("192.0.2.7", "127.0.0.1") == "192.0.2.7"
    assert public_address("", "198.51.100.2") == "198.51.100.2"
    assert public_address("", "127.0.0.1") == public_address("", "0.0.0.0")
    assert not public_address("", "::1").startswith("127.")
