"""OpenTelemetry's variables for exporters mean what the specification says."""

import sys
from typing import Any

import pytest

from rootspan import ConfigurationError, create_tracer_provider
from rootspan.otlp import OTLPSettings
from rootspan.otlp_environment import settings
from rootspan.tls import TLSFiles

SYSTEM = TLSFiles()
PLAIN = None


def expected(target: str = "localhost:4317", tls: TLSFiles | None = PLAIN, **more: Any) -> OTLPSettings:
    return OTLPSettings(**{"target": target, "headers": {}, "timeout": 10, "gzip": False, "tls": tls, **more})


def variables(**values: str) -> dict[str, str]:
    return {f"OTEL_EXPORTER_OTLP_{name}": value for name, value in values.items()}


HTTP = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
PAIR = TLSFiles("", "/c.pem", "/k.pem")

SETTINGS = {
    "nothing": (None, None, {}, expected()),
    "an endpoint of the environment": (None, None, variables(ENDPOINT="http://otel:1"), expected("otel:1")),
    "https is TLS": (None, None, variables(ENDPOINT="https://otel:1"), expected("otel:1", SYSTEM)),
    "https is TLS on this machine too": (
        None,
        None,
        variables(ENDPOINT="https://localhost:1"),
        expected("localhost:1", SYSTEM),
    ),
    "https goes before INSECURE": (
        None,
        None,
        variables(ENDPOINT="https://otel:1", INSECURE="true"),
        expected("otel:1", SYSTEM),
    ),
    "http goes before INSECURE and CERTIFICATE": (
        None,
        None,
        variables(ENDPOINT="http://otel:1", INSECURE="false", CERTIFICATE="/ca.pem"),
        expected("otel:1"),
    ),
    "traces go before all signals": (
        None,
        None,
        variables(ENDPOINT="http://a:1", TRACES_ENDPOINT="https://b:2", TIMEOUT="1", TRACES_TIMEOUT="2500"),
        expected("b:2", SYSTEM, timeout=2.5),
    ),
    "an empty variable is none": (
        None,
        None,
        variables(ENDPOINT="http://a:1", TRACES_ENDPOINT=" "),
        expected("a:1"),
    ),
    "an argument goes before the environment": (
        "https://c",
        None,
        variables(TRACES_ENDPOINT="http://b:2"),
        expected("c:443", SYSTEM),
    ),
    "another host without a scheme": ("otel:1", None, {}, expected("otel:1", SYSTEM)),
    "this host without a scheme": ("127.0.0.1:1", None, {}, expected("127.0.0.1:1")),
    "this host with a certificate": (
        "localhost:1",
        None,
        variables(CERTIFICATE="/ca.pem"),
        expected("localhost:1", TLSFiles("/ca.pem")),
    ),
    "a name of gRPC's": ("dns:///otel:1", None, {}, expected("dns:///otel:1", SYSTEM)),
    "a socket": ("unix:///run/otel", None, {}, expected("unix:/run/otel")),
    "INSECURE": ("otel:1", None, variables(INSECURE="True"), expected("otel:1")),
    "INSECURE=false on this host": ("localhost:1", None, variables(INSECURE="false"), expected("localhost:1", SYSTEM)),
    "insecure goes before INSECURE": ("otel:1", True, variables(INSECURE="false"), expected("otel:1")),
    "not insecure goes before INSECURE": (
        "localhost:1",
        False,
        variables(INSECURE="true"),
        expected("localhost:1", SYSTEM),
    ),
    "a client's certificate": (
        "otel:1",
        None,
        variables(CLIENT_CERTIFICATE="/c.pem", CLIENT_KEY="/k.pem"),
        expected("otel:1", PAIR),
    ),
    "headers": (
        None,
        None,
        variables(HEADERS="Authorization=Basic%20YTpi, x-tenant = shop"),
        expected(headers={"authorization": "Basic YTpi", "x-tenant": "shop"}),
    ),
    "compression": (None, None, variables(TRACES_COMPRESSION="gzip"), expected(gzip=True)),
    "no compression": (None, None, variables(COMPRESSION="none"), expected()),
    "the batch's time-out bounds the exporter's": (
        None,
        None,
        {"OTEL_BSP_EXPORT_TIMEOUT": "500"},
        expected(timeout=0.5),
    ),
    "gRPC by name": (None, None, variables(PROTOCOL="grpc"), expected()),
    "HTTP": (None, None, HTTP, expected("http://localhost:4318/v1/traces", http=True)),
    "HTTP for traces only": (
        None,
        None,
        variables(TRACES_PROTOCOL="http/protobuf", PROTOCOL="grpc"),
        expected("http://localhost:4318/v1/traces", http=True),
    ),
    "HTTP: below an endpoint for all signals": (
        None,
        None,
        HTTP | variables(ENDPOINT="https://otel/base/"),
        expected("https://otel/base/v1/traces", SYSTEM, http=True),
    ),
    "HTTP: an endpoint for traces is whole": (
        None,
        None,
        HTTP | variables(TRACES_ENDPOINT="https://otel:1/in"),
        expected("https://otel:1/in", SYSTEM, http=True),
    ),
    "HTTP: an endpoint for traces without a path is the root": (
        None,
        None,
        HTTP | variables(TRACES_ENDPOINT="http://otel:1"),
        expected("http://otel:1/", http=True),
    ),
    "HTTP: an argument without a path": ("http://otel:1", None, HTTP, expected("http://otel:1/v1/traces", http=True)),
    "HTTP: an argument with a path": ("http://otel:1/in", None, HTTP, expected("http://otel:1/in", http=True)),
    "HTTP: another host without a scheme": (
        "otel",
        None,
        HTTP,
        expected("https://otel:4318/v1/traces", SYSTEM, http=True),
    ),
}

