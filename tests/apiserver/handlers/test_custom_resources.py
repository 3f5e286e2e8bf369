"""Requests for custom resources, where they differ from those for built-in ones."""

import asyncio
import random
from copy import deepcopy
from typing import Any

import httpx
import orjson
import pytest

from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
MERGE = {"content-type": "application/merge-patch+json"}
SIZES = {"type": "object", "properties": {"size": {"type": "integer", "default": 1}, "count": {"type": "integer"}}}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SIZES}}},
                "subresources": {"scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}},
            }
        ],
    },
}


@pytest.fixture
def widgets(server: Server) -> httpx.AsyncClient:
    for resource in resources_of(DEFINITION):
        server.registry.add(resource)
    return server.client


def widget(**spec: object) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": spec}


async def test_pruning_and_defaults(widgets: httpx.AsyncClient) -> None:
    """What the schema does not know is dropped with a warning, what it defaults is filled in."""
    answer = await widgets.post(WIDGETS, json=widget(junk=1))
    assert answer.json()["spec"] == {"size": 1}
    assert answer.headers["warning"] == '299 - "unknown field \\"spec.junk\\""'


async def test_patch_types(widgets: httpx.AsyncClient) -> None:
    """There is no strategic merge of a custom resource, and a patch is held to the schema."""
    await widgets.post(WIDGETS, json=widget(size=2))
    strategic = {"content-type": "application/strategic-merge-patch+json"}
    refused = await widgets.patch(f"{WIDGETS}/one", content='{"spec":{"size":3}}', headers=strategic)
    assert refused.status_code == 415
    assert refused.json()["message"].endswith(
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )
    wrong = await widgets.patch(f"{WIDGETS}/one", content='{"spec":{"size":"big"}}', headers=MERGE)
    assert wrong.status_code == 422
    right = await widgets.patch(f"{WIDGETS}/one", content='{"spec":{"size":3}}', headers=MERGE)
    assert right.json()["spec"] == {"size": 3}


async def test_lists_and_formats(widgets: httpx.AsyncClient) -> None:
    """Items of a list name their kind, and there is no protobuf."""
    await widgets.post(WIDGETS, json=widget())
    listed = await widgets.get(WIDGETS, headers={"accept": "application/vnd.kubernetes.protobuf,application/json"})
    assert listed.headers["content-type"] == "application/json"
    assert listed.json()["items"][0]["kind"] == "Widget"
    assert listed.json()["metadata"]["continue"] == ""
    only = await widgets.get(WIDGETS, headers={"accept": "application/vnd.kubernetes.protobuf"})
    assert only.status_code == 406
    body = orjson.dumps(widget())
    sent = await widgets.post(WIDGETS, content=body, headers={"content-type": "application/vnd.kubernetes.protobuf"})
    assert sent.status_code == 415


async def test_scale_by_paths(widgets: httpx.AsyncClient) -> None:
    """The Scale is read and written where the definition says."""
    await widgets.post(WIDGETS, json=widget(count=2))
    assert (await widgets.get(f"{WIDGETS}/one/scale")).json()["spec"] == {"replicas": 2}
    await widgets.patch(f"{WIDGETS}/one/scale", content='{"spec":{"replicas":5}}', headers=MERGE)
    assert (await widgets.get(f"{WIDGETS}/one")).json()["spec"]["count"] == 5


async def test_undefined_path_returns_404(widgets: httpx.AsyncClient) -> None:
    """A plural that nobody has defined is a 404 in text, in a custom group too."""
    answer = await widgets.get("/apis/example.com/v1/namespaces/default/gadgets")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_object_with_huge_defaults_is_refused(server: Server) -> None:
    """A small object that its defaults would make 2 GB large is refused, as one of 2 MiB is, before that is built."""
    item = {"type": "object", "properties": {"text": {"type": "string", "default": "x" * 100_000}}}
    definition = deepcopy(DEFINITION)
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}},
    }
    for resource in resources_of(definition):
        server.registry.add(resource)
    limit = "trying to send message larger than max (2100126 vs. 2097152)"
    for count, params in ((20_000, {}), (20_000, {"dryRun": "All"}), (21, {})):
        answer = await server.client.post(WIDGETS, json=widget(items=[{}] * count), params=params)
        assert (answer.status_code, answer.json().get("reason")) == (500, None)
        assert answer.json()["message"] == f"rpc error: code = ResourceExhausted desc = {limit}"
    too_large = await server.client.post(WIDGETS, json=widget(items=[{}] * 16))
    assert (too_large.status_code, too_large.json()["message"]) == (500, "etcdserver: request is too large")
    small = await server.client.post(WIDGETS, json=widget(items=[{}] * 10))
    assert small.status_code == 201
    assert [len(each["text"]) for each in small.json()["spec"]["items"]] == [100_000] * 10


