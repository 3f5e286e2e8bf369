"""The admission webhooks of the conformance run, served over TLS: one path for each kind of response.

They make no spans, because the API server's side is recorded. A configuration matches objects with its name in the label `wh`.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving

MUTATE, MUTATE_TOO, VALIDATE, DENY, HANG, UNREACHABLE = "/mutate", "/mutate2", "/validate", "/deny", "/slow", "/x"
TIMEOUT_SECONDS: Mapping[str, int] = {HANG: 1, UNREACHABLE: 2}
DEFAULT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The URL of the webhooks, its CA bundle, and a URL without a server."""

    url: str
    ca_bundle: bytes
    unreachable: str

    def configuration(self, kind: str, name: str, path: str, *, again: str = "", policy: str = "Fail") -> JSONObject:
        """Return a configuration of `kind` with a webhook at `path`, and a second one at `again` if that is given."""
        webhooks = [self._webhook(f"{name}.example.com", name, path, policy)]
        if again:
            webhooks.append(self._webhook(f"{name}2.example.com", name, again, policy))
        if kind == "MutatingWebhookConfiguration":
            webhooks[0]["reinvocationPolicy"] = "IfNeeded" if again else "Never"
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": name},
            "webhooks": webhooks,
        }

    def _webhook(self, full_name: str, label: str, path: str, policy: str) -> JSONObject:
        base = self.unreachable if path == UNREACHABLE else self.url
        bundle = base64.b64encode(self.ca_bundle).decode()
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        return {
            "name": full_name,
            "clientConfig": {"url": base + path, "caBundle": bundle},
            "rules": [rule],
            "objectSelector": {"matchLabels": {"wh": label}},
            "failurePolicy": policy,
            "sideEffects": "None",
            "timeoutSeconds": TIMEOUT_SECONDS.get(path, DEFAULT_TIMEOUT_SECONDS),
            "admissionReviewVersions": ["v1"],
        }


@asynccontextmanager
async def serving_webhooks(bind_address: str) -> AsyncIterator[Webhooks]:
    """Serve the webhooks on a free port of `bind_address` inside the block. Raises BindError."""
    certificate = self_signed([bind_address], None)
    with listen(bind_address, 0) as silent:
        unreachable = f"https://{bind_address}:{silent.getsockname()[1]}"
    routes = [Route(path, _answer, methods=["POST"]) for path in (MUTATE, MUTATE_TOO, VALIDATE, DENY, HANG)]
    tls = server_context(certificate)
    async with serving(Starlette(routes=routes), listen(bind_address, 0), tls=tls) as address:
        yield Webhooks(address.url, certificate.ca_bundle, unreachable)


async def _answer(request: Request) -> Response:
    review = await request.json()
    response: JSONObject = {"uid": review["request"]["uid"], "allowed": True}
    path = request.url.path
    if path in (MUTATE, MUTATE_TOO) and review["request"]["operation"] != "DELETE":
        response |= _patch(review["request"]["object"], "m" if path == MUTATE else "m2")
        response["warnings"] = ["careful"]
    elif path == DENY:
        response |= {"allowed": False, "status": {"code": 403, "message": "no way"}}
    elif path == HANG:
        await asyncio.sleep(2 * TIMEOUT_SECONDS[HANG])
    return JSONResponse({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})


def _patch(obj: JSONObject, annotation: str) -> JSONObject:
    annotations = obj["metadata"].get("annotations", {}) | {annotation: "1"}
    operations = [{"op": "add", "path": "/metadata/annotations", "value": annotations}]
    return {"patchType": "JSONPatch", "patch": base64.b64encode(orjson.dumps(operations)).decode()}
