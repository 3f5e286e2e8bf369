"""A recorded trace in few lines, to be compared with a literal.

One line a span: its name, and what of its attributes does not simply follow from the request. A line of `·` below it has its events,
with the keys of their attributes. The five filters, which are the same for all, are one line: as far as the request came. Calls of etcd
that follow each other and look the same are one, and an update that is tried again has the events of one that is not: a delete whose copy
from the cache is behind its own update is told so, and tries again, and whether that is so is chance.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rootspan_apiserver.conformance.normal_form import normal_trace
from rootspan_apiserver.conformance.recording import Attributes, Recorded, RecordedSpan

FILTERS = ("authentication", "audit", "constrainedimpersonation", "priorityandfairness", "authorization")
FOLLOWS = frozenset({"accept", "audit-id", "client", "protocol", "url", "user-agent", "method", "UID"}) | {
    *("api-group", "api-version", "name", "namespace", "resource", "group", "configuration"),
    *("http.request.method", "http.target", "url.scheme", "url.path", "user_agent.original", "client.address"),
    *("server.address", "server.port", "network.peer.address", "network.peer.port", "network.protocol.version"),
    *("rpc.system.name", "rpc.method", "http.request.body.size", "http.response.body.size"),
}
WRITERS = {
    "*responsewriter.outerWithCloseNotifyFlushAndHijack": "outer",
    "struct { httpsnoop.Unwrapper; http.ResponseWriter; http.Flusher; http.CloseNotifier; http.Hijacker }": "snooped",
    "*restful.Response": "restful",
}


def outline(recorded: Recorded) -> str:
    """The whole trace of an operation."""
    assert recorded.trace is not None, f"{recorded.operation} has no trace"
    return "\n".join(_lines(normal_trace(recorded.trace), ""))


def _lines(span: RecordedSpan, indent: str) -> list[str]:
    if span.name == FILTERS[0]:
        passed, span = _passed(span)
        assert passed == list(FILTERS[: len(passed)]), passed
        return [f"{indent}(filters as far as {passed[-1]})", *_below(span, indent)]
    lines = [indent + " ".join([span.name, *_status(span), *_shown(span.attributes)])]
    events = [_event(name, attributes) for name, attributes in _last_try(span) if name != "message"]
    if events:
        lines.append(f"{indent}  · {', '.join(events)}")
    return lines + _below(span, indent)


def _last_try(span: RecordedSpan) -> Sequence[tuple[str, Attributes]]:
    """The events of a span, without those of the tries before the last."""
    names = [name for name, _ in span.events]
    if "Retry value restored" not in names:
        return span.events
    last = len(names) - 1 - names[::-1].index("Retry value restored")
    return (*span.events[: names.index("About to Encode")], *span.events[last + 1 :])


def _below(span: RecordedSpan, indent: str) -> list[str]:
    printed = ["\n".join(_lines(child, indent + "  ")) for child in span.children]
    return [text for text, group in groupby(printed) for text in (text, *_again(group))]


def _again(group: Iterator[str]) -> list[str]:
    """What of a row of equal texts is not to be left out, after the first."""
    return [text for text in list(group)[1:] if not text.lstrip().startswith("etcdserverpb.")]


def _passed(span: RecordedSpan) -> tuple[list[str], RecordedSpan]:
    """The filters a request came through, each the only child of the one before, and the last of them."""
    passed = [span.name]
    while len(span.children) == 1 and span.children[0].name in FILTERS:
        (span,) = span.children
        passed.append(span.name)
    return passed, span


def _status(span: RecordedSpan) -> list[str]:
    shown = ["linked"] * len(span.links)
    if span.status != "UNSET":
        shown.append(f"{span.status}: {span.status_message}" if span.status_message else span.status)
    return shown


def _shown(attributes: Attributes) -> list[str]:
    shown = []
    for key, value in attributes.items():
        if key == "encoder":
            shown.append(_encoder(str(value)))
        elif key not in FOLLOWS and not (key == "mediaType" and value == "application/json"):
            shown.append(f"{key.rpartition('.')[2]}={value!s}")
    return shown


def _encoder(identifier: str) -> str:
    """`{"encodeGV":"v1","encoder":"{\\"name\\":\\"json\\",…` as `v1 json`, with what is not false."""
    version = re.match(r'\{"encodeGV":"([^"]+)"', identifier)
    options = re.findall(r'\\"(\w+)\\":\\"true\\"', identifier)
    named = re.search(r'\\"name\\":\\"(\w+)\\"', identifier) or re.search(r'"encoder":"(\w+)"', identifier)
    return " ".join([*([version[1]] if version else []), named[1] if named else identifier, *options])


def _event(name: str, attributes: Attributes) -> str:
    if name == "About to start writing response" and attributes:
        return f"{name}({WRITERS[str(attributes['writer'])]}, size)"
    keys = [f"{key}={value!s}" if key == "err" else key for key, value in attributes.items()]
    return f"{name}({', '.join(keys)})" if keys else name
