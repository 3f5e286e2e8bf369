"""Webhooks that hang, lie, break or are not there: bounded, told clearly, and passed over where the policy says so."""

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
import trustme

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.admission.parts import admission, config_map, server_tls

pytestmark = pytest.mark.anyio

JSON = "application/json"


class Misbehaving:
    """Answers every review with one status and what `body` makes of the review."""

    def __init__(self, body: Callable[[JSONObject], Any], status: int = 200, content_type: str = JSON) -> None:
        self._body = body
        self._status = status
        self._content_type = content_type

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        message = await receive()
        body = self._body(orjson.loads(message["body"]))
        headers = [(b"content-type", self._content_type.encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body if isinstance(body, bytes) else orjson.dumps(body)})


def answering(**response: Any) -> Callable[[JSONObject], JSONObject]:
    return lambda review: review | {"response": {"uid": review["request"]["uid"], "allowed": True} | response}


INVALID = "received invalid webhook response: "
UPSTREAM = "failed to call webhook: "
CASES: dict[str, tuple[Misbehaving, str]] = {
    "500": (
        Misbehaving(lambda review: b"boom\n", 500, "text/plain; charset=utf-8"),
        f'{UPSTREAM}an error on the server ("boom") has prevented the request from succeeding',
    ),
    "404": (
        Misbehaving(lambda review: b"404 page not found", 404, "text/plain"),
        f"{UPSTREAM}the server could not find the requested resource",
    ),
    "a Status": (
        Misbehaving(lambda review: {"kind": "Status", "apiVersion": "v1", "message": "quota spent"}, 429),
        f"{UPSTREAM}quota spent",
    ),
    "a redirect": (
        Misbehaving(lambda review: b"", 302, "text/html"),
        f"{UPSTREAM}the server responded with the status code 302 but did not return more information",
    ),
    "nothing": (
        Misbehaving(lambda review: b""),
        f"{UPSTREAM}0-length response with status code: 200 and content type: application/json",
    ),
    "not JSON": (
        Misbehaving(lambda review: b'{"kind":'),
        f"{UPSTREAM}couldn't get version/kind; json parse error: unexpected end of JSON input",
    ),
    "no response": (Misbehaving(lambda review: review), f"{INVALID}webhook response was absent"),
    "no kind": (
        Misbehaving(lambda review: {"response": {"uid": review["request"]["uid"], "allowed": True}}),
        f"{INVALID}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
    ),
    "a patch without its type": (
        Misbehaving(answering(patch="W10=")),
        f"{INVALID}validating webhook may not return response.patch",
    ),
    "a response that is no object": (
        Misbehaving(lambda review: review | {"response": [1]}),
        f"{UPSTREAM}json: cannot unmarshal array into Go struct field AdmissionReview.response of type v1.AdmissionResponse",
    ),
    "an allowance that is no boolean": (
        Misbehaving(answering(allowed="yes")),
        f"{UPSTREAM}json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
    ),
    "a code that is no number": (
        Misbehaving(answering(allowed=False, status={"code": "403"})),
        f"{UPSTREAM}json: cannot unmarshal string into Go struct field Status.response.status.code of type int32",
    ),
    "warnings that are no texts": (
        Misbehaving(answering(warnings=[{"a": 1}])),
        f"{UPSTREAM}json: cannot unmarshal object into Go struct field AdmissionResponse.response.warnings of type string",
    ),
    "too much": (
        Misbehaving(lambda review: b" " * (9 << 20)),
        'failed to call webhook: Post "{url}": response body is larger than 8388608 bytes',
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_invalid_response_returns_500(case: str) -> None:
    """failurePolicy Fail: the message is upstream's, with the webhook and the error in its response."""
    app, expected = CASES[case]
    async with serving(app, listen("127.0.0.1", 0), tls=server_tls()) as at, admission() as parts:
        parts.webhook("bad.example.com", f"{at.url}/x")
        with pytest.raises(StatusError) as failed:
            await parts.admission.validate(parts.attributes(config_map()))
        why = expected.replace("{url}", f"{at.url}/x?timeout=10s")
        text = f'failed calling webhook "bad.example.com": {why}'
        assert failed.value.body() == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f"Internal error occurred: {text}",
            "reason": "InternalError",
            "details": {"causes": [{"message": text}]},
            "code": 500,
        }


async def test_response_with_other_uid_returns_500() -> None:
    """The uid must be that of the request."""
    async with (
        serving(Misbehaving(answering(uid="other")), listen("127.0.0.1", 0), tls=server_tls()) as at,
        admission() as parts,
    ):
        parts.webhook("bad.example.com", f"{at.url}/")
        with pytest.raises(StatusError, match=r'expected response\.uid="[0-9a-f-]{36}", got "other"'):
            await parts.admission.validate(parts.attributes(config_map()))


@pytest.mark.parametrize("case", CASES)
async def test_failure_is_ignored_with_policy_ignore(case: str) -> None:
    """The request continues unchanged, and the audit event records that the webhook failed open."""
    app, _ = CASES[case]
    async with serving(app, listen("127.0.0.1", 0), tls=server_tls()) as at, admission() as parts:
        parts.webhook("bad.example.com", f"{at.url}/", failurePolicy="Ignore")
        attributes = parts.attributes(config_map())
        await parts.admission.validate(attributes)
        key = "failed-open.validating.webhook.admission.k8s.io/round_0_index_0"
        assert attributes.audit_annotations[key] == "bad.example.com"


@contextlib.asynccontextmanager
async def raw_server(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], **tls: Any
) -> AsyncIterator[str]:
    """A server below HTTP, at the URL that is given."""

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(handled, "127.0.0.1", 0, **tls)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    finally:
        server.close()
        await server.wait_closed()


