"""What a span says of its request: bounded, encodable, without secrets, and never a reason to fail."""

from typing import Any

import pytest

from rootspan import Continuation, Scope, TracingMiddleware
from rootspan.redaction import SENSITIVE_PARAMETERS, QueryRedaction
from rootspan.route import route_of
from rootspan.server_attributes import request_attributes
from rootspan.testing import recording_provider
from tests.middleware.asgi import Receive, Send, drive, hello, http_scope, websocket_scope

pytestmark = pytest.mark.anyio

REDACT = QueryRedaction(SENSITIVE_PARAMETERS)


async def test_attributes_of_a_request() -> None:
    """They are those of the stable HTTP semantic conventions, and no others."""
    provider, recorder = recording_provider()
    scope = http_scope(
        "/orders/7",
        raw_path=b"/orders/%37?not=this",
        query_string=b"page=2&access_token=abc",
        headers=[(b"user-agent", b"curl/8"), (b"authorization", b"Bearer secret"), (b"cookie", b"id=secret")],
    )
    await drive(TracingMiddleware(hello, tracer_provider=provider), scope)
    (span,) = recorder.spans
    assert span.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/orders/%37",
        "url.query": "page=2&access_token=REDACTED",
        "network.protocol.version": "1.1",
        "client.address": "198.51.100.7",
        "server.address": "shop.example",
        "user_agent.original": "curl/8",
    }
    assert (span.kind, span.scope.name, span.events, span.status_message) == ("SERVER", "rootspan", (), "")


@pytest.mark.parametrize(
    "missing", ["http_version", "scheme", "path", "raw_path", "query_string", "headers", "client", "server", "method"]
)
@pytest.mark.parametrize("scope", [http_scope(), websocket_scope()])
async def test_scope_without_a_key_is_traced(scope: dict[str, Any], missing: str) -> None:
    """A key that ASGI requires, or makes optional, may be missing: there is one span, and no error."""
    provider, recorder = recording_provider()
    await drive(
        TracingMiddleware(hello, tracer_provider=provider),
        {key: value for key, value in scope.items() if key != missing},
    )
    assert [span.status for span in recorder.spans] == ["UNSET"]


@pytest.mark.parametrize(
    "headers", [[(b"host",)], [b"host"], [("host", "a")], [(b"host", "a"), (b"traceparent", 1)], "host", 7]
)
@pytest.mark.parametrize("continuation", Continuation)
async def test_malformed_headers_do_not_raise(headers: Any, continuation: Continuation) -> None:
    """Headers that are no pairs of bytes are not read; the application is called with its own context, and there is one span."""
    provider, recorder = recording_provider()
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["headers"][-1][0])
        await hello(scope, receive, send)

    await drive(
        TracingMiddleware(app, tracer_provider=provider, continuation=continuation),
        {**http_scope(), "headers": headers},
    )
    assert seen == [b"traceparent"]
    assert [span.status for span in recorder.spans] == ["UNSET"]


async def test_websocket_scope_without_scheme_and_version_has_the_defaults_of_asgi() -> None:
    """The scheme is `ws`, the version 1.1."""
    scope = {key: value for key, value in websocket_scope().items() if key not in ("scheme", "http_version")}
    attributes = request_attributes(scope, REDACT)
    assert (attributes["url.scheme"], attributes["network.protocol.version"]) == ("ws", "1.1")


