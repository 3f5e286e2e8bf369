"""The audit webhook: a real server over TLS, which is named by a kubeconfig file."""

import asyncio
import base64
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
import yaml

from rootspan import ConfigurationError
from rootspan.testing import recording_provider
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.audit.servers import NAMES, audited

pytestmark = pytest.mark.anyio
AUTHORITY = trustme.CA()
RULES = "- {level: Metadata, omitStages: [RequestReceived], users: [admin]}\n"


@dataclass
class Receiver:
    """Takes events; answers with each of `failures` first."""

    failures: list[int] = field(default_factory=list)
    lists: list[JSONObject] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        status = self.failures.pop(0) if self.failures else 200
        if status == 200:
            self.lists.append(orjson.loads(body))
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            self.paths.append(f"{scope['path']}?{scope['query_string'].decode()}")
            self.arrived.set()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def events(self) -> list[JSONObject]:
        return [event for each in self.lists for event in each["items"]]

    async def until(self, audit_id: str) -> JSONObject:
        """Wait for the event of a request."""
        async with asyncio.timeout(20):
            while not (found := [event for event in self.events() if event["auditID"] == audit_id]):
                self.arrived.clear()
                await self.arrived.wait()
        return found[0]


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def kubeconfig(folder: Path, server: str, *, user: dict[str, str] | None = None, **cluster: object) -> str:
    """Write a kubeconfig file and return its path."""
    authority = base64.b64encode(AUTHORITY.cert_pem.bytes()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": {"server": server, "certificate-authority-data": authority} | cluster}],
        "users": [{"name": "u", "user": user or {"token": "sesame"}}],
        "contexts": [{"name": "c", "context": {"cluster": "a", "user": "u"}}],
        "current-context": "c",
    }
    path = folder / "webhook.kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return str(path)


async def test_events_are_sent_in_batches(tmp_path: Path) -> None:
    """A list of events at the path of the file with its credentials, and with no trace context."""
    receiver = Receiver()
    async with serving(receiver, listen("127.0.0.1", 0), tls=tls()) as at:
        flags = (
            f"--audit-webhook-config-file={kubeconfig(tmp_path, f'{at.url}/events/')}",
            "--audit-webhook-batch-max-wait=10ms",
        )
        async with audited(tmp_path, RULES, *flags) as server:
            audit_id = (await server.client.get(NAMES)).headers["audit-id"]
            event = await receiver.until(audit_id)
            (logged,) = server.events(audit_id)
    assert event == {key: value for key, value in logged.items() if key not in ("kind", "apiVersion")}
    assert receiver.paths[0] == "/events?timeout=30s"
    assert {key: receiver.lists[0][key] for key in ("kind", "apiVersion", "metadata")} == {
        "kind": "EventList",
        "apiVersion": "audit.k8s.io/v1",
        "metadata": {},
    }
    assert receiver.headers[0]["authorization"] == "Bearer sesame"
    assert receiver.headers[0]["content-type"] == "application/json"
    assert "traceparent" not in receiver.headers[0]


async def test_failed_call_is_made_again(tmp_path: Path) -> None:
    """A webhook that answers 500 and 404 at first gets the events all the same, and requests do not wait for it."""
    receiver = Receiver(failures=[500, 404])
    async with serving(receiver, listen("127.0.0.1", 0), tls=tls()) as at:
        flags = (
            f"--audit-webhook-config-file={kubeconfig(tmp_path, at.url)}",
            "--audit-webhook-batch-max-wait=10ms",
            "--audit-webhook-initial-backoff=10ms",
        )
        async with audited(tmp_path, RULES, *flags) as server:
            await receiver.until((await server.client.get(NAMES)).headers["audit-id"])
    assert receiver.failures == []


async def test_events_are_sent_at_shutdown(tmp_path: Path) -> None:
    """What waits for its batch is sent before the server ends."""
    receiver = Receiver()
    async with serving(receiver, listen("127.0.0.1", 0), tls=tls()) as at:
        flags = (f"--audit-webhook-config-file={kubeconfig(tmp_path, at.url)}",)
        async with audited(tmp_path, RULES, *flags) as server:
            audit_id = (await server.client.get(NAMES)).headers["audit-id"]
            assert receiver.lists == []
    assert [event["auditID"] for event in receiver.events()] == [audit_id]


