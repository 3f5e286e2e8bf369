"""The tracing configuration file: what kube-apiserver takes, and its words for what it does not."""

import json
from pathlib import Path

import pytest

from rootspan import ConfigurationError
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

HEADER = "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n"
DECODE = "failed to read tracing config: unable to decode tracing configuration data: "
STRICT = f"{DECODE}strict decoding error: "
VALIDATE = "failed to validate tracing configuration: "
SCHEMES = "  Options are none, dns, unix, or unix-abstract.  See https://github.com/grpc/grpc/blob/master/doc/naming.md"

READABLE = {
    "an empty file": ("", TracingConfiguration()),
    "only white space": ("\n  \n", TracingConfiguration()),
    "only a comment": ("# nothing\n", TracingConfiguration()),
    "null": ("null\n", TracingConfiguration()),
    "only the header": (HEADER, TracingConfiguration()),
    "neither version nor kind": ("endpoint: otel:4317\n", TracingConfiguration("otel:4317")),
    "v1alpha1": (HEADER.replace("/v1", "/v1alpha1") + "endpoint: a:1\n", TracingConfiguration("a:1")),
    "v1beta1": (HEADER.replace("/v1", "/v1beta1") + "endpoint: a:1\n", TracingConfiguration("a:1")),
    "v1": (HEADER + "endpoint: a:1\nsamplingRatePerMillion: 100\n", TracingConfiguration("a:1", 100)),
    "nulls": (HEADER + "endpoint: null\nsamplingRatePerMillion:\n", TracingConfiguration()),
    "an empty endpoint": (HEADER + 'endpoint: ""\n', TracingConfiguration("")),
    "a rate of nought": (HEADER + "samplingRatePerMillion: 0\n", TracingConfiguration(None, 0)),
    "a rate of all": (HEADER + "samplingRatePerMillion: 1000000\n", TracingConfiguration(None, 1_000_000)),
    "a whole number written as a float": (HEADER + "samplingRatePerMillion: 1e3\n", TracingConfiguration(None, 1000)),
    "a hexadecimal number": (HEADER + "samplingRatePerMillion: 0x10\n", TracingConfiguration(None, 16)),
    "what would be base 60 elsewhere": (HEADER + "endpoint: 10:30\n", TracingConfiguration("10:30")),
    "what would be a date elsewhere": (HEADER + "endpoint: 2026-11-23\n", TracingConfiguration("2026-11-23")),
    "two documents": (HEADER + "endpoint: a:1\n---\nendpoint: b:1\n", TracingConfiguration("a:1")),
    "JSON": (
        (
            '{\n\t"apiVersion": "apiserver.config.k8s.io/v1beta1", "kind": "TracingConfiguration",\n'
            '\t"endpoint": "a:1", "samplingRatePerMillion": 5}\n'
        ),
        TracingConfiguration("a:1", 5),
    ),
}

