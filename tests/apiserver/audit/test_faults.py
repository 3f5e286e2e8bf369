"""Requests whose handler fails or is late, and logs that cannot be written."""

import asyncio
import contextlib
import threading
from pathlib import Path

import httpx
import pytest

from rootspan import ConfigurationError
from rootspan.testing import recording_provider
from rootspan_apiserver.audit.backend import PluginErrors
from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.audit.log_backend import LogBackend
from rootspan_apiserver.audit.log_file import LogFile
from rootspan_apiserver.audit.policy import AuditPolicyRule, Policy, RequestAuditConfig
from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.tokens import StaticTokens
from rootspan_apiserver.authn.union import UnionAuthenticator
from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.audit.parts import Keeping, audit_event
from tests.apiserver.audit.servers import NAMES, audited

pytestmark = pytest.mark.anyio
EVERYTHING = Policy([AuditPolicyRule(config=RequestAuditConfig(Level.REQUEST_RESPONSE))])
FULL = "/dev/full"


def filtered(app: ASGIApp, keeping: Keeping, seconds: float = 60.0) -> httpx.ASGITransport:
    """Return a transport to the application behind all filters."""
    metrics = Metrics()
    behind = chain(
        app,
        authenticator=UnionAuthenticator([StaticTokens({"token": User("jane")}), AnonymousAuthenticator()]),
        authorizer=AlwaysAllow(),
        registry=builtin_registry(),
        tracing=Tracing(recording_provider()[0]),
        metrics=metrics,
        auditor=Auditor(EVERYTHING, keeping, metrics.audit),
        limits=Limits(request_timeout=seconds),
    )
    return httpx.ASGITransport(behind)


async def stages(app: ASGIApp, path: str = "/version", seconds: float = 60.0) -> tuple[int, list[JSONObject]]:
    """Make a request. Return the status of its answer and its events."""
    keeping = Keeping()
    async with httpx.AsyncClient(transport=filtered(app, keeping, seconds), base_url="http://test") as client:
        answer = await client.get(path)
    return answer.status_code, keeping.documents


async def test_panic_is_a_stage_of_its_own() -> None:
    """The event says what was raised, which the client does not see."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the reason")

    status, (received, panic) = await stages(broken)
    assert status == 500
    assert received["stage"] == "RequestReceived"
    assert panic["stage"] == "Panic"
    assert panic["responseStatus"] == {
        "metadata": {},
        "status": "Failure",
        "message": "APIServer panic'd: the reason",
        "reason": "InternalError",
        "code": 500,
    }


async def test_late_handler_is_recorded_as_timed_out() -> None:
    """The event has the status that kube-apiserver's handler answers with once its time is over."""

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    status, (_, complete) = await stages(waits, seconds=0.01)
    assert status == 504
    assert complete["stage"] == "ResponseComplete"
    assert complete["responseStatus"]["code"] == 504
    assert complete["responseStatus"]["reason"] == "Timeout"


async def test_slow_request_says_how_long_its_layers_took() -> None:
    """From half a second on: each layer that took time, and the total, as Go writes durations."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        request_of(scope).received -= 2
        track("etcd", 0.25)
        track("etcd", 0.5)
        track("validating-webhook", 0.25)
        track("validating-webhook", 0.5)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    _, (_, complete) = await stages(slow)
    prefix = "apiserver.latency.k8s.io/"
    found = {key.removeprefix(prefix): value for key, value in complete["annotations"].items() if prefix in key}
    assert found["etcd"] == "750ms"
    assert found["validating-webhook"] == "500ms"
    assert found["total"].startswith("2.")
    assert {"authentication", "authorization"} < found.keys()


async def test_handler_that_answers_nothing_is_recorded_as_closed_early() -> None:
    """As when the client has gone; a long-running request has both of its stages."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        return

    for path, expected in (
        ("/version", ["RequestReceived", "ResponseComplete"]),
        ("/api/v1/pods?watch=1", ["RequestReceived", "ResponseStarted", "ResponseComplete"]),
    ):
        keeping = Keeping()
        transport = filtered(silent, keeping)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            with contextlib.suppress(AssertionError):  # of httpx, which expects an answer
                await client.get(path, headers={"authorization": "Bearer token"})
        assert [event["stage"] for event in keeping.documents] == expected
        assert keeping.documents[-1]["responseStatus"] == {
            "metadata": {},
            "status": "Success",
            "message": "Connection closed early",
            "code": 200,
        }


async def test_full_disk_does_not_refuse_requests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In mode blocking events that cannot be written are counted and logged, and requests are served."""
    async with audited(tmp_path, "- {level: Metadata}", f"--audit-log-path={FULL}") as server:
        assert (await server.client.get(NAMES)).status_code == 200
        page = (await server.client.get("/metrics")).text
    assert 'apiserver_audit_error_total{plugin="log"}' in page
    assert "No space left on device" in caplog.text


async def test_full_disk_refuses_requests_in_strict_mode(tmp_path: Path) -> None:
    """A request whose first event is not written is answered 500 and counted."""
    flags = (f"--audit-log-path={FULL}", "--audit-log-mode=blocking-strict")
    rules = "- {level: None, nonResourceURLs: [/metrics]}\n- {level: Metadata}"
    async with audited(tmp_path, rules, *flags) as server:
        refused = await server.client.get(f"{NAMES}?limit=1&x=2")
        page = (await server.client.get("/metrics")).text
    assert refused.status_code == 500
    assert refused.text == f'Internal Server Error: "{NAMES}?limit=1&amp;x=2": failed to store audit event\n'
    assert "apiserver_audit_requests_rejected_total 1" in page


async def test_slow_disk_does_not_stop_the_event_loop(tmp_path: Path) -> None:
    """While a write hangs, the loop goes on and further events wait; the outcome comes with the write."""
    hanging = Hanging()
    backend = LogBackend(hanging, "json", PluginErrors(AuditMetrics()))
    first, second = backend.process([audit_event(0)]), backend.process([audit_event(1)])
    assert first is not None
    assert second is not None
    await asyncio.to_thread(hanging.begun.wait, 5)
    assert not first.done()
    hanging.release.set()
    assert await first
    assert await second
    await backend.aclose()
    assert hanging.lines == [audit_event(0).line, audit_event(1).line]


class Hanging:
    """An output whose writes last until they are released."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.begun.set()
        self.release.wait(5)
        self.lines.append(line)

    def close(self) -> None:
        """There is nothing to close."""


async def test_event_that_is_no_json_is_counted_as_lost(tmp_path: Path) -> None:
    """The others of its batch are written."""
    metrics, path = AuditMetrics(), tmp_path / "audit.log"
    backend = LogBackend(LogFile(str(path)), "json", PluginErrors(metrics))
    outcome = backend.process([audit_event(0), audit_event(1, requestObject=object()), audit_event(2)])
    assert outcome is not None
    assert not await outcome
    await backend.aclose()
    assert path.read_bytes() == audit_event(0).line + audit_event(2).line
    assert metrics.errors.labels("log").value == 1


async def test_log_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """The server does not start; a folder is no file."""
    with pytest.raises(ConfigurationError) as caught:
        async with audited(tmp_path, "- {level: Metadata}", f"--audit-log-path={tmp_path}"):
            raise AssertionError("the server serves")
    assert str(caught.value) == f"ensureLogFile: open {tmp_path}: is a directory"
