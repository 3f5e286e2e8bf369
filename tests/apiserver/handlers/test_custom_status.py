"""The status of custom resources: what operators do with `client.Status().Update()` and `Patch()`."""

from typing import Any

import httpx
import pytest

from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

GATES = "/apis/lab.example.org/v1/namespaces/default/gates"
MERGE = {"content-type": "application/merge-patch+json"}
JSON = {"content-type": "application/json-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}
UNKNOWN = [{"type": "Accepted", "status": "Unknown"}]
STATUS: dict[str, Any] = {
    "type": "object",
    "default": {"conditions": UNKNOWN},
    "properties": {
        "ok": {"type": "boolean"},
        "count": {"type": "integer", "maximum": 5},
        "conditions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
            },
        },
    },
}
DEFINITION: dict[str, Any] = {
    "spec": {
        "group": "lab.example.org",
        "names": {"plural": "gates", "kind": "Gate"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
                            "status": STATUS,
                        },
                    }
                },
                "subresources": {"status": {}},
            }
        ],
    },
}


@pytest.fixture
async def gates(server: Server) -> httpx.AsyncClient:
    """A gate named `one` whose creator tried to set its status."""
    for resource in resources_of(DEFINITION):
        server.registry.add(resource)
    created = await server.client.post(GATES, json=gate(spec={"size": 1}, status={"ok": True}))
    assert created.status_code == 201
    return server.client


def gate(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "lab.example.org/v1", "kind": "Gate", "metadata": {"name": "one"}, **fields}


async def test_status_of_a_new_object_is_the_default_of_its_schema(gates: httpx.AsyncClient) -> None:
    """What the creator sent is lost, what the definition declares is not."""
    assert (await gates.get(f"{GATES}/one")).json()["status"] == {"conditions": UNKNOWN}


async def test_put_of_the_status_changes_it_alone(gates: httpx.AsyncClient) -> None:
    """Labels and spec stay, and so does the generation; the writer is told apart by the subresource."""
    read = (await gates.get(f"{GATES}/one")).json()
    wanted = {**read, "spec": {"size": 9}, "status": {"ok": True}}
    wanted["metadata"] = {**read["metadata"], "labels": {"a": "b"}}
    answer = await gates.put(f"{GATES}/one/status?fieldManager=operator", json=wanted)
    assert answer.status_code == 200
    after = answer.json()
    assert (after["spec"], after["status"]) == ({"size": 1}, {"ok": True})
    assert "labels" not in after["metadata"]
    assert after["metadata"]["generation"] == 1
    entry = next(each for each in after["metadata"]["managedFields"] if each["manager"] == "operator")
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:ok": {}}})
    stale = await gates.put(f"{GATES}/one/status", json=wanted)
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (MERGE, {"status": {"ok": True, "conditions": None}, "spec": {"size": 9}}),
        (JSON, [{"op": "replace", "path": "/status", "value": {"ok": True}}]),
        (APPLY, gate(status={"ok": True})),
    ],
)
async def test_patch_of_the_status_changes_it_alone(
    gates: httpx.AsyncClient, headers: dict[str, str], body: Any
) -> None:
    """In each language that custom resources know."""
    answer = await gates.patch(f"{GATES}/one/status?fieldManager=operator", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["status"]["ok"] is True
    assert answer.json()["spec"] == {"size": 1}


@pytest.mark.parametrize(
    ("status", "field", "message"),
    [
        ({"ok": "x"}, "status.ok", 'Invalid value: "string": ok in body must be of type boolean: "string"'),
        ({"count": 6}, "status.count", "Invalid value: 6: count in body should be less than or equal to 5"),
        ({"conditions": [{}]}, "status.conditions[0].type", "Required value"),
        ("on", "status", 'Invalid value: "string":  in body must be of type object: "string"'),
    ],
)
async def test_status_is_held_to_its_own_schema(
    gates: httpx.AsyncClient, status: Any, field: str, message: str
) -> None:
    """In which its fields have no path above them."""
    answer = await gates.patch(f"{GATES}/one/status", json={"status": status}, headers=MERGE)
    assert answer.status_code == 422
    assert [(cause["field"], cause["message"]) for cause in answer.json()["details"]["causes"]] == [(field, message)]


async def test_update_of_the_status_without_a_version_returns_422(gates: httpx.AsyncClient) -> None:
    """The refusal names the resource."""
    answer = await gates.put(f"{GATES}/one/status", json=gate(status={"ok": True}))
    message = 'gates.lab.example.org "one" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update'
    assert (answer.status_code, answer.json()["message"]) == (422, message)


async def test_status_of_an_object_that_is_not_there_returns_404(gates: httpx.AsyncClient) -> None:
    """An apply creates nothing there."""
    body = {**gate(status={"ok": True}), "metadata": {"name": "gone"}}
    for answer in (
        await gates.get(f"{GATES}/gone/status"),
        await gates.put(f"{GATES}/gone/status", json=body),
        await gates.patch(f"{GATES}/gone/status?fieldManager=me", json=body, headers=APPLY),
    ):
        assert (answer.status_code, answer.json()["message"]) == (404, 'gates.lab.example.org "gone" not found')
