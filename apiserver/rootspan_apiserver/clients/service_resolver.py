"""The addresses of Services, of webhooks and of aggregated APIs. There is no cluster network, so they come from --service-address.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/serviceresolver.go
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.webhook_client_config import WebhookClientConfig
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_quote import quote


async def no_external_name(_namespace: str, _name: str) -> None:
    """Where Services are not looked up."""


@dataclass(frozen=True, slots=True)
class ServiceResolver:
    """`addresses` maps (namespace, name) of a Service to (host, port). `default/kubernetes` is the server itself.

    `external_names` returns the external name of a Service that has one.
    """

    addresses: Mapping[tuple[str, str], tuple[str, int]]
    loopback: LoopbackClient
    external_names: Callable[[str, str], Awaitable[str | None]] = no_external_name

    def is_loopback(self, config: WebhookClientConfig) -> bool:
        """Return whether the webhook is served by this server. Raises URLError."""
        if config.service is not None:
            return config.service == ("default", "kubernetes") and config.port == 443
        return config.target().host in ("kubernetes.default.svc", "kubernetes.default.svc:443")

    def address(self, config: WebhookClientConfig) -> tuple[str, int] | None:
        """Return the (host, port) of the webhook's Service, None for a webhook with a URL.

        Raises:
            CallError: there is no address for the Service.
        """
        if config.service is None:
            return None
        address = self.addresses.get(config.service)
        if address is None:
            raise CallError(f"service {quote(config.service[1])} not found", "*errors.StatusError")
        return address

    async def locate(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        """Return the (host, port) of a Service for one of its ports: as the flag says, the server itself, or an external name.

        Raises:
            CallError: there is no address for the Service.
        """
        if (namespace, name, port) == ("default", "kubernetes", 443):
            endpoint = self.loopback.endpoint()
            return endpoint.host, endpoint.port
        if (address := self.addresses.get((namespace, name))) is not None:
            return address
        if (host := await self.external_names(namespace, name)) is not None:
            return host, port
        raise CallError(f"service {quote(name)} not found", "*errors.StatusError")
