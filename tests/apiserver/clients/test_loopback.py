"""The server's client of itself: known by its token, traced, and the only one whose trace is continued."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider

from rootspan import Continuation, TracingMiddleware
from rootspan.testing import SpanRecorder, recording_provider, tree
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient, pinned
from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.serving.certificates import ServingCertificate, self_signed, server_context
from rootspan_apiserver.serving.http import Address, listen, serving

pytestmark = pytest.mark.anyio

NAMESPACE = APIPath(("api", "v1", "namespaces", "n"))
Answer = Callable[[dict[str, Any]], tuple[int, Any]]


@contextlib.asynccontextmanager
async def server(
    answer: Answer, provider: TracerProvider
) -> AsyncIterator[tuple[LoopbackClient, Address, ServingCertificate]]:
    """A traced server on a TLS socket whose certificate is for another name, and its loopback client."""
    loopback = LoopbackClient(provider)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        status, body = answer(scope)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body if isinstance(body, bytes) else orjson.dumps(body)})

    traced = TracingMiddleware(
        app, tracer_provider=provider, continuation=loopback.continuation(Continuation.RESTART_WITHOUT_LINK)
    )
    own = self_signed(["another.name"], None)
    async with serving(traced, listen("127.0.0.1", 0), tls=server_context(own)) as at:
        loopback.connect("0.0.0.0", at.port, own.pair.certificate)
        yield loopback, at, own
        await loopback.aclose()


def found(scope: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n"}}


def _recording() -> tuple[TracerProvider, SpanRecorder]:
    return recording_provider(service="apiserver")


async def test_call_to_oneself_joins_the_trace() -> None:
    """CLIENT span below the current one, SERVER span below the CLIENT span, all in one trace."""
    provider, recorder = _recording()
    async with server(found, provider) as (loopback, _, _):
        with provider.get_tracer("test").start_as_current_span("Create"):
            assert (await loopback.get(NAMESPACE))["metadata"] == {"name": "n"}
        assert tree(recorder.spans) == (
            "Create INTERNAL apiserver\n└─ HTTP GET CLIENT apiserver\n   └─ GET SERVER apiserver"
        )


async def test_traces_of_other_clients_are_not_continued() -> None:
    """Not with another token, not with the beginning of the right one, not with none."""
    provider, recorder = _recording()
    forged = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    async with server(found, provider) as (loopback, at, own):
        async with httpx.AsyncClient(verify=pinned(own.pair.certificate)) as client:
            for authorization in ("Bearer other", f"Bearer {loopback.token[:-1]}", f"bearer {loopback.token}", None):
                headers = {"traceparent": forged} | ({"authorization": authorization} if authorization else {})
                await client.get(f"{at.url}/", headers=headers)
        assert [span.parent_id for span in recorder.spans] == [None] * 4
        assert "ab" * 16 not in {span.trace_id for span in recorder.spans}


async def test_untraced_call_is_a_strangers() -> None:
    """No CLIENT span, no context: what controllers send begins a trace of its own."""
    provider, recorder = _recording()
    async with server(found, provider) as (loopback, _, _):
        with provider.get_tracer("test").start_as_current_span("controller"):
            await loopback.request("GET", NAMESPACE, traced=False)
        assert [(span.kind, span.parent_id) for span in recorder.spans] == [("SERVER", None), ("INTERNAL", None)]


async def test_refusal_is_raised_as_the_server_meant_it() -> None:
    """Code, reason, message and details of the Status object."""
    missing = not_found(GroupResource("", "namespaces"), "x")
    async with server(lambda scope: (404, missing.body()), _recording()[0]) as (loopback, _, _):
        with pytest.raises(StatusError) as refused:
            await loopback.get(NAMESPACE)
        assert refused.value.body() == missing.body()


async def test_answer_that_is_no_object_is_an_internal_error() -> None:
    """Text where JSON should be is told, not raised as something unknown."""
    async with server(lambda scope: (502, b"no"), _recording()[0]) as (loopback, _, _):
        with pytest.raises(StatusError, match="the server answered 502 without an object") as failed:
            await loopback.get(NAMESPACE)
        assert failed.value.code == 500


async def test_only_the_servers_own_certificate_is_believed() -> None:
    """Whoever else listens there does not get the token."""
    asked: list[Any] = []

    def record(scope: dict[str, Any]) -> tuple[int, Any]:
        asked.append(scope)
        return found(scope)

    provider, _ = _recording()
    async with server(record, provider) as (_, at, _):
        stranger = LoopbackClient(provider)
        stranger.connect(at.host, at.port, self_signed(["another.name"], None).pair.certificate)
        with pytest.raises(StatusError, match="certificate signed by unknown authority"):
            await stranger.get(NAMESPACE)
        await stranger.aclose()
        assert asked == []


async def test_before_the_server_listens_it_says_so() -> None:
    """503, not a crash."""
    with pytest.raises(StatusError, match="is not listening yet") as refused:
        await LoopbackClient(_recording()[0]).get(NAMESPACE)
    assert refused.value.code == 503


@pytest.mark.parametrize("name", ["default?x", "a#b", "a b", "a&b=c", "a\0b", "a\r\nX: y", "€ü", "...", "~!*'()[]"])
async def test_name_arrives_as_it_is(name: str) -> None:
    """Whatever is in it, the server gets one segment that holds it, and no query."""
    asked: list[Any] = []

    def record(scope: dict[str, Any]) -> tuple[int, Any]:
        asked.append((scope["path"], scope["query_string"]))
        return found(scope)

    async with server(record, _recording()[0]) as (loopback, _, _):
        await loopback.get(APIPath(("api", "v1", "namespaces", name)))
    assert asked == [(f"/api/v1/namespaces/{name}", b"")]
