"""Custom resources whose versions a webhook converts: in every verb, in both directions, with a trace of its own for each call."""

import asyncio
from typing import Any

import orjson
import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.conversion.parts import DEFINITIONS, Cluster, webhook_conversion, widget, widget_versions, widgets

pytestmark = pytest.mark.anyio
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_object_is_read_and_written_in_every_version(cluster: Cluster) -> None:
    """What is created in one version is converted when it is read in another, in both directions, and what is answered is that version."""
    group = "both.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1", note="n"))
    assert cluster.webhook.calls() == []
    read = await cluster.json("GET", f"{widgets(group, 'v2')}/a")
    assert (read["apiVersion"], read["spec"]) == (f"{group}/v2", {"hostname": "x", "port": "1", "note": "n"})
    created = await cluster.json("POST", widgets(group, "v2"), widget(group, "v2", "b", hostname="y", port="2"))
    assert (created["apiVersion"], created["spec"]) == (f"{group}/v2", {"hostname": "y", "port": "2"})
    assert (await cluster.json("GET", f"{widgets(group, 'v1')}/b"))["spec"] == {"host": "y:2"}
    assert cluster.webhook.calls() == [(f"{group}/v2", ["a"]), (f"{group}/v1", ["b"]), (f"{group}/v2", ["b"])]


async def test_request_is_a_conversion_review(cluster: Cluster) -> None:
    """With the first version in the list that the server knows, and the object as it is stored, without a resourceVersion."""
    group = "review.example.com"
    await cluster.define(group, webhook_conversion({"url": f"{cluster.url}/review"}, "v7", "v1beta1", "v1"))
    created = await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    await cluster.json("GET", f"{widgets(group, 'v2')}/a")
    [review], [headers] = cluster.webhook.asked, cluster.webhook.headers
    metadata = {key: value for key, value in created["metadata"].items() if key != "resourceVersion"}
    assert review == {
        "kind": "ConversionReview",
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "request": {
            "uid": review["request"]["uid"],
            "desiredAPIVersion": f"{group}/v2",
            "objects": [{"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": metadata, "spec": {"host": "x:1"}}],
        },
        "response": {"uid": "", "convertedObjects": None, "result": {"metadata": {}}},
    }
    assert headers["user-agent"] == "kube-apiserver-admission"
    assert headers["content-type"] == "application/json"


async def test_each_call_is_the_root_of_a_trace(cluster: Cluster) -> None:
    """The webhook gets the context of the CLIENT span, which has no parent; it never gets that of the caller."""
    group = "traced.example.com"
    await cluster.define(group, webhook_conversion({"url": f"{cluster.url}/traced"}))
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    for _ in range(2):
        await cluster.json("GET", f"{widgets(group, 'v2')}/a", traceparent=CALLER, tracestate="a=b", baggage="c=d")
    spans = cluster.calls_of("/traced")
    assert [(each.name, each.parent_id) for each in spans] == [("HTTP POST", None)] * 2
    assert {each.attributes["url.full"] for each in spans} == {f"{cluster.url}/traced?timeout=30s"}
    assert len({each.trace_id for each in spans}) == 2
    sent = [f"00-{each.trace_id}-{each.span_id}-01" for each in spans]
    assert [headers["traceparent"] for headers in cluster.webhook.headers] == sent
    assert all("tracestate" not in each and "baggage" not in each for each in cluster.webhook.headers)
    assert CALLER.split("-")[1] not in {each.trace_id for each in spans}


async def test_service_is_called_at_its_mapped_address(cluster: Cluster) -> None:
    """The URL in the span names the Service, which --service-address resolves."""
    group = "service.example.com"
    service = {"service": {"name": "convert", "namespace": "tools", "path": "/by-service", "port": 8443}}
    await cluster.define(group, webhook_conversion(service))
    await cluster.json("POST", widgets(group, "v2"), widget(group, "v2", "a", hostname="x", port="1"))
    assert {each.attributes["url.full"] for each in cluster.calls_of("/by-service")} == {
        "https://convert.tools.svc:8443/by-service?timeout=30s"
    }


async def test_list_converts_its_objects_in_one_call(cluster: Cluster) -> None:
    """And a later list does not convert them again, until they change."""
    group = "list.example.com"
    await cluster.define(group)
    for name in ("a", "b", "c"):
        await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", name, host=f"{name}:1"))
    found = await cluster.json("GET", widgets(group, "v2"))
    assert found["apiVersion"] == f"{group}/v2"
    assert [(each["apiVersion"], each["spec"]["hostname"]) for each in found["items"]] == [
        (f"{group}/v2", "a"),
        (f"{group}/v2", "b"),
        (f"{group}/v2", "c"),
    ]
    assert cluster.webhook.calls() == [(f"{group}/v2", ["a", "b", "c"])]
    await cluster.json(
        "PATCH", f"{widgets(group, 'v1')}/b", {"spec": {"host": "d:2"}}, content_type="application/merge-patch+json"
    )
    again = await cluster.json("GET", widgets(group, "v2"))
    assert [each["spec"]["hostname"] for each in again["items"]] == ["a", "d", "c"]
    assert cluster.webhook.calls() == [(f"{group}/v2", ["b"])]


