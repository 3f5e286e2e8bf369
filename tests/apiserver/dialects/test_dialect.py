"""The dialects are complete, and their server spans are right for unusual requests."""

from typing import Any

import pytest
from opentelemetry.trace import NoOpTracerProvider

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.server_span import LONGEST_TARGET, target
from rootspan_apiserver.dialects.v1_22 import V1_22
from rootspan_apiserver.dialects.v1_36 import V1_36
from rootspan_apiserver.dialects.versions import DIALECTS


def scope(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    defaults = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": "/é/x",
        "raw_path": b"/%C3%A9/x",
        "query_string": b"a=1&token=t",
        "http_version": "1.1",
        "client": ("10.0.0.1", 1234),
        "headers": list(headers),
    }
    return defaults | more


async def nothing(*_: object) -> None:
    raise AssertionError("nothing is served")


def attributes_of(version: str, asked: dict[str, Any]) -> dict[str, Any]:
    spans = DIALECTS[version].server_span(nothing, tracer_provider=NoOpTracerProvider())
    return dict(spans.request_attributes(asked))


def test_each_version_has_its_dialect() -> None:
    """The table of versions has each dialect under its own version."""
    assert {version: dialect.version for version, dialect in DIALECTS.items()} == {"1.22": "1.22", "1.36": "1.36"}


@pytest.mark.parametrize(
    ("method", "path", "query", "name"),
    [
        ("GET", "/api/v1/namespaces/foo", "", "GET /api/v1/namespaces/{:namespace}/namespaces/{:name}"),
        ("PUT", "/api/v1/namespaces/foo/status", "", "PUT /api/v1/namespaces/{:namespace}/namespaces/{:name}/status"),
        ("GET", "/api/v1/pods", "fieldSelector=metadata.name=foo", "GET /api/v1/pods/{:name}"),
        ("GET", "/api/v1/namespaces/n/pods/p/proxy/a/b", "", "GET /api/v1/namespaces/{:namespace}/pods/{:name}/proxy"),
        ("GET", "/apis/apps/v1", "", "GET"),
        ("HEAD", "/api/v1/pods", "", "HEAD /api/v1/pods"),
    ],
)
def test_span_names(method: str, path: str, query: str, name: str) -> None:
    """The server span of v1.36 is named after the route, with placeholders for the parts that a caller chooses."""
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    assert V1_36.server_span.span_name(scope) == name


def test_all_requests_of_v122_have_one_name() -> None:
    """The server span of v1.22 has the name of otelhttp's operation."""
    assert V1_22.server_span.span_name(scope(path="/api/v1/pods")) == "KubernetesAPI"


@pytest.mark.parametrize("version", DIALECTS)
def test_every_operation_and_every_event_is_described(version: str) -> None:
    """No operation is forgotten in the log's text traces, and no event; internal spans exist for all operations or none."""
    dialect = DIALECTS[version]
    known = {each for each in vars(operations).values() if isinstance(each, operations.InternalOperation)}
    assert dialect.text_traces.keys() == known
    assert dialect.spans.keys() == (set() if version == "1.22" else known)
    assert dialect.events.keys() == {each for each in vars(events).values() if isinstance(each, events.SpanEvent)}


def test_query_is_part_of_the_target_only() -> None:
    """v1.36 has the path decoded in `url.path`, the query only in `http.target`, and that as it was sent, up to a limit."""
    asked = scope((b"host", b"example.com:6443"))
    assert "url.query" not in attributes_of("1.36", asked)
    assert attributes_of("1.36", asked)["url.path"] == "/é/x"
    assert target(asked) == "/%C3%A9/x?a=1&token=t"
    assert len(target(scope(query_string=b"x" * 100_000))) == LONGEST_TARGET


@pytest.mark.parametrize(
    ("host", "port"), [(b"example.com:6443", 6443), (b"example.com:443", None), (b"example.com", None)]
)
def test_default_port_is_not_recorded(host: bytes, port: int | None) -> None:
    """The server's port is recorded unless it is the scheme's default, 443 for HTTPS."""
    assert attributes_of("1.36", scope((b"host", host))).get("server.port") == port


def test_client_address_is_taken_from_x_forwarded_for() -> None:
    """v1.36 takes the first hop of X-Forwarded-For, v1.22 the whole of it."""
    asked = scope((b"x-forwarded-for", b"9.9.9.9, 8.8.8.8"))
    assert attributes_of("1.36", asked)["client.address"] == "9.9.9.9"
    assert attributes_of("1.22", asked)["http.client_ip"] == "9.9.9.9, 8.8.8.8"
    assert attributes_of("1.36", scope())["client.address"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"127.0.0.1:6443", {"net.host.ip": "127.0.0.1", "net.host.port": 6443}),
        (b"[::1]:6443", {"net.host.ip": "::1", "net.host.port": 6443}),
        (b"example.com:6443", {"net.host.name": "example.com", "net.host.port": 6443}),
        (b"example.com", {"net.host.name": "example.com"}),
        (b"\xff:x", {"net.host.name": "\xff:x"}),
        (b"example.com:\xb2", {"net.host.name": "example.com:\xb2"}),
        (b"a:" + b"9" * 19, {"net.host.name": "a:" + "9" * 19}),
    ],
)
def test_host_attributes_of_v122(host: bytes, expected: dict[str, object]) -> None:
    """An address is an ip, anything else a name; a port is recorded if it is a 64-bit number."""
    found = attributes_of("1.22", scope((b"host", host)))
    assert {key: value for key, value in found.items() if key.startswith("net.host.")} == expected
