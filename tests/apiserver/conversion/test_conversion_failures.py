"""Conversion webhooks that fail, or answer what is no conversion: the request is refused in kube-apiserver's words."""

import asyncio
from typing import Any

import orjson
import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.serving.http import listen
from tests.apiserver.conversion.parts import Answer, Cluster, webhook_conversion, widget, widgets

pytestmark = pytest.mark.anyio
GROUP = "failing.example.com"
WHO = f"conversion webhook for {GROUP}/v1, Kind=Widget"
REGISTERED = 'is registered for version "{}" in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"'


@pytest.fixture(scope="module")
async def failing(shared_cluster: Cluster) -> Cluster:
    """One widget, stored in v1."""
    await shared_cluster.define(GROUP)
    obj = widget(GROUP, "v1", "a", host="x:1")
    obj["metadata"]["labels"] = {"team": "blue"}
    await shared_cluster.json("POST", widgets(GROUP, "v1"), obj)
    return shared_cluster


def review(**fields: Any) -> Answer:
    """The right answer with other fields of the review; None takes one away."""
    return lambda right: {key: value for key, value in (right | fields).items() if value is not None}


def response(**fields: Any) -> Answer:
    """The right answer with other fields of the response."""
    return lambda right: right | {"response": right["response"] | fields}


def objects(**fields: Any) -> Answer:
    """The right answer, whose first object has other fields."""

    def answer(right: JSONObject) -> JSONObject:
        [first, *others] = right["response"]["convertedObjects"]
        return {**right, "response": right["response"] | {"convertedObjects": [first | fields, *others]}}

    return answer


def metadata(**fields: Any) -> Answer:
    """The right answer, whose first object has other metadata."""

    def answer(right: JSONObject) -> JSONObject:
        found = right["response"]["convertedObjects"][0]["metadata"] | fields
        changed: JSONObject = objects(metadata=found)(right)
        return changed

    return answer


# fmt: off
ANSWERS: dict[str, tuple[Answer, str]] = {
    "an error": (lambda right: (500, "text/plain", b"boom"), f'{WHO} failed: an error on the server ("boom") has prevented the request from succeeding'),
    "a Status": (lambda right: (500, "application/json", b'{"kind":"Status","apiVersion":"v1","message":"boom"}'), f"{WHO} failed: boom"),
    "nothing": (lambda right: (200, "application/json", b""), f"{WHO} failed: 0-length response with status code: 200 and content type: application/json"),
    "a page": (lambda right: (200, "text/html", b"<html>"), f"{WHO} failed: couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"),
    "another kind": (review(kind="AdmissionReview"), f'{WHO} failed: no kind "AdmissionReview" {REGISTERED.format("apiextensions.k8s.io/v1")}'),
    "an unknown version": (review(apiVersion="apiextensions.k8s.io/v9"), f'{WHO} failed: no kind "ConversionReview" {REGISTERED.format("apiextensions.k8s.io/v9")}'),
    "the other version": (review(apiVersion="apiextensions.k8s.io/v1beta1"), f"{WHO} failed: converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion"),
    "no kind": (review(kind=None, apiVersion=None), f"{WHO} failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind="),
    "no response": (review(response=None), f"{WHO} failed: no response provided"),
    "another uid": (response(uid="other"), f'{WHO} failed: expected response.uid="UID", got "other"'),
    "a failure": (response(result={"status": "Failure", "message": "no"}), f"{WHO} failed: no"),
    "a failure without a message": (response(result={"status": "Failure"}), f"{WHO} failed: response.result.status was 'Failure', not 'Success'"),
    "no result": (response(result={}), f"{WHO} failed: response.result.status was '', not 'Success'"),
    "no objects": (response(convertedObjects=[]), f"{WHO} returned 0 objects, expected 1"),
    "an object too many": (response(convertedObjects=[{}, {}]), f"{WHO} returned 2 objects, expected 1"),
    "a text": (response(convertedObjects=["x"]), "json: cannot unmarshal string into Go value of type map[string]interface {}"),
    "null": (response(convertedObjects=[None]), "unexpected end of JSON input"),
    "a wrong version": (objects(apiVersion=f"{GROUP}/v1"), f"{WHO} returned invalid object at index 0: invalid groupVersion (expected {GROUP}/v2, received {GROUP}/v1)"),
    "a wrong kind": (objects(kind="Gadget"), f"{WHO} returned invalid object at index 0: invalid kind (expected Widget, received Gadget)"),
    "another name": (metadata(name="b"), f"{WHO} returned invalid object: must have the same name: a != b"),
    "another namespace": (metadata(namespace="other"), f"{WHO} returned invalid object: must have the same namespace: default != other"),
    "metadata of a wrong type": (objects(metadata="x"), f"{WHO} returned invalid object: must have the same name: a != "),
    "a number as a label": (metadata(labels={"n": 1}), f"{WHO} returned invalid metadata: metadata.labels[n] must be a string, but is int64 in converted object"),
    "a list of labels": (metadata(labels=["n"]), f"{WHO} returned invalid metadata: invalid metadata.labels of type []interface {{}} in converted object"),
    "an invalid annotation": (metadata(annotations={"a b": "c"}), f"{WHO} returned invalid metadata: metadata.annotation: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"),
}
# fmt: on


@pytest.mark.parametrize("case", ANSWERS)
async def test_wrong_answer_fails_the_read(case: str, failing: Cluster, cluster: Cluster) -> None:
    """With 500 and no reason."""
    cluster.webhook.answer, expected = ANSWERS[case]
    status = await cluster.refusal("GET", f"{widgets(GROUP, 'v2')}/a")
    uid = cluster.webhook.asked[0]["request"]["uid"]
    assert (status["code"], status["message"].replace(uid, "UID")) == (500, expected)
    assert "reason" not in status


