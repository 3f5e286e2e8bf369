"""Input that is wrong gets a clear answer and changes nothing, and the server goes on serving."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.admission.parts import server_tls
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, GROUP, Credentials, administering, config_map, register
from tests.apiserver.end_to_end.processes import PATIENCE, Server, apiserver

pytestmark = pytest.mark.anyio

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
MERGE, STRATEGIC, JSON_PATCH, APPLY = (
    f"application/{kind}"
    for kind in ("merge-patch+json", "strategic-merge-patch+json", "json-patch+json", "apply-patch+yaml")
)
DEEP = 200_000
GOOD = orjson.dumps(config_map("good"))


def nested(opening: bytes, closing: bytes, depth: int = DEEP) -> bytes:
    return (
        b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":'
        + opening * depth
        + closing * depth
        + b"}}"
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with apiserver(tmp_path_factory.mktemp("server")) as server:
        yield server
        assert server.process.stop() == 0
        assert "Traceback" not in server.process.stderr


@pytest.fixture
async def client(running: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that has one config map of ours, `kept`, and has it still when the test is over."""
    async with administering(running) as client:
        kept = (await client.post(CONFIG_MAPS, json=config_map("kept", a="1"))).raise_for_status().json()
        yield client
        mine = {"fieldSelector": "metadata.name!=kube-root-ca.crt"}
        after = (await client.get(CONFIG_MAPS, params=mine)).raise_for_status().json()["items"]
        assert [{"kind": "ConfigMap", "apiVersion": "v1", **item} for item in after] == [kept]
        (await client.delete(CONFIG_MAPS, params=mine)).raise_for_status()


CREATES: dict[str, tuple[bytes, str, int, str]] = {
    "too large": (b" " * (3 << 20) + GOOD, JSON, 413, "limit is 3145728"),
    "too large YAML": (b"#" * (4 << 20), YAML, 413, "limit is 3145728"),
    "empty": (b"", JSON, 400, "unexpected end of JSON input (<empty>)"),
    "not JSON": (b"<html>", JSON, 400, "invalid character '<'"),
    "cut short": (GOOD[:-5], JSON, 400, "unexpected end of JSON input"),
    "not UTF-8": (GOOD.replace(b"good", b"\xff\xfe"), JSON, 400, "invalid UTF-8"),
    "a list": (b"[]", JSON, 400, "json: cannot unmarshal array into Go value of type struct"),
    "a number": (b"1", JSON, 400, "json: cannot unmarshal number into Go value of type struct"),
    "null": (b"null", JSON, 422, "metadata.name: Required value: name or generateName is required"),
    "another kind": (
        GOOD.replace(b"ConfigMap", b"Secret"),
        JSON,
        400,
        "converting (v1.Secret) to (core.ConfigMap): unknown conversion",
    ),
    "no such kind": (
        GOOD.replace(b"ConfigMap", b"Nothing"),
        JSON,
        400,
        'no kind "Nothing" is registered for version "v1"',
    ),
    "no such version": (
        GOOD.replace(b'"v1"', b'"v9"'),
        JSON,
        400,
        'no kind "ConfigMap" is registered for version "v9"',
    ),
    "a type that is not the field's": (orjson.dumps(config_map("x") | {"data": [1]}), JSON, 400, "cannot unmarshal"),
    "arrays in arrays": (nested(b"[", b"]"), JSON, 400, "exceeded max depth"),
    "objects in objects": (nested(b'{"a":', b"}", 1000).replace(b":}", b":1}"), JSON, 400, "exceeded max depth"),
    "opened and never closed": (b"[" * 1_000_000, JSON, 400, "unexpected end of JSON input"),
    "YAML nested": (b"[" * 20_000 + b"]" * 20_000, YAML, 400, "exceeded maximum nesting depth"),
    "YAML that multiplies": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(97, 120)),
        YAML,
        400,
        "document contains excessive aliasing",
    ),
    "YAML with tags": (
        b"!!python/object/apply:os.system ['true']",
        YAML,
        400,
        "could not determine a constructor for the tag",
    ),
    "no protobuf": (b"nonsense", PROTOBUF, 400, "expected prefix [107 56 115 0]"),
    "protobuf cut short": (b"k8s\0\x0a\xff\xff\xff\xff\x7f", PROTOBUF, 400, "unexpected EOF"),
    "another media type": (GOOD, "text/plain", 415, "the body of the request was in an unknown format"),
    "a name that is none": (orjson.dumps(config_map("../../etc/passwd")), JSON, 422, "metadata.name"),
    "a name too long": (orjson.dumps(config_map("a" * 300)), JSON, 422, "metadata.name"),
    "data beyond a mebibyte": (orjson.dumps(config_map("x", a="b" * 1_100_000)), JSON, 422, "Too long"),
    "a number beyond all": (b'{"metadata":{"name":"x","generation":1e400}}', JSON, 400, "number out of range"),
}


