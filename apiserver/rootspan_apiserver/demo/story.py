"""The requests of the demo: an untrusted client that forges trace headers on each of them.

They need a URL, a CA and a token only, so they can be sent to the parts of the demo and to servers in containers.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

USER_AGENT = "untrusted-client"
NAMESPACE = "default"
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
FORGED_STATE = "mallory=wants-to-be-followed"
FORGED_BAGGAGE = "tenant=someone-else"


@dataclass(frozen=True, slots=True)
class Forgery:
    """A forged trace context: ids in lower-case hexadecimal."""

    trace_id: str
    span_id: str

    @classmethod
    def number(cls, n: int) -> "Forgery":
        """Return the forgery of the n-th request."""
        return cls(f"bad{n:x}" * 8, f"bad{n:x}" * 4)

    @property
    def headers(self) -> dict[str, str]:
        """The request headers of the forgery."""
        return {
            "traceparent": f"00-{self.trace_id}-{self.span_id}-01",
            "tracestate": FORGED_STATE,
            "baggage": FORGED_BAGGAGE,
        }


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One request of the client, its outcome as a line of text, and whether the outcome is the expected one."""

    title: str
    forgery: Forgery
    audit_id: str
    outcome: str
    expected: bool


def config_map(name: str, **data: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def run_story(client: httpx.AsyncClient, denied_data: dict[str, str]) -> AsyncIterator[StoryStep]:
    """Send the requests one after the other. `denied_data` is data of a ConfigMap that the validating webhook denies.

    Raises:
        httpx.TransportError: the server cannot be reached.
    """

    async def did(title: str, number: int, method: str, path: str, status: int, **request: Any) -> StoryStep:
        forgery = Forgery.number(number)
        headers = forgery.headers | request.pop("headers", {})
        answer = await client.request(method, path, headers=headers, **request)
        outcome = f"{method} {path} -> {answer.status_code} {_summary(answer)}"
        return StoryStep(title, forgery, answer.headers.get("audit-id", ""), outcome, answer.status_code == status)

    yield await did("creates a config map", 1, "POST", CONFIG_MAPS, 201, json=config_map("greeting", hello="world"))
    yield await did("lists them", 2, "GET", CONFIG_MAPS, 200)
    yield await did(
        "patches it",
        3,
        "PATCH",
        f"{CONFIG_MAPS}/greeting",
        200,
        content=orjson.dumps({"data": {"hello": "again"}}),
        headers={"content-type": "application/merge-patch+json"},
    )
    yield await did("is denied by a webhook", 4, "POST", CONFIG_MAPS, 403, json=config_map("bad", **denied_data))
    yield await did(
        "names a namespace that does not exist",
        5,
        "POST",
        "/api/v1/namespaces/nowhere/configmaps",
        404,
        json=config_map("lost"),
    )
    yield await _watch(client)


async def wait_for_webhooks(client: httpx.AsyncClient) -> None:
    """Watch until the API server has a validating webhook configuration."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    async with client.stream("GET", path, params={"watch": "1"}, timeout=httpx.Timeout(5, read=None)) as answer:
        answer.raise_for_status()
        await anext(answer.aiter_lines())


async def _watch(client: httpx.AsyncClient) -> StoryStep:
    forgery = Forgery.number(6)
    query = {"watch": "1", "fieldSelector": "metadata.name=greeting", "timeoutSeconds": "30"}
    async with client.stream("GET", CONFIG_MAPS, params=query, headers=forgery.headers) as answer:
        if answer.status_code != httpx.codes.OK:
            await answer.aread()
            outcome = f"GET {CONFIG_MAPS}?watch=1 -> {answer.status_code} {_summary(answer)}"
            return StoryStep("watches", forgery, answer.headers.get("audit-id", ""), outcome, expected=False)
        seen: list[str] = []
        async for line in answer.aiter_lines():
            seen.append(orjson.loads(line)["type"])
            if seen == ["ADDED"]:
                await client.delete(f"{CONFIG_MAPS}/greeting")
            if seen[-1] == "DELETED":
                break
        outcome = f"GET {CONFIG_MAPS}?watch=1 -> {answer.status_code} {', '.join(seen)}"
        return StoryStep(
            "watches its deletion", forgery, answer.headers["audit-id"], outcome, seen == ["ADDED", "DELETED"]
        )


def _summary(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:80]
    if body.get("kind") == "Status":
        return str(body.get("message", body.get("status")))
    if "items" in body:
        return f"{body['kind']} of {len(body['items'])}"
    labels = ",".join(f"{key}={value}" for key, value in body["metadata"].get("labels", {}).items())
    return " ".join(filter(None, [body["kind"], body["metadata"]["name"], f"({labels})" if labels else ""]))
