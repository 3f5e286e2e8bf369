"""Patches that change what an object says it is, and bodies that are not what the path expects."""

from typing import Any

import httpx
import pytest

from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
AUTOSCALERS = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
GADGETS = "/apis/lab.example.org/v1/namespaces/default/gadgets"
JSON = {"content-type": "application/json-patch+json"}
MERGE = {"content-type": "application/merge-patch+json"}
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}
SCHEME = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
UNKNOWN = f'no kind "ConfigMap" is registered for version "v9" {SCHEME}'
SECRET = "converting (v1.Secret) to (core.ConfigMap): unknown conversion"


def replaced(key: str, value: object) -> list[dict[str, object]]:
    return [{"op": "replace", "path": f"/{key}", "value": value}]


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        (MERGE, {"kind": "Secret"}, SECRET),
        (JSON, replaced("kind", "Secret"), SECRET),
        (MERGE, {"apiVersion": "v9"}, UNKNOWN),
        (JSON, replaced("apiVersion", "v9"), UNKNOWN),
        (MERGE, {"kind": "Nope"}, f'no kind "Nope" is registered for version "v1" {SCHEME}'),
        (MERGE, {"kind": "Secret", "data": {"k": "?"}}, "illegal base64 data at input byte 0"),
        (MERGE, {"apiVersion": "a/b/c"}, "unexpected GroupVersion string: a/b/c"),
        (
            MERGE,
            {"kind": 5},
            "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
        ),
    ],
)
async def test_patch_that_makes_another_kind_of_an_object_returns_422(
    client: httpx.AsyncClient, headers: dict[str, str], body: Any, why: str
) -> None:
    """The patched text is read as what it says it is; the refusal shows it, and names no kind."""
    created = (await client.post(MAPS, json={"metadata": {"name": "one"}})).json()
    answer = await client.patch(f"{MAPS}/one", json=body, headers=headers)
    assert answer.status_code == 422
    message: str = answer.json()["message"]
    assert message.startswith(' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":')
    assert message.endswith(f": {why}")
    assert set(answer.json()["details"]) == {"causes"}
    assert (await client.get(f"{MAPS}/one")).json() == created


@pytest.mark.parametrize("body", [{"kind": "Secret"}, {"apiVersion": "v9"}, {"kind": None, "apiVersion": None}])
async def test_strategic_patch_of_the_kind_is_dropped(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """It works on the object of the path, for which kind and version are two texts that are written anew."""
    created = (await client.post(MAPS, json={"metadata": {"name": "one"}})).json()
    answer = await client.patch(f"{MAPS}/one", json=body, headers=STRATEGIC)
    assert (answer.status_code, answer.json()) == (200, created)


async def test_patch_that_removes_kind_keeps_it(client: httpx.AsyncClient) -> None:
    """The path says of which kind the object is."""
    created = (await client.post(MAPS, json={"metadata": {"name": "one"}})).json()
    answer = await client.patch(f"{MAPS}/one", json=[{"op": "remove", "path": "/kind"}], headers=JSON)
    assert (answer.status_code, answer.json()) == (200, created)


async def test_patch_that_removes_version_returns_400(client: httpx.AsyncClient) -> None:
    """What has no version has no field that is known: warnings, and a refusal for want of a name; 422 where validation is strict."""
    await client.post(MAPS, json={"metadata": {"name": "one"}, "data": {"a": "b"}})
    body = [{"op": "remove", "path": "/apiVersion"}]
    answer = await client.patch(f"{MAPS}/one", json=body, headers=JSON)
    message = "the name of the object (one based on URL) was undeterminable: name must be provided"
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert answer.headers.get_list("warning") == [
        '299 - "unknown field \\"data\\""',
        '299 - "unknown field \\"metadata\\""',
    ]
    strict = await client.patch(f"{MAPS}/one?fieldValidation=Strict", json=body, headers=JSON)
    assert strict.status_code == 422
    assert strict.json()["message"].endswith('strict decoding error: unknown field "data", unknown field "metadata"')


async def test_patch_to_another_served_version_is_converted(client: httpx.AsyncClient) -> None:
    """What the other version says is read as that version."""
    spec = {
        "maxReplicas": 3,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
        "metrics": [],
    }
    await client.post(AUTOSCALERS, json={"metadata": {"name": "one"}, "spec": spec})
    body = {"apiVersion": "autoscaling/v1", "spec": {"metrics": None, "targetCPUUtilizationPercentage": 70}}
    answer = await client.patch(f"{AUTOSCALERS}/one", json=body, headers=MERGE)
    assert (answer.status_code, answer.json()["apiVersion"]) == (200, "autoscaling/v2")
    assert answer.json()["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"kind": "Secret"}, 400, "invalid object type: /v1, Kind=Secret"),
        ({"apiVersion": "v9"}, 400, "invalid object type: /v9, Kind=ConfigMap"),
        (
            {"metadata": {"name": "one", "namespace": "far"}},
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            {"metadata": {"name": "one", "uid": "7"}},
            409,
            (
                'Operation cannot be fulfilled on configmaps "one": '
                "uid mismatch: the provided object specified uid 7, and no existing object was found"
            ),
        ),
    ],
)
async def test_configuration_of_another_object_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, message: str
) -> None:
    """And creates nothing."""
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, **change}
    answer = await client.patch(f"{MAPS}/one?fieldManager=me", json=configuration, headers=APPLY)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert (await client.get(f"{MAPS}/one")).status_code == 404


