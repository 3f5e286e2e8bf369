"""The webhooks as an HTTPS service with SERVER spans, whose validating webhook calls the API server.

The client of this service is the API server, so its trace is continued. For the call to the API server this service is an ordinary client:
the request carries the context of this service, and the API server starts a new trace for it.
"""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket
from typing import Any

import httpx
from opentelemetry.trace import TracerProvider
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rootspan import Continuation, TracingMiddleware
from rootspan.httpx import traced
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.sample_webhooks.review_responses import mutated, validated
from rootspan_apiserver.serving.http import Address, serving

SERVICE_NAME = "sample-webhooks"
CALLBACK_SECONDS = 3.0
_NAMESPACE = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
"""A review may come from an untrusted client, and its namespace becomes part of the path of a request with this service's token."""


@dataclass(frozen=True, slots=True)
class KubernetesAPI:
    """The address and token for the API server. `tls_server_name` is the name in its certificate if that is not the host of `url`."""

    url: str
    tls: ssl.SSLContext
    token: str
    tls_server_name: str = ""

    @asynccontextmanager
    async def client(self, tracer_provider: TracerProvider) -> AsyncIterator[httpx.AsyncClient]:
        """Return a client with CLIENT spans."""
        headers = {"authorization": f"Bearer {self.token}", "user-agent": SERVICE_NAME}
        client = httpx.AsyncClient(
            base_url=self.url, headers=headers, verify=self.tls, timeout=CALLBACK_SECONDS, trust_env=False
        )
        async with traced(client, tracer_provider=tracer_provider):
            yield client

    @property
    def extensions(self) -> dict[str, Any]:
        """The request extensions of httpx that set the TLS server name."""
        return {"sni_hostname": self.tls_server_name} if self.tls_server_name else {}


def create_application(
    api: KubernetesAPI, client: httpx.AsyncClient, tracer_provider: TracerProvider
) -> TracingMiddleware:
    """Return an application with `POST /mutate`, `POST /validate` and `GET /healthz`; `client` is a client of `api`."""

    async def mutate(request: Request) -> Response:
        review = await request.json()
        return _answer(review, mutated(review["request"]))

    async def validate(request: Request) -> Response:
        review = await request.json()
        name = str(review["request"]["namespace"])
        if not _NAMESPACE.fullmatch(name):
            return PlainTextResponse(f"{name!r} is no namespace\n", 400)
        namespace = await client.get(f"/api/v1/namespaces/{name}", extensions=api.extensions)
        namespace.raise_for_status()
        return _answer(review, validated(review["request"], namespace.json()))

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [
        Route("/mutate", mutate, methods=["POST"]),
        Route("/validate", validate, methods=["POST"]),
        Route("/healthz", healthz),
    ]
    return TracingMiddleware(
        Starlette(routes=routes), tracer_provider=tracer_provider, continuation=Continuation.CONTINUE
    )


@asynccontextmanager
async def serving_webhooks(
    api: KubernetesAPI, bound: socket, tls: ssl.SSLContext, tracer_provider: TracerProvider
) -> AsyncIterator[Address]:
    """Serve the webhooks on the socket inside the block."""
    async with (
        api.client(tracer_provider) as client,
        serving(create_application(api, client, tracer_provider), bound, tls=tls) as address,
    ):
        yield address


def _answer(review: JSONObject, response: JSONObject) -> JSONResponse:
    return JSONResponse({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})
