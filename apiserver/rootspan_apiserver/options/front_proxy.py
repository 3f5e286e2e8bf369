"""The options of aggregation: a front proxy before this server, and this server before others.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/authentication.go (RequestHeaderAuthenticationOptions)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.options.flags import flag, text

_HEADERS = ("username-headers", "uid-headers", "group-headers", "extra-headers-prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontProxyOptions:
    """The flags. An empty string means that the option is not set."""

    requestheader_client_ca_file: str = flag(
        "", text, "A client certificate signed by an authority in this file may name users in request headers."
    )
    requestheader_allowed_names: tuple[str, ...] = flag(
        (), text, "Common names of the client certificates that may name users in headers. Empty: all of them."
    )
    requestheader_username_headers: tuple[str, ...] = flag((), text, "Request headers to inspect for usernames.")
    requestheader_uid_headers: tuple[str, ...] = flag((), text, "Request headers to inspect for UIDs.")
    requestheader_group_headers: tuple[str, ...] = flag((), text, "Request headers to inspect for groups.")
    requestheader_extra_headers_prefix: tuple[str, ...] = flag(
        (), text, "Prefixes of request headers to inspect for extra information about users."
    )
    proxy_client_cert_file: str = flag("", text, "The client certificate with which aggregated APIs are called.")
    proxy_client_key_file: str = flag("", text, "The private key matching --proxy-client-cert-file.")

    def faults_of_front_proxy(self) -> Iterator[str]:
        """Yield what is wrong with the flags of a front proxy."""
        if not self.requestheader_client_ca_file:
            return
        if not self.requestheader_username_headers:
            yield "requestheader: no username headers specified"
        for name in _HEADERS:
            given: tuple[str, ...] = getattr(self, f"requestheader_{name.replace('-', '_')}")
            if any(not value.strip() for value in given):
                yield f"--requestheader-{name} must not contain an empty value"