@pytest.mark.parametrize("name", CREATES)
async def test_invalid_body_is_refused(client: httpx.AsyncClient, name: str) -> None:
    """With a Status that says what is wrong, soon."""
    body, content_type, code, message = CREATES[name]
    begun = time.monotonic()
    answer = await client.post(CONFIG_MAPS, content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["kind"], answer.json()["code"]) == (code, "Status", code), answer.text[
        :300
    ]
    assert answer.json()["status"] == "Failure"
    assert message in answer.json()["message"]
    assert len(answer.content) < 100_000
    assert time.monotonic() - begun < PATIENCE / 3


async def test_a_body_without_a_length_is_bounded_too(running: Server, client: httpx.AsyncClient) -> None:
    """A body in chunks is refused as soon as it is too large, though its end has not been sent and never is."""
    known = Credentials.of(running)
    at = urlsplit(running.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port, ssl=known.tls)
    head = f"POST {CONFIG_MAPS} HTTP/1.1\r\nhost: {at.netloc}\r\nauthorization: Bearer {known.token}\r\n"
    writer.write(f"{head}content-type: {JSON}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    for _ in range(4):
        writer.write(b"%x\r\n%b\r\n" % (1 << 20, b" " * (1 << 20)))
    assert await asyncio.wait_for(reader.readline(), PATIENCE) == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    writer.transport.abort()


PATCHES: dict[str, tuple[bytes, str, int]] = {
    "merge: not JSON": (b"{", MERGE, 400),
    "merge: a list": (b"[]", MERGE, 400),
    "merge: nested": (b'{"data":' * 50_000 + b"1" + b"}" * 50_000, MERGE, 400),
    "merge: a type that is not the field's": (b'{"data":[1]}', MERGE, 422),
    "merge: another name": (b'{"metadata":{"name":"other"}}', MERGE, 400),
    "strategic: not JSON": (b"\0", STRATEGIC, 400),
    "strategic: an unknown directive": (b'{"data":{"$patch":"explode"}}', STRATEGIC, 500),
    "strategic: nested": (b'{"data":' * 50_000 + b"1" + b"}" * 50_000, STRATEGIC, 400),
    "JSON patch: an object": (b"{}", JSON_PATCH, 400),
    "JSON patch: an unknown operation": (b'[{"op":"explode","path":"/data"}]', JSON_PATCH, 422),
    "JSON patch: nowhere": (b'[{"op":"remove","path":"/data/none"}]', JSON_PATCH, 422),
    "JSON patch: a test that fails": (b'[{"op":"test","path":"/data/a","value":"2"}]', JSON_PATCH, 422),
    "JSON patch: too many": (
        b"[" + b",".join([b'{"op":"add","path":"/data/a","value":"2"}'] * 10_001) + b"]",
        JSON_PATCH,
        413,
    ),
    "apply: no manager": (GOOD.replace(b"good", b"kept"), APPLY, 422),
    "apply: not YAML": (b"{:", APPLY, 400),
    "another media type": (b"{}", JSON, 415),
}


@pytest.mark.parametrize("name", PATCHES)
async def test_what_cannot_be_patched_is_refused(client: httpx.AsyncClient, name: str) -> None:
    """Whatever kind of patch it is, the object stays as it was."""
    body, content_type, code = PATCHES[name]
    manager = {} if name == "apply: no manager" else {"fieldManager": "tests"}
    answer = await client.patch(
        f"{CONFIG_MAPS}/kept", content=body, params=manager, headers={"content-type": content_type}
    )
    assert (answer.status_code, answer.json()["kind"], answer.json()["code"]) == (code, "Status", code), answer.text[
        :300
    ]


Script = Any


async def hangs(review: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "http.disconnect"


def answers(status: int, response: Any) -> Script:
    async def script(review: Any, receive: Any, send: Any) -> None:
        body = orjson.dumps(review | {"response": response(review)}) if callable(response) else response
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return script


def patching(operations: Any) -> Script:
    patch = base64.b64encode(orjson.dumps(operations)).decode()
    return answers(200, lambda review: {**allowing(review), "patchType": "JSONPatch", "patch": patch})


def allowing(review: Any) -> Any:
    return {"uid": review["request"]["uid"], "allowed": True}


WEBHOOKS: dict[str, tuple[Script, str]] = {
    "hangs": (hangs, "context deadline exceeded"),
    "answers 500": (answers(500, b"broken"), "an error on the server"),
    "answers of somebody else": (
        answers(200, lambda review: {"uid": "other", "allowed": True}),
        "expected response.uid=",
    ),
    "answers nonsense": (answers(200, b"<html>"), "couldn't get version/kind"),
    "answers nothing": (answers(200, b""), "0-length response"),
}
PATCHING: dict[str, tuple[Script, str]] = {
    "nowhere": (patching([{"op": "remove", "path": "/none"}]), 'doc is missing path: "/none"'),
    "no list": (patching({"a": 1}), "cannot unmarshal object"),
    "into something else": (patching([{"op": "add", "path": "/data", "value": 1}]), "cannot unmarshal number"),
}


async def with_webhook(client: httpx.AsyncClient, script: Script, policy: str, **fields: Any) -> httpx.Response:
    """The answer to creating the config map `new` while a mutating webhook acts by the script."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await script(orjson.loads(body), receive, send)

    async with serving(application, listen("127.0.0.1", 0), tls=server_tls()) as address:
        given: dict[str, Any] = {"failurePolicy": policy, "timeoutSeconds": 1} | fields
        made = await register(client, address.url, kind="Mutating", **given)
        made.raise_for_status()
        creating = asyncio.create_task(client.post(CONFIG_MAPS, json=config_map("new")))
        (await client.get(f"{CONFIG_MAPS}/kept")).raise_for_status()
        answer = await creating
        (await client.delete(f"{GROUP}/mutatingwebhookconfigurations/mutating")).raise_for_status()
        return answer


@pytest.mark.parametrize("name", WEBHOOKS)
async def test_a_webhook_that_fails_refuses(client: httpx.AsyncClient, name: str) -> None:
    """Where its failure policy says Fail: 500 names the webhook and what it did, within its time, and nothing is stored."""
    script, message = WEBHOOKS[name]
    answer = await with_webhook(client, script, "Fail")
    assert answer.status_code == 500, answer.text
    assert 'failed calling webhook "mutating.example.com": ' in answer.json()["message"]
    assert message in answer.json()["message"]


@pytest.mark.parametrize("name", WEBHOOKS)
async def test_a_webhook_that_fails_is_passed_over(client: httpx.AsyncClient, name: str) -> None:
    """Where its failure policy says Ignore: the object is stored as it was sent."""
    answer = await with_webhook(client, WEBHOOKS[name][0], "Ignore")
    assert (answer.status_code, answer.json().get("data")) == (201, None), answer.text
    (await client.delete(f"{CONFIG_MAPS}/new")).raise_for_status()


@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
@pytest.mark.parametrize("name", PATCHING)
async def test_a_patch_that_cannot_be_applied_refuses(client: httpx.AsyncClient, name: str, policy: str) -> None:
    """Whatever the failure policy is: the webhook was called, and what it asks for is impossible."""
    script, message = PATCHING[name]
    answer = await with_webhook(client, script, policy)
    assert answer.status_code == 500, answer.text
    assert message in answer.json()["message"]


@pytest.mark.parametrize("bundle", [b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_a_broken_ca_bundle_is_named(client: httpx.AsyncClient, bundle: bytes) -> None:
    """The webhook cannot be called, and is refused or passed over like one that fails."""
    broken = {"clientConfig": {"url": "https://127.0.0.1:1", "caBundle": base64.b64encode(bundle).decode()}}
    refused = await with_webhook(client, hangs, "Fail", **broken)
    assert refused.status_code == 500
    assert "unable to load root certificates: unable to parse bytes as PEM block" in refused.json()["message"]
    passed = await with_webhook(client, hangs, "Ignore", **broken)
    assert passed.status_code == 201
    (await client.delete(f"{CONFIG_MAPS}/new")).raise_for_status()


async def test_a_configuration_that_could_never_work_is_not_taken(client: httpx.AsyncClient) -> None:
    """A webhook without a URL, over plain HTTP, or asked for ever is refused, with the field's name."""
    for url, fields, field in (
        ("http://127.0.0.1:1", {}, "url"),
        ("https://127.0.0.1:1", {"timeoutSeconds": 31}, "timeoutSeconds"),
        ("https://127.0.0.1:1", {"sideEffects": "Some"}, "sideEffects"),
        ("https://127.0.0.1:1", {"clientConfig": {}}, "clientConfig"),
    ):
        answer = await register(client, url, **fields)
        assert answer.status_code == 422
        assert field in answer.json()["message"]