async def test_slow_pattern_does_not_delay_other_requests(server: Server) -> None:
    """A search that takes a second, for RE2 too, is not done in the event loop."""
    text = {"type": "string", "pattern": "|".join(f"(?:a|b)*a(?:a|b){{{count}}}c" for count in range(900, 908))}
    definition = deepcopy(DEFINITION)
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {
        "type": "object",
        "properties": {"text": text},
    }
    for resource in resources_of(definition):
        server.registry.add(resource)
    letters = random.Random(1)
    value = "".join(letters.choice("ab") for _ in range(20_000))
    slow = asyncio.create_task(server.client.post(WIDGETS, json=widget(text=value)))
    for _ in range(5):
        assert (await server.client.get("/version")).status_code == 200
    assert not slow.done()
    assert (await slow).status_code == 422


async def test_stored_object_is_read_through_the_schema_of_today(server: Server, widgets: httpx.AsyncClient) -> None:
    """After a change of the schema, every way of reading shows a new default, and no field that is not declared any more."""
    assert (await widgets.post(WIDGETS, json=widget(count=3))).status_code == 201
    changed = deepcopy(DEFINITION)
    colour = {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "colour": {"type": "string", "default": "red"}},
    }
    (version,) = changed["spec"]["versions"]
    version["schema"]["openAPIV3Schema"]["properties"]["spec"] = colour
    version["selectableFields"] = [{"jsonPath": ".spec.colour"}]
    server.registry.replace((), resources_of(changed))
    wanted = {"size": 1, "colour": "red"}
    assert (await widgets.get(f"{WIDGETS}/one")).json()["spec"] == wanted
    for query in ("", "?resourceVersion=0", "?fieldSelector=spec.colour%3Dred"):
        assert [item["spec"] for item in (await widgets.get(WIDGETS + query)).json()["items"]] == [wanted]
    patched = await widgets.patch(f"{WIDGETS}/one", json={"spec": {"size": 2}}, headers=MERGE)
    assert patched.json()["spec"] == {"size": 2, "colour": "red"}
    watched = await widgets.get(f"{WIDGETS}?watch=1&timeoutSeconds=1&resourceVersion=0")
    assert orjson.loads(watched.text.splitlines()[0])["object"]["spec"] == {"size": 2, "colour": "red"}


async def test_deprecated_version_names_the_one_to_use(server: Server) -> None:
    """The warning names the newest version that is served and not deprecated, if it is newer."""
    definition = deepcopy(DEFINITION)
    (version,) = definition["spec"]["versions"]
    definition["spec"]["versions"] += [
        {**version, "name": "v1beta1", "storage": False, "deprecated": True},
        {**version, "name": "v2", "storage": False, "served": False},
        {**version, "name": "v3", "storage": False, "deprecated": True},
    ]
    for resource in resources_of(definition):
        server.registry.add(resource)
    for name, warning in (("v1beta1", "; use example.com/v1 Widget"), ("v3", ""), ("v1", None)):
        answer = await server.client.get(WIDGETS.replace("v1", name))
        shown = f'299 - "example.com/{name} Widget is deprecated{warning}"' if warning is not None else None
        assert answer.headers.get("warning") == shown


async def test_finalizer_without_a_domain_is_warned_of(widgets: httpx.AsyncClient) -> None:
    """Only a finalizer that is new, and only one that Kubernetes itself does not know."""
    obj = widget()
    obj["metadata"]["finalizers"] = ["plain", "some.thing", "example.com/good", "orphan"]
    answer = await widgets.post(WIDGETS, json=obj)
    words = "to avoid accidental conflicts with other finalizer writers"
    assert answer.headers.get_list("warning", split_commas=False) == [
        f'299 - "metadata.finalizers: \\"plain\\": prefer a domain-qualified finalizer name {words}"',
        f'299 - "metadata.finalizers: \\"some.thing\\": prefer a domain-qualified finalizer name including a path (/) {words}"',
    ]
    again = await widgets.put(f"{WIDGETS}/one", json=answer.json())
    assert "warning" not in again.headers
