"""Where the Services that webhook configurations name are to be found, there being no cluster network to find them."""

from collections.abc import Mapping
from dataclasses import dataclass

from rootspan_apiserver.admission.webhooks.configuration import ClientConfig
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_quote import quote


@dataclass(frozen=True, slots=True)
class Services:
    """`addresses` maps (namespace, name) of a Service to (host, port); `kubernetes` in `default` is the server itself."""

    addresses: Mapping[tuple[str, str], tuple[str, int]]
    loopback: LoopbackClient

    def is_loopback(self, config: ClientConfig) -> bool:
        """Whether the server itself is meant. Raises URLError."""
        if config.service is not None:
            return config.service == ("default", "kubernetes") and config.port == 443
        return config.target().host in ("kubernetes.default.svc", "kubernetes.default.svc:443")

    def address(self, config: ClientConfig) -> tuple[str, int] | None:
        """The address to connect to instead of the one in the URL; None if the URL's own is good.

        Raises:
            CallError: nobody said where the service is.
        """
        if config.service is None:
            return None
        address = self.addresses.get(config.service)
        if address is None:
            raise CallError(f"service {quote(config.service[1])} not found", "*errors.StatusError")
        return address