DEFINITION: dict[str, Any] = {
    "spec": {
        "group": "lab.example.org",
        "names": {"plural": "gadgets", "kind": "Gadget"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": name,
                "served": True,
                "storage": name == "v1",
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                "subresources": {"status": {}},
            }
            for name in ("v1", "v2")
        ],
    },
}


@pytest.fixture
def gadgets(server: Server) -> httpx.AsyncClient:
    for resource in resources_of(DEFINITION):
        server.registry.add(resource)
    return server.client


def gadget(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "lab.example.org/v1", "kind": "Gadget", "metadata": {"name": "one"}, **fields}


OTHER_KIND = 'Other.lab.example.org "one" is invalid: kind: Invalid value: "Other": must be Gadget'
OTHER_VERSION = 'Gadget.lab.example.org "one" is invalid: apiVersion: Invalid value: "lab.example.org/v2": must be lab.example.org/v1'


@pytest.mark.parametrize(
    ("method", "part", "headers", "body", "status", "message"),
    [
        ("POST", "", {}, gadget(kind="Other"), 422, OTHER_KIND),
        ("PUT", "/one", {}, gadget(kind="Other"), 422, OTHER_KIND),
        ("PUT", "/one/status", {}, gadget(kind="Other"), 422, OTHER_KIND),
        ("PATCH", "/one", MERGE, {"kind": "Other"}, 422, OTHER_KIND),
        ("PATCH", "/one", JSON, replaced("kind", "Other"), 422, OTHER_KIND),
        ("PATCH", "/one/status", MERGE, {"kind": "Other"}, 422, OTHER_KIND),
        ("PATCH", "/one", MERGE, {"apiVersion": "lab.example.org/v2"}, 422, OTHER_VERSION),
        (
            "PATCH",
            "/one",
            MERGE,
            {"apiVersion": "v9", "kind": "Other"},
            422,
            (
                'Other "one" is invalid: [kind: Invalid value: "Other": must be Gadget, '
                'apiVersion: Invalid value: "v9": must be lab.example.org/v1]'
            ),
        ),
        (
            "PATCH",
            "/one",
            MERGE,
            {"apiVersion": None},
            500,
            "Internal error occurred: Object 'apiVersion' is missing in 'object has no apiVersion field'",
        ),
        (
            "POST",
            "",
            {},
            gadget(apiVersion="lab.example.org/v2"),
            400,
            "the API version in the data (lab.example.org/v2) does not match the expected API version (lab.example.org/v1)",
        ),
        (
            "PUT",
            "/one",
            {},
            {"kind": "Gadget", "metadata": {"name": "one"}},
            400,
            "the API version in the data () does not match the expected API version (lab.example.org/v1)",
        ),
        (
            "PATCH",
            "/one?fieldManager=me",
            APPLY,
            gadget(kind="Other"),
            400,
            "invalid object type: lab.example.org/v1, Kind=Other",
        ),
    ],
)
async def test_custom_resource_of_another_kind_or_version_is_refused(
    gadgets: httpx.AsyncClient, method: str, part: str, headers: dict[str, str], body: Any, status: int, message: str
) -> None:
    """The refusal calls it what it calls itself."""
    if part:
        await gadgets.post(GADGETS, json=gadget(spec={"size": 1}))
    answer = await gadgets.request(method, f"{GADGETS}{part}", json=body, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert (await gadgets.get(f"{GADGETS}/one")).json().get("spec") == ({"size": 1} if part else None)


async def test_update_of_missing_custom_resource_of_other_kind_returns_404(gadgets: httpx.AsyncClient) -> None:
    """Its kind is looked at when it is about to be stored."""
    answer = await gadgets.put(f"{GADGETS}/one", json=gadget(kind="Other"))
    assert (answer.status_code, answer.json()["message"]) == (404, 'gadgets.lab.example.org "one" not found')


async def test_patch_that_removes_kind_of_custom_resource_returns_422(gadgets: httpx.AsyncClient) -> None:
    """Without a kind nothing can be read: unlike a built-in object, it is not taken to be of the kind of the path."""
    await gadgets.post(GADGETS, json=gadget())
    answer = await gadgets.patch(f"{GADGETS}/one", json={"kind": None}, headers=MERGE)
    assert answer.status_code == 422
    assert (
        ': Object \'Kind\' is missing in \'{"apiVersion":"lab.example.org/v1","metadata":{' in answer.json()["message"]
    )
