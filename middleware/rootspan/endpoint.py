"""The address of a collector, in each of the forms that OTLP exporters take."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

_HOST = re.compile(
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+(?:%[\w.~-]+)?)\]|(?P<name>[^\s:/?#@\[\]\\]+))(?::(?P<port>[0-9]{1,5}))?"
)
_ELSEWHERE = re.compile(r":.*,|//[^/]+/.")
"""Several addresses, or a name server that is asked for the one."""
_SOCKETS = ("unix", "unix-abstract")
_FORMS = "http://host:4317, https://host:4317, host:4317, dns:///host:4317 or unix:///path"


class EndpointError(ValueError):
    """The text is no address of a collector; the message is the rest of a sentence, and never holds a password."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, taken apart.

    Attributes:
        scheme: `http`, `https`, a scheme of gRPC's (`dns`, `ipv4`, `ipv6`, `unix`, `unix-abstract`), or "" for none.
        host: A name or an address, without brackets; "" for a socket.
        port: None where none is written.
        rest: The path and query of a URL, the path or name of a socket, or the whole of another name of gRPC's.
    """

    scheme: str
    host: str
    port: int | None
    rest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Raises:
            EndpointError: It is none of the forms.
        """
        if not isinstance(text, str) or not text.strip():
            raise EndpointError(f"an address is expected, {_FORMS}, not {text!r}")
        text = text.strip()
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if colon and scheme in _SOCKETS:
            return cls(scheme, "", None, _socket(text, rest))
        if "@" in text.rpartition("//")[2].partition("/")[0]:
            raise EndpointError(
                "user and password cannot be part of an address; credentials go into OTEL_EXPORTER_OTLP_HEADERS"
            )
        if colon and scheme in ("http", "https") and rest.startswith("//"):
            authority, slash, path = rest[2:].partition("/")
            return cls(scheme, *_host_and_port(text, authority), slash + path)
        if colon and scheme in ("dns", "ipv4", "ipv6"):
            authority, _, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
            first = (path or authority).partition(",")[0]
            return cls(scheme, *_host_and_port(text, first), f"{scheme}:{rest}")
        if "://" in text:
            raise EndpointError(f"the scheme {scheme!r} of {text!r} is not understood; it can be {_FORMS}")
        return cls("", *_host_and_port(text, text), "")

    @property
    def is_local(self) -> bool:
        """Whether nothing that is sent there leaves this machine."""
        if self.scheme in _SOCKETS:
            return True
        if self.scheme and _ELSEWHERE.search(self.rest):
            return False
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def target(self) -> str:
        """Return what gRPC calls it. Without a port, `https` is at 443, `http` and no scheme at OTLP's 4317."""
        if self.scheme in _SOCKETS:
            return f"{self.scheme}:{self.rest}"
        if self.scheme in ("", "http", "https"):
            return self._authority(443 if self.scheme == "https" else 4317)
        return self.rest

    def url(self, path: str, *, tls: bool) -> str | None:
        """Return the URL of a path there for OTLP over HTTP; None for a name of gRPC's. Without a scheme and a port it is at 4318."""
        if self.scheme not in ("", "http", "https"):
            return None
        return f"{'https' if tls else 'http'}://{self._authority(None if self.scheme else 4318)}{path}"

    def _authority(self, port: int | None) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = self.port or port
        return host if port is None else f"{host}:{port}"


def _host_and_port(text: str, authority: str) -> tuple[str, int | None]:
    matched = _HOST.fullmatch(authority)
    port = matched["port"] if matched else None
    if matched is None or (port is not None and not 0 < int(port) < 65536):
        raise EndpointError(f"{text!r} names no host, or no port from 1 to 65535; it can be {_FORMS}")
    return matched["literal"] or matched["name"], int(port) if port else None


def _socket(text: str, rest: str) -> str:
    path = rest.removeprefix("//")
    if not path:
        raise EndpointError(f"{text!r} names no socket; it can be {_FORMS}")
    return path
