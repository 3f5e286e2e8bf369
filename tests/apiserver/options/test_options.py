"""The server's command line: kube-apiserver's flags, pflag's syntax, and every fault at once."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource

from rootspan_apiserver.dialects.v1_36 import api_server_id
from rootspan_apiserver.dialects.versions import DIALECTS
from rootspan_apiserver.options.flags import HelpRequested, describe_flags, flags_of
from rootspan_apiserver.options.options import Options, OptionsError
from rootspan_apiserver.options.service_address import ServiceAddress
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

NO_URL = '"http://%zz"'
PARSED: dict[str, dict[str, Any]] = {
    "--secure-port=8443": {"secure_port": 8443},
    "--secure-port 0": {"secure_port": 0},
    "--bind-address=::": {"bind_address": "::"},
    "--anonymous-auth=false": {"anonymous_auth": False},
    "--anonymous-auth --secure-port 1": {"anonymous_auth": True, "secure_port": 1},
    "--etcd-servers=http://a:1,https://b:2": {"etcd_servers": ("http://a:1", "https://b:2")},
    "--etcd-servers=http://a:1 --etcd-servers http://b:2": {"etcd_servers": ("http://a:1", "http://b:2")},
    "--authorization-mode=AlwaysDeny": {"authorization_mode": ("AlwaysDeny",)},
    "--controllers=*,-garbage-collector-controller": {"controllers": ("*", "-garbage-collector-controller")},
    "--service-address=hooks.default=127.0.0.1:9443": {
        "service_address": (ServiceAddress("hooks", "default", "127.0.0.1", 9443),)
    },
    "--service-address=a.b=[::1]:1 --service-address=c.d=e:2": {
        "service_address": (ServiceAddress("a", "b", "::1", 1), ServiceAddress("c", "d", "e", 2))
    },
    "--emulated-version=1.22": {"emulated_version": "1.22"},
    "--emulated-version=kube=1.36": {"emulated_version": "1.36"},
    "--request-timeout=1m30s": {"request_timeout": 90.0},
    "--etcd-compaction-interval=0": {"etcd_compaction_interval": 0.0},
    "--debug-expire-history": {"debug_expire_history": True},
    "--request-timeout=1.5h": {"request_timeout": 5400.0},
    "--shutdown-delay-duration=250ms": {"shutdown_delay_duration": 0.25},
    "--shutdown-delay-duration=0": {"shutdown_delay_duration": 0.0},
    "--inbound-trace-context=link": {"inbound_trace_context": "link"},
    "-v=4": {"v": 4},
    "-v 6": {"v": 6},
    "-v2": {"v": 2},
    "--v=8": {"v": 8},
    "--secure-port=1 --secure-port=2": {"secure_port": 2},
    "--secure_port=3": {"secure_port": 3},
    "--feature-gates=WatchList=true --feature-gates=AllBeta=true": {
        "feature_gates": ("WatchList=true", "AllBeta=true")
    },
    "--kubelet-timeout=90s --api-audiences=a --api-audiences b,c": {
        "api_audiences": ("a", "b", "c"),
        "idle": (("kubelet-timeout", "1m30s"),),
    },
}

REFUSED = {
    "--nonsense": ["unknown flag: --nonsense"],
    "--nonsense=1": ["unknown flag: --nonsense"],
    "--secure-ports=1 --authorization-modes RBAC --bind-adress=::1 --nonsense x serve": [
        "unknown flag: --secure-ports (did you mean --secure-port?)",
        "unknown flag: --authorization-modes (did you mean --authorization-mode?)",
        "unknown flag: --bind-adress (did you mean --bind-address?)",
        "unknown flag: --nonsense",
        'unknown command "serve"',
    ],
    "--kubelet-timeout=5 --allow-privileged=maybe --service-node-port-range=9-8 --runtime-config=all": [
        'invalid argument "5" for "--kubelet-timeout" flag: time: missing unit in duration "5"',
        'invalid argument "maybe" for "--allow-privileged" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        'invalid argument "9-8" for "--service-node-port-range" flag: end port cannot be less than start port: 9-8',
        'invalid argument "all" for "--runtime-config" flag: malformed pair, expect string=string',
    ],
    "--goaway-chance=x": [
        'invalid argument "x" for "--goaway-chance" flag: strconv.ParseFloat: parsing "x": invalid syntax'
    ],
    "--authorization-mode=Scope": ['authorization-mode "Scope" is not a valid mode'],
    "-x": ["unknown shorthand flag: 'x' in -x"],
    "--=1": ["bad flag syntax: --=1"],
    "serve": ['unknown command "serve"'],
    "--secure-port": ["flag needs an argument: --secure-port"],
    "-v": ["flag needs an argument: -v"],
    "--secure-port=many": [
        'invalid argument "many" for "--secure-port" flag: strconv.ParseInt: parsing "many": invalid syntax'
    ],
    "--anonymous-auth=maybe": [
        'invalid argument "maybe" for "--anonymous-auth" flag: strconv.ParseBool: parsing "maybe": invalid syntax'
    ],
    "--request-timeout=5": ['invalid argument "5" for "--request-timeout" flag: time: missing unit in duration "5"'],
    "--request-timeout=soon": ['invalid argument "soon" for "--request-timeout" flag: time: invalid duration "soon"'],
    "--bind-address=here": ['invalid argument "here" for "--bind-address" flag: failed to parse IP: "here"'],
    "--service-address=hooks=h:1": [
        'invalid argument "hooks=h:1" for "--service-address" flag: must be NAME.NAMESPACE=HOST:PORT'
    ],
    "--secure-port=70000": ["--secure-port 70000 must be between 0 and 65535, inclusive. 0 takes any free port"],
    "--authorization-mode=Sometimes": ['authorization-mode "Sometimes" is not a valid mode'],
    "--authorization-mode=": ["at least one authorization-mode must be passed"],
    "--authorization-mode=AlwaysAllow,AlwaysAllow": [
        'authorization-mode ["AlwaysAllow" "AlwaysAllow"] has mode specified more than once'
    ],
    "--max-requests-inflight=-1 --request-timeout=-1s": [
        "--max-requests-inflight can not be negative value",
        "--request-timeout can not be negative value",
    ],
    "--tls-cert-file=/none/a": [
        "--tls-cert-file and --tls-private-key-file must be given together",
        "--tls-cert-file: open /none/a: no such file or directory",
    ],
    "--token-auth-file=/none/t": ["--token-auth-file: open /none/t: no such file or directory"],
    "--etcd-servers=127.0.0.1:2379": ['--etcd-servers: "127.0.0.1:2379" must be a URL, scheme://ip:port'],
    "--etcd-servers=http://a:1 --data-dir=/d": [
        "--data-dir configures the embedded etcd and cannot be combined with --etcd-servers"
    ],
    "--service-cluster-ip-range=10.0/8": ['--service-cluster-ip-range: "10.0/8" is not a valid CIDR'],
    "--enable-admission-plugins=A,B --disable-admission-plugins=B": [
        "[B] in enable-admission-plugins and disable-admission-plugins overlapped"
    ],
    "--service-account-issuer=": ["service-account-issuer should not be an empty string"],
    "--service-account-issuer=a,b --service-account-issuer=a,b": ['service-account-issuer "a,b" is already specified'],
    "--service-account-issuer=http://%zz": [
        f"service-account-issuer {NO_URL} contained a ':' but was not a valid URL: parse {NO_URL}: invalid URL escape \"%zz\""
    ],
    "--service-account-jwks-uri=http://keys": [
        "service-account-jwks-uri requires https scheme, parsed as: http://keys"
    ],
    "--service-account-max-token-expiration=59m": [
        "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"
    ],
    "--service-account-signing-endpoint=@signer": [
        "--service-account-signing-endpoint is not implemented here: tokens are signed by the server itself"
    ],
    "--inbound-trace-context=obey": ['--inbound-trace-context "obey" must be one of ignore, link'],
    "--emulated-version=1.30": ["emulation version 1.30 is not one of 1.22, 1.36"],
    "--feature-gates=Nonsense=true --feature-gates=WatchList": [
        "missing bool value for WatchList",
        "unrecognized feature gate: Nonsense",
    ],
    "--feature-gates=Nonsense=true": ["unrecognized feature gate: Nonsense"],
    "--feature-gates=APIServerTracing=false": [
        "cannot set feature gate APIServerTracing to false, feature is locked to true"
    ],
    "--tracing-config-file=/none/t.yaml": ["tracing-config-file /none/t.yaml does not exist"],
    "--secure-port=-1 --authorization-mode=Sometimes --feature-gates=Nonsense=true": [
        "--secure-port -1 must be between 0 and 65535, inclusive. 0 takes any free port",
        'authorization-mode "Sometimes" is not a valid mode',
        "unrecognized feature gate: Nonsense",
    ],
}


@pytest.mark.parametrize("line", PARSED)
def test_command_line_says_what_it_says_to_kube_apiserver(line: str) -> None:
    """Values come after `=` or as the next word; lists grow; the last of two single values holds."""
    assert Options.parse(line.split()) == dataclasses.replace(Options(), **PARSED[line])


@pytest.mark.parametrize("line", REFUSED)
def test_every_fault_of_a_command_line_is_told_one_a_line(line: str) -> None:
    """The reasons are pflag's and kube-apiserver's, and all that can be told at once are."""
    with pytest.raises(OptionsError) as refusal:
        Options.parse(line.split())
    assert list(refusal.value.faults) == REFUSED[line]
    assert str(refusal.value) == "\n".join(REFUSED[line])


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_asked_for_and_names_every_flag(flag: str) -> None:
    """Every option has its flag in the help text, with its default."""
    with pytest.raises(HelpRequested):
        Options.parse(["--secure-port=1", flag])
    text = describe_flags(Options)
    for name in flags_of(Options):
        assert f"--{name}\n" in text
    assert "(default 6443)" in text


def test_tracing_configuration_is_read_where_the_gate_is_on(tmp_path: Path) -> None:
    """v1.36 reads the file by default and strictly; v1.22 only with the gate, and takes unknown fields."""
    path = tmp_path / "tracing.yaml"
    path.write_text("endpoint: otel:4317\nsamplingRatePerMillion: 5\n")
    configured = TracingConfiguration("otel:4317", 5)
    given = f"--tracing-config-file={path}"
    assert Options.parse([given]).tracing_configuration() == configured
    assert Options.parse([]).tracing_configuration() is None
    old = [given, "--emulated-version=1.22"]
    assert Options.parse(old).tracing_configuration() is None
    path.write_text("endpoint: otel:4317\nsamplingRatePerMillion: 5\nunknown: true\n")
    assert Options.parse([*old, "--feature-gates=APIServerTracing=true"]).tracing_configuration() == configured
    with pytest.raises(OptionsError, match=r'strict decoding error: unknown field "unknown"$'):
        Options.parse([given])


def test_with_the_gate_off_only_the_existence_of_the_file_is_checked(tmp_path: Path) -> None:
    """A file that could not be used says nothing while the gate is off; one that is missing does."""
    (tmp_path / "tracing.yaml").write_text("endpoint: http://nonsense\n")
    old = ["--emulated-version=1.22", f"--tracing-config-file={tmp_path}/tracing.yaml"]
    assert Options.parse(old).tracing_configuration() is None
    with pytest.raises(OptionsError, match=r"none does not exist$"):
        Options.parse([*old, f"--tracing-config-file={tmp_path}/none"])


def test_options_value_made_in_code_is_checked_alike() -> None:
    """Not only command lines: `check` tells the same faults."""
    Options(secure_port=0).check()
    with pytest.raises(OptionsError, match=r"^--secure-port 65536 must be"):
        Options(secure_port=65536).check()


def test_service_addresses_are_found_by_namespace_and_name() -> None:
    """A webhook names its service by both."""
    options = Options.parse(["--service-address=hooks.default=127.0.0.1:9443"])
    assert options.service_addresses() == {("default", "hooks"): ("127.0.0.1", 9443)}


def test_server_is_named_by_its_host() -> None:
    """The id is the same whenever it is made, another on another host, and of the form kube-apiserver's has."""
    name = api_server_id("control-plane")
    assert name == api_server_id("control-plane") != api_server_id("control-plane-2")
    prefix, _, digest = name.rpartition("-")
    assert prefix == "apiserver"
    assert len(digest) == 26
    assert set(digest) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_resource_is_that_of_each_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """v1.36 has the service and its instance only, v1.22 an empty instance, the host and the SDK; both the environment's."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "zone=a,service.name=other")
    assert DIALECTS["1.36"].resource("host") == Resource(
        {"service.name": "apiserver", "service.instance.id": api_server_id("host"), "zone": "a"}
    )
    old = DIALECTS["1.22"].resource("host").attributes
    assert (old["service.name"], old["service.instance.id"], old["host.name"], old["zone"]) == (
        "apiserver",
        "",
        "host",
        "a",
    )
    assert old["telemetry.sdk.name"] == "opentelemetry"
