"""What a tracing configuration takes, and the sentence for what it does not."""

import pytest

from rootspan import ConfigurationError, TracingConfiguration
from rootspan.endpoint import Endpoint

TARGETS = {
    "http://otel:4317": "otel:4317",
    "http://otel": "otel:4317",
    "HTTP://otel:1/v1/traces": "otel:1",
    "https://otel.example": "otel.example:443",
    "https://[2001:db8::1]:4317/": "[2001:db8::1]:4317",
    "otel:4317": "otel:4317",
    "otel": "otel:4317",
    "[::1]:4317": "[::1]:4317",
    " otel:4317\n": "otel:4317",
    "bücher:4317": "bücher:4317",
    "dns:///otel:4317": "dns:///otel:4317",
    "dns://192.0.2.1/otel:4317": "dns://192.0.2.1/otel:4317",
    "DNS:otel:4317": "dns:otel:4317",
    "ipv4:192.0.2.1:4317,192.0.2.2:4317": "ipv4:192.0.2.1:4317,192.0.2.2:4317",
    "unix:///run/otel.sock": "unix:/run/otel.sock",
    "unix:otel.sock": "unix:otel.sock",
    "unix-abstract://otel": "unix-abstract:otel",
}

REFUSED = {
    "": "endpoint: an address is expected, http://host:4317",
    "ftp://otel:21": "endpoint: the scheme 'ftp' of 'ftp://otel:21' is not understood; it can be http://host:4317",
    "grpc://otel:4317": "endpoint: the scheme 'grpc' of 'grpc://otel:4317' is not understood",
    "http://": "endpoint: 'http://' names no host",
    "http://:4317": "endpoint: 'http://:4317' names no host",
    "otel:0": "endpoint: 'otel:0' names no host, or no port from 1 to 65535",
    "otel:65536": "endpoint: 'otel:65536' names no host, or no port from 1 to 65535",
    "otel:otlp": "endpoint: 'otel:otlp' names no host, or no port from 1 to 65535",
    "::1:4317": "endpoint: '::1:4317' names no host",
    "a b:4317": "endpoint: 'a b:4317' names no host",
    "unix://": "endpoint: 'unix://' names no socket",
    "dns:///": "endpoint: 'dns:///' names no host",
}


@pytest.mark.parametrize("endpoint", TARGETS)
def test_endpoint_is_understood(endpoint: str) -> None:
    """URLs, addresses and gRPC's names are each turned into what gRPC calls the collector."""
    TracingConfiguration(endpoint=endpoint)
    assert Endpoint.parse(endpoint).target() == TARGETS[endpoint]


@pytest.mark.parametrize("endpoint", REFUSED)
def test_endpoint_that_is_not_understood_is_refused(endpoint: str) -> None:
    """The sentence quotes what was written and says what can be."""
    with pytest.raises(ConfigurationError) as refusal:
        TracingConfiguration(endpoint=endpoint)
    assert str(refusal.value).startswith(REFUSED[endpoint])


@pytest.mark.parametrize("endpoint", ["https://me:hunter2@otel:4317", "me:hunter2@otel:4317"])
def test_password_in_an_endpoint_is_refused_and_not_repeated(endpoint: str) -> None:
    """The sentence may end up in a log, so it names the place for credentials and not the credentials."""
    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_HEADERS") as refusal:
        TracingConfiguration(endpoint=endpoint)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("localhost:4317", True),
        ("127.3.2.1:4317", True),
        ("[::1]:4317", True),
        ("dns:///LOCALHOST:4317", True),
        ("unix:///run/otel.sock", True),
        ("localhost.example:4317", False),
        ("dns://127.0.0.1/otel:4317", False),
        ("dns://192.0.2.1/localhost:4317", False),
        ("ipv4:127.0.0.1:4317,192.0.2.1:4317", False),
        ("192.0.2.1:4317", False),
    ],
)
def test_endpoint_on_this_machine_is_known(endpoint: str, local: bool) -> None:
    """Only a loopback address, its name and a socket are: a name server is no collector, nor one of several addresses."""
    assert Endpoint.parse(endpoint).is_local is local


@pytest.mark.parametrize("rate", [-1, 1_000_001, 0.5, "100", True])
def test_rate_is_a_whole_number_up_to_a_million(rate: int) -> None:
    """A rate of another kind is not rounded, nor taken for all or nothing."""
    with pytest.raises(ConfigurationError, match=r"must be a whole number from 0 to 1,000,000, not "):
        TracingConfiguration(sampling_rate_per_million=rate)


@pytest.mark.parametrize("name", ["", " ", b"shop"])
def test_service_name_is_a_text(name: str) -> None:
    """A service without a name is one that was left out, not one that is empty."""
    with pytest.raises(ConfigurationError, match="service_name must be a text that is not empty"):
        TracingConfiguration(service_name=name)


def test_insecure_does_not_contradict_the_scheme() -> None:
    """Whether https:// or insecure=True would hold is not guessed."""
    with pytest.raises(ConfigurationError, match="https:// is TLS and contradicts insecure=True"):
        TracingConfiguration(endpoint="https://otel:4317", insecure=True)
    with pytest.raises(ConfigurationError, match="http:// is plain text and contradicts insecure=False"):
        TracingConfiguration(endpoint="http://otel:4317", insecure=False)
    with pytest.raises(ConfigurationError, match="insecure must be True or False"):
        TracingConfiguration(insecure="no")  # type: ignore[arg-type]  # what a checker would refuse


def test_configuration_is_a_value() -> None:
    """It compares by what it says, can be a key, is made by names, and cannot change."""
    assert len({TracingConfiguration(endpoint="a:1"), TracingConfiguration(endpoint="a:1")}) == 1
    assert TracingConfiguration(endpoint="a:1") != TracingConfiguration()
    with pytest.raises(TypeError):
        TracingConfiguration("shop")  # type: ignore[call-arg]  # what must not be possible
    with pytest.raises(AttributeError):
        TracingConfiguration().endpoint = "b:1"  # type: ignore[misc]  # what must not be possible
