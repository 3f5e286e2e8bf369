"""OpenTelemetry's environment variables for exporters, with the meaning that the specification gives them.

`OTEL_EXPORTER_OTLP_TRACES_*` go before `OTEL_EXPORTER_OTLP_*`, times are in milliseconds, and the scheme of an endpoint says
whether it is reached with TLS. Where neither a scheme nor `INSECURE` says so, only a collector on this host is reached in
plain text. A number or a header that cannot be used is reported and left out; what decides where spans go, and how safely, is refused.
"""

import logging
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote

from rootspan.batching import BatchLimits
from rootspan.configuration import ConfigurationError
from rootspan.endpoint import Endpoint, EndpointError
from rootspan.otlp import OTLPSettings
from rootspan.tls import TLSFiles

_logger = logging.getLogger(__name__)
_HEADER_NAME = re.compile(r"[0-9a-z_.-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class OTLPVariables:
    """The variables of the OTLP exporter for traces, with those for all signals behind them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def name(self, name: str) -> str:
        """Return the name of the variable that holds the value, that for traces if it is set."""
        specific = f"OTEL_EXPORTER_OTLP_TRACES_{name}"
        return specific if self._environment.get(specific, "").strip() else f"OTEL_EXPORTER_OTLP_{name}"

    def value(self, name: str) -> str:
        return self._environment.get(self.name(name), "").strip()

    def headers(self) -> dict[str, str]:
        """Return the headers by names in lower case. What cannot be a header is reported, without its value."""
        headers = {}
        for item in filter(None, map(str.strip, self.value("HEADERS").split(","))):
            key, equals, value = item.partition("=")
            name, value = unquote(key.strip()).lower(), unquote(value.strip())
            if equals and _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value):
                headers[name] = value
            else:
                _logger.warning("parse headers: an item of %s is not name=value and is ignored", self.name("HEADERS"))
        return headers

    def timeout(self) -> float:
        """Return how long an export may take, in seconds: `TIMEOUT`, and no longer than `OTEL_BSP_EXPORT_TIMEOUT`."""
        timeout = positive(self._environment, self.name("TIMEOUT"), 10_000)
        return min(timeout, positive(self._environment, "OTEL_BSP_EXPORT_TIMEOUT", 30_000)) / 1000

    def gzip(self) -> bool:
        named = self.value("COMPRESSION").lower()
        if named not in ("", "gzip", "none"):
            _logger.warning("%s=%r is neither gzip nor none, nothing is compressed", self.name("COMPRESSION"), named)
        return named == "gzip"

    def tls_files(self) -> TLSFiles:
        return TLSFiles(self.value("CERTIFICATE"), self.value("CLIENT_CERTIFICATE"), self.value("CLIENT_KEY"))


def settings(endpoint: str | None, insecure: bool | None, environment: Mapping[str, str] = os.environ) -> OTLPSettings:
    """Settle on the arguments, then on the environment, then on the defaults of OTLP.

    Raises:
        ConfigurationError: An endpoint, a protocol or a value of `INSECURE` cannot be used; the sentence names the variable.
    """
    variables = OTLPVariables(environment)
    http = _is_http(variables)
    place = _endpoint(endpoint, variables)
    files = variables.tls_files()
    plain = _is_plain(place, insecure, variables, files)
    if http:
        path = _path(place, bool(endpoint), variables)
        target = place.url(path, tls=not plain)
        if target is None:
            raise ConfigurationError(
                f"{variables.name('PROTOCOL')}=http/protobuf needs an endpoint http:// or https://"
            )
    else:
        target = place.target()
        if place.scheme in ("http", "https") and place.rest.strip("/"):
            _logger.warning(
                "traces export: the path %r of the endpoint is not used by gRPC; OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf uses it",
                place.rest,
            )
    return OTLPSettings(
        target=target,
        headers=variables.headers(),
        timeout=variables.timeout(),
        gzip=variables.gzip(),
        tls=None if plain else files,
        http=http,
    )


def _is_http(variables: OTLPVariables) -> bool:
    protocol = variables.value("PROTOCOL").lower()
    if protocol not in ("", "grpc", "http/protobuf"):
        raise ConfigurationError(
            f"{variables.name('PROTOCOL')}={protocol!r} is not supported: spans are sent as grpc or as http/protobuf"
        )
    return protocol == "http/protobuf"


def _endpoint(argument: str | None, variables: OTLPVariables) -> Endpoint:
    named = argument or variables.value("ENDPOINT") or "localhost"
    try:
        return Endpoint.parse(named)
    except EndpointError as error:
        raise ConfigurationError(f"{'endpoint' if argument else variables.name('ENDPOINT')}: {error}") from None


def _is_plain(place: Endpoint, argument: bool | None, variables: OTLPVariables, files: TLSFiles) -> bool:
    if place.scheme in ("http", "https"):
        return place.scheme == "http"
    if argument is not None:
        return argument
    named = variables.value("INSECURE").lower()
    if named in ("true", "false"):
        return named == "true"
    if named:
        raise ConfigurationError(f"{variables.name('INSECURE')}={named!r} must be true or false")
    return place.is_local and files == TLSFiles()


def _path(place: Endpoint, is_argument: bool, variables: OTLPVariables) -> str:
    """Return the path of traces: below the one for all signals, but what is for traces only is the whole path."""
    path = "" if place.scheme == "" else place.rest
    if is_argument:
        return path if path.strip("/") else "/v1/traces"
    if variables.name("ENDPOINT") == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":
        return path or "/"
    return f"{path.rstrip('/')}/v1/traces"


def batch_limits(environment: Mapping[str, str] = os.environ) -> BatchLimits:
    """Return the limits that the `OTEL_BSP_*` variables set."""
    defaults = BatchLimits()
    queue = positive(environment, "OTEL_BSP_MAX_QUEUE_SIZE", defaults.max_queue_size)
    batch = positive(environment, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", defaults.max_export_batch_size)
    delay = positive(environment, "OTEL_BSP_SCHEDULE_DELAY", round(defaults.schedule_delay * 1000))
    return BatchLimits(queue, min(batch, queue), delay / 1000)


def grpc_survives_fork(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether gRPC is configured to support a fork after it has been used."""
    return environment.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in ("1", "true", "yes")


def positive(environment: Mapping[str, str], name: str, default: int) -> int:
    """Return the number that a variable holds; the default, with a line in the log, for what is not a positive number."""
    text = environment.get(name, "").strip()
    if text:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if number > 0:
            return number
        _logger.warning("%s=%r is not a positive number, using %d", name, text, default)
    return default
