"""Trust is an argument: what is done with a caller's context is decided by a value, or by a function of the scope."""

import hmac

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, TraceIdRatioBased

from rootspan import Continuation, TracingMiddleware
from rootspan.spans import Span
from rootspan.testing import recording_provider
from rootspan.traceparent import remote_context
from tests.middleware.asgi import Receive, Scope, Send, drive, hello, http_scope

pytestmark = pytest.mark.anyio

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
SAMPLED = (b"traceparent", f"00-{TRACE_ID}-{PARENT_ID}-01".encode())
NOT_SAMPLED = (b"traceparent", f"00-{TRACE_ID}-{PARENT_ID}-00".encode())
STATE = (b"tracestate", b"vendor=opaque,other=1")


async def one_span(continuation: Continuation, *headers: tuple[bytes, bytes]) -> Span:
    provider, recorder = recording_provider()
    app = TracingMiddleware(hello, tracer_provider=provider, continuation=continuation)
    await drive(app, http_scope(headers=headers))
    (span,) = recorder.spans
    return span


async def test_restart_without_link_keeps_nothing() -> None:
    """The default: a root, and no link."""
    span = await one_span(Continuation.RESTART_WITHOUT_LINK, SAMPLED, STATE)
    assert (span.parent_id, span.links, span.trace_state, span.flags) == (None, (), "", 1)
    assert span.trace_id != TRACE_ID


async def test_restart_with_link_keeps_the_ids_in_a_link() -> None:
    """A root of its own, and a link to the caller's span without its `tracestate`."""
    span = await one_span(Continuation.RESTART_WITH_LINK, SAMPLED, STATE)
    assert (span.parent_id, span.trace_state) == (None, "")
    assert span.trace_id != TRACE_ID
    assert [(link.trace_id, link.span_id, dict(link.attributes)) for link in span.links] == [(TRACE_ID, PARENT_ID, {})]


async def test_continue_joins_the_trace() -> None:
    """The span is the caller's child, with the caller's `tracestate`."""
    span = await one_span(Continuation.CONTINUE, SAMPLED, STATE)
    assert (span.trace_id, span.parent_id, span.trace_state, span.links) == (
        TRACE_ID,
        PARENT_ID,
        "vendor=opaque,other=1",
        (),
    )


@pytest.mark.parametrize("continuation", [Continuation.CONTINUE, Continuation.RESTART_WITH_LINK])
async def test_without_a_context_of_the_caller_there_is_a_root(continuation: Continuation) -> None:
    """A request without `traceparent` starts a trace, whatever is to be done with one."""
    span = await one_span(continuation, STATE)
    assert (span.parent_id, span.links, span.trace_state) == (None, (), "")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"00",
        f"00-{TRACE_ID}-{PARENT_ID}".encode(),
        f"00-{TRACE_ID}-{PARENT_ID}-1".encode(),
        f"00-{TRACE_ID}-{PARENT_ID}-01-".encode(),
        f"00-{TRACE_ID}-{PARENT_ID}-01-more".encode(),
        f"00-{TRACE_ID.upper()}-{PARENT_ID}-01".encode(),
        f"ff-{TRACE_ID}-{PARENT_ID}-01".encode(),
        f"0x-{TRACE_ID}-{PARENT_ID}-01".encode(),
        f"00-{0:032x}-{PARENT_ID}-01".encode(),
        f"00-{TRACE_ID}-{0:016x}-01".encode(),
        f"00-{TRACE_ID}x-{PARENT_ID}-01".encode(),
        f"00-{TRACE_ID}-{PARENT_ID}-01\n".encode(),
        f"00-{TRACE_ID}-{PARENT_ID}-01, 00-{TRACE_ID}-{PARENT_ID}-01".encode(),
        f"00-{'٣' * 32}-{PARENT_ID}-01".encode(),
        b"\xff\xfe" * 20,
        b"0" * 1_000_000,
        f"01-{TRACE_ID}-{PARENT_ID}-01-".encode() + b" " * 1_000_000 + b"\0",
        b" " * 1_000_000,
    ],
)
def test_malformed_traceparent_is_no_context(value: bytes) -> None:
    """What the W3C recommendation calls invalid is as good as absent."""
    assert remote_context([(b"traceparent", value)]) is None