async def test_attributes_of_a_websocket() -> None:
    """A websocket opens with GET; its scheme is its own."""
    attributes = request_attributes(websocket_scope("/chat", scheme="wss"), REDACT)
    assert (attributes["http.request.method"], attributes["url.scheme"], attributes["url.path"]) == (
        "GET",
        "wss",
        "/chat",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"method": "QUERY"}, {"http.request.method": "QUERY", "http.request.method_original": None}),
        ({"method": "BREW"}, {"http.request.method": "_OTHER", "http.request.method_original": "BREW"}),
        ({"method": "get"}, {"http.request.method": "_OTHER", "http.request.method_original": "get"}),
        ({"method": "X" * 5000}, {"http.request.method": "_OTHER", "http.request.method_original": "X" * 1024}),
        ({"raw_path": None, "path": "/\udcff"}, {"url.path": "/?"}),
        ({"raw_path": b"/\xff\x00"}, {"url.path": "/\xff\x00"}),
        ({"raw_path": b"/" + b"x" * 100_000}, {"url.path": "/" + "x" * 1023}),
        ({"query_string": b"\xff=\xfe"}, {"url.query": "\xff=\xfe"}),
        ({"query_string": b""}, {"url.query": None}),
        ({"client": None}, {"client.address": None}),
        ({"client": ("\udcff", 1)}, {"client.address": "?"}),
        ({"headers": []}, {"server.address": "127.0.0.1", "server.port": 8000}),
        (
            {"headers": [], "server": ("/run/shop.sock", None)},
            {"server.address": "/run/shop.sock", "server.port": None},
        ),
        ({"headers": [], "server": None}, {"server.address": None}),
        ({"headers": [(b"host", b"a:80"), (b"host", b"b:81")]}, {"server.address": "a", "server.port": 80}),
        ({"headers": [(b"host", b"[::1]:80")]}, {"server.address": "::1", "server.port": 80}),
        ({"headers": [(b"host", b"[::1]")]}, {"server.address": "::1", "server.port": None}),
        ({"headers": [(b"host", b"[")]}, {"server.address": "[", "server.port": None}),
        ({"headers": [(b"host", b"::1:80")]}, {"server.address": "::1:80", "server.port": None}),
        ({"headers": [(b"host", b"a:")]}, {"server.address": "a:", "server.port": None}),
        ({"headers": [(b"host", b":80")]}, {"server.address": None, "server.port": None}),
        ({"headers": [(b"host", b"a:999999")]}, {"server.address": "a:999999", "server.port": None}),
        ({"headers": [(b"host", b"a:\xb2")]}, {"server.address": "a:\xb2", "server.port": None}),
        ({"headers": [(b"host", b"\xff\\x")]}, {"server.address": "\xff\\x", "server.port": None}),
        ({"headers": [(b"user-agent", b"\xff\\x")]}, {"user_agent.original": "\xff\\x"}),
        ({"headers": [(b"user-agent", "Жук".encode())]}, {"user_agent.original": "Жук"}),
        ({"headers": [(b"user-agent", "Ж".encode() * 1024)]}, {"user_agent.original": "Ж" * 512}),
        ({"headers": [(b"user-agent", b"x" + "Ж".encode() * 1024)]}, {"user_agent.original": "x" + "Ж" * 511}),
        ({"raw_path": b"http://u:s3cret@h/p?q"}, {"url.path": "/p"}),
        ({"raw_path": b"http://u:s3cret@h"}, {"url.path": "/"}),
        ({"raw_path": b"*"}, {"url.path": "*"}),
        ({"http_version": "1"}, {"network.protocol.version": "1.0"}),
        ({"http_version": "2.0"}, {"network.protocol.version": "2"}),
        ({"http_version": None}, {"network.protocol.version": "1.1"}),
        ({"http_version": 2}, {"network.protocol.version": "1.1"}),
        ({"scheme": None}, {"url.scheme": "http"}),
        ({"client": (None, None)}, {"client.address": None}),
        ({"client": ("", 0)}, {"client.address": None}),
        ({"client": "127.0.0.1"}, {"client.address": None}),
        ({"headers": [], "server": ("h",)}, {"server.address": None, "server.port": None}),
        ({"headers": [], "server": ("h", "8000")}, {"server.address": "h", "server.port": 8000}),
        ({"headers": [], "server": ("h", "http")}, {"server.address": "h", "server.port": None}),
        ({"headers": [], "server": ("h", 70000)}, {"server.address": "h", "server.port": None}),
        ({"headers": None}, {"server.address": "127.0.0.1"}),
        ({"method": None}, {"http.request.method": "_OTHER", "http.request.method_original": "None"}),
        ({"path": None, "raw_path": None}, {"url.path": "/"}),
        ({"query_string": None}, {"url.query": None}),
        ({"headers": [(b"user-agent", b"x" * 1_000_000)]}, {"user_agent.original": "x" * 1024}),
    ],
)
async def test_attributes_of_what_a_caller_may_send(changes: dict[str, Any], expected: dict[str, object]) -> None:
    """Values are cut and made encodable, and what cannot be told apart is left as it came; nothing fails."""
    provider, recorder = recording_provider()
    await drive(TracingMiddleware(hello, tracer_provider=provider), {**http_scope(), **changes})
    (span,) = recorder.spans
    assert {key: span.attributes.get(key) for key in expected} == expected
    assert len(span.name) < 10
    repr(span).encode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1", "a=1"),
        ("token", "token"),
        ("token=", "token=REDACTED"),
        ("token=x&a=1", "token=REDACTED&a=1"),
        ("a=1&Access_Token=x", "a=1&Access_Token=REDACTED"),
        ("csrfToken=x&X-Amz-Signature=y&sig=z", "csrfToken=REDACTED&X-Amz-Signature=REDACTED&sig=REDACTED"),
        ("AWSAccessKeyId=x&api_key=y", "AWSAccessKeyId=REDACTED&api_key=REDACTED"),
        ("tok%65n=x", "tok%65n=REDACTED"),
        ("token[]=x&token[a]=y", "token[]=REDACTED&token[a]=REDACTED"),
        ("tokens=1&passwords_shown=2", "tokens=1&passwords_shown=2"),
        ("zipcode=1&monkey=2&spin=3&country_code=4", "zipcode=1&monkey=2&spin=3&country_code=4"),
        ("max_tokens=1&keyboard=2&sortkeys=3&authors=4", "max_tokens=1&keyboard=2&sortkeys=3&authors=4"),
        ("code=1&CODE=2&device_code=3", "code=REDACTED&CODE=REDACTED&device_code=REDACTED"),
        ("access_token_x=1&id_token_hint=2", "access_token_x=REDACTED&id_token_hint=REDACTED"),
        ("accesstoken=1&userPassword=2&APIKEY=3", "accesstoken=REDACTED&userPassword=REDACTED&APIKEY=REDACTED"),
        ("JSESSIONID=1&PHPSESSID=2&session_id=3", "JSESSIONID=REDACTED&PHPSESSID=REDACTED&session_id=REDACTED"),
        ("api-key=1&accessKey=2&pin=3", "api-key=REDACTED&accessKey=REDACTED&pin=REDACTED"),
        ("q=token=x", "q=token=x"),
        ("&&=&", "&&=&"),
        ("token=" + "x" * 5000, "token=REDACTED"),
    ],
)
def test_secrets_in_a_query_are_not_recorded(query: str, expected: str) -> None:
    """A parameter whose name has a word of the list keeps its name and loses its value."""
    assert REDACT(query) == REDACT(query.encode()) == expected


