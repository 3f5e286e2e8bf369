"""The dialect of v1.22, as `--emulated-version=1.22` speaks it: one name for all requests, calls alone below, refusals as errors."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.collector.otlp_receiver import Collector
from rootspan_apiserver.conformance.operations import operations
from rootspan_apiserver.conformance.record import own_server
from rootspan_apiserver.conformance.recording import Recorded, RecordedSpan
from rootspan_apiserver.conformance.replay import Pace, Replay
from rootspan_apiserver.conformance.webhook_server import serving_webhooks
from rootspan_apiserver.serving import kubeconfig

OTELHTTP = ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "semver:0.20.0")
OTELGRPC = ("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "semver:0.20.0")
GATE = ("--emulated-version=1.22", "--feature-gates=APIServerTracing=true")
SECONDS = 30.0
TREES = {
    "version": "KubernetesAPI",
    "cm-create": "KubernetesAPI\n  etcdserverpb.KV/Txn",
    "cm-get": "KubernetesAPI\n  etcdserverpb.KV/Range",
    "cm-get-404": "KubernetesAPI ERROR\n  etcdserverpb.KV/Range",
    "cm-list": "KubernetesAPI\n  etcdserverpb.KV/Range",
    "403-linked": "KubernetesAPI ERROR",
    "401": "KubernetesAPI ERROR",
    "cm-delete": "KubernetesAPI\n  etcdserverpb.KV/Range\n  etcdserverpb.KV/Txn",
    "wh-mut": "KubernetesAPI\n  POST\n  etcdserverpb.KV/Txn",
    "wh-val": "KubernetesAPI\n  POST\n  etcdserverpb.KV/Txn",
    "wh-deny": "KubernetesAPI ERROR\n  POST",
    "wh-fail": "KubernetesAPI ERROR\n  POST",
}
SETTINGS = {"sa", "mut", "val", "deny", "fail"}


async def replayed() -> dict[str, Recorded]:
    with Collector() as collector:
        async with serving_webhooks("127.0.0.1") as webhooks, own_server(collector.endpoint, *GATE) as (access, flush):
            replay = Replay(access, collector.spans, Pace(settling=0, arriving=SECONDS))
            await replay.record(each for each in operations(webhooks) if each.name in TREES.keys() | SETTINGS)
            return {recorded.operation: recorded for recorded in await replay.finished(flush)}


@pytest.fixture(scope="module")
def recording() -> dict[str, Recorded]:
    return asyncio.run(replayed())


def printed(span: RecordedSpan, indent: str = "") -> str:
    line = indent + (f"{span.name} ERROR" if span.status == "ERROR" else span.name)
    return "\n".join([line, *(printed(child, indent + "  ") for child in span.children)])


@pytest.mark.parametrize("name", TREES)
def test_tree(recording: dict[str, Recorded], name: str) -> None:
    """A trace is the request, the calls to webhooks and those to etcd; a status of 400 or more is an error."""
    trace = recording[name].trace
    assert trace is not None
    assert printed(trace) == TREES[name]
    assert trace.links == ()


def test_server_span(recording: dict[str, Recorded]) -> None:
    """The attributes are otelhttp 0.20's: what is not given is not there."""
    trace = recording["cm-create"].trace
    assert trace is not None
    assert (trace.kind, trace.scope) == ("SERVER", OTELHTTP)
    ports = {"net.peer.port", "net.host.port", "http.host", "http.wrote_bytes"}
    assert {key: value for key, value in trace.attributes.items() if key not in ports} == {
        "net.transport": "IP.TCP",
        "net.peer.ip": "127.0.0.1",
        "net.host.ip": "127.0.0.1",
        "http.method": "POST",
        "http.target": "/api/v1/namespaces/default/configmaps",
        "http.server_name": "KubernetesAPI",
        "http.user_agent": "op-cm-create",
        "http.request_content_length": 89,
        "http.read_bytes": 89,
        "http.scheme": "https",
        "http.flavor": "1.1",
        "http.status_code": 201,
    }
    assert ports <= trace.attributes.keys()


def test_spans_of_calls(recording: dict[str, Recorded]) -> None:
    """A webhook's span is named after the method and calls HTTPS http; etcd's has the parts of the RPC's name and two messages."""
    trace = recording["wh-mut"].trace
    assert trace is not None
    called, stored = trace.children
    assert (called.kind, called.scope, stored.kind, stored.scope) == ("CLIENT", OTELHTTP, "CLIENT", OTELGRPC)
    assert called.attributes.keys() == {
        *("http.method", "http.url", "http.scheme", "http.host", "http.flavor", "http.user_agent"),
        *("http.request_content_length", "http.status_code"),
    }
    assert called.attributes["http.scheme"] == "http"
    assert stored.attributes == {
        "rpc.system": "grpc",
        "rpc.service": "etcdserverpb.KV",
        "rpc.method": "Txn",
        "rpc.grpc.status_code": 0,
    }
    keys = {"message.type", "message.id", "message.uncompressed_size"}
    assert [(name, set(attributes), attributes["message.type"]) for name, attributes in stored.events] == [
        ("message", keys, "SENT"),
        ("message", keys, "RECEIVED"),
    ]


def test_call_that_failed(recording: dict[str, Recorded]) -> None:
    """It has the event of an exception, and no status."""
    trace = recording["wh-fail"].trace
    assert trace is not None
    (called,) = trace.children
    ((name, attributes),) = called.events
    assert (name, attributes["exception.type"], called.status) == ("exception", "*net.OpError", "UNSET")
    assert str(attributes["exception.message"]).endswith("connect: connection refused")


@pytest.mark.parametrize(("flags", "arrives"), [((), False), (("--flush-spans-at-shutdown",), True)])
def test_last_spans_are_lost_unless_asked_for(tmp_path: Path, flags: tuple[str, ...], arrives: bool) -> None:
    """Before v1.26 nothing was flushed at the end: what waits for the next batch is gone with the process."""
    tracing, access = tmp_path / "tracing.yaml", tmp_path / "kubeconfig"
    command = [sys.executable, "-m", "rootspan", "apiserver", "--secure-port=0", f"--write-kubeconfig={access}"]
    command += [f"--tracing-config-file={tracing}", *GATE, *flags]
    environment = os.environ | {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with Collector() as collector:
        tracing.write_text(
            "apiVersion: apiserver.config.k8s.io/v1alpha1\nkind: TracingConfiguration\n"
            f"endpoint: {collector.endpoint}\nsamplingRatePerMillion: 1000000\nnobody: knows\n"
        )
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("Serving the Kubernetes API on https://")
                server = kubeconfig.wait_for(access, print)
                tls = ssl.create_default_context(cadata=server.ca_bundle.decode())
                httpx.get(f"{server.server}/version", headers={"user-agent": "the-last-one"}, verify=tls)
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == 0
            finally:
                process.kill()
        received = [span.attributes.get("http.user_agent") for span in collector.spans.snapshot()]
        assert ("the-last-one" in received) == arrives
        assert bool(received) == arrives
