"""What internal spans cost a request that is not sampled: exactly counted, not timed."""

import sys
from collections import Counter
from types import CodeType, FrameType
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from rootspan import TracingMiddleware
from rootspan.testing import recording_provider
from rootspan_apiserver import tracing as tracing_module
from rootspan_apiserver.tracing import COMPONENT, NOT_RECORDED, Tracing

pytestmark = pytest.mark.anyio

Calls = Counter[CodeType]


def counted(calls: Calls) -> None:
    """Count the Python calls of this thread from here on."""

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls[frame.f_code] += 1

    sys.setprofile(profile)


async def test_an_internal_span_is_four_calls_that_do_nothing() -> None:
    """Opening, entering, marking a step and leaving: nothing of OpenTelemetry is called, and no attribute is computed."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    tracing = Tracing(provider)
    calls: Calls = Counter()

    async def app(scope: object, receive: object, send: object) -> None:
        counted(calls)
        with tracing.span("Create", lambda: {"verb": "POST"}, scope=COMPONENT) as span:
            span.event("About to store object in database")
        sys.setprofile(None)

    async def nothing(*_: object) -> Any:
        raise AssertionError("nothing is received or sent")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await TracingMiddleware(app, tracer_provider=provider)(scope, nothing, nothing)
    assert [(code.co_name, count) for code, count in calls.items()] == [
        ("span", 1),
        ("__enter__", 1),
        ("event", 1),
        ("__exit__", 1),
    ]
    assert {code.co_filename for code in calls} == {tracing_module.__file__}
    assert recorder.spans == []


def test_every_unsampled_span_is_the_same_object() -> None:
    """None is made, with any number of them open; without a request there is none either."""
    tracing = Tracing(recording_provider(sampler=ALWAYS_OFF)[0])
    with tracing.span("Create") as outer, tracing.span("Create etcd3") as inner:
        assert outer is inner is NOT_RECORDED
