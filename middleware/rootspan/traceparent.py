"""The W3C headers `traceparent` and `tracestate`, read strictly and written with the flags 00 and 01 only.

https://www.w3.org/TR/trace-context/: a version other than 00 may be followed by more fields; a header that occurs twice,
an all-zero id, upper-case digits or version ff are invalid, and the context is then as good as absent. So is a header of more
than 512 characters; no shorter one takes longer to read than its length says.
"""

import re
from collections.abc import Iterable

from opentelemetry.trace import SpanContext, TraceFlags, TraceState

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[ -~]*)?")
_MEMBER = re.compile(r"[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[!-+\--<>-~ ]{1,256}")
_LONGEST = 512
_MOST_MEMBERS = 32
_BLANKS = " \t"

SAMPLED = "00-%032x-%016x-01"
UNSAMPLED = "00-%032x-%016x-00"
"""A `traceparent` with the trace id and the span id to be filled in."""


def remote_context(headers: Iterable[tuple[bytes, bytes]]) -> SpanContext | None:
    """Reads the span context that a caller sent.

    Args:
        headers: Lower-case names and values, as in an ASGI scope.

    Returns:
        The remote span context, its `tracestate` included if that is valid; None without exactly one valid `traceparent`.
    """
    parents: list[bytes] = []
    states: list[bytes] = []
    try:
        for name, value in headers:
            if name == b"traceparent":
                parents.append(bytes(value))
            elif name == b"tracestate":
                states.append(bytes(value))
    except (TypeError, ValueError):  # what no server sends
        return None
    if len(parents) != 1 or len(parents[0]) > _LONGEST:
        return None
    match = _TRACEPARENT.fullmatch(parents[0].strip(_BLANKS.encode()))
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(flags, 16) & TraceFlags.SAMPLED),
        trace_state=_trace_state(b",".join(states).decode("latin-1")),
    )


def header_of(context: SpanContext) -> bytes:
    """Return the `traceparent` of a span, for the headers of an ASGI scope."""
    trace_id, span_id, _, flags, _, _ = context
    return (b"00-%032x-%016x-01" if flags & 1 else b"00-%032x-%016x-00") % (trace_id, span_id)


def without_state(remote: SpanContext) -> SpanContext:
    """The same remote span, without what the caller's vendors say of it."""
    return SpanContext(remote.trace_id, remote.span_id, is_remote=True, trace_flags=remote.trace_flags)


def _trace_state(header: str) -> TraceState | None:
    if not header or len(header) > _LONGEST or header.count(",") >= _MOST_MEMBERS:
        return None
    members = [member.strip(_BLANKS) for member in header.split(",")]
    if not all(_MEMBER.fullmatch(member) for member in members if member):
        return None
    return TraceState.from_header([header])
