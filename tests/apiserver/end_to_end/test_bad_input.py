"""Wrong input gets a clear answer and changes nothing, and the server goes on serving."""

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


UNREADABLE = "the object provided is unrecognized (must be of type ConfigMap): "
NOT_JSON = f"{UNREADABLE}couldn't get version/kind; json parse error: "
NOT_YAML = f"{UNREADABLE}yaml: "
NO_OBJECT = (
    "json: cannot unmarshal {} into Go value of type struct "
    '{{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }} ({})'
)
NO_KIND = 'no kind "{}" is registered for version "{}" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
BEGINNING = '({"apiVersion":"v1","kind":"Con ...)'
UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include: "
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
TOO_LARGE = "Request entity too large: limit is 3145728"
LONG = "a" * 300

CREATES: dict[str, tuple[bytes, str, int, str]] = {
    "too large": (b" " * (3 << 20) + GOOD, JSON, 413, TOO_LARGE),
    "too large YAML": (b"#" * (4 << 20), YAML, 413, TOO_LARGE),
    "empty": (b"", JSON, 400, f"{NOT_JSON}unexpected end of JSON input (<empty>)"),
    "not JSON": (
        b"<html>",
        JSON,
        400,
        f"{NOT_JSON}invalid character '<' looking for beginning of value (3c68746d6c3e)",
    ),
    "cut short": (GOOD[:-5], JSON, 400, f"{NOT_JSON}unexpected end of JSON input {BEGINNING}"),
    "not UTF-8": (
        GOOD.replace(b"good", b"\xff\xfe"),
        JSON,
        422,
        f'ConfigMap "\ufffd\ufffd" is invalid: metadata.name: Invalid value: "\ufffd\ufffd": {SUBDOMAIN}',
    ),
    "a list": (b"[]", JSON, 400, NOT_JSON + NO_OBJECT.format("array", "5b5d")),
    "a number": (b"1", JSON, 400, NOT_JSON + NO_OBJECT.format("number", "31")),
    "null": (
        b"null",
        JSON,
        422,
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ),
    "another kind": (
        GOOD.replace(b"ConfigMap", b"Secret"),
        JSON,
        400,
        'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ),
    "no such kind": (
        GOOD.replace(b"ConfigMap", b"Nothing"),
        JSON,
        400,
        f'Nothing in version "v1" cannot be handled as a ConfigMap: {NO_KIND.format("Nothing", "v1")}',
    ),
    "no such version": (
        GOOD.replace(b'"v1"', b'"v9"'),
        JSON,
        400,
        f'ConfigMap in version "v9" cannot be handled as a ConfigMap: {NO_KIND.format("ConfigMap", "v9")}',
    ),
    "a type that is not the field's": (
        orjson.dumps(config_map("x") | {"data": [1]}),
        JSON,
        400,
        (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go struct field '
            "ConfigMap.data of type map[string]string"
        ),
    ),
    "arrays in arrays": (
        nested(b"[", b"]"),
        JSON,
        400,
        f'{NOT_JSON}invalid character \'[\' exceeded max depth ({{"kind":"ConfigMap","apiVersio ...)',
    ),
    "objects in objects": (
        nested(b'{"a":', b"}", 1000).replace(b":}", b":1}"),
        JSON,
        400,
        f'{NOT_JSON}invalid character \'{{\' exceeded max depth ({{"kind":"ConfigMap","apiVersio ...)',
    ),
    "opened and never closed": (
        b"[" * 1_000_000,
        JSON,
        400,
        f"{NOT_JSON}unexpected end of JSON input ({'5b' * 30} ...)",
    ),
    "YAML nested": (
        b"[" * 20_000 + b"]" * 20_000,
        YAML,
        400,
        f"{UNREADABLE}yaml: exceeded maximum nesting depth ({'5b' * 30} ...)",
    ),
    "YAML that multiplies": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(97, 120)),
        YAML,
        400,
        f"{NOT_YAML}document contains excessive aliasing ({b'a: &a [x,x,x,x,x,x,x,x,x]'.hex()}0a623a2026 ...)",
    ),
    "YAML with tags": (
        b"!!python/object/apply:os.system ['true']",
        YAML,
        400,
        (
            f"{UNREADABLE}yaml: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system' "
            f"({b'!!python/object/apply:os.syste'.hex()} ...)"
        ),
    ),
    "no protobuf": (
        b"nonsense",
        PROTOBUF,
        400,
        f"{UNREADABLE}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (6e6f6e73656e7365)",
    ),
    "protobuf cut short": (
        b"k8s\0\x0a\xff\xff\xff\xff\x7f",
        PROTOBUF,
        400,
        f"{UNREADABLE}unexpected EOF (6b3873000affffffff7f)",
    ),
    "another media type": (GOOD, "text/plain", 415, f"{UNKNOWN_FORMAT}{JSON}, {YAML}, {PROTOBUF}"),
    "a name that is none": (
        orjson.dumps(config_map("../../etc/passwd")),
        JSON,
        422,
        f'ConfigMap "../../etc/passwd" is invalid: metadata.name: Invalid value: "../../etc/passwd": {SUBDOMAIN}',
    ),
    "a name too long": (
        orjson.dumps(config_map(LONG)),
        JSON,
        422,
        f'ConfigMap "{LONG}" is invalid: metadata.name: Invalid value: "{LONG}": must be no more than 253 characters',
    ),
    "data beyond a mebibyte": (
        orjson.dumps(config_map("x", a="b" * 1_100_000)),
        JSON,
        422,
        'ConfigMap "x" is invalid: : Too long: may not be more than 1048576 bytes',
    ),
    "a number beyond all": (
        b'{"metadata":{"name":"x","generation":1e400}}',
        JSON,
        400,
        f'{NOT_JSON}number out of range ({{"metadata":{{"name":"x","gener ...)',
    ),
}