REFUSED = {
    "an endpoint of another scheme": (
        variables(ENDPOINT="ftp://otel"),
        "OTEL_EXPORTER_OTLP_ENDPOINT: the scheme 'ftp'",
    ),
    "an endpoint without a host": (
        variables(TRACES_ENDPOINT="https://"),
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://'",
    ),
    "JSON": (
        variables(PROTOCOL="http/json"),
        "OTEL_EXPORTER_OTLP_PROTOCOL='http/json' is not supported: spans are sent as",
    ),
    "another protocol": (
        variables(TRACES_PROTOCOL="smoke"),
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL='smoke' is not supported",
    ),
    "neither true nor false": (
        variables(INSECURE="maybe"),
        "OTEL_EXPORTER_OTLP_INSECURE='maybe' must be true or false",
    ),
    "a socket over HTTP": (
        HTTP | variables(ENDPOINT="unix:///run/otel"),
        "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf needs an",
    ),
}

REPORTED = {
    "a header without a value": (
        variables(HEADERS="x-key s3cret"),
        "an item of OTEL_EXPORTER_OTLP_HEADERS is not name=value",
    ),
    "a header that would end early": (variables(HEADERS="x-key=s3cret%0A"), "an item of OTEL_EXPORTER_OTLP_HEADERS"),
    "a header with a name of two words": (variables(HEADERS="x key=s3cret"), "an item of OTEL_EXPORTER_OTLP_HEADERS"),
    "a time that is none": (variables(TIMEOUT="soon"), "OTEL_EXPORTER_OTLP_TIMEOUT='soon' is not a positive number"),
    "another compression": (
        variables(COMPRESSION="zstd"),
        "OTEL_EXPORTER_OTLP_COMPRESSION='zstd' is neither gzip nor none",
    ),
    "a path for gRPC": (
        variables(ENDPOINT="http://localhost:4317/v1/traces"),
        "the path '/v1/traces' of the endpoint is not used by gRPC",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(case: str, caplog: pytest.LogCaptureFixture) -> None:
    """The arguments, then the variables for traces, then those for all signals say where spans go, and how."""
    endpoint, insecure, environment, settled = SETTINGS[case]
    assert settings(endpoint, insecure, environment) == settled
    assert caplog.records == []


@pytest.mark.parametrize("case", REFUSED)
def test_unsupported_variables_are_refused(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where spans go, and how safely, is never guessed: the sentence names the variable."""
    environment, sentence = REFUSED[case]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refusal:
        create_tracer_provider(service_name="shop")
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize("case", REPORTED)
def test_unused_variables_are_reported(case: str, caplog: pytest.LogCaptureFixture) -> None:
    """One line says what is not used, and never shows the value of a header."""
    environment, line = REPORTED[case]
    assert settings(None, None, environment) == expected()
    (record,) = caplog.records
    assert line in record.message
    assert "s3cret" not in record.message


def test_http_without_its_exporter_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """OTLP over HTTP is an extra; without it the provider is not made."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    monkeypatch.delitem(sys.modules, "rootspan.otlp_http", raising=False)
    # The import fails as if the package were not there.
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'rootspan\[otlp-http\]'"):
        create_tracer_provider(service_name="shop")
