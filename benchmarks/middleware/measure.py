"""Measures everything in one run, inside the environment that `__main__` has made. Prints JSON."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import inprocess
import subjects
from inprocess import HEADERS, HUNDRED_HEADERS, TRACE_HEADERS, requests
from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import TracerProvider
from subjects import ALWAYS_ON, RATIO, OfTheUser, ParentBased, TraceIdRatioBased, bare

Cells = dict[str, inprocess.Cell]
Results = dict[str, dict[str, float]]


def unsampled() -> Cells:
    own, ratio = subjects.rootspan, subjects.provider
    user = OfTheUser(TraceIdRatioBased(RATIO))
    contrib = subjects.contrib
    return {
        "bare": requests(bare),
        "rootspan": requests(own(bare, ratio())),
        "rootspan, forged trace headers": requests(own(bare, ratio()), headers=HEADERS + TRACE_HEADERS),
        "rootspan, 100 headers": requests(own(bare, ratio()), headers=HUNDRED_HEADERS),
        "rootspan, a sampler of the user's": requests(own(bare, ratio(user))),
        "contrib": requests(contrib(bare, ratio())),
        "contrib as shipped": requests(contrib(bare, ratio(), as_shipped=True)),
        "contrib, forged trace headers": requests(contrib(bare, ratio()), headers=HEADERS + TRACE_HEADERS),
        "contrib, 100 headers": requests(contrib(bare, ratio()), headers=HUNDRED_HEADERS),
        "Starlette's OpenTelemetryMiddleware": requests(subjects.starlette_own(bare, ratio())),
    }


def sampled() -> Cells:
    return {
        "bare": requests(bare),
        "rootspan": requests(subjects.rootspan(bare, subjects.provider(ALWAYS_ON))),
        "contrib": requests(subjects.contrib(bare, subjects.provider(ALWAYS_ON))),
    }


def starlette() -> Cells:
    path = "/r49/7"
    app = subjects.starlette_app(50)
    return {
        "bare": requests(app, path),
        "rootspan": requests(subjects.rootspan(app, subjects.provider()), path),
        "Starlette's OpenTelemetryMiddleware": requests(subjects.starlette_own(app, subjects.provider()), path),
        "contrib": requests(subjects.contrib_starlette(subjects.starlette_app(50), subjects.provider()), path),
    }


def fastapi() -> Cells:
    path = "/r49/7"
    app = subjects.fastapi_app()
    return {
        "bare": requests(app, path),
        "rootspan": requests(subjects.rootspan(app, subjects.provider()), path),
        "contrib": requests(subjects.contrib_fastapi(subjects.fastapi_app(), subjects.provider()), path),
    }


def under(provider: TracerProvider, cell: inprocess.Cell, *, sampled: bool) -> inprocess.Cell:
    """A cell that runs under a span of the application, sampled or not."""
    span = provider.get_tracer("benchmark").start_span("request") if sampled else None
    if span is None:
        flags = trace.TraceFlags(trace.TraceFlags.DEFAULT)
        span = trace.NonRecordingSpan(trace.SpanContext(7 << 64 | 2**64 - 1, 7, is_remote=False, trace_flags=flags))
    context = trace.set_span_in_context(span)

    async def run(count: int) -> None:
        token = attach(context)
        await cell(count)
        detach(token)

    return run


def client(*, sampled: bool) -> Cells:
    sampler = ParentBased(ALWAYS_ON if sampled else TraceIdRatioBased(RATIO))
    url = "http://127.0.0.1:8080/things/1"
    cells: Cells = {}
    for name, make in (
        ("bare", lambda provider: subjects.client_bare()),
        ("rootspan", subjects.client_rootspan),
        ("contrib", subjects.client_contrib),
    ):
        provider = subjects.provider(sampler)
        get = make(provider).get
        cells[name] = under(provider, inprocess.calls(lambda get=get: get(url)), sampled=sampled)
    return cells


def request_and_call() -> Cells:
    def sampler() -> TracerProvider:
        return subjects.provider(ParentBased(TraceIdRatioBased(RATIO)))

    own, theirs = sampler(), sampler()
    return {
        "bare": requests(subjects.calling(subjects.client_bare())),
        "rootspan": requests(subjects.rootspan(subjects.calling(subjects.client_rootspan(own)), own)),
        "contrib": requests(subjects.contrib(subjects.calling(subjects.client_contrib(theirs)), theirs)),
    }


def vendor(wrap: Callable[[subjects.App], subjects.App], name: str) -> Callable[[], Cells]:
    def cells() -> Cells:
        return {
            "bare": requests(bare),
            "rootspan": requests(subjects.rootspan(bare, subjects.provider())),
            name: requests(wrap(bare)),
        }

    return cells


GROUPS: dict[str, Callable[[], Cells]] = {
    "unsampled request": unsampled,
    "sampled request": sampled,
    "Starlette, 50 routes, unsampled": starlette,
    "FastAPI, unsampled": fastapi,
    "httpx call, unsampled": lambda: client(sampled=False),
    "httpx call, sampled": lambda: client(sampled=True),
    "a request and a call, unsampled": request_and_call,
    "sentry-sdk, unsampled": vendor(subjects.sentry, "sentry-sdk"),
    "ddtrace, unsampled": vendor(subjects.datadog, "ddtrace"),
}


@contextmanager
def collector() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("collector.py"))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait(10)


def exported(*, rounds: int, count: int, otlp: str) -> dict[str, float]:
    """CPU time of the whole process for a request that is sampled, its export over OTLP/gRPC included."""
    providers = {name: subjects.provider(ALWAYS_ON, otlp=otlp) for name in ("rootspan", "contrib")}

    def flushed(provider: TracerProvider, cell: inprocess.Cell) -> inprocess.Cell:
        async def run(count: int) -> None:
            await cell(count)
            provider.force_flush()

        return run

    cells = {
        "bare": requests(bare),
        "rootspan": flushed(providers["rootspan"], requests(subjects.rootspan(bare, providers["rootspan"]))),
        "contrib": flushed(providers["contrib"], requests(subjects.contrib(bare, providers["contrib"]))),
    }
    return inprocess.measure(cells, rounds=rounds, count=count, clock=time.process_time)


def served(*, rounds: int, seconds: float) -> Results:
    from served import Server, measure

    variants = {
        "bare": ("bare", False),
        "bare, forged trace headers": ("bare", True),
        "rootspan": ("rootspan", False),
        "rootspan, forged trace headers": ("rootspan", True),
        "contrib": ("contrib", False),
        "contrib parent-based, forged trace headers": ("contrib parent-based", True),
    }
    servers = {name: (Server(subject), hostile) for name, (subject, hostile) in variants.items()}
    try:
        return measure(servers, rounds=rounds, seconds=seconds)
    finally:
        for server, _ in servers.values():
            server.stop()


def group(name: str, *, rounds: int, count: int) -> dict[str, float]:
    return inprocess.measure(GROUPS[name](), rounds=rounds, count=count)


def in_own_process(name: str, quick: bool) -> dict[str, float]:
    arguments = [sys.executable, __file__, "--group", name, *(["--quick"] if quick else [])]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, check=True, text=True, timeout=900)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def everything(quick: bool) -> dict[str, object]:
    in_process = {name: in_own_process(name, quick) for name in [*GROUPS, "sampled request, exported"]}
    under_load = served(rounds=3 if quick else 15, seconds=0.5 if quick else 2.0)
    peers = ("opentelemetry-sdk", "opentelemetry-instrumentation-asgi", "starlette", "uvicorn", "httpx")
    return {
        "python": platform.python_version(),
        "quick": quick,
        "versions": {name: version(name) for name in ("rootspan", *peers, "sentry-sdk", "ddtrace")},
        "in process": in_process,
        "under load": under_load,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--group")
    options = parser.parse_args()
    rounds, count = (7, 150) if options.quick else (21, 1000)
    measured: object
    if options.group == "sampled request, exported":
        with collector() as otlp:
            measured = exported(rounds=rounds, count=500 if options.quick else 1000, otlp=otlp)
    elif options.group:
        measured = group(options.group, rounds=rounds, count=count)
    else:
        measured = everything(options.quick)
    print(json.dumps(measured), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
