"""A webhook for authentication and authorization on a real TLS socket, and kubeconfigs that name it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import trustme
import yaml

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.serving.certificates import KeyPair, ServingCertificate
from rootspan_apiserver.serving.http import Address, listen, serving
from rootspan_apiserver.serving.requesting_certificates import requesting_context

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


@dataclass(frozen=True)
class Answer:
    """What the webhook answers; None never comes."""

    body: bytes | None
    status: int = 200
    content_type: str = "application/json"


@dataclass
class AccessWebhook:
    """A bare ASGI application. `decide` returns the status of a review, or the whole answer."""

    decide: Callable[[JSONObject], JSONObject | Answer]
    reviews: list[JSONObject] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        review = orjson.loads(body)
        self.bodies.append(body)
        self.reviews.append(review)
        self.urls.append(f"{scope['path']}?{scope['query_string'].decode()}")
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        chain = ((scope.get("extensions") or {}).get("tls") or {}).get("client_cert_chain") or [""]
        self.peers.append(chain[0])
        decided = self.decide(review)
        if not isinstance(decided, Answer):
            found = {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": decided}
            decided = Answer(orjson.dumps(found))
        if decided.body is None:
            await self.stopping.wait()
            return
        headers = [(b"content-type", decided.content_type.encode())]
        await send({"type": "http.response.start", "status": decided.status, "headers": headers})
        await send({"type": "http.response.body", "body": decided.body})


@asynccontextmanager
async def serving_webhook(webhook: AccessWebhook) -> AsyncIterator[Address]:
    """Serve it for 127.0.0.1, asking for a client certificate."""
    made = AUTHORITY.issue_cert("127.0.0.1")
    pair = KeyPair(b"".join(each.bytes() for each in made.cert_chain_pems), made.private_key_pem.bytes())
    with AUTHORITY.cert_pem.tempfile() as authority:
        certificate = ServingCertificate(pair, AUTHORITY.cert_pem.bytes())
        context = requesting_context(certificate, [Path(authority)])
    async with serving(webhook, listen("127.0.0.1", 0), tls=context) as address:
        yield address
        webhook.stopping.set()


def write_kubeconfig(
    folder: Path, url: str, *, user: JSONObject | None = None, authority: trustme.CA = AUTHORITY, **cluster: Any
) -> str:
    """Write a kubeconfig of the webhook at a URL and return its path. The certificate of its authority is a file beside it."""
    (folder / "authority.pem").write_bytes(authority.cert_pem.bytes())
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "hook", "cluster": {"server": url, "certificate-authority": "authority.pem", **cluster}}],
        "users": [{"name": "server", "user": user or {}}],
        "contexts": [{"name": "it", "context": {"cluster": "hook", "user": "server"}}],
        "current-context": "it",
    }
    path = folder / "webhook.kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return str(path)