async def test_requests_do_not_wait_for_a_webhook_that_is_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In batch mode its events are lost after five attempts, which is counted and logged with what they were about."""
    with_nobody = kubeconfig(tmp_path, "https://127.0.0.1:1")
    flags = (
        f"--audit-webhook-config-file={with_nobody}",
        "--audit-webhook-batch-max-wait=1ms",
        "--audit-webhook-initial-backoff=1ms",
    )
    async with audited(tmp_path, RULES, *flags) as server:
        begun = time.monotonic()
        audit_id = (await server.client.get(NAMES)).headers["audit-id"]
        async with asyncio.timeout(20):
            while 'error_total{plugin="webhook"}' not in (await server.client.get("/metrics")).text:
                pass
        assert server.events(audit_id)
    assert time.monotonic() - begun < 20
    assert "Error in audit plugin 'webhook' affecting" in caplog.text
    assert 'Post "https://127.0.0.1:1?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused' in caplog.text


async def test_requests_wait_for_a_blocking_webhook(tmp_path: Path) -> None:
    """In mode blocking the events of a request are with the webhook when its answer is with the client."""
    receiver = Receiver()
    async with serving(receiver, listen("127.0.0.1", 0), tls=tls()) as at:
        flags = (f"--audit-webhook-config-file={kubeconfig(tmp_path, at.url)}", "--audit-webhook-mode=blocking")
        async with audited(tmp_path, RULES, *flags) as server:
            audit_id = (await server.client.get(NAMES)).headers["audit-id"]
            assert [event["auditID"] for event in receiver.events()] == [audit_id]


async def test_calls_of_the_webhook_have_no_span(tmp_path: Path) -> None:
    """kube-apiserver begins the operation outside of any trace, where no span is made."""
    receiver = Receiver()
    provider, recorder = recording_provider(service="apiserver")
    async with serving(receiver, listen("127.0.0.1", 0), tls=tls()) as at:
        flags = (f"--audit-webhook-config-file={kubeconfig(tmp_path, at.url)}", "--audit-webhook-mode=blocking")
        async with audited(tmp_path, RULES, *flags, tracer_provider=provider) as server:
            await server.client.get(NAMES)
    assert len(receiver.events()) == 1
    called = [span for span in recorder.spans if at.url in str(span.attributes.get("url.full"))]
    assert called == []
    assert not any("Audit Events" in span.name for span in recorder.spans)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("", ("invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment "
         "variable")),
        ("current-context: c\ncontexts: [{name: c, context: {cluster: a}}]\nclusters: [{name: a, cluster: {}}]",
         'invalid configuration: no server found for cluster "a"'),
        ("current-context: x", ("invalid configuration: [context was not found for specified context: x, cluster has no "
         "server defined]")),
        ("apiVersion: v2\nkind: Foo", ('error loading config file "{path}": no kind "Foo" is registered for version "v2" '
         'in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"')),
        (("current-context: c\ncontexts: [{name: c, context: {cluster: a}}]\n"
         "clusters: [{name: a, cluster: {server: 'https://x', certificate-authority: no.pem}}]"),
         ("invalid configuration: unable to read certificate-authority {folder}/no.pem for a due to open "
         "{folder}/no.pem: no such file or directory")),
        (("current-context: c\ncontexts: [{name: c, context: {cluster: a}}]\n"
         "clusters: [{name: a, cluster: {server: 'https://x', certificate-authority-data: YWJj}}]"),
         "unable to load root certificates: unable to parse bytes as PEM block"),
        (("current-context: c\ncontexts: [{name: c, context: {cluster: a, user: u}}]\n"
         "clusters: [{name: a, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {token: a, username: b}}]"),
         ("invalid configuration: more than one authentication method found for u; found [token basicAuth], only one is "
         "allowed")),
    ],
)  # fmt: skip
async def test_file_that_names_no_server_is_refused(document: str, why: str, tmp_path: Path) -> None:
    """The message is kube-apiserver's, and nothing is served."""
    path = tmp_path / "webhook.kubeconfig"
    path.write_text(document)
    with pytest.raises(ConfigurationError) as caught:
        async with audited(tmp_path, RULES, f"--audit-webhook-config-file={path}"):
            raise AssertionError("the server serves")
    assert str(caught.value) == "initializing audit webhook: " + why.format(path=path, folder=tmp_path)
