"""A running server, as those who start one see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from opentelemetry.sdk.trace import TracerProvider

from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running server: its address, its CA bundle (PEM), a token of the administrator, and the provider of its spans.

    `shut_down` announces the end: the server continues to serve but is not ready any more. `settled` returns once the controllers have
    done the work of the startup. `expire_history` makes every resourceVersion and continue token so far too old. `start` announces that
    all processes of the server run.
    """

    address: Address
    ca_bundle: bytes
    token: str
    tracer_provider: TracerProvider
    shut_down: Callable[[], None]
    settled: Callable[[], Awaitable[None]]
    expire_history: Callable[[], Awaitable[None]]
    start: Callable[[], None]

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig of the administrator."""
        return kubeconfig.render(self.address.url, self.ca_bundle, self.token)
