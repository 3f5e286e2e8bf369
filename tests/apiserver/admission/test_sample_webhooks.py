"""The two sample webhooks: what they do to config maps, whose trace they are part of, and their command."""

import asyncio
import base64
import contextlib
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from opentelemetry.trace import NoOpTracerProvider

from rootspan.testing import tree
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.demo.stage import stage
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.sample_webhooks.review_responses import ALLOW_LABEL, DENIED_DATA, mutated, validated
from rootspan_apiserver.sample_webhooks.service import KubernetesAPI, serving_webhooks
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving

pytestmark = pytest.mark.anyio

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
SECONDS = 30


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_mutating_webhook_adds_label() -> None:
    """The patch adds the label to the existing ones."""
    response = mutated({"uid": "u", "object": {"metadata": {"labels": {"a": "b"}}}})
    assert (response["uid"], response["allowed"], response["patchType"]) == ("u", True, "JSONPatch")
    assert orjson.loads(base64.b64decode(response["patch"])) == [
        {"op": "add", "path": "/metadata/labels", "value": {"a": "b", "seen-by": "sample-webhooks"}}
    ]


def test_validating_webhook_denies_password() -> None:
    """The label of the namespace decides, which the webhook reads from the API server."""
    request = {"uid": "u", "object": config_map("c", **DENIED_DATA)}
    assert validated(request, {"metadata": {"labels": {ALLOW_LABEL: "true"}}})["allowed"]
    refused = validated(request, {"metadata": {"labels": {}}})
    assert (refused["allowed"], refused["status"]["code"]) == (False, 403)
    assert validated({"uid": "u", "object": config_map("c", other="x")}, {"metadata": {}})["allowed"]


async def test_webhook_spans_join_the_trace_and_callback_starts_a_new_one(tmp_path: Path) -> None:
    """The SERVER spans of the webhooks are children of the API server's CLIENT spans; their call to the API server starts a new trace."""
    async with stage(tmp_path) as on, asyncio.timeout(SECONDS):
        answer = await on.client.post(CONFIG_MAPS, json=config_map("c", hello="world"))
        assert answer.json()["metadata"]["labels"] == {"seen-by": "sample-webhooks"}
        await asyncio.to_thread(on.flush)
        audit_id = answer.headers["audit-id"]
        served = next(
            span
            for span in on.spans.snapshot()
            if span.attributes.get("audit-id") == audit_id and span.kind == "SERVER"
        )
        calls = [span for span in on.spans.trace(served.trace_id) if "webhook" in span.name or span.kind != "INTERNAL"]
        assert tree(calls).splitlines()[1:] == [
            "… Call mutating webhook INTERNAL apiserver",
            "└─ HTTP POST CLIENT apiserver",
            "   └─ POST /mutate SERVER sample-webhooks",
            "… Call validating webhook INTERNAL apiserver",
            "└─ HTTP POST CLIENT apiserver",
            "   └─ POST /validate SERVER sample-webhooks",
            "      └─ GET CLIENT sample-webhooks",
            "… etcdserverpb.KV/Txn CLIENT apiserver",
        ]
        call_backs = [
            span
            for span in on.spans.snapshot()
            if span.kind == "SERVER" and span.attributes.get("user_agent.original") == "sample-webhooks"
        ]
        assert call_backs
        assert all(span.parent_id is None and span.trace_id != served.trace_id for span in call_backs)


@pytest.mark.parametrize(
    "namespace", ["..", "../secrets", "default/secrets/s", "default?x", "default#x", "%2e%2e", "a\n", ""]
)
async def test_review_with_invalid_namespace_returns_400(namespace: str) -> None:
    """A review whose namespace is not a valid name is rejected, and no request is sent to the API server."""
    asked: list[str] = []

    async def record(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"metadata":{}}'})

    provider = NoOpTracerProvider()
    certificate = self_signed(["127.0.0.1"], None)
    tls = ssl.create_default_context(cadata=certificate.ca_bundle.decode())
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}}
    async with serving(record, listen("127.0.0.1", 0), tls=server_context(certificate)) as at:
        api = KubernetesAPI(at.url, tls, "token")
        own = server_context(certificate)
        async with (
            serving_webhooks(api, listen("127.0.0.1", 0), own, provider) as webhooks,
            httpx.AsyncClient(base_url=webhooks.url, verify=tls, trust_env=False) as client,
        ):
            request = {"uid": "u", "namespace": namespace, "object": config_map("c")}
            refused = await client.post("/validate", json=review | {"request": request})
            assert (refused.status_code, asked) == (400, [])
            allowed = await client.post("/validate", json=review | {"request": request | {"namespace": "default"}})
            assert (allowed.json()["response"]["allowed"], asked) == (True, ["/api/v1/namespaces/default"])


async def test_command_registers_webhooks_as_service(tmp_path: Path) -> None:
    """`rootspan sample-webhooks` reads the kubeconfig, registers itself, and is called by its Service's name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kubeconfig = tmp_path / "kubeconfig"
    flags = [
        "--secure-port=0",
        f"--write-kubeconfig={kubeconfig}",
        f"--service-address=webhooks.default=127.0.0.1:{port}",
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rootspan", "sample-webhooks", f"--secure-port={port}", f"--kubeconfig={kubeconfig}"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS), apiserver(Options.parse(flags)) as server:
            while (line := await process.stdout.readline()) != b"The webhooks are registered with the API server\n":
                assert line, "the command ended"
            tls = ssl.create_default_context(cadata=server.ca_bundle.decode())
            headers = {"authorization": f"Bearer {server.token}"}
            tls_client = httpx.AsyncClient(base_url=server.address.url, verify=tls, headers=headers, trust_env=False)
            async with tls_client as client:
                made = await client.post(CONFIG_MAPS, json=config_map("c"))
                assert made.json()["metadata"]["labels"] == {"seen-by": "sample-webhooks"}
                denied = await client.post(CONFIG_MAPS, json=config_map("d", **DENIED_DATA))
                assert (denied.status_code, denied.json()["reason"]) == (403, "Forbidden")
            process.terminate()
            assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] # the pipe of a process that was killed stays open otherwise