async def test_selectors_and_columns_see_the_version_of_the_path(cluster: Cluster) -> None:
    """`spec.hostname` is a field of v2 alone: a list and a watch select by it, and a table shows it."""
    group = "select.example.com"
    await cluster.define(group)
    for name in ("a", "b"):
        await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", name, host=f"{name}:1"))
    selected = f"{widgets(group, 'v2')}?fieldSelector=spec.hostname%3Db"
    found = await cluster.json("GET", selected)
    assert [each["metadata"]["name"] for each in found["items"]] == ["b"]
    table = await cluster.json("GET", widgets(group, "v2"), accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert [row["cells"] for row in table["rows"]] == [["a", "a"], ["b", "b"]]
    async with cluster.client.stream("GET", f"{selected}&watch=1&timeoutSeconds=20") as events:
        lines = events.aiter_lines()
        assert _event(await anext(lines)) == ("ADDED", f"{group}/v2", {"hostname": "b", "port": "1"})
        host = {"spec": {"host": "b:2"}}
        await cluster.json("PATCH", f"{widgets(group, 'v1')}/a", host, content_type="application/merge-patch+json")
        assert _event(await anext(lines)) == ("ADDED", f"{group}/v2", {"hostname": "b", "port": "2"})
        host = {"spec": {"host": "z:2"}}
        await cluster.json("PATCH", f"{widgets(group, 'v1')}/b", host, content_type="application/merge-patch+json")
        assert _event(await anext(lines))[0] == "DELETED"


async def test_watch_converts_events(cluster: Cluster) -> None:
    """Every event is in the version of the path; watches of the same objects share what is converted."""
    group = "watch.example.com"
    await cluster.define(group)
    path = f"{widgets(group, 'v2')}?watch=1&timeoutSeconds=20"
    async with cluster.client.stream("GET", path) as one, cluster.client.stream("GET", path) as two:
        await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
        for events in (one, two):
            event = _event(await anext(events.aiter_lines()))
            assert event == ("ADDED", f"{group}/v2", {"hostname": "x", "port": "1"})
    assert cluster.webhook.calls() == [(f"{group}/v2", ["a"])]


def _event(line: str) -> tuple[str, str, Any]:
    event = orjson.loads(line)
    return event["type"], event["object"]["apiVersion"], event["object"]["spec"]


async def test_update_and_patch_in_a_version_that_is_not_stored(cluster: Cluster) -> None:
    """The change is made to the converted object, and stored as the webhook converts the result; fields of other managers stay theirs."""
    group = "update.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1", note="n"))
    read = await cluster.json("GET", f"{widgets(group, 'v2')}/a")
    read["spec"]["port"] = "9"
    updated = await cluster.json("PUT", f"{widgets(group, 'v2')}/a", read, user_agent="second/1")
    assert updated["spec"] == {"hostname": "x", "port": "9", "note": "n"}
    assert updated["metadata"]["generation"] == 2
    owners = {each["manager"]: each for each in updated["metadata"]["managedFields"]}
    first = next(each for name, each in owners.items() if name != "second")
    assert (first["apiVersion"], first["fieldsV1"]) == (f"{group}/v1", {"f:spec": {".": {}, "f:note": {}}})
    assert (owners["second"]["apiVersion"], owners["second"]["fieldsV1"]) == (
        f"{group}/v2",
        {"f:spec": {"f:port": {}}},
    )
    operations = [{"op": "replace", "path": "/spec/hostname", "value": "y"}]
    await cluster.client.request(
        "PATCH",
        f"{widgets(group, 'v2')}/a",
        content=orjson.dumps(operations),
        headers={"content-type": "application/json-patch+json"},
    )
    assert (await cluster.json("GET", f"{widgets(group, 'v1')}/a"))["spec"] == {"host": "y:9", "note": "n"}


async def test_update_without_a_change_writes_nothing(cluster: Cluster) -> None:
    """What was read in a version that is not stored can be sent back, and its resourceVersion stays."""
    group = "same.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    read = await cluster.json("GET", f"{widgets(group, 'v2')}/a")
    assert await cluster.json("PUT", f"{widgets(group, 'v2')}/a", read) == read