async def test_labels_and_annotations_are_all_that_a_webhook_changes_in_metadata(
    failing: Cluster, cluster: Cluster
) -> None:
    """Other changes are undone, and fields that the version does not have are pruned."""
    cluster.webhook.answer = metadata(labels={"new": "yes"}, annotations={"a": "b"}, finalizers=["x/y"], generation=7)
    found = await cluster.json("GET", f"{widgets(GROUP, 'v2')}/a")
    assert (found["metadata"]["labels"], found["metadata"]["annotations"]) == ({"new": "yes"}, {"a": "b"})
    assert found["metadata"]["generation"] == 1
    assert "finalizers" not in found["metadata"]
    cluster.webhook.answer = objects(spec={"hostname": "x", "other": {}}, extra=1)
    found = await cluster.json("GET", f"{widgets(GROUP, 'v2')}/a")
    assert found["spec"] == {"hostname": "x"}
    assert "extra" not in found


async def test_failing_webhook_fails_every_verb_but_those_of_the_stored_version(
    failing: Cluster, cluster: Cluster
) -> None:
    """Nothing is stored; a watch ends with an ERROR event."""
    cluster.webhook.answer = response(result={"status": "Failure", "message": "no"})
    from_v2 = f"conversion webhook for {GROUP}/v2, Kind=Widget failed: no"
    new = widget(GROUP, "v2", "new", hostname="x")
    assert (await cluster.refusal("POST", widgets(GROUP, "v2"), new))["message"] == from_v2
    assert (await cluster.refusal("GET", widgets(GROUP, "v2")))["message"] == f"{WHO} failed: no"
    assert (await cluster.refusal("DELETE", f"{widgets(GROUP, 'v2')}/a"))["message"] == f"{WHO} failed: no"
    async with cluster.client.stream("GET", f"{widgets(GROUP, 'v2')}?watch=1&timeoutSeconds=20") as events:
        [event] = [orjson.loads(line) async for line in events.aiter_lines()]
    assert (event["type"], event["object"]["message"]) == ("ERROR", f"{WHO} failed: no")
    found = await cluster.json("GET", widgets(GROUP, "v1"))
    assert [each["metadata"]["name"] for each in found["items"]] == ["a"]


async def test_object_in_a_list_is_named_by_its_index(failing: Cluster, cluster: Cluster) -> None:
    """Of those that were sent together."""
    group = "index.example.com"
    await cluster.define(group)
    for name in ("a", "b"):
        await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", name, host="x:1"))

    def answer(right: JSONObject) -> JSONObject:
        first, second = right["response"]["convertedObjects"]
        return right | {"response": right["response"] | {"convertedObjects": [first, second | {"kind": "Gadget"}]}}

    cluster.webhook.answer = answer
    status = await cluster.refusal("GET", widgets(group, "v2"))
    who = f"conversion webhook for {group}/v1, Kind=Widget"
    assert status["message"] == (
        f"{who} returned invalid converted object at index 1: invalid kind (expected Widget, received Gadget)"
    )


async def test_webhook_that_cannot_be_reached_fails_the_read(cluster: Cluster) -> None:
    """The error names the URL; a Service without an address is not found."""
    with listen("127.0.0.1", 0) as silent:
        port = silent.getsockname()[1]
    group = "away.example.com"
    await cluster.define(group, webhook_conversion({"url": f"https://127.0.0.1:{port}/x"}))
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    status = await cluster.refusal("GET", f"{widgets(group, 'v2')}/a")
    call = f'Post "https://127.0.0.1:{port}/x?timeout=30s"'
    dial = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert status["message"] == f"conversion webhook for {group}/v1, Kind=Widget failed: {call}: {dial}"
    group = "lost.example.com"
    await cluster.define(group, webhook_conversion({"service": {"name": "lost", "namespace": "tools"}}))
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    status = await cluster.refusal("GET", f"{widgets(group, 'v2')}/a")
    assert status["message"].endswith('Post "https://lost.tools.svc:443/?timeout=30s": service "lost" not found')


async def test_hanging_webhook_holds_no_request_beyond_its_time(cluster: Cluster) -> None:
    """The client's time-out ends the request; others are served meanwhile."""
    group = "hanging.example.com"
    await cluster.define(group)
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    released = asyncio.Event()

    async def hang(right: JSONObject) -> tuple[int, str, bytes]:
        await released.wait()
        return 200, "application/json", orjson.dumps(right)

    cluster.webhook.answer = hang
    status = await cluster.refusal("GET", f"{widgets(group, 'v2')}/a?timeout=500ms")
    assert (status["code"], status["reason"]) == (504, "Timeout")
    assert (await cluster.json("GET", f"{widgets(group, 'v1')}/a"))["spec"] == {"host": "x:1"}
    released.set()


async def test_v1beta1_review_is_not_compared_with_the_request(cluster: Cluster) -> None:
    """Neither its uid nor its kind: that is what upstream left out in this version."""
    group = "beta.example.com"
    await cluster.define(group, webhook_conversion({"url": f"{cluster.url}/c"}, "v1beta1"))
    await cluster.json("POST", widgets(group, "v1"), widget(group, "v1", "a", host="x:1"))
    for answer in (response(uid="other"), review(kind=None, apiVersion=None)):
        cluster.webhook.answer = answer
        assert (await cluster.json("GET", f"{widgets(group, 'v2')}/a"))["spec"] == {"hostname": "x", "port": "1"}