REFUSED = {
    "wrong kind": (
        "apiVersion: apps/v1\nkind: DaemonSet\n",
        (
            f'{DECODE}no kind "DaemonSet" is registered for version "apps/v1" in scheme '
            '"k8s.io/apiserver/pkg/server/options/tracing.go"'
        ),
    ),
    "wrong version": (
        HEADER.replace("/v1", "/v2"),
        (
            f'{DECODE}no kind "TracingConfiguration" is registered for version "apiserver.config.k8s.io/v2" in scheme '
            '"k8s.io/apiserver/pkg/server/options/tracing.go"'
        ),
    ),
    "version of three parts": ("apiVersion: a/b/c\n", f"{DECODE}unexpected GroupVersion string: a/b/c"),
    "kind of a wrong type": (
        "kind: [a]\n",
        (
            f"{DECODE}couldn't get version/kind; json parse error: "
            "json: cannot unmarshal array into Go struct field .kind of type string"
        ),
    ),
    "a list": (
        "- a\n",
        (
            f"{DECODE}couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type "
            r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
        ),
    ),
    "unknown field": (HEADER + "foo: bar\n", f'{STRICT}unknown field "foo"'),
    "unknown fields": (HEADER + "foo: bar\nBar: 1\n", f'{STRICT}unknown field "Bar", unknown field "foo"'),
    "field in the wrong case": (HEADER + "Endpoint: a:1\n", f'{STRICT}unknown field "Endpoint"'),
    "duplicate field": (
        HEADER + "endpoint: a:1\nendpoint: b:1\n",
        f'{STRICT}yaml: unmarshal errors:\n  line 4: key "endpoint" already set in map',
    ),
    "duplicate field in JSON": ('{"endpoint": "a:1", "endpoint": "b:1"}', f'{STRICT}duplicate field "endpoint"'),
    "unknown field in JSON": ('{"a\\"b": 1}', f'{STRICT}unknown field "a\\"b"'),
    "endpoint that is a number": (
        HEADER + "endpoint: 4317\n",
        f"{DECODE}json: cannot unmarshal number into Go struct field TracingConfiguration.endpoint of type string",
    ),
    "endpoint that is an object": (
        HEADER + "endpoint: {host: a}\n",
        f"{DECODE}json: cannot unmarshal object into Go struct field TracingConfiguration.endpoint of type string",
    ),
    "rate that is a text": (
        HEADER + 'samplingRatePerMillion: "5"\n',
        (
            f"{DECODE}json: cannot unmarshal string into Go struct field "
            "TracingConfiguration.samplingRatePerMillion of type int32"
        ),
    ),
    "rate that is a boolean": (
        HEADER + "samplingRatePerMillion: true\n",
        (
            f"{DECODE}json: cannot unmarshal bool into Go struct field "
            "TracingConfiguration.samplingRatePerMillion of type int32"
        ),
    ),
    "rate that is a fraction": (
        HEADER + "samplingRatePerMillion: 1.5\n",
        (
            f"{DECODE}json: cannot unmarshal number 1.5 into Go struct field "
            "TracingConfiguration.samplingRatePerMillion of type int32"
        ),
    ),
    "rate in JSON's exponent": (
        '{"samplingRatePerMillion": 1e3}',
        (
            f"{DECODE}json: cannot unmarshal number 1e3 into Go struct field "
            "TracingConfiguration.samplingRatePerMillion of type int32"
        ),
    ),
    "rate beyond 32 bits": (
        HEADER + "samplingRatePerMillion: 3000000000\n",
        (
            f"{DECODE}json: cannot unmarshal number 3000000000 into Go struct field "
            "TracingConfiguration.samplingRatePerMillion of type int32"
        ),
    ),
    "broken YAML": (
        "endpoint: a: b\n",
        f"{DECODE}yaml: line 1: mapping values are not allowed in this context",
    ),
    "negative rate": (
        HEADER + "samplingRatePerMillion: -1\n",
        f"{VALIDATE}samplingRatePerMillion: Invalid value: -1: sampling rate must be positive",
    ),
    "rate above a million": (
        HEADER + "samplingRatePerMillion: 1000001\n",
        (
            f"{VALIDATE}samplingRatePerMillion: Invalid value: 1000001: "
            "sampling rate per million must be less than or equal to one million"
        ),
    ),
    "two faults": (
        HEADER + "samplingRatePerMillion: -1\nendpoint: http://a\n",
        (
            f"{VALIDATE}[samplingRatePerMillion: Invalid value: -1: sampling rate must be positive, "
            f'endpoint: Invalid value: "http://a": unsupported scheme: http.{SCHEMES}]'
        ),
    ),
}

