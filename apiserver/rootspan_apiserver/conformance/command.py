"""`rootspan conformance`: record a server's traces, and say where two recordings differ."""

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.collector.receiver import Collector, CollectorError
from rootspan_apiserver.conformance.comparison import compare
from rootspan_apiserver.conformance.operations import operations
from rootspan_apiserver.conformance.options import ConformanceOptions
from rootspan_apiserver.conformance.recording import Recorded, RecordingError, read_recording, write_recording
from rootspan_apiserver.conformance.replay import Pace, Replay
from rootspan_apiserver.conformance.webhooks import serving_webhooks
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.processes.interruption import run
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import BindError
from rootspan_apiserver.serving.kubeconfig import Access, KubeconfigError

OURS = Pace(settling=0, arriving=5)
THEIRS = Pace(settling=3, arriving=15)
"""A batch of spans is exported every five seconds, and an informer of webhooks has seen a change after a second or two."""


def run_conformance(options: ConformanceOptions) -> int:
    """Returns the exit status: 0 if there was nothing to compare with, or no difference; 1 otherwise."""
    try:
        access = _access(Path(options.kubeconfig)) if options.kubeconfig else None
        recording = (
            read_recording(Path(options.recording)) if options.recording else run(lambda: record(options, access))
        )
        if options.output:
            write_recording(Path(options.output), recording)
        return _report(read_recording(Path(options.against)), recording) if options.against else 0
    except (BindError, CollectorError, KubeconfigError, RecordingError, httpx.HTTPError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


def _report(reference: list[Recorded], recording: list[Recorded]) -> int:
    comparison = compare(reference, recording)
    for difference in comparison.differences:
        print(difference)
    print(f"{comparison.identical} of {comparison.spans} spans are identical: {comparison.share:.1%}")
    return 1 if comparison.differences else 0


async def record(options: ConformanceOptions, access: Access | None) -> list[Recorded]:
    """Replay all operations against the server that `access` leads to, or one of our own, and return the recording.

    Raises:
        BindError, CollectorError: an address is taken.
        httpx.HTTPError: the server does not answer, or refuses what every server must allow.
    """
    async with contextlib.AsyncExitStack() as stack:
        endpoint = options.otlp_grpc_endpoint or ("127.0.0.1:4317" if options.kubeconfig else "127.0.0.1:0")
        collector = stack.enter_context(Collector(endpoint))
        webhooks = await stack.enter_async_context(serving_webhooks(options.webhook_bind_address))
        flush: Callable[[], Any] = _nothing
        if access is None:
            own, flush = await stack.enter_async_context(own_server(collector.endpoint))
            replay = Replay(own, collector.spans, OURS)
        else:
            replay = Replay(access, collector.spans, THEIRS)
        await replay.record(operations(webhooks))
        return await replay.finished(flush)


@contextlib.asynccontextmanager
async def own_server(collector: str, *flags: str) -> AsyncIterator[tuple[Access, Callable[[], Any]]]:
    """A server of our own that sends every span to `collector`, with more flags; how to reach it, and what flushes its spans."""
    with tempfile.TemporaryDirectory(prefix="rootspan-") as folder:
        tracing = Path(folder) / "tracing-configuration.yaml"
        tracing.write_text(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n"
            f"endpoint: {collector}\nsamplingRatePerMillion: 1000000\n"
        )
        standard = [
            "--secure-port=0",
            f"--tracing-config-file={tracing}",
            "--inbound-trace-context=link",
            "--authorization-mode=AlwaysDeny",
            "--controllers=*,-root-ca-cert-publisher,-garbagecollector",
        ]
        async with apiserver(Options.parse([*standard, *flags])) as server:
            access = Access(server.address.url, server.ca_bundle, server.token)
            yield access, server.tracer_provider.force_flush


def _access(path: Path) -> Access:
    return kubeconfig.read(path.read_text(), by_certificate=True)


def _nothing() -> None:
    return None
