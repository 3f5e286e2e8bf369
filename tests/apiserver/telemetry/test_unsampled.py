"""What internal spans cost a request that is not sampled: exactly counted, not timed."""

import ssl
import sys
from collections import Counter
from types import CodeType, FrameType
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from rootspan import TracingMiddleware
from rootspan.testing import recording_provider
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.telemetry import tracing as tracing_module
from rootspan_apiserver.telemetry.tracing import NOT_RECORDED, Tracing

pytestmark = pytest.mark.anyio

Calls = Counter[CodeType]
DEFAULT = "/api/v1/namespaces/default"
OPERATIONS_OF_A_GET = (
    operations.AUTHENTICATION,
    operations.AUDIT,
    operations.IMPERSONATION,
    operations.PRIORITY_AND_FAIRNESS,
    operations.AUTHORIZATION,
    operations.GET,
    operations.CACHE_GET,
    operations.WRITE_RESPONSE,
)
EVENTS_OF_A_GET = (
    events.GETTING,
    events.GETTING_FROM_STORAGE,
    events.RESPONDING,
    events.WRITE_STARTING,
    events.WRITE_SUCCEEDED,
    events.RESPONDED,
)


def counted(calls: Calls) -> None:
    """Count the Python calls of this thread from here on."""

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls[frame.f_code] += 1

    sys.setprofile(profile)


async def test_internal_span_is_four_calls_that_do_nothing() -> None:
    """Opening, entering, marking a step and leaving: nothing of OpenTelemetry is called, and no attribute is computed."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    tracing = Tracing(provider)
    calls: Calls = Counter()

    async def app(scope: object, receive: object, send: object) -> None:
        counted(calls)
        with tracing.span(operations.CREATE, lambda: facts(verb="POST")) as span:
            span.event(events.BODY_READ, length=3)
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


async def test_request_makes_nothing_for_its_internal_spans() -> None:
    """Each span of a get is three empty calls when unsampled, and each event one; there is none into the SDK."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    calls: Calls = Counter()
    flags = ["--secure-port=0", "--controllers=namespace"]
    async with apiserver(Options.parse(flags), tracer_provider=provider) as server:
        tls = ssl.create_default_context(cadata=server.ca_bundle.decode())
        headers = {"authorization": f"Bearer {server.token}"}
        address = server.address.url
        async with httpx.AsyncClient(base_url=address, verify=tls, headers=headers, trust_env=False) as client:
            assert (await client.get(DEFAULT)).status_code == 200
            counted(calls)
            await client.get(DEFAULT)
            sys.setprofile(None)
    made = sum(count for code, count in calls.items() if code.co_filename == tracing_module.__file__)
    assert made == 3 * len(OPERATIONS_OF_A_GET) + len(EVENTS_OF_A_GET)
    assert [code.co_qualname for code in calls if "/opentelemetry/sdk/" in code.co_filename] == []
    assert recorder.spans == []


def test_every_unsampled_span_is_the_same_object() -> None:
    """None is made, with any number of them open; without a request there is none either."""
    tracing = Tracing(recording_provider(sampler=ALWAYS_OFF)[0])
    with tracing.span(operations.CREATE) as outer, tracing.span(operations.ETCD_CREATE) as inner:
        assert outer is inner is NOT_RECORDED
