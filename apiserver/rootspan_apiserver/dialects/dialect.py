"""`Dialect`: everything about spans that depends on the emulated version.

Code that makes a span knows facts, by names that are the same in all versions (`audit_id`, `length`). A dialect maps each fact to an
attribute key, and leaves out the facts that its version does not record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opentelemetry.sdk.resources import Resource
from opentelemetry.util.types import AttributeValue

from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.dialects.events import SpanEvent
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.dialects.server_span import ServerSpan
from rootspan_apiserver.etcd.tracing import EtcdTracingTransport

Facts = Mapping[str, AttributeValue]
AttributeKeys = Mapping[str, str]


def facts(**values: AttributeValue) -> Facts:
    """Return what a span records, by the names of the facts."""
    return values


def keys(**attribute_keys: str) -> AttributeKeys:
    """Return the attribute key of each recorded fact, in the order of the attributes."""
    return MappingProxyType(attribute_keys)


def attributes(recorded: AttributeKeys, given: Facts) -> dict[str, AttributeValue]:
    """Return the attributes for those of the given facts that are recorded."""
    return {key: given[fact] for fact, key in recorded.items() if fact in given}


@dataclass(frozen=True, slots=True)
class EventDescription:
    """What an event of a span is called, and the attribute keys of its facts."""

    name: str
    keys: AttributeKeys = field(default_factory=keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanDescription:
    """What the span of an operation is called, the attribute keys of its facts, and its instrumentation scope.

    `slow_after` is the duration in nanoseconds from which the operation is logged as a text trace; None if it never is.
    """

    name: str
    scope: str
    keys: AttributeKeys = field(default_factory=keys)
    slow_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceKeys:
    """The attribute keys that conformance has to know: all but the first hold values that differ from recording to recording.

    Attributes:
        requests: Identify the request of a server span.
        numbers: Sizes, counts and ports.
        ids: Audit ids and other UUIDs.
        objects: Hold the name of an object, which may be generated.
        revisions: Resource versions.
    """

    requests: tuple[str, ...]
    numbers: frozenset[str]
    ids: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The spans of one version of kube-apiserver.

    Attributes:
        version: The value of `--emulated-version`, `major.minor`.
        server_span: The middleware that makes the server span.
        http_client: The transport that makes the client spans of calls to webhooks and of the loopback client.
        etcd_client: The transport that makes the client spans of calls to etcd.
        spans: The internal spans. An operation that is not among them has none.
        text_traces: The operations in the log's traces of slow requests.
        events: The events of both. What is not among them is not recorded.
        resource: Makes the resource of all spans from the host name.
        joins_traces: Whether the loopback client's traces are continued, and other callers' traces can be linked.
        flushes_at_shutdown: Whether the spans that wait for the next batch are sent before the process ends.
        strict_tracing_configuration: Whether unknown and duplicate fields of the tracing configuration are refused.
        conformance: The attribute keys that `rootspan conformance` treats in a special way.
    """

    version: str
    server_span: type[ServerSpan]
    http_client: type[AsyncTracingTransport]
    etcd_client: type[EtcdTracingTransport]
    spans: Mapping[InternalOperation, SpanDescription]
    text_traces: Mapping[InternalOperation, SpanDescription]
    events: Mapping[SpanEvent, EventDescription]
    resource: Callable[[str], Resource]
    joins_traces: bool
    flushes_at_shutdown: bool
    strict_tracing_configuration: bool
    conformance: ConformanceKeys