def test_valid_and_invalid_traceparents() -> None:
    """Blanks around it and the fields of a later version are allowed; only the sampled flag is kept."""
    for value in (
        f" \t00-{TRACE_ID}-{PARENT_ID}-03 ".encode(),
        f"cc-{TRACE_ID}-{PARENT_ID}-01-what-else".encode(),
        f"01-{TRACE_ID}-{PARENT_ID}-ff".encode(),
    ):
        context = remote_context([(b"traceparent", value)])
        assert context is not None
        assert (f"{context.trace_id:032x}", f"{context.span_id:016x}") == (TRACE_ID, PARENT_ID)
        assert context.trace_flags == 1
        assert context.is_remote


def test_two_traceparents_are_no_context() -> None:
    """Which of them is meant cannot be known."""
    assert remote_context([SAMPLED, SAMPLED]) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"a=1"], "a=1"),
        ([b"a=1", b"b=2"], "a=1,b=2"),
        ([b" a=1 , ,tenant@vendor=x y "], "a=1,tenant@vendor=x y"),
        ([b"a"], ""),
        ([b"A=1"], ""),
        ([b"a=1,a=2"], ""),
        ([b"a=\xff"], ""),
        ([b"a=" + b"x" * 512], ""),
        ([b"a=1=2"], ""),
        ([b" " * 511], ""),
        ([b"a= " + b" " * 500 + b"="], ""),
        ([b"a= ," * 31 + b" " * 380 + b"="], ""),
        ([b"a=b  " * 100 + b"\0"], ""),
        ([b",".join(b"k%d=v" % number for number in range(33))], ""),
    ],
)
def test_tracestate_is_taken_whole_or_not_at_all(
    values: list[bytes], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One bad member, or more than 512 characters, and none of it is used; nothing is logged of it either."""
    context = remote_context([SAMPLED, *[(b"tracestate", value) for value in values]])
    assert context is not None
    assert context.trace_state.to_header() == expected
    assert not caplog.records


async def test_function_of_the_scope_decides_for_each_request() -> None:
    """An application continues the traces of callers that it has authenticated, and of nobody else."""
    provider, recorder = recording_provider()

    def trusted(scope: Scope) -> Continuation:
        token = dict(scope["headers"]).get(b"x-token", b"")
        return Continuation.CONTINUE if hmac.compare_digest(token, b"opensesame") else Continuation.RESTART_WITHOUT_LINK

    app = TracingMiddleware(hello, tracer_provider=provider, continuation=trusted)
    await drive(app, http_scope(headers=[SAMPLED, (b"x-token", b"opensesame")]))
    await drive(app, http_scope(headers=[SAMPLED, (b"x-token", b"guess")]))
    assert [span.parent_id for span in recorder.spans] == [PARENT_ID, None]


@pytest.mark.parametrize(
    ("header", "root", "recorded"),
    [
        (SAMPLED, ALWAYS_OFF, True),
        (NOT_SAMPLED, ALWAYS_ON, False),
        (SAMPLED, TraceIdRatioBased(0.0), True),
        (NOT_SAMPLED, TraceIdRatioBased(1.0), False),
    ],
)
async def test_continued_trace_follows_its_parent(
    header: tuple[bytes, bytes], root: TraceIdRatioBased, recorded: bool
) -> None:
    """With a parent-based sampler the caller's flag decides; unsampled, the caller's trace id is still passed on."""
    provider, recorder = recording_provider(sampler=ParentBased(root))
    inside: list[trace.SpanContext] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inside.append(trace.get_current_span().get_span_context())
        await hello(scope, receive, send)

    traced = TracingMiddleware(app, tracer_provider=provider, continuation=Continuation.CONTINUE)
    await drive(traced, http_scope(headers=[header, STATE]))
    assert bool(recorder.spans) is recorded
    (context,) = inside
    assert (f"{context.trace_id:032x}", context.trace_flags == 1) == (TRACE_ID, recorded)
    assert f"{context.span_id:016x}" != PARENT_ID
    assert context.trace_state.to_header() == "vendor=opaque,other=1"
