"""`rootspan conformance`: record a server's traces, and print where two recordings differ."""

import sys
from pathlib import Path

import httpx

from rootspan_apiserver.cli.command_options import ConformanceOptions
from rootspan_apiserver.collector.otlp_receiver import CollectorError
from rootspan_apiserver.conformance.record import record_foreign, record_own
from rootspan_apiserver.conformance.recording import Recorded, RecordingError, read_recording, write_recording
from rootspan_apiserver.conformance.trace_comparison import compare
from rootspan_apiserver.processes.interruption import run
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import BindError
from rootspan_apiserver.serving.kubeconfig import KubeconfigError


def run_conformance(options: ConformanceOptions) -> int:
    """Return the exit status: 0 if there is nothing to compare with or no difference, else 1."""
    try:
        recording = _recording(options)
        if options.output:
            write_recording(Path(options.output), recording)
        return _report(read_recording(Path(options.against)), recording) if options.against else 0
    except (BindError, CollectorError, KubeconfigError, RecordingError, httpx.HTTPError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


def _recording(options: ConformanceOptions) -> list[Recorded]:
    """Read the recording that is given, or record the server that is given, or one of our own."""
    access = None
    if options.kubeconfig:
        access = kubeconfig.read(Path(options.kubeconfig).read_text(), by_certificate=True)
    if options.recording:
        return read_recording(Path(options.recording))
    if access is None:
        own_endpoint = options.otlp_grpc_endpoint or "127.0.0.1:0"
        return run(lambda: record_own(otlp_grpc_endpoint=own_endpoint, webhook_address=options.webhook_bind_address))
    endpoint = options.otlp_grpc_endpoint or "127.0.0.1:4317"
    return run(
        lambda: record_foreign(access, otlp_grpc_endpoint=endpoint, webhook_address=options.webhook_bind_address)
    )


def _report(reference: list[Recorded], recording: list[Recorded]) -> int:
    comparison = compare(reference, recording)
    for difference in comparison.differences:
        print(difference)
    print(f"{comparison.identical} of {comparison.spans} spans are identical: {comparison.share:.1%}")
    return 1 if comparison.differences else 0
