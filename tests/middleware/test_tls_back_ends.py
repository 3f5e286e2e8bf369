"""TLS means TLS: back ends that want it get it, and no credential is ever sent without it unless plain text was asked for."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider

from rootspan import ConfigurationError, create_tracer_provider
from tests.middleware.back_ends import Authority, grpc_back_end, http_back_end

KEY = "SUPERSECRET"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.into(tmp_path)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key={KEY},authorization=Basic%20YTpi")


@contextmanager
def one_span(endpoint: str | None = None, *, insecure: bool | None = None) -> Iterator[TracerProvider]:
    """A provider with one span that has ended."""
    provider = create_tracer_provider(
        service_name="shop",
        endpoint=endpoint,
        insecure=insecure,
        shutdown_timeout=0.4,
        sampling_rate_per_million=1_000_000,
    )
    try:
        provider.get_tracer("t").start_span("one").end()
        yield provider
    finally:
        provider.shutdown()


@pytest.mark.parametrize(
    "roots", ["SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"]
)
@pytest.mark.parametrize("place", ["argument", "environment"])
def test_https_endpoint_is_reached_with_the_roots_that_are_trusted(
    roots: str, place: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's roots, which SSL_CERT_FILE stands for, or a file named for OTLP verify the back end, and the key arrives."""
    monkeypatch.setenv(roots, str(authority.path))
    with grpc_back_end(authority) as (address, received):
        if place == "environment":
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"https://{address}")
        with one_span(f"https://{address}" if place == "argument" else None) as provider:
            assert provider.force_flush(20_000)
        headers, request = received.get(timeout=1)
    assert (headers["x-api-key"], headers["authorization"]) == (KEY, "Basic YTpi")
    (of_service,) = request.resource_spans
    assert {pair.key: pair.value.string_value for pair in of_service.resource.attributes}["service.name"] == "shop"
    assert [span.name for span in of_service.scope_spans[0].spans] == ["one"]


def test_roots_may_be_a_directory(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_DIR is a directory of certificates by their hashes, as OpenSSL has them; what is broken there is no harm."""
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "0a1b2c3d.0").symlink_to(authority.path)
    (tmp_path / "roots" / "0a1b2c3e.0").symlink_to(tmp_path / "none")
    (tmp_path / "roots" / "readme").write_text("not a certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "roots"))
    with grpc_back_end(authority) as (address, received), one_span(f"https://{address}") as provider:
        assert provider.force_flush(20_000)
        assert not received.empty()


def test_back_end_that_is_not_trusted_receives_nothing(authority: Authority) -> None:
    """A certificate of an unknown authority ends the connection before anything is sent."""
    with grpc_back_end(authority) as (address, received), one_span(f"https://{address}") as provider:
        assert not provider.force_flush(1_000)
        assert received.empty()


@pytest.mark.parametrize("roots", ["SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE"])
def test_client_shows_its_certificate(roots: str, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """CLIENT_CERTIFICATE and CLIENT_KEY go with the system's roots as well as with CERTIFICATE."""
    certificate, key = authority.client_files()
    for name, value in (
        (roots, str(authority.path)),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key),
    ):
        monkeypatch.setenv(name, value)
    with grpc_back_end(authority, clients=True) as (address, received), one_span(f"https://{address}") as provider:
        assert provider.force_flush(20_000)
        assert received.get(timeout=1)[0]["x-api-key"] == KEY


def test_certificates_that_cannot_be_used_are_refused(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file, one that is no certificate, a certificate without its key, and one with another's are each a sentence."""
    certificate, key = authority.client_files()
    authority.ca.issue_cert("other.example").private_key_pem.write_to_path(tmp_path / "other.key")
    (tmp_path / "text").write_text("no certificate")
    for variables, sentence in (
        ({"CERTIFICATE": str(tmp_path / "none")}, r"none' cannot be used as certificates: .*No such file"),
        ({"CERTIFICATE": str(tmp_path / "text")}, r"text' cannot be used as certificates"),
        ({"CLIENT_CERTIFICATE": certificate}, r"a client's certificate and its key are needed both"),
        ({"CLIENT_KEY": key}, r"a client's certificate and its key are needed both"),
        (
            {"CLIENT_CERTIFICATE": certificate, "CLIENT_KEY": str(tmp_path / "other.key")},
            r"cannot be used as certificate and key",
        ),
    ):
        with monkeypatch.context() as environment:
            for name, value in variables.items():
                environment.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
            with pytest.raises(ConfigurationError, match=rf"TLS of the OTLP exporter: .*{sentence}"):
                create_tracer_provider(service_name="shop", endpoint="https://localhost:1")


def first_bytes(listener: socket.socket, provider: TracerProvider) -> bytes:
    """Return what the exporter sends before it gets any answer."""
    provider.force_flush(1)
    listener.settimeout(20)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(0.3)
        heard = b""
        try:
            while len(heard) < 65_536 and (more := connection.recv(65_536)):
                heard += more
        except TimeoutError:
            pass
        return heard


@pytest.mark.parametrize(
    ("form", "variables", "insecure", "secure"),
    [
        ("https://{}", {}, None, True),
        ("https://{}", {"OTEL_EXPORTER_OTLP_INSECURE": "true"}, None, True),
        ("https://{}", {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, None, True),
        ("{}", {"OTEL_EXPORTER_OTLP_INSECURE": "false"}, None, True),
        ("{}", {}, False, True),
        ("dns:///{}", {}, False, True),
        ("http://{}", {}, None, False),
        ("{}", {}, None, False),
        ("{}", {"OTEL_EXPORTER_OTLP_INSECURE": "false"}, True, False),
    ],
)
def test_first_bytes_on_the_wire(
    form: str, variables: dict[str, str], insecure: bool | None, secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS begins with a handshake and never shows the key; plain text is spoken where it was asked for, or on this host."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = form.format(f"127.0.0.1:{listener.getsockname()[1]}")
        with one_span(endpoint, insecure=insecure) as provider:
            heard = first_bytes(listener, provider)
    assert heard.startswith(b"\x16\x03\x01" if secure else b"PRI * HTTP/2.0")
    assert KEY.encode() not in heard or not secure


@pytest.mark.parametrize("secure", [True, False])
def test_otlp_over_http(secure: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """PROTOCOL=http/protobuf sends spans to /v1/traces, with the system's roots, the headers and the compression that are asked for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with (
        http_back_end(authority if secure else None) as (address, received),
        one_span(f"http{'s' if secure else ''}://{address}") as provider,
    ):
        assert provider.force_flush(20_000)
        path, headers, body = received.get(timeout=1)
    assert path == "/v1/traces"
    assert (headers["x-api-key"], headers["content-type"]) == (KEY, "application/x-protobuf")
    assert body.startswith(b"\x1f\x8b")


def test_no_proxy_is_asked_for_a_back_end_on_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy` without a `no_proxy` does not take the key of a local collector over HTTP to another machine."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    with http_back_end(None) as (proxy, overheard), http_back_end(None) as (address, received):
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        with one_span(address) as provider:
            assert provider.force_flush(20_000)
        assert received.get(timeout=1)[1]["x-api-key"] == KEY
        assert overheard.empty()


def test_redirection_is_not_followed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A back end with TLS cannot send the key on to one without."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    with http_back_end(None) as (plain, overheard):
        with (
            http_back_end(authority, redirection=f"http://{plain}/v1/traces") as (address, received),
            one_span(f"https://{address}") as provider,
        ):
            provider.force_flush(20_000)
            assert received.get(timeout=1)[1]["x-api-key"] == KEY
        assert overheard.empty()