ENDPOINTS = [
    "localhost:4317",
    "127.0.0.1:4317",
    "[::1]:4317",
    "[fe80::1%25eth0]:4317",
    "localhost",
    "localhost:",
    "otel-collector.observability:4317",
    "localhost:4317/v1/traces",
    "user:pass@host:4317",
    "b\u00fccher:4317",
    "",
    "dns://google.com:4317",
    "dns:///google.com:4317",
    "DNS://host:4317",
    "unix://path/to/socket",
    "unix:///abs/sock",
    "unix-abstract://x",
    "unix:/abs/sock",
    "ipv4:127.0.0.1:4317",
    "dns:google.com:4317",
    "::1:4317",
]

REFUSED_ENDPOINTS = {
    "unix:rel": '"dns://unix:rel": parse "dns://unix:rel": invalid port ":rel" after host',
    "unix-abstract:x": '"dns://unix-abstract:x": parse "dns://unix-abstract:x": invalid port ":x" after host',
    "localhost:notaport": (
        '"dns://localhost:notaport": parse "dns://localhost:notaport": invalid port ":notaport" after host'
    ),
    "[::1]x": '"dns://[::1]x": parse "dns://[::1]x": invalid port "x" after host',
    "host name:4317": '"dns://host name:4317": parse "dns://host name:4317": invalid character " " in host name',
    "a\\b:1": r'"dns://a\\b:1": parse "dns://a\\b:1": invalid character "\\" in host name',
    "dn%2s://localhost:4317": (
        '"dn%2s://localhost:4317": parse "dn%2s://localhost:4317": first path segment in URL cannot contain colon'
    ),
    "://host": '"://host": parse "://host": missing protocol scheme',
    "a%zz:1": '"dns://a%zz:1": parse "dns://a%zz:1": invalid URL escape "%zz"',
    "a%41:1": '"dns://a%41:1": parse "dns://a%41:1": invalid URL escape "%41"',
    "a/%4": '"dns://a/%4": parse "dns://a/%4": invalid URL escape "%4"',
    "a#%": '"dns://a#%": parse "dns://a#%": invalid URL escape "%"',
    "[::1:4317": '"dns://[::1:4317": parse "dns://[::1:4317": missing \']\' in host',
    "[127.0.0.1]:4317": '"dns://[127.0.0.1]:4317": parse "dns://[127.0.0.1]:4317": invalid IP-literal',
    "a[::1]:4317": '"dns://a[::1]:4317": parse "dns://a[::1]:4317": invalid IP-literal',
    "a b@host:1": '"dns://a b@host:1": parse "dns://a b@host:1": net/url: invalid userinfo',
    "host\n:4317": r'"dns://host\n:4317": parse "dns://host\n:4317": net/url: invalid control character in URL',
    "host\x7f": r'"dns://host\x7f": parse "dns://host\x7f": net/url: invalid control character in URL',
    "http://localhost:4317": f'"http://localhost:4317": unsupported scheme: http.{SCHEMES}',
    "https://localhost:4317": f'"https://localhost:4317": unsupported scheme: https.{SCHEMES}',
    "grpc://localhost:4317": f'"grpc://localhost:4317": unsupported scheme: grpc.{SCHEMES}',
    "passthrough:///a": f'"passthrough:///a": unsupported scheme: passthrough.{SCHEMES}',
    "//host:4317": f'"//host:4317": unsupported scheme: .{SCHEMES}',
}


@pytest.mark.parametrize("case", READABLE)
def test_file_is_read_as_kube_apiserver_reads_it(case: str, tmp_path: Path) -> None:
    """Every form of file that kube-apiserver takes has the meaning it has there."""
    text, expected = READABLE[case]
    (tmp_path / "tracing.yaml").write_text(text)
    assert TracingConfiguration.read(tmp_path / "tracing.yaml") == expected


