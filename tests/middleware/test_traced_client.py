"""A client that exists already is traced on every way that its requests take: its own, its proxies', its mounts'."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket
from typing import Any

import hypercorn.asyncio
import pytest
import trustme
from anyio.from_thread import start_blocking_portal
from hypercorn.config import Config

from rootspan.testing import recording_provider, tree
from tests.middleware.clients import FORGED, Http, Upstream, serving_upstream

pytestmark = pytest.mark.anyio

RESENT = ("http.response.status_code", "http.request.resend_count")


@pytest.fixture(scope="module")
def proxy() -> Iterator[Upstream]:
    """A proxy for requests to `http:` URLs, that answers them itself."""
    with serving_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upstream, ssl.SSLContext]]:
    """A server that speaks TLS, and HTTP/2 to those who can, and what a client of it has to trust."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    app = Upstream()
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving_tls(app, file)) as address:
        app.url = f"https://{address}"
        yield app, trust


@asynccontextmanager
async def serving_tls(app: Upstream, file: Path) -> AsyncIterator[str]:
    listener = socket()
    listener.bind(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile = config.keyfile = str(file)
    config.loglevel = "CRITICAL"
    sockets = config.create_sockets()
    stop = asyncio.Event()
    config.create_sockets = lambda: sockets  # type: ignore[method-assign] # whose port is known before it serves
    sockets.secure_sockets[0].listen()  # a client may come before the task below listens
    host, port = sockets.secure_sockets[0].getsockname()
    serving = asyncio.create_task(hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type] # looser
    try:
        yield f"{host}:{port}"
    finally:
        stop.set()
        await asyncio.wait_for(serving, 10)


@asynccontextmanager
async def tunnels() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that answers CONNECT by a tunnel. Yields its URL, and where it was asked to connect to."""
    asked: list[str] = []
    open_tunnels: list[asyncio.Task[None] | None] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_tunnels.append(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode())
        host, _, port = head.split()[1].decode().rpartition(":")
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pass_on(reader, upstream_writer), pass_on(upstream_reader, writer))

    async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", asked
        await asyncio.wait_for(asyncio.gather(*filter(None, open_tunnels)), 10)


async def test_calls_through_a_proxy_are_traced(http: Http, proxy: Upstream) -> None:
    """The span names the server, not the proxy; the caller's context is taken out, and the span's own is sent."""
    proxy.clear()
    provider, recorder = recording_provider()
    client = http.client(proxy=proxy.url, trust_env=False)
    assert http.tracing.traced(client, tracer_provider=provider) is client
    async with http.opened(client):
        await http.call(client.get, "http://shop.example/404", headers=FORGED)
    (span,) = recorder.spans
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("shop.example", 80)
    assert span.status == "ERROR"
    (sent,) = proxy.headers
    assert (sent["host"], sent["traceparent"]) == ("shop.example", f"00-{span.trace_id}-{span.span_id}-01")
    assert "evil" not in repr(sent)


async def test_calls_over_tls_through_a_tunnel_are_traced(http: Http, secure: tuple[Upstream, ssl.SSLContext]) -> None:
    """`verify` and `proxy` together: the server's certificate is verified, and the proxy sees no context."""
    upstream, trust = secure
    upstream.clear()
    provider, recorder = recording_provider()
    async with tunnels() as (url, asked):
        client = http.client(proxy=url, verify=trust, trust_env=False)
        async with http.opened(http.tracing.traced(client, tracer_provider=provider)):
            await http.call(client.get, f"{upstream.url}/200", headers=FORGED)
    (span,) = recorder.spans
    (sent,) = upstream.headers
    assert sent["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"
    assert len(asked) == 1
    assert "traceparent" not in asked[0]


async def test_proxies_of_the_environment_are_kept(
    http: Http, proxy: Upstream, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HTTP_PROXY` and `NO_PROXY` are the client's business, and both ways are traced."""
    proxy.clear()
    provider, recorder = recording_provider()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = http.tracing.traced(http.client(), tracer_provider=provider)
    async with http.opened(client):
        await http.call(client.get, "http://shop.example/200")
        await http.call(client.get, f"{upstream.url}/200")
    assert len(recorder.spans) == 2
    sent = [headers["traceparent"].split("-")[2] for headers in (*proxy.headers, *upstream.headers)]
    assert sent == [span.span_id for span in recorder.spans]
    assert None in client._mounts.values()


async def test_mounts_are_traced_and_lead_where_they_led(http: Http, upstream: Upstream) -> None:
    """A mounted transport still answers, and a mount of None still leads to the client's own transport."""
    provider, recorder = recording_provider()
    mounted = http.answering(lambda request: http.library.Response(204, headers=request.headers))
    client = http.client(mounts={"all://": mounted, "all://127.0.0.1": None}, trust_env=False)
    async with http.opened(http.tracing.traced(client, tracer_provider=provider)):
        response = await http.call(client.get, "http://shop.example/", headers=FORGED)
        await http.call(client.get, f"{upstream.url}/200", headers=FORGED)
    first, second = recorder.spans
    assert response.headers["traceparent"] == f"00-{first.trace_id}-{first.span_id}-01"
    assert upstream.headers[0]["traceparent"] == f"00-{second.trace_id}-{second.span_id}-01"
    assert [span.attributes["http.response.status_code"] for span in recorder.spans] == [204, 200]


@pytest.mark.parametrize(("arguments", "version"), [({"http2": True}, "2"), ({}, "1.1")])
async def test_options_of_the_connection_are_kept(
    http: Http, secure: tuple[Upstream, ssl.SSLContext], arguments: dict[str, Any], version: str
) -> None:
    """`verify` and `http2` hold for the client's own transport, which is still the one that connects."""
    upstream, trust = secure
    provider, recorder = recording_provider()
    async with http.opened(
        http.tracing.traced(http.client(verify=trust, trust_env=False, **arguments), tracer_provider=provider)
    ) as client:
        assert (await http.call(client.get, f"{upstream.url}/200")).text == "part" * 3
    strict = http.client(verify=ssl.create_default_context(), trust_env=False)
    async with http.opened(http.tracing.traced(strict, tracer_provider=provider)):
        with pytest.raises(http.library.ConnectError):
            await http.call(strict.get, f"{upstream.url}/200")
    trusted, refused = recorder.spans
    assert trusted.attributes["network.protocol.version"] == version
    assert refused.attributes["error.type"] == f"{http.name}.ConnectError"


async def test_redirects_are_calls_of_their_own_and_counted(http: Http, upstream: Upstream) -> None:
    """Each hop has a span and a context; from the first that is sent again on, its span tells how often that was."""
    provider, recorder = recording_provider()
    client = http.tracing.traced(http.client(follow_redirects=True, trust_env=False), tracer_provider=provider)
    async with http.opened(client):
        for _ in range(2):
            await http.call(client.get, f"{upstream.url}/moved/moved/200", headers=FORGED)
    hops = (
        "GET CLIENT test http.response.status_code=302",
        "GET CLIENT test http.response.status_code=302 http.request.resend_count=1",
        "GET CLIENT test http.response.status_code=200 http.request.resend_count=2",
    )
    assert tree(recorder.spans, attributes=RESENT) == "\n".join(hops * 2)
    assert [headers["traceparent"].split("-")[2] for headers in upstream.headers] == [
        span.span_id for span in recorder.spans
    ]
    assert "evil" not in repr(upstream.headers)


async def test_authentication_that_sends_again_is_counted(http: Http, upstream: Upstream) -> None:
    """The second request of digest authentication is a resend."""
    provider, recorder = recording_provider()
    auth = http.library.DigestAuth("user", "password")
    client = http.tracing.traced(http.client(auth=auth, trust_env=False), tracer_provider=provider)
    async with http.opened(client):
        await http.call(client.get, f"{upstream.url}/digest")
    assert tree(recorder.spans, attributes=RESENT) == (
        "GET CLIENT test http.response.status_code=401 ERROR\n"
        "GET CLIENT test http.response.status_code=200 http.request.resend_count=1"
    )
    assert "password" not in repr(recorder.spans)


async def test_only_requests_that_the_client_built_are_counted(http: Http, upstream: Upstream) -> None:
    """A retry of such a request is a resend as well. A request of the application's own is left alone, and not counted."""
    provider, recorder = recording_provider()
    client = http.tracing.traced(http.client(trust_env=False), tracer_provider=provider)
    built, own = client.build_request("GET", f"{upstream.url}/503"), http.library.Request("GET", f"{upstream.url}/503")
    async with http.opened(client):
        for request in (built, built, own, own):
            await http.call(client.send, request)
    assert [span.attributes.get("http.request.resend_count") for span in recorder.spans] == [None, 1, None, None]


async def test_client_is_traced_once(http: Http) -> None:
    """A second time is an error, and so is a client that was made with a tracing transport: its calls would count twice."""
    provider, _ = recording_provider()
    traced = http.tracing.traced
    with pytest.raises(ValueError, match=r"Client object at .* is traced already$"):
        traced(traced(http.client(), tracer_provider=provider), tracer_provider=provider)
    with pytest.raises(ValueError, match=r"is traced already$"):
        traced(http.traced(provider), tracer_provider=provider)


async def test_untraceable_client_is_refused_unchanged(http: Http) -> None:
    """A client of the other library, a mount of the other kind, and arguments of a wrong type."""
    provider, recorder = recording_provider()
    traced = http.tracing.traced
    other = Http("httpx" if http.name == "httpx2" else "httpx2", http.is_async)
    with pytest.raises(TypeError, match=rf"^traced of rootspan\.{http.name} takes a client of {http.name}, not <"):
        traced(other.client(), tracer_provider=provider)
    answering = http.answering(lambda request: http.library.Response(200))
    wrong = Http(http.name, not http.is_async).transport()
    client = http.client(transport=answering, mounts={"all://elsewhere.example": wrong})
    before = dict(vars(client))
    for arguments in ({"tracer_provider": provider}, {"tracer_provider": None}):
        with pytest.raises(TypeError, match="must be a"):
            traced(client, **arguments)
    assert vars(client) == before
    await http.call(client.get, "http://shop.example/")
    assert recorder.spans == []


async def test_arguments_hold_for_every_way(http: Http, upstream: Upstream) -> None:
    """Names, exclusion, redaction and baggage are those that were given, for mounts as well."""
    provider, recorder = recording_provider()
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request.headers)
        return http.library.Response(200)

    client = http.tracing.traced(
        http.client(transport=http.answering(answer), mounts={"all://mounted.example": http.answering(answer)}),
        tracer_provider=provider,
        span_name=lambda request: f"stock {request.method}",
        exclude=lambda request: request.url.path == "/healthz",
        sensitive_parameters=["voucher"],
        send_baggage=True,
    )
    async with http.opened(client):
        for host in ("shop.example", "mounted.example"):
            await http.call(client.get, f"http://{host}/?voucher=7", headers={"baggage": "a=1"})
            await http.call(client.get, f"http://{host}/healthz")
    assert [(span.name, span.attributes["url.full"]) for span in recorder.spans] == [
        ("stock GET", "http://shop.example/?voucher=REDACTED"),
        ("stock GET", "http://mounted.example/?voucher=REDACTED"),
    ]
    assert [headers.get("baggage") for headers in seen] == ["a=1", None, "a=1", None]
