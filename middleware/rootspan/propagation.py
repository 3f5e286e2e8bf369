"""The trace context of an outgoing request: which headers are taken out of it, and what is written into them.

An application that answers a request often copies its headers into a request of its own. The trace context among them is its
caller's: it is taken out, in the W3C format and in every format that the global propagator writes (b3 for instance). The
context of the call's own span is written in these formats.
"""

import re
from urllib.parse import quote

from opentelemetry.baggage import get_all
from opentelemetry.context import Context
from opentelemetry.propagate import get_global_textmap
from opentelemetry.trace import NonRecordingSpan, SpanContext

from rootspan.client_attributes import Headers
from rootspan.current import SPAN_KEY
from rootspan.inner_scope import W3C_HEADERS

MOST_MEMBERS = 64
LONGEST_BAGGAGE = 8192
"""How many members, and bytes in all, every platform has to pass on: https://www.w3.org/TR/baggage/#limits."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def strip(headers: Headers, names: frozenset[bytes]) -> None:
    """Take these headers out; `names` are in lower case."""
    for name in {name.lower() for name, _ in headers.raw} & names:
        del headers[name.decode("ascii")]


def add_baggage(headers: Headers, context: Context) -> None:
    """Write the baggage of a context into the header `baggage`, after the members that are already there.

    A key that is already there keeps its value. What does not fit into the limits of the W3C is left out, as is a key that is not
    a token.
    """
    entries = get_all(context)
    if not entries:
        return
    present = [value.decode("latin-1") for name, value in headers.raw if name.lower() == b"baggage"]
    members = [member.strip() for value in present for member in value.split(",") if member.strip()]
    keys = {re.split("[=;]", member)[0].strip() for member in members}
    length = sum(len(member) + 1 for member in members)
    for key, value in entries.items():
        member = f"{key}={quote(str(value), safe='', errors='replace')}"
        if key in keys or not _TOKEN.fullmatch(key) or length + len(member) > LONGEST_BAGGAGE:
            continue
        if len(members) >= MOST_MEMBERS:
            break
        members.append(member)
        length += len(member) + 1
    headers["baggage"] = ",".join(members)


class OtherFormats:
    """The formats besides the W3C's in which the global propagator writes a span context.

    Attributes:
        headers: Their headers, in lower case; empty for the propagator that is the default.
    """

    def __init__(self) -> None:
        self._propagator = get_global_textmap()
        self.headers = frozenset(name.lower().encode() for name in self._propagator.fields) - W3C_HEADERS

    def inject(self, headers: Headers, span_context: SpanContext) -> None:
        """Write a span context in these formats."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, Context({SPAN_KEY: NonRecordingSpan(span_context)}))
        for name, value in carrier.items():
            if name.lower().encode() in self.headers:
                headers[name] = value