async def _failure(url: str, **fields: Any) -> str:
    async with admission() as parts:
        parts.webhook("fail.example.com", url, **fields)
        with pytest.raises(StatusError) as failed:
            await parts.admission.validate(parts.attributes(config_map()))
        prefix = 'Internal error occurred: failed calling webhook "fail.example.com": '
        assert failed.value.message.startswith(prefix)
        return failed.value.message.removeprefix(prefix)


async def test_refused_connection_has_error_of_go() -> None:
    """The message is Go's, in the response and on the span."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with admission() as parts:
            parts.webhook("fail.example.com", f"https://127.0.0.1:{port}/x", timeoutSeconds=2)
            with (
                parts.provider.get_tracer("test").start_as_current_span("Create"),
                pytest.raises(StatusError) as failed,
            ):
                await parts.admission.validate(parts.attributes(config_map()))
            dial = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
            assert failed.value.message == (
                'Internal error occurred: failed calling webhook "fail.example.com": failed to call webhook: '
                f'Post "https://127.0.0.1:{port}/x?timeout=2s": {dial}'
            )
            client, call, _ = parts.recorder.spans
            assert (client.name, client.status, client.status_message) == ("HTTP POST", "ERROR", dial)
            assert client.attributes["error.type"] == "*net.OpError"
            assert (call.name, call.status, call.events) == ("Call validating webhook", "UNSET", ())


async def test_hanging_webhook_times_out() -> None:
    """After timeoutSeconds the call fails with `context deadline exceeded`."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(hang, ssl=server_tls()) as url:
        why = await _failure(url, timeoutSeconds=1)
        assert why == f'failed to call webhook: Post "{url}?timeout=1s": context deadline exceeded'


async def test_endless_response_times_out() -> None:
    """The deadline includes the body, also one that trickles in."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
        closed = asyncio.ensure_future(reader.read())
        while not closed.done():
            writer.write(b" ")
            await writer.drain()
            await asyncio.wait({closed}, timeout=0.1)

    async with raw_server(trickle, ssl=server_tls()) as url:
        assert (await _failure(url, timeoutSeconds=1)).endswith(": context deadline exceeded")


async def test_closed_connection_is_eof() -> None:
    """The message is Go's."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with raw_server(close, ssl=server_tls()) as url:
        assert (await _failure(url)).endswith(": EOF")


async def test_webhook_without_tls_fails() -> None:
    """A plain HTTP server is recognized, with Go's message."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        await writer.drain()

    async with raw_server(plain) as url:
        assert (await _failure(url)).endswith(": http: server gave HTTP response to HTTPS client")


async def test_certificate_of_unknown_authority_fails() -> None:
    """Only the caBundle is trusted."""
    tls = server_tls(authority=trustme.CA())
    async with serving(Misbehaving(answering()), listen("127.0.0.1", 0), tls=tls) as at:
        assert (await _failure(f"{at.url}/")).endswith(
            ": tls: failed to verify certificate: x509: certificate signed by unknown authority"
        )


async def test_bundle_without_certificate_fails() -> None:
    """A caBundle without a certificate fails the call, subject to the failurePolicy; nothing is sent."""
    client = {"url": "https://127.0.0.1:1/", "caBundle": "bm90IGEgY2VydGlmaWNhdGU="}
    assert await _failure("", clientConfig=client) == (
        "could not get REST client: unable to load root certificates: unable to parse bytes as PEM block"
    )


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (b"[{", "unexpected end of JSON input"),
        (
            b'[{"op":"add","path":"/no/such/place","value":1}]',
            'add operation does not apply: doc is missing path: "/no/such/place": missing value',
        ),
        (b'[{"op":"test","path":"/data/a","value":"2"}]', "testing value /data/a failed: test failed"),
        (
            b'[{"op":"replace","path":"","value":5}]',
            "replace operation value must be object or array: %!w(<nil>)",
        ),
        (
            b'[{"op":"add","path":"/metadata/labels","value":5}]',
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
    ],
)
async def test_patch_that_does_not_apply_returns_500(patch: bytes, expected: str) -> None:
    """So does a patch after which the object does not fit its type; the failurePolicy does not apply."""
    encoded = base64.b64encode(patch).decode()
    app = Misbehaving(answering(patch=encoded, patchType="JSONPatch"))
    async with serving(app, listen("127.0.0.1", 0), tls=server_tls()) as at, admission() as parts:
        parts.webhook("bad.example.com", f"{at.url}/", mutating=True, failurePolicy="Ignore")
        with pytest.raises(StatusError) as failed:
            await parts.admission.mutate(parts.attributes(config_map()))
        assert failed.value.code == 500
        assert failed.value.message == f"Internal error occurred: {expected}"
