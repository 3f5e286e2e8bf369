"""The audit log leads to the trace, whether or not the trace was recorded."""

import ssl
from pathlib import Path

import httpx
import orjson
import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.options.options import Options

pytestmark = pytest.mark.anyio
ANNOTATION = "tracing.rootspan.dev/trace-id"


async def ask(options: Options, **server: object) -> str:
    """Make one request and return its audit id."""
    async with apiserver(options, **server) as running:  # type: ignore[arg-type] # the only one is tracer_provider
        trusting = ssl.create_default_context(cadata=running.ca_bundle.decode())
        headers = {"authorization": f"Bearer {running.token}"}
        async with httpx.AsyncClient(base_url=running.address.url, verify=trusting, headers=headers) as client:
            answer = await client.get("/api/v1/namespaces/default")
    return answer.headers["audit-id"]


def event(path: Path, audit_id: str) -> dict[str, dict[str, str]]:
    logged = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    (found,) = [each for each in logged if each["auditID"] == audit_id]
    return dict(found)


async def test_event_of_a_recorded_request_names_its_trace(tmp_path: Path) -> None:
    """The annotation is the trace id of the request's SERVER span, which carries the same audit id."""
    path = tmp_path / "audit.log"
    provider, recorder = recording_provider()
    audit_id = await ask(Options.parse(["--secure-port=0", f"--audit-log-path={path}"]), tracer_provider=provider)
    provider.shutdown()
    (served,) = [span for span in recorder.spans if span.kind == "SERVER" and span.attributes["audit-id"] == audit_id]
    assert event(path, audit_id)["annotations"][ANNOTATION] == served.trace_id


async def test_event_of_an_unsampled_request_names_the_trace_that_others_may_have_recorded(tmp_path: Path) -> None:
    """Without sampling a context goes out all the same, so its trace id is in the log all the same."""
    path = tmp_path / "audit.log"
    audit_id = await ask(Options.parse(["--secure-port=0", f"--audit-log-path={path}"]))
    trace_id = event(path, audit_id)["annotations"][ANNOTATION]
    assert len(trace_id) == 32
    assert int(trace_id, 16)
