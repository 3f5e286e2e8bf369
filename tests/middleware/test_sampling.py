"""The decision made before anything is built is the sampler's own, and nobody can foresee or repeat the ids."""

import math
import random
import subprocess
import sys

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer, TracerProvider, _TracerConfig
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    Decision,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import NoOpTracerProvider, get_current_span

from rootspan import TracingMiddleware, tracers
from rootspan.ids import LOWER_HALF, RootIdGenerator, draw_root, draw_span_id, ids_from
from rootspan.sampling import decision_of
from rootspan.testing import SpanRecorder, recording_provider, tree
from rootspan.tracers import prepare
from tests.middleware.asgi import HOSTILE_HEADERS, Receive, Scope, Send, drive, hello, http_scope
from tests.middleware.samplers import CustomSampler

pytestmark = pytest.mark.anyio

MILLION = 1_000_000


@pytest.mark.parametrize(
    "sampler",
    [
        *[TraceIdRatioBased(rate) for rate in (0.0, 1e-4, 0.25, 0.5, 1.0)],
        *[ParentBased(TraceIdRatioBased(rate)) for rate in (1e-4, 0.5)],
        ParentBasedTraceIdRatio(0.25),
        ALWAYS_ON,
        ALWAYS_OFF,
        DEFAULT_ON,
        DEFAULT_OFF,
    ],
)
def test_decision_is_the_sampler_s(sampler: Sampler) -> None:
    """For random trace ids, and for those next to the bound, the SDK's sampler would have decided the same."""
    decision = decision_of(sampler)
    assert decision is not None
    edge = [bound << 64 | lower for bound in (0, 1) for lower in _around(decision.bound)]
    drawn = [upper << 64 | lower for upper, lower, _ in (draw_root() for _ in range(20_000))]
    for trace_id in edge + drawn:
        asked = sampler.should_sample(Context(), trace_id, "GET").decision
        assert (trace_id & LOWER_HALF < decision.bound) is (asked is Decision.RECORD_AND_SAMPLE)


def _around(bound: int) -> list[int]:
    return [lower for lower in (bound - 1, bound, bound + 1, 0, 2**64 - 1) if 0 <= lower < 2**64]


def test_million_ids_are_decided_as_trace_id_ratio_based_decides() -> None:
    """The sampler is asked about a million random ids, and none is decided otherwise."""
    sampler = TraceIdRatioBased(0.5)
    decision = decision_of(sampler)
    assert decision is not None
    different = 0
    for _ in range(MILLION):
        upper, lower, _ = draw_root()
        trace_id = upper << 64 | lower
        asked = sampler.should_sample(None, trace_id, "GET").decision is Decision.RECORD_AND_SAMPLE
        different += (trace_id & LOWER_HALF < decision.bound) is not asked
    assert different == 0


class Ratio(TraceIdRatioBased):
    """A subclass may decide otherwise than what it is derived from."""


@pytest.mark.parametrize(
    "sampler",
    [
        CustomSampler(),
        Ratio(0.5),
        ParentBased(CustomSampler()),
        ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON),
    ],
)
def test_sampler_that_is_not_known_is_not_decided_here(sampler: Sampler) -> None:
    """Only exactly the SDK's samplers are known."""
    assert decision_of(sampler) is None


async def test_sampler_of_the_user_is_asked_with_the_attributes() -> None:
    """It sees what the request is, and its answer holds."""
    sampler = CustomSampler()
    provider, recorder = recording_provider(sampler=sampler)
    app = TracingMiddleware(hello, tracer_provider=provider)
    await drive(app, http_scope("/wanted"))
    await drive(app, http_scope("/other"))
    assert [shown["url.path"] for shown in sampler.shown] == ["/wanted", "/other"]
    assert tree(recorder.spans, attributes=["url.path"]) == "GET SERVER test url.path=/wanted"


def test_tracer_of_another_make_has_no_known_decision() -> None:
    """Only the SDK's tracers have a sampler that can be known."""
    decision, _ = prepare(NoOpTracerProvider().get_tracer("other"))
    assert decision is None


def test_tracer_of_the_provider_stays_as_it_is() -> None:
    """Whoever asks the provider for a tracer of the same name gets the provider's sampler and id generator."""
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    prepare(provider.get_tracer("shared"))
    tracer = provider.get_tracer("shared")
    assert isinstance(tracer, Tracer)
    assert (tracer.sampler, tracer.id_generator) == (provider.sampler, provider.id_generator)
    assert not tracer.start_span("mine").is_recording()