async def test_managers_apply_in_different_versions(cluster: Cluster) -> None:
    """An apply in v1 conflicts with what was applied in v2, as the webhook converts it, and keeps what it does not speak of."""
    group = "apply.example.com"
    await cluster.define(group)
    apply: JSONObject = {"content_type": "application/apply-patch+yaml"}
    path = "widgets/c?fieldManager="
    in_v1, in_v2 = (widgets(group, version).removesuffix("widgets") + path for version in ("v1", "v2"))
    await cluster.json("PATCH", f"{in_v2}two", widget(group, "v2", "c", hostname="z", port="3"), **apply)
    noted = await cluster.json("PATCH", f"{in_v1}one", widget(group, "v1", "c", note="n"), **apply)
    assert noted["spec"] == {"host": "z:3", "note": "n"}
    refused = await cluster.refusal("PATCH", f"{in_v2}three", widget(group, "v2", "c", note="other"), **apply)
    assert refused["message"] == 'Apply failed with 1 conflict: conflict with "one": .spec.note'
    changed = await cluster.json("PATCH", f"{in_v2}two", widget(group, "v2", "c", hostname="z", port="4"), **apply)
    assert changed["spec"] == {"hostname": "z", "port": "4", "note": "n"}


async def test_deletion_in_a_version_that_is_not_stored(cluster: Cluster) -> None:
    """One object, and then a collection, which is answered in the version of the path."""
    group = "delete.example.com"
    await cluster.define(group)
    for name in ("a", "b"):
        await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", name, host=f"{name}:1"))
    assert (await cluster.json("DELETE", f"{widgets(group, 'v2')}/a"))["status"] == "Success"
    deleted = await cluster.json("DELETE", widgets(group, "v2"))
    assert [each["spec"] for each in deleted["items"]] == [{"hostname": "b", "port": "1"}]
    assert (await cluster.json("GET", widgets(group, "v1")))["items"] == []


async def test_objects_stay_readable_when_the_storage_version_changes(cluster: Cluster) -> None:
    """What is stored in the old version is converted when it is read in the new one, and stored in it by the next write."""
    group = "storage.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    name = f"{DEFINITIONS}/widgets.{group}"
    definition = await cluster.json("GET", name)
    definition["spec"]["versions"] = widget_versions("v2")
    await cluster.json("PUT", name, definition)
    async with asyncio.timeout(10):
        while not cluster.webhook.asked:  # a read in v1 needs the webhook as soon as v2 is the stored version
            await cluster.json("POST", f"{widgets(group, 'v1')}?dryRun=All", widget(group, "v1", "b", host="y:1"))
    cluster.webhook.calls()
    assert (await cluster.json("GET", f"{widgets(group, 'v2')}/a"))["spec"] == {"hostname": "x", "port": "1"}
    assert cluster.webhook.calls() == [(f"{group}/v2", ["a"])]
    assert (await cluster.json("GET", f"{widgets(group, 'v1')}/a"))["spec"] == {"host": "x:1"}
    assert cluster.webhook.calls() == []
    note = {"spec": {"note": "n"}}
    await cluster.json("PATCH", f"{widgets(group, 'v2')}/a", note, content_type="application/merge-patch+json")
    cluster.webhook.calls()
    assert (await cluster.json("GET", f"{widgets(group, 'v2')}/a"))["apiVersion"] == f"{group}/v2"
    assert cluster.webhook.calls() == []


async def test_versions_without_a_webhook_differ_in_the_api_version_alone(cluster: Cluster) -> None:
    """Also for objects that were stored before another version became the stored one."""
    group = "none.example.com"
    await cluster.define(group, {"strategy": "None"})
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", note="n"))
    name = f"{DEFINITIONS}/widgets.{group}"
    definition = await cluster.json("GET", name)
    definition["spec"]["versions"] = widget_versions("v2")
    await cluster.json("PUT", name, definition)
    for version in ("v1", "v2"):
        for found in (
            await cluster.json("GET", f"{widgets(group, version)}/a"),
            (await cluster.json("GET", widgets(group, version)))["items"][0],
        ):
            assert (found["apiVersion"], found["spec"]) == (f"{group}/{version}", {"note": "n"})
    assert cluster.webhook.calls() == []


async def test_calls_are_counted(cluster: Cluster) -> None:
    """With the outcome, and for each definition with the versions."""
    group = "counted.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    await cluster.json("GET", f"{widgets(group, 'v2')}/a")
    cluster.webhook.answer = lambda review: review | {"response": {"uid": "other"}}
    await cluster.refusal("GET", f"{widgets(group, 'v2')}/a")
    page = (await cluster.client.get("/metrics")).text
    labels = f'crd_name="widgets.{group}",from_version="v1",succeeded="{{}}",to_version="v2"'
    for succeeded in ("true", "false"):
        name = "apiserver_crd_conversion_webhook_duration_seconds_count"
        assert f"{name}{{{labels.format(succeeded)}}} 1\n" in page
    malformed = 'failure_type="conversion_webhook_malformed_response_failure",result="failure"'
    assert f"apiserver_conversion_webhook_request_total{{{malformed}}}" in page