@pytest.mark.parametrize("case", REFUSED)
def test_file_that_cannot_be_used_is_refused_in_kube_apiservers_words(case: str, tmp_path: Path) -> None:
    """Every fault is named by the message of kube-apiserver, whole."""
    text, message = REFUSED[case]
    (tmp_path / "tracing.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as refusal:
        TracingConfiguration.read(tmp_path / "tracing.yaml")
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "text", [HEADER + "foo: bar\nendpoint: a:1\nendpoint: b:1\n", '{"endpoint":"a","endpoint":"b:1"}']
)
def test_before_1_32_unknown_and_duplicate_fields_were_ignored(text: str, tmp_path: Path) -> None:
    """Read without `strict`, the last of two duplicates holds, and unknown fields say nothing."""
    (tmp_path / "tracing.yaml").write_text(text)
    assert TracingConfiguration.read(tmp_path / "tracing.yaml", strict=False) == TracingConfiguration("b:1")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_endpoint_that_kube_apiserver_accepts_is_accepted(endpoint: str, tmp_path: Path) -> None:
    """No endpoint that works with kube-apiserver is refused, in code or in a file."""
    (tmp_path / "tracing.json").write_text(json.dumps({"endpoint": endpoint}))
    assert TracingConfiguration.read(tmp_path / "tracing.json") == TracingConfiguration(endpoint)


@pytest.mark.parametrize("endpoint", REFUSED_ENDPOINTS)
def test_endpoint_that_kube_apiserver_refuses_is_refused_in_its_words(endpoint: str) -> None:
    """The messages are those of Go's url.Parse and of kube-apiserver's validation."""
    with pytest.raises(ConfigurationError) as refusal:
        TracingConfiguration(endpoint)
    assert str(refusal.value) == f"{VALIDATE}endpoint: Invalid value: {REFUSED_ENDPOINTS[endpoint]}"


def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file, a directory and an empty path each get Go's reason."""
    unable = "failed to read tracing config: unable to read tracing configuration from "
    for path, message in (
        (f"{tmp_path}/none", f'{unable}"{tmp_path}/none": open {tmp_path}/none: no such file or directory'),
        (f"{tmp_path}", f'{unable}"{tmp_path}": read {tmp_path}: is a directory'),
        ("", "failed to read tracing config: tracing config file was empty"),
    ):
        with pytest.raises(ConfigurationError) as refusal:
            TracingConfiguration.read(path)
        assert str(refusal.value) == message


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"endpoint: \xff",
        b"\x00",
        b'{"endpoint": ',
        b"{endpoint: a}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"a: &a [*a]\n",
        b"? !!timestamp 2026-11-23\n: a\n",
        b"? [a]\n: b\n",
        b"a: !unknown b\n",
    ],
    ids=[
        "utf-16 mark",
        "latin-1",
        "nul",
        "cut JSON",
        "YAML in braces",
        "deep YAML",
        "deep JSON",
        "alias of itself",
        "date as a key",
        "list as a key",
        "unknown tag",
    ],
)
def test_bytes_that_are_no_manifest_are_refused_and_never_crash(data: bytes, tmp_path: Path) -> None:
    """Whatever the file holds, the only error is a ConfigurationError that says it could not be decoded."""
    (tmp_path / "tracing.yaml").write_bytes(data)
    with pytest.raises(ConfigurationError, match="^" + DECODE):
        TracingConfiguration.read(tmp_path / "tracing.yaml")


def test_configuration_of_the_containers_is_one_that_can_be_used() -> None:
    """The file beside docker-compose.yml samples everything and sends it to the collector there."""
    deployed = Path(__file__).parents[3] / "deploy" / "tracing-configuration.yaml"
    assert TracingConfiguration.read(deployed) == TracingConfiguration("collector:4317", 1_000_000)


def test_configuration_is_a_value() -> None:
    """It compares by what it says, can be a key, and cannot change."""
    assert TracingConfiguration("a:1", 5) == TracingConfiguration(endpoint="a:1", sampling_rate_per_million=5)
    assert len({TracingConfiguration("a:1"), TracingConfiguration("a:1")}) == 1
    with pytest.raises(AttributeError):
        TracingConfiguration().endpoint = "b:1"  # type: ignore[misc]  # what must not be possible