@pytest.mark.parametrize("sampler", [ALWAYS_ON, Ratio(1.0)])
async def test_sdk_of_unknown_version_makes_the_same_spans(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Beyond the newest known version the public way is taken: it is logged once, and the spans are the same."""
    monkeypatch.setattr(tracers, "version_of_sdk", lambda: "1.999.0")
    for _ in range(2):
        provider, recorder = recording_provider(sampler=sampler)
        assert prepare(provider.get_tracer("any"))[0] is None
        await drive(TracingMiddleware(hello, tracer_provider=provider), http_scope())
        assert tree(recorder.spans) == "GET SERVER test"
    (record,) = caplog.records
    assert "opentelemetry-sdk 1.999.0 is newer than" in record.getMessage()
    tracers.is_known_sdk.cache_clear()


def test_installed_sdk_is_known() -> None:
    """The newest known version covers the one that these tests run with, and its private parts are there."""
    provider, _ = recording_provider()
    tracer = provider.get_tracer("any")
    assert isinstance(tracer, Tracer)
    assert tracers.is_known_sdk(tracers.version_of_sdk())
    assert tracers.has_known_parts(tracer)
    del tracer._tracer_metrics
    assert prepare(tracer)[0] is None


async def test_disabled_tracer_records_nothing_and_keeps_ids() -> None:
    """A configurator that disables the scope at run time silences it; the requests keep ids for logs and outgoing calls."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(hello, tracer_provider=provider)
    await drive(app, http_scope())
    provider._set_tracer_configurator(tracer_configurator=lambda scope: _TracerConfig(is_enabled=False))
    inside = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        inside.append(get_current_span().get_span_context())
        await hello(scope, receive, send)

    for each in (app, TracingMiddleware(look, tracer_provider=provider)):
        await drive(each, http_scope())
    assert [span.name for span in recorder.spans] == ["GET"]
    assert [(context.is_valid, context.trace_flags.sampled) for context in inside] == [(True, False)]


async def test_without_an_sdk_requests_pass() -> None:
    """A provider that makes no spans leaves the application alone; contexts still go out, unsampled."""
    inside = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        context = get_current_span().get_span_context()
        inside.append((context.is_valid, context.trace_flags.sampled))
        await hello(scope, receive, send)

    app_without_sdk = TracingMiddleware(app, tracer_provider=NoOpTracerProvider())
    sent = await drive(app_without_sdk, http_scope(headers=HOSTILE_HEADERS))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert inside == [(True, False)]


class Counting(IdGenerator):
    def __init__(self) -> None:
        self.number = 0

    def generate_trace_id(self) -> int:
        self.number += 1
        return self.number

    def generate_span_id(self) -> int:
        self.number += 1
        return self.number


async def test_ids_come_from_the_provider_s_generator() -> None:
    """A provider with ids of its own kind keeps them, sampled and not."""
    recorder = SpanRecorder()
    provider = TracerProvider(sampler=TraceIdRatioBased(2**-61), id_generator=Counting(), shutdown_on_exit=False)
    provider.add_span_processor(recorder)
    inside = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inside.append(get_current_span().get_span_context().trace_id)
        await hello(scope, receive, send)

    traced = TracingMiddleware(app, tracer_provider=provider)
    for _ in range(4):
        await drive(traced, http_scope())
    assert inside == sorted(set(inside))
    assert [int(span.trace_id, 16) for span in recorder.spans] == [trace_id for trace_id in inside if trace_id < 8]


@pytest.mark.parametrize("generator", [RootIdGenerator(), RandomIdGenerator()])
async def test_flags_are_01_and_00(generator: IdGenerator) -> None:
    """No trace is marked as random: services that know only the sampled flag would drop its context."""
    for sampler, flags in ((ALWAYS_ON, 1), (ALWAYS_OFF, 0), (Ratio(1.0), 1), (Ratio(0.0), 0)):
        provider = TracerProvider(sampler=sampler, id_generator=generator, shutdown_on_exit=False)
        inside = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            inside.append(int(get_current_span().get_span_context().trace_flags))  # noqa: B023
            await hello(scope, receive, send)

        await drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
        assert inside == [flags]


def test_ids_are_never_zero() -> None:
    """An all-zero id would make the context invalid."""
    assert ids_from(bytes(48)) == [(0, 1, 1), (0, 1, 1)]


def test_ids_do_not_follow_the_application_s_random_numbers() -> None:
    """`random.seed` neither repeats ids nor makes them foreseeable."""
    drawn = []
    for _ in range(2):
        random.seed(7)
        drawn += [(*draw_root(), draw_span_id(), RootIdGenerator().generate_trace_id()) for _ in range(300)]
    numbers = [number for ids in drawn for number in ids]
    assert len(set(numbers)) == len(numbers)


FORKING = """
import os
from rootspan.ids import draw_root, draw_span_id

def drawn():
    return "".join(f"{number} " for number in (*draw_root(), draw_span_id())).encode()

drawn()
for _ in range(2):
    if (child := os.fork()) == 0:
        os.write(1, drawn())
        os._exit(0)
    os.waitpid(child, 0)
os.write(1, drawn())
"""


def test_forked_process_draws_other_ids() -> None:
    """Workers forked from one parent share no id, though the parent had drawn a block before."""
    drawn = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, check=True, timeout=30).stdout.split()
    assert len(drawn) == 12
    assert len(set(drawn)) == 12


async def test_rate_holds_whatever_the_callers_send() -> None:
    """Of a million requests that ask to be sampled, as many are as the rate says, within a binomial's 99.99 %."""
    rate = 1e-3
    provider, recorder = recording_provider(sampler=TraceIdRatioBased(rate))
    app = TracingMiddleware(_nothing, tracer_provider=provider)
    scope = http_scope(headers=[(b"traceparent", f"00-{1:032x}-{1:016x}-01".encode()), *HOSTILE_HEADERS[1:]])
    receive, send = _never, _nowhere
    for _ in range(MILLION):
        await app(scope, receive, send)
    spread = 3.9 * math.sqrt(MILLION * rate * (1 - rate))
    assert abs(len(recorder.spans) - MILLION * rate) < spread
    assert not [span for span in recorder.spans if span.parent_id or span.links or "evil" in repr(span)]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


async def _never() -> dict[str, object]:
    raise AssertionError


async def _nowhere(message: object) -> None:
    raise AssertionError
