"""The normal form in which recordings are compared: it does not depend on when and where an operation is performed.

Ids, times, sizes, counts, ports and values derived from them become placeholders. The one deliberate difference is removed: the SERVER span
is inside `authentication` in kube-apiserver since v1.33, outside of it here, and in another trace for ordinary users of kube-apiserver; in
the normal form SERVER is outermost and `authentication` its child. A request that `authentication` rejects has no SERVER span.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from rootspan.spans import AttributeValue
from rootspan_apiserver.conformance.recording import Attributes, RecordedSpan
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.dialects.dialect import SpanDescription
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.dialects.versions import DIALECTS

VOLATILE_HEADERS = frozenset(
    {"audit-id", "date", "content-length", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"}
)
_KEYS = tuple(dialect.conformance for dialect in DIALECTS.values())
_NUMBERS = frozenset().union(*(each.numbers for each in _KEYS))
_IDS = frozenset().union(*(each.ids for each in _KEYS))
_OBJECTS = frozenset().union(*(each.objects for each in _KEYS))
_REVISIONS = frozenset().union(*(each.revisions for each in _KEYS))
_VOLATILE_FIELDS = frozenset(
    {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "time",
        "continue",
        "lastTransitionTime",
        "token",
        "expirationTimestamp",
        "clusterIP",
        "clusterIPs",
        "startTime",
    }
)


def _described(operation: InternalOperation) -> Mapping[str, SpanDescription]:
    """Return how an operation's span is described, by the names that it has in the dialects."""
    descriptions = (dialect.spans.get(operation) for dialect in DIALECTS.values())
    return {described.name: described for described in descriptions if described is not None}


def _authentications() -> Mapping[str, RecordedSpan]:
    """Return the span of the authentication filter, by the name of the filter inside it."""
    found = {}
    for dialect in DIALECTS.values():
        outer, inner = dialect.spans.get(operations.AUTHENTICATION), dialect.spans.get(operations.AUDIT)
        if outer is not None and inner is not None:
            found[inner.name] = RecordedSpan(outer.name, scope=(outer.scope, ""))
    return found


_AUTHENTICATION = _described(operations.AUTHENTICATION)
_WRITE_RESPONSE = _described(operations.WRITE_RESPONSE)
_CALL_VALIDATING_WEBHOOK = _described(operations.CALL_VALIDATING_WEBHOOK)
_INSERTED_BEFORE = _authentications()
_HOST_AND_PORT = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost):\d+")
_REVISION = re.compile(r"((?:resourceVersion|resource-version)=)[1-9]\d*")
_CONTINUE = re.compile(r"(continue=)[^&]+")
_GENERATED = re.compile("-[bcdfghjklmnpqrstvwxz2456789]{5}$")
_AGE = re.compile(r"\d+[smhdy]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def normal_trace(root: RecordedSpan) -> RecordedSpan:
    """Return the normal form of a trace, given its root."""
    return _normal_span(_server_outermost(root))


def normal_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the normal form of a response's headers, by lower-case name."""
    return {
        name.lower(): _normal_text(value) for name, value in headers.items() if name.lower() not in VOLATILE_HEADERS
    }


def normal_body(body: str) -> Any:
    """Return the normal form of a response's body: an object if it is JSON, a list of objects if each line is."""
    try:
        return _normal_value(orjson.loads(body))
    except orjson.JSONDecodeError:
        lines = body.splitlines()
    try:
        return [_normal_value(orjson.loads(line)) for line in lines]
    except orjson.JSONDecodeError:
        return _normal_text(body)


def _server_outermost(root: RecordedSpan) -> RecordedSpan:
    if root.name in _AUTHENTICATION:
        servers = [child for child in root.children if child.kind == "SERVER"]
        if not servers:
            return root
        (server,) = servers
        return replace(server, children=(replace(root, children=server.children),))
    if root.kind != "SERVER" or root.scope[0] == "" or not root.children:
        return root
    below = root.children[0]
    if below.name not in _AUTHENTICATION:
        inserted = _INSERTED_BEFORE.get(below.name)
        return replace(root, children=(replace(inserted, children=root.children),)) if inserted else root
    refused = all(child.name in _WRITE_RESPONSE for child in below.children)
    return below if refused else root


def _normal_span(span: RecordedSpan) -> RecordedSpan:
    return replace(
        span,
        attributes=_normal_attributes(span.attributes),
        events=tuple((name, _normal_attributes(attributes)) for name, attributes in span.events),
        links=tuple(("<id>", "<id>") for _ in span.links),
        status_message=_normal_text(span.status_message),
        children=_side_by_side([_normal_span(child) for child in span.children]),
    )


def _side_by_side(children: list[RecordedSpan]) -> tuple[RecordedSpan, ...]:
    """Sort the spans of validating webhooks by name: they are called concurrently, so their order is not deterministic."""
    positions = [index for index, child in enumerate(children) if child.name in _CALL_VALIDATING_WEBHOOK]
    ordered = sorted((children[index] for index in positions), key=_webhook)
    for index, child in zip(positions, ordered, strict=True):
        children[index] = child
    return tuple(children)


def _webhook(call: RecordedSpan) -> str:
    return str(call.attributes.get(_CALL_VALIDATING_WEBHOOK[call.name].keys["webhook"]))


def _normal_attributes(attributes: Attributes) -> dict[str, AttributeValue]:
    return {key: _normal_attribute(key, attributes[key]) for key in sorted(attributes)}


def _normal_attribute(key: str, value: AttributeValue) -> AttributeValue:
    if key in _IDS:
        return "<id>"
    if key in _NUMBERS:
        return f"<{type(value).__name__}>"
    if key in _OBJECTS:
        return _GENERATED.sub("-<generated>", str(value))
    if key in _REVISIONS and str(value).isdigit() and value != "0":
        return "<revision>"
    return _normal_text(value) if isinstance(value, str) else value


def _normal_text(text: str) -> str:
    text = _HOST_AND_PORT.sub(r"\1:<port>", text)
    text = _REVISION.sub(r"\1<revision>", text)
    text = _CONTINUE.sub(r"\1<token>", text)
    return _TIME.sub("<time>", _UUID.sub("<id>", text))


def _normal_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: f"<{key}>" if key in _VOLATILE_FIELDS and item else _normal_value(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_normal_value(item) for item in value]
    if isinstance(value, str):
        return "<age>" if _AGE.fullmatch(value) else _GENERATED.sub("-<generated>", _normal_text(value))
    return value
