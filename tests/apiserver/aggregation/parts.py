"""What tests of aggregation are made of: a server of an API on a TLS socket, and API servers in front of it."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import trustme

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.serving.certificates import KeyPair, ServingCertificate
from rootspan_apiserver.serving.http import Address, listen, serving
from rootspan_apiserver.serving.requesting_certificates import requesting_context
from tests.apiserver.admission.parts import AUTHORITY, BUNDLE

GROUP = "flowers.example.com"
ROOT = f"/apis/{GROUP}/v1"
FLOWERS = f"{ROOT}/namespaces/default/flowers"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
RESOURCES = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": f"{GROUP}/v1",
    "resources": [
        {"name": "flowers", "singularName": "flower", "namespaced": True, "kind": "Flower", "verbs": ["get", "list"]},
        {"name": "flowers/status", "singularName": "", "namespaced": True, "kind": "Flower", "verbs": ["get"]},
    ],
}


@dataclass(frozen=True)
class Received:
    """A request as the server of the API got it; `peer` is the subject of the client's certificate."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    peer: str

    def header(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


@dataclass
class Extension:
    """A bare ASGI application that serves an API: its discovery with a status, for the rest an empty object or what `answer` sends."""

    received: list[Received] = field(default_factory=list)
    answer: Callable[[Any, Any, Any], Any] | None = None
    discovery: int = 200

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == ROOT:
            await respond(send, self.discovery, orjson.dumps(RESOURCES))
            return
        if path == "/apis":
            await respond(send, 404, b"{}")
            return
        if self.answer is not None:
            await self.answer(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode()
        chain = ((scope.get("extensions") or {}).get("tls") or {}).get("client_cert_chain") or [""]
        self.received.append(
            Received(
                scope["method"],
                scope["raw_path"].decode() + (f"?{query}" if query else ""),
                [(name.decode(), value.decode()) for name, value in scope["headers"]],
                body,
                chain[0],
            )
        )
        await respond(send, 200, b'{"kind":"Flower"}', ("x-extension", "1"), ("audit-id", "own"))


async def respond(send: Any, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    """Send a whole response."""
    named = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    named += [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving_extension(app: Extension, *names: str) -> AsyncIterator[Address]:
    """Serve it with a certificate for these names; a client certificate is asked for."""
    made = AUTHORITY.issue_cert(*names)
    pair = KeyPair(b"".join(each.bytes() for each in made.cert_chain_pems), made.private_key_pem.bytes())
    with AUTHORITY.cert_pem.tempfile() as authority:
        tls = requesting_context(ServingCertificate(pair, AUTHORITY.cert_pem.bytes()), [Path(authority)])
    async with serving(app, listen("127.0.0.1", 0), tls=tls) as address:
        yield address


def write_certificate(folder: Path, name: str, authority: trustme.CA = AUTHORITY) -> tuple[Path, Path]:
    """Write a client certificate and its key, and return the files."""
    made = authority.issue_cert("client.invalid", common_name=name)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key


def client_of(env: Environment, *, token: str | None = None, certificate: tuple[Path, Path] | None = None) -> Any:
    """Return a client of a server, as the administrator unless another token or ("") none is given."""
    tls = ssl.create_default_context(cadata=env.ca_bundle.decode())
    if certificate is not None:
        tls.load_cert_chain(*certificate)
    given = env.token if token is None else token
    headers = {"authorization": f"Bearer {given}"} if given else {}
    return httpx.AsyncClient(base_url=env.url, verify=tls, headers=headers, trust_env=False, timeout=30)


def api_service(**spec: Any) -> JSONObject:
    """The APIService of the flowers, at the Service `flowers` in `tools`."""
    wanted = {
        "group": GROUP,
        "version": "v1",
        "groupPriorityMinimum": 2000,
        "versionPriority": 10,
        "service": {"namespace": "tools", "name": "flowers"},
        "caBundle": base64.b64encode(BUNDLE).decode(),
    }
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{GROUP}"},
        "spec": {key: value for key, value in (wanted | spec).items() if value is not None},
    }


async def until_condition(client: httpx.AsyncClient, reason: str, name: str = f"v1.{GROUP}") -> JSONObject:
    """Watch an APIService until its condition has this reason: the condition."""
    path = f"{API_SERVICES}?watch=1&fieldSelector=metadata.name%3D{name}&timeoutSeconds=25"
    async with client.stream("GET", path) as events:
        async for line in events.aiter_lines():
            for condition in (orjson.loads(line)["object"].get("status") or {}).get("conditions") or ():
                if condition["reason"] == reason:
                    found: JSONObject = condition
                    return found
    raise AssertionError(f"the condition has never had the reason {reason}")


async def until(client: httpx.AsyncClient, path: str, condition: Callable[[JSONObject], bool], **headers: str) -> Any:
    """Read a document until it is as wanted, for at most ten seconds: the document."""
    async with asyncio.timeout(10):
        while True:
            document = (await client.get(path, headers=headers)).json()
            if condition(document):
                return document
            await asyncio.sleep(0.02)