@pytest.mark.parametrize("name", CREATES)
async def test_create_of_unreadable_object_is_refused(client: httpx.AsyncClient, name: str) -> None:
    """A Status says exactly what is wrong, soon."""
    body, content_type, code, message = CREATES[name]
    begun = time.monotonic()
    answer = await client.post(CONFIG_MAPS, content=body, headers={"content-type": content_type})
    status = answer.json()
    assert (answer.status_code, status["kind"], status["status"], status["code"]) == (code, "Status", "Failure", code)
    assert status["message"] == message
    assert time.monotonic() - begun < PATIENCE / 3


async def test_body_without_length_is_limited(running: Server, client: httpx.AsyncClient) -> None:
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


NO_PATCH = "error decoding patch: "
NOT_APPLIED = "the server rejected our request due to an error in our request"
PATCHES: dict[str, tuple[bytes, str, int, str]] = {
    "merge: not JSON": (b"{", MERGE, 400, f"{NO_PATCH}unexpected end of JSON input"),
    "merge: a list": (
        b"[]",
        MERGE,
        400,
        f"{NO_PATCH}json: cannot unmarshal array into Go value of type map[string]interface {{}}",
    ),
    "merge: nested": (
        b'{"data":' * 50_000 + b"1" + b"}" * 50_000,
        MERGE,
        400,
        f"{NO_PATCH}invalid character '{{' exceeded max depth",
    ),
    "merge: another name": (
        b'{"metadata":{"name":"other"}}',
        MERGE,
        400,
        "the name of the object (other) does not match the name on the URL (kept)",
    ),
    "strategic: not JSON": (
        b"\0",
        STRATEGIC,
        400,
        "invalid character '\\x00' looking for beginning of value",
    ),
    "strategic: an unknown directive": (
        b'{"data":{"$patch":"explode"}}',
        STRATEGIC,
        500,
        "unknown patch type: explode in map: map[$patch:explode]",
    ),
    "strategic: nested": (
        b'{"data":' * 50_000 + b"1" + b"}" * 50_000,
        STRATEGIC,
        400,
        "invalid character '{' exceeded max depth",
    ),
    "JSON patch: an object": (
        b"{}",
        JSON_PATCH,
        400,
        f"{NO_PATCH}json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    ),
    "JSON patch: an unknown operation": (b'[{"op":"explode","path":"/data"}]', JSON_PATCH, 422, NOT_APPLIED),
    "JSON patch: nowhere": (b'[{"op":"remove","path":"/data/none"}]', JSON_PATCH, 422, NOT_APPLIED),
    "JSON patch: a test that fails": (
        b'[{"op":"test","path":"/data/a","value":"2"}]',
        JSON_PATCH,
        422,
        NOT_APPLIED,
    ),
    "JSON patch: too many": (
        b"[" + b",".join([b'{"op":"add","path":"/data/a","value":"2"}'] * 10_001) + b"]",
        JSON_PATCH,
        413,
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    ),
    "apply: no manager": (
        GOOD.replace(b"good", b"kept"),
        APPLY,
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ),
    "apply: not YAML": (
        b"{:",
        APPLY,
        400,
        "error decoding YAML: error converting YAML to JSON: yaml: did not find expected node content",
    ),
    "another media type": (b"{}", JSON, 415, "415: Unsupported Media Type"),
}


async def patched(client: httpx.AsyncClient, body: bytes, content_type: str, **manager: str) -> httpx.Response:
    """The answer to patching the config map `kept`."""
    headers = {"content-type": content_type}
    return await client.patch(f"{CONFIG_MAPS}/kept", content=body, params=manager, headers=headers)


@pytest.mark.parametrize("name", PATCHES)
async def test_unreadable_patch_is_refused(client: httpx.AsyncClient, name: str) -> None:
    """Whatever kind of patch it is, a Status says exactly what is wrong, and the object stays as it was."""
    body, content_type, code, message = PATCHES[name]
    manager = {} if name == "apply: no manager" else {"fieldManager": "tests"}
    answer = await patched(client, body, content_type, **manager)
    status = answer.json()
    assert (answer.status_code, status["kind"], status["code"]) == (code, "Status", code)
    assert status["message"] == message


async def test_patch_of_wrong_type_is_refused(client: httpx.AsyncClient) -> None:
    """The refusal quotes the patched object, and says which field is wrong."""
    answer = await patched(client, b'{"data":[1]}', MERGE, fieldManager="tests")
    kept = (await client.get(f"{CONFIG_MAPS}/kept")).json()
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    (cause,) = answer.json()["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "patch")
    quoted, _, why = cause["message"].removeprefix("Invalid value: ").rpartition('": ')
    assert orjson.loads(orjson.loads(f'{quoted}"')) == kept | {"data": [1]}
    assert why == "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string"


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
    "nowhere": (
        patching([{"op": "remove", "path": "/none"}]),
        "error in remove for path: '/none': Unable to remove nonexistent key: none: missing value",
    ),
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
async def test_webhook_that_fails_refuses(client: httpx.AsyncClient, name: str) -> None:
    """Where its failure policy says Fail: 500 names the webhook and what it did, within its time, and nothing is stored."""
    script, message = WEBHOOKS[name]
    answer = await with_webhook(client, script, "Fail")
    assert answer.status_code == 500, answer.text
    assert 'failed calling webhook "mutating.example.com": ' in answer.json()["message"]
    assert message in answer.json()["message"]


@pytest.mark.parametrize("name", WEBHOOKS)
async def test_webhook_that_fails_is_passed_over(client: httpx.AsyncClient, name: str) -> None:
    """Where its failure policy says Ignore: the object is stored as it was sent."""
    answer = await with_webhook(client, WEBHOOKS[name][0], "Ignore")
    assert (answer.status_code, answer.json().get("data")) == (201, None), answer.text
    (await client.delete(f"{CONFIG_MAPS}/new")).raise_for_status()


@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
@pytest.mark.parametrize("name", PATCHING)
async def test_patch_that_cannot_be_applied_refuses(client: httpx.AsyncClient, name: str, policy: str) -> None:
    """Whatever the failure policy is: the webhook was called, and what it asks for is impossible."""
    script, message = PATCHING[name]
    answer = await with_webhook(client, script, policy)
    assert answer.status_code == 500, answer.text
    assert message in answer.json()["message"]


@pytest.mark.parametrize("bundle", [b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_broken_ca_bundle_is_named(client: httpx.AsyncClient, bundle: bytes) -> None:
    """The webhook cannot be called, and is refused or passed over like one that fails."""
    broken = {"clientConfig": {"url": "https://127.0.0.1:1", "caBundle": base64.b64encode(bundle).decode()}}
    refused = await with_webhook(client, hangs, "Fail", **broken)
    assert refused.status_code == 500
    assert "unable to load root certificates: unable to parse bytes as PEM block" in refused.json()["message"]
    passed = await with_webhook(client, hangs, "Ignore", **broken)
    assert passed.status_code == 201
    (await client.delete(f"{CONFIG_MAPS}/new")).raise_for_status()


async def test_configuration_that_could_never_work_is_not_taken(client: httpx.AsyncClient) -> None:
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
