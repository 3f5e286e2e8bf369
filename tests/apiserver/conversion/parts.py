"""What tests of conversion are made of: a whole server, and a conversion webhook on a TLS socket of its own."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from rootspan.spans import Span
from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import BUNDLE

Answer = Callable[[JSONObject], Any]
"""From a correct ConversionReview to what is answered instead: an object, or a (status, content type, body)."""
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def converted(obj: JSONObject, desired: str) -> JSONObject:
    """Widgets have a `host` in v1, and a `hostname` and a `port` in later versions."""
    spec = dict(obj.get("spec") or {})
    if desired.endswith("/v1") and "hostname" in spec:
        spec["host"] = f"{spec.pop('hostname')}:{spec.pop('port', '')}"
    elif not desired.endswith("/v1") and "host" in spec:
        spec["hostname"], _, spec["port"] = spec.pop("host").partition(":")
    return {**obj, "apiVersion": desired, "spec": spec}


@dataclass
class ConversionWebhook:
    """A bare ASGI application that converts widgets; `answer` changes what it answers."""

    asked: list[JSONObject] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Answer | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        review = orjson.loads(body)
        self.asked.append(review)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        request = review["request"]
        objects = [converted(obj, request["desiredAPIVersion"]) for obj in request["objects"]]
        response = {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": objects}
        right = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
        answer = right if self.answer is None else self.answer(right)
        if isinstance(answer, dict):
            answer = 200, "application/json", orjson.dumps(answer)
        status, content_type, body = answer if isinstance(answer, tuple) else await answer
        headers = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def calls(self) -> list[tuple[str, list[str]]]:
        """The desired version of each call and the names of its objects, since this was called last."""
        found = [
            (each["request"]["desiredAPIVersion"], [obj["metadata"]["name"] for obj in each["request"]["objects"]])
            for each in self.asked
        ]
        self.asked.clear()
        self.headers.clear()
        return found


def _schema(*names: str) -> JSONObject:
    spec = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}


def widget_versions(stored: str = "v1") -> list[JSONObject]:
    """v1 and v2, of which one is the stored one."""
    return [
        {"name": "v1", "served": True, "storage": stored == "v1", "schema": _schema("host", "note")},
        {
            "name": "v2",
            "served": True,
            "storage": stored == "v2",
            "schema": _schema("hostname", "port", "note"),
            "selectableFields": [{"jsonPath": ".spec.hostname"}],
            "additionalPrinterColumns": [{"name": "Host", "type": "string", "jsonPath": ".spec.hostname"}],
        },
    ]


def webhook_conversion(client: JSONObject, *review_versions: str) -> JSONObject:
    client = {"caBundle": base64.b64encode(BUNDLE).decode()} | client
    versions = list(review_versions or ("v1",))
    return {"strategy": "Webhook", "webhook": {"conversionReviewVersions": versions, "clientConfig": client}}


@dataclass
class Cluster:
    """A server, a client of it, and the webhook at `url`."""

    env: Environment
    client: httpx.AsyncClient
    webhook: ConversionWebhook
    url: str

    async def send(self, method: str, path: str, body: JSONObject | None = None, **headers: str) -> httpx.Response:
        """Send a request; a body is JSON unless the headers say otherwise (`content_type`)."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else orjson.dumps(body)
        if body is not None:
            given.setdefault("content-type", "application/json")
        return await self.client.request(method, path, content=content, headers=given)

    async def json(self, method: str, path: str, body: JSONObject | None = None, **headers: str) -> JSONObject:
        """As `send`, for a request that must succeed: the object in the response."""
        response = await self.send(method, path, body, **headers)
        assert response.status_code < 300, response.text
        found: JSONObject = response.json()
        return found

    async def refusal(self, method: str, path: str, body: JSONObject | None = None, **headers: str) -> JSONObject:
        """As `send`, for a request that must fail: the Status in the response."""
        response = await self.send(method, path, body, **headers)
        assert response.status_code >= 400, response.text
        found: JSONObject = response.json()
        return found

    async def define(self, group: str, conversion: JSONObject | None = None, **spec: Any) -> None:
        """Create the definition of widgets of a group, whose objects the webhook converts, and wait until it serves them."""
        plural = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
        await self.json(
            "POST",
            DEFINITIONS,
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": f"widgets.{group}"},
                "spec": {
                    "group": group,
                    "scope": "Namespaced",
                    "names": plural,
                    "versions": widget_versions(),
                    "conversion": conversion or webhook_conversion({"url": f"{self.url}/convert"}),
                }
                | spec,
            },
        )
        await self.established(group)

    async def established(self, group: str) -> None:
        """Wait until the definition's latest generation is served."""
        path = f"{DEFINITIONS}?watch=1&fieldSelector=metadata.name%3Dwidgets.{group}&timeoutSeconds=20"
        async with self.client.stream("GET", path) as events:
            async for line in events.aiter_lines():
                conditions = (orjson.loads(line)["object"].get("status") or {}).get("conditions") or ()
                if any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
                    return
        raise AssertionError("the definition is not established")

    def calls_of(self, path: str) -> list[Span]:
        """Return the CLIENT spans of the calls at a path of the webhook."""
        return [each for each in self.env.spans if path in str(each.attributes.get("url.full"))]


def widgets(group: str, version: str) -> str:
    return f"/apis/{group}/{version}/namespaces/default/widgets"


def widget(group: str, version: str, name: str, **spec: str) -> JSONObject:
    return {"apiVersion": f"{group}/{version}", "kind": "Widget", "metadata": {"name": name}, "spec": spec}
