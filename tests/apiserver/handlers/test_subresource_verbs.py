"""Every verb on every subresource that discovery lists, and on every one that it does not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import serve
from tests.apiserver.objects import rich_object

pytestmark = pytest.mark.anyio

METHODS = {"get": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
CONNECTING = ("attach", "exec", "log", "portforward", "proxy")
GADGETS = "apis/lab.example.org/v1/namespaces/default/gadgets"
GADGET: dict[str, Any] = {
    "apiVersion": "lab.example.org/v1",
    "kind": "Gadget",
    "spec": {"size": 2},
    "status": {"size": 1},
}
NUMBER = {"type": "object", "properties": {"size": {"type": "integer"}}}
DEFINITION: dict[str, Any] = {
    "metadata": {"name": "gadgets.lab.example.org"},
    "spec": {
        "group": "lab.example.org",
        "names": {"plural": "gadgets", "kind": "Gadget"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": NUMBER, "status": NUMBER}}},
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
                },
            }
        ],
    },
}
PARTS = [
    (resource.kind.api_version, resource.plural, part.name)
    for resource in (*builtin_registry().resources(), *resources_of(DEFINITION))
    for part in resource.subresources.values()
]


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    """A client of one server, with a custom resource that has all the subresources there are."""
    async with serve() as server:
        for resource in resources_of(DEFINITION):
            server.registry.add(resource)
        yield server.client


async def path_of(client: httpx.AsyncClient, api_version: str, plural: str, name: str) -> str:
    """The path of a fresh object."""
    root = f"{'apis' if '/' in api_version else 'api'}/{api_version}"
    listed = (await client.get(f"/{root}")).json()["resources"]
    namespaced = next(each["namespaced"] for each in listed if each["name"] == plural)
    path = f"{root}/{'namespaces/default/' if namespaced else ''}{plural}"
    body = {**GADGET, "metadata": {"name": name}} if path == GADGETS else rich_object(path, name)
    created = await client.post(f"/{path}", json=body)
    assert created.status_code in (201, 409), created.text
    return f"/{path}/{body['metadata']['name']}"


async def verbs_of(client: httpx.AsyncClient, api_version: str, name: str) -> set[str]:
    listed = (await client.get(f"/{'apis' if '/' in api_version else 'api'}/{api_version}")).json()["resources"]
    return set(next(each["verbs"] for each in listed if each["name"] == name))


@pytest.mark.parametrize(("api_version", "plural", "part"), PARTS)
async def test_verb_that_discovery_does_not_list_returns_405(
    shared: httpx.AsyncClient, api_version: str, plural: str, part: str
) -> None:
    """Custom resources name the verb and the resource, as their own handler does in the real server."""
    path = await path_of(shared, api_version, plural, "any")
    known = await verbs_of(shared, api_version, f"{plural}/{part}")
    said = "the server does not allow this method on the requested resource"
    for verb in METHODS.keys() - known:
        answer = await shared.request(METHODS[verb], f"{path}/{part}", json={})
        message = (
            f'{verb} is not supported on resources of kind "gadgets.lab.example.org"' if plural == "gadgets" else said
        )
        assert (answer.status_code, answer.json()["message"]) == (405, message), verb


UNKNOWN_FORMAT = (
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
)


@pytest.mark.parametrize(("api_version", "plural", "part"), [part for part in PARTS if part[2] not in CONNECTING])
async def test_verb_that_discovery_lists_is_done(
    shared: httpx.AsyncClient, api_version: str, plural: str, part: str
) -> None:
    """What was read is put back, changed by an empty patch of each language and by an empty configuration; a strategic patch of a custom
    resource is a 415, and an apply on its scale a 500. What only creates refuses an empty body that names nothing, and says so."""
    path = f"{await path_of(shared, api_version, plural, part)}/{part}"
    verbs = await verbs_of(shared, api_version, f"{plural}/{part}")
    if verbs == {"create"}:
        answer = await shared.post(path, json={})
        assert answer.status_code == (201 if part == "token" else 400)
        assert part == "token" or answer.json()["message"].startswith("name in URL does not match name in ")
        return
    if verbs == {"update"}:
        whole = await shared.get(path.removesuffix(f"/{part}"))
        assert (await shared.put(path, json=whole.json())).json() == whole.json()
        return
    assert verbs == {"get", "update", "patch"}
    body = (await shared.get(path)).json()
    put = await shared.put(path, json=body)
    assert put.status_code == 200
    assert {**put.json(), "metadata": {}} == {**body, "metadata": {}}
    configuration = {key: body[key] for key in ("apiVersion", "kind")} | {
        "metadata": {"name": body["metadata"]["name"]}
    }
    for language, sent, status in (
        ("json-patch+json", [], 200),
        ("merge-patch+json", {}, 200),
        ("strategic-merge-patch+json", {}, 415 if plural == "gadgets" else 200),
        ("apply-patch+yaml", configuration, 500 if (plural, part) == ("gadgets", "scale") else 200),
    ):
        headers = {"content-type": f"application/{language}"}
        answer = await shared.patch(f"{path}?fieldManager=me", json=sent, headers=headers)
        assert answer.status_code == status, (language, answer.text)


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", f"/{GADGETS}/rich/resize", 404, 'gadgets.lab.example.org "rich" not found'),
        ("PUT", f"/{GADGETS}", 400, "name must be provided"),
        (
            "PATCH",
            f"/{GADGETS}",
            415,
            UNKNOWN_FORMAT,
        ),
        ("GET", "/api/v1/namespaces/default/pods/rich/scale", 404, "the server could not find the requested resource"),
        (
            "PUT",
            "/api/v1/namespaces/default/pods",
            405,
            "the server does not allow this method on the requested resource",
        ),
    ],
)
async def test_path_without_a_handler_is_refused(
    shared: httpx.AsyncClient, method: str, path: str, status: int, message: str
) -> None:
    """Custom resources in words of their own."""
    answer = await shared.request(method, path, json={})
    assert (answer.status_code, answer.json()["message"]) == (status, message)
