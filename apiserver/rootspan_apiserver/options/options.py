"""The options of the server: flags of kube-apiserver under their names, and a few additional ones.

They are parsed from a command line, validated before anything is started, and immutable.

Upstream: cmd/kube-apiserver/app/options/options.go, validation.go
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from rootspan import ConfigurationError
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.versions import DEFAULT, DIALECTS
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.release import DEFAULT_SERVICE_RANGE
from rootspan_apiserver.options.audit import AuditOptions
from rootspan_apiserver.options.authentication import AuthenticationOptions
from rootspan_apiserver.options.authorization import AuthorizationOptions
from rootspan_apiserver.options.encryption import EncryptionOptions
from rootspan_apiserver.options.feature_gates import API_SERVER_TRACING, HONOURED, FeatureGateError, FeatureGates
from rootspan_apiserver.options.files import FILES
from rootspan_apiserver.options.flags import (
    FlagError,
    boolean,
    flag,
    flags_of,
    integer,
    ip_address,
    parse_flags,
    seconds,
    text,
)
from rootspan_apiserver.options.front_proxy import FrontProxyOptions
from rootspan_apiserver.options.kube_flags import idle_flags
from rootspan_apiserver.options.service_accounts import ServiceAccountOptions
from rootspan_apiserver.options.service_address import ServiceAddress, read_service_address
from rootspan_apiserver.options.token_webhook import TokenWebhookOptions
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

if TYPE_CHECKING:
    from rootspan_apiserver.admission.configuration import AdmissionConfiguration

INBOUND_TRACE_CONTEXTS = ("ignore", "link")


class OptionsError(ValueError):
    """The command line is not valid. `faults` are all errors; the message has one per line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def version_number(value: str) -> str:
    """Parse a version: `1.36`, `v1.36` or `kube=1.36`."""
    return value.removeprefix("kube=").removeprefix("v")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(
    FrontProxyOptions,
    AuditOptions,
    AuthenticationOptions,
    AuthorizationOptions,
    EncryptionOptions,
    ServiceAccountOptions,
    TokenWebhookOptions,
):
    """The options. Durations are in seconds; an empty string means that the option is not set."""

    bind_address: str = flag("127.0.0.1", ip_address, "The IP address on which to listen for the --secure-port port.")
    secure_port: int = flag(6443, integer, "The port on which to serve HTTPS. 0 takes any free one.")
    advertise_address: str = flag("", ip_address, "The IP address on which to advertise the server to the cluster.")
    cert_dir: str = flag("", text, "The directory where self-signed certificates are stored.")
    tls_cert_file: str = flag("", text, "File containing the x509 certificate for HTTPS, and its intermediates.")
    tls_private_key_file: str = flag("", text, "File containing the private key matching --tls-cert-file.")
    etcd_servers: tuple[str, ...] = flag(
        (), text, "List of etcd servers to connect with (scheme://ip:port). Without it an embedded etcd serves."
    )
    etcd_prefix: str = flag("/registry", text, "The prefix to prepend to all resource paths in etcd.")
    etcd_cafile: str = flag("", text, "SSL Certificate Authority file used to secure etcd communication.")
    etcd_certfile: str = flag("", text, "SSL certification file used to secure etcd communication.")
    etcd_keyfile: str = flag("", text, "SSL key file used to secure etcd communication.")
    etcd_compaction_interval: float = flag(300.0, seconds, "The interval of compaction requests. If 0, none are made.")
    event_ttl: float = flag(3600.0, seconds, "Amount of time to retain events.")
    data_dir: str = flag("", text, "The directory where the embedded etcd keeps its data. Without it, in memory.")
    write_kubeconfig: str = flag(
        "", text, "File to write a kubeconfig of the administrator to, once the server serves."
    )
    service_address: tuple[ServiceAddress, ...] = flag(
        (),
        read_service_address,
        "The address of a Service, NAME.NAMESPACE=HOST:PORT, for webhooks and aggregated APIs. Repeatable.",
    )
    service_cluster_ip_range: str = flag(
        DEFAULT_SERVICE_RANGE, text, "A CIDR range from which to assign service cluster IPs."
    )
    tracing_config_file: str = flag("", text, "File with apiserver tracing configuration.")
    inbound_trace_context: str = flag(
        "ignore", text, "How the trace context of a caller is used: ignore, or link it to the root span."
    )
    flush_spans_at_shutdown: bool = flag(
        False,
        boolean,
        "Export pending spans at shutdown also where the emulated version does not: "
        f"{', '.join(dialect.version for dialect in DIALECTS.values() if not dialect.flushes_at_shutdown)}.",
    )
    feature_gates: tuple[str, ...] = flag(
        (), text, f"A set of key=value pairs. These have an effect: {', '.join(sorted(HONOURED))}."
    )
    emulated_version: str = flag(
        DEFAULT.version, version_number, f"The version whose behaviour is emulated: {', '.join(DIALECTS)}."
    )
    enable_admission_plugins: tuple[str, ...] = flag((), text, "Admission plugins to enable besides the default ones.")
    disable_admission_plugins: tuple[str, ...] = flag(
        (), text, "Admission plugins to disable though enabled by default."
    )
    admission_control_config_file: str = flag("", text, "File with admission control configuration.")
    default_not_ready_toleration_seconds: int = flag(300, integer, "How long pods tolerate a node that is not ready.")
    default_unreachable_toleration_seconds: int = flag(300, integer, "How long they tolerate an unreachable node.")
    controllers: tuple[str, ...] = flag(
        ("*",), text, "Controllers to enable: '*' all, 'foo' the one named foo, '-foo' all but the one named foo."
    )
    max_requests_inflight: int = flag(400, integer, "Maximum number of non-mutating requests in flight. 0: no limit.")
    max_mutating_requests_inflight: int = flag(200, integer, "The maximum number of mutating ones. 0: no limit.")
    workers: int = flag(1, integer, "The number of processes that serve requests, on one port.")
    enable_priority_and_fairness: bool = flag(True, boolean, "Queue and dispatch requests with priority and fairness.")
    request_timeout: float = flag(60.0, seconds, "The duration a handler may keep a request open before timing it out.")
    min_request_timeout: int = flag(1800, integer, "The seconds a watch must at least be kept open before timing out.")
    shutdown_delay_duration: float = flag(0.0, seconds, "How long to continue serving after SIGTERM or SIGINT.")
    shutdown_send_retry_after: bool = flag(
        False, boolean, "Answer new requests with 429 while those in flight are finished."
    )
    shutdown_watch_termination_grace_period: float = flag(0.0, seconds, "The time over which watches are ended.")
    debug_expire_history: bool = flag(False, boolean, "Serve POST /debug/expire-history, for tests of 410 Expired.")
    v: int = flag(0, integer, "Number for the log level verbosity.", short="v")
    idle: tuple[tuple[str, str], ...] = ()
    """Flags of kube-apiserver that have no meaning here: their names, and their values as `/flagz` shows them."""

    given: frozenset[str] = field(default=frozenset(), compare=False)
    """The names of the fields that the command line sets."""

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Self:
        """Parse and validate a command line. Raises OptionsError, HelpRequested or VersionRequested."""
        others = idle_flags(flags_of(cls))
        try:
            given = parse_flags(cls, arguments, {name: flag.parsed for name, flag in others.items()})
        except FlagError as error:
            raise OptionsError(error.faults) from error
        idle = tuple((name, others[name].shown(given.pop(name))) for name in sorted(others.keys() & given.keys()))
        options = cls(**given, idle=idle, given=frozenset(given))
        options.check()
        return options

    def check(self) -> None:
        """Validate the options. Raises OptionsError with all errors."""
        if faults := list(self._faults()):
            raise OptionsError(faults)

    def dialect(self) -> Dialect:
        """Return the dialect of the emulated version. Raises KeyError for an unknown version, which `check` refuses."""
        return DIALECTS[self.emulated_version]

    def gates(self) -> FeatureGates:
        """Return the state of the feature gates. Raises FeatureGateError."""
        return FeatureGates.parse(",".join(self.feature_gates), self.emulated_version)

    def tracing_configuration(self) -> TracingConfiguration | None:
        """Read the tracing configuration file; return None if there is none or the feature gate is off.

        Raises:
            rootspan.ConfigurationError: the file is not valid.
        """
        if not self.tracing_config_file or not self.gates().enabled(API_SERVER_TRACING):
            return None
        return TracingConfiguration.read(self.tracing_config_file, strict=self.dialect().strict_tracing_configuration)

    def admission_configuration(self) -> "AdmissionConfiguration":
        """Read the configuration of admission plugins; return an empty one if there is none.

        Raises:
            rootspan.ConfigurationError: a file is not valid.
        """
        from rootspan_apiserver.admission.configuration import (
            AdmissionConfiguration,
        )  # not needed for the command line's help

        path = self.admission_control_config_file
        return AdmissionConfiguration.read(path) if path else AdmissionConfiguration()

    def toleration_seconds(self) -> tuple[int, int]:
        """Return how long pods tolerate a node that is not ready, and one that is unreachable."""
        return self.default_not_ready_toleration_seconds, self.default_unreachable_toleration_seconds

    def service_addresses(self) -> Mapping[tuple[str, str], tuple[str, int]]:
        """Return (host, port) of each --service-address by (namespace, name)."""
        return {(at.namespace, at.name): (at.host, at.port) for at in self.service_address}

    def _faults(self) -> Iterator[str]:
        if not 0 <= self.secure_port <= 65535:
            yield f"--secure-port {self.secure_port} must be between 0 and 65535, inclusive. 0 takes any free port"
        yield from self._faults_of_files()
        yield from self.faults_of_front_proxy()
        yield from self.faults_of_service_accounts()
        yield from self.faults_of_oidc(self.given)
        yield from self.faults_of_authorization()
        yield from self.faults_of_token_webhook()
        yield from self._faults_of_etcd()
        yield from self.faults_of_audit()
        yield from self.faults_of_encryption()
        yield from self._faults_of_limits()
        yield from self._faults_of_names()
        yield from self._faults_of_tracing()

    def _faults_of_files(self) -> Iterator[str]:
        for certificate, key in (
            ("tls_cert_file", "tls_private_key_file"),
            ("proxy_client_cert_file", "proxy_client_key_file"),
            ("etcd_certfile", "etcd_keyfile"),
        ):
            if bool(getattr(self, certificate)) != bool(getattr(self, key)):
                yield f"{_flag(certificate)} and {_flag(key)} must be given together"
        for name in FILES:
            path = getattr(self, name)
            if path and (reason := _unreadable(path)):
                yield f"{_flag(name)}: open {path}: {reason}"

    def _faults_of_etcd(self) -> Iterator[str]:
        for server in self.etcd_servers:
            url = urlsplit(server)
            if url.scheme not in ("http", "https") or not url.hostname:
                yield f"--etcd-servers: {quote(server)} must be a URL, scheme://ip:port"
        if self.etcd_servers and self.data_dir:
            yield "--data-dir configures the embedded etcd and cannot be combined with --etcd-servers"

    def _faults_of_limits(self) -> Iterator[str]:
        for name in (
            "max_requests_inflight",
            "max_mutating_requests_inflight",
            "request_timeout",
            "min_request_timeout",
            "shutdown_delay_duration",
            "shutdown_watch_termination_grace_period",
        ):
            if getattr(self, name) < 0:
                yield f"{_flag(name)} can not be negative value"
        if self.workers < 1:
            yield f"--workers {self.workers} must be at least 1"
        try:
            ipaddress.ip_network(self.service_cluster_ip_range, strict=False)
        except ValueError:
            yield f"--service-cluster-ip-range: {quote(self.service_cluster_ip_range)} is not a valid CIDR"

    def _faults_of_names(self) -> Iterator[str]:
        both = set(self.enable_admission_plugins) & set(self.disable_admission_plugins)
        if both:
            yield f"[{' '.join(sorted(both))}] in enable-admission-plugins and disable-admission-plugins overlapped"
        if self.inbound_trace_context not in INBOUND_TRACE_CONTEXTS:
            yield (
                f"--inbound-trace-context {quote(self.inbound_trace_context)} must be one of "
                f"{', '.join(INBOUND_TRACE_CONTEXTS)}"
            )

    def _faults_of_tracing(self) -> Iterator[str]:
        if self.emulated_version not in DIALECTS:
            yield f"emulation version {self.emulated_version} is not one of {', '.join(DIALECTS)}"
            return
        try:
            self.gates()
        except FeatureGateError as error:
            yield from error.faults
            return
        if self.tracing_config_file and not Path(self.tracing_config_file).exists():
            yield f"tracing-config-file {self.tracing_config_file} does not exist"
            return
        for read in (self.tracing_configuration, self.admission_configuration):
            try:
                read()
            except ConfigurationError as error:
                yield str(error)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _unreadable(path: str) -> str | None:
    try:
        with open(path, "rb"):
            return None
    except OSError as error:
        return (error.strerror or str(error)).lower()