def test_list_of_sensitive_parameters_is_the_user_s() -> None:
    """Words can be added, and the list can be emptied."""
    assert QueryRedaction([*SENSITIVE_PARAMETERS, "Name"])("name=x&token=y&a=z") == "name=REDACTED&token=REDACTED&a=z"
    assert QueryRedaction([])("token=x") == "token=x"


async def test_middleware_takes_the_list() -> None:
    """`sensitive_parameters` is what the span's query is redacted by."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(hello, tracer_provider=provider, sensitive_parameters=["email"])
    await drive(app, http_scope(query_string=b"email=a&token=b"))
    assert recorder.spans[0].attributes["url.query"] == "email=REDACTED&token=b"


class Route:
    """What Starlette leaves in the scope, as far as it is read."""

    def __init__(self, path: str, path_format: str | None = None) -> None:
        self.path = path
        self.path_format = path_format or path


@pytest.mark.parametrize(
    "changes",
    [
        {"raw_path": "/text"},
        {"scheme": "x" * 100_000},
        {"scheme": "\ud800", "http_version": "\ud800"},
        {"headers": [(b"host", bytearray(b"shop:80")), (b"user-agent", memoryview(b"curl"))]},
    ],
)
def test_optional_scope_fields_are_optional_attributes(changes: dict[str, Any]) -> None:
    """Text for bytes, other buffers, a scheme that a proxy's header named: nothing raises, all is bounded text."""
    for value in request_attributes(http_scope(**changes), REDACT).values():
        assert len(str(value).encode()) <= 1024


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, None),
        ({"route": object()}, None),
        ({"route": Route("/b"), "root_path": None, "path_params": None}, "/b"),
        ({"route": Route("/a/{id:int}", "/a/{id}"), "path_params": {"id": 7}}, "/a/{id}"),
        ({"path_template": "/a/{id}"}, "/a/{id}"),
        ({"route": Route("/b"), "root_path": "/proxy"}, "/proxy/b"),
        ({"route": Route("/b"), "root_path": "/proxy/a", "app_root_path": "/proxy"}, "/proxy/a/b"),
        ({"route": Route("/s", "/s/{path}"), "root_path": "/s", "app_root_path": ""}, "/s"),
        ({"route": Route("", "/{path}"), "root_path": "", "app_root_path": ""}, "/"),
        (
            {
                "route": Route("/b/{id}"),
                "root_path": "/t/evil",
                "app_root_path": "",
                "path_params": {"id": 1, "tenant": "evil"},
            },
            "/t/{tenant}/b/{id}",
        ),
        (
            {"route": Route("/b"), "root_path": "/t/1.50", "app_root_path": "", "path_params": {"tenant": 1.5}},
            None,
        ),
    ],
)
def test_route_is_a_template_or_nothing(scope: dict[str, Any], expected: str | None) -> None:
    """The values that a caller put into a path are never part of the route."""
    assert route_of(scope) == expected
