"""The webhooks that the server asks who somebody is and what he may do.

Upstream: pkg/kubeapiserver/authenticator/config.go (newWebhookTokenAuthenticator), pkg/kubeapiserver/authorizer/reload.go (newForConfig)
"""

from collections.abc import Sequence

from opentelemetry.trace import TracerProvider

from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.authn.token_cache import CachedTokenAuthenticator
from rootspan_apiserver.authn.webhook import WebhookTokens
from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration, Version
from rootspan_apiserver.authz.webhook import WebhookAuthorizer, WebhookPolicy
from rootspan_apiserver.clients.kubeconfig_client import SECONDS, KubeconfigClient
from rootspan_apiserver.clients.kubeconfig_file import read_kubeconfig
from rootspan_apiserver.clients.review_client import ReviewClient
from rootspan_apiserver.telemetry.metrics import Metrics


class AccessWebhooks:
    """Makes authorizers and authenticators that ask webhooks, and closes their connections.

    Args:
        client_spans: The transport that makes a CLIENT span of each call.
        tracer_provider: Makes the spans.
    """

    def __init__(
        self, client_spans: type[AsyncTracingTransport], tracer_provider: TracerProvider, metrics: Metrics
    ) -> None:
        self._spans = (client_spans, tracer_provider)
        self._metrics = metrics
        self._open: list[ReviewClient | CachedTokenAuthenticator] = []

    def authorizer(self, configuration: AuthorizerConfiguration) -> WebhookAuthorizer:
        """Return the authorizer of a webhook. Raises rootspan.ConfigurationError."""
        webhook = configuration.webhook
        assert webhook is not None, "the mode Webhook has a webhook"
        policy = WebhookPolicy(
            version=webhook.version,
            authorized_seconds=webhook.authorized_seconds,
            unauthorized_seconds=webhook.unauthorized_seconds,
            on_error="deny" if webhook.failure_policy == "Deny" else "no opinion",
        )
        client = self._client(webhook.kubeconfig, webhook.timeout)
        metrics, conditions = self._metrics.authorization, None
        if webhook.match_conditions:
            # The engine is read only where there are expressions.
            from rootspan_apiserver.authz.match_conditions import AuthorizationConditions

            conditions = AuthorizationConditions(webhook.match_conditions, configuration.name, metrics)
        return WebhookAuthorizer(configuration.name, client.ask, policy, metrics, conditions)

    def tokens(
        self, kubeconfig: str, *, version: Version, audiences: Sequence[str], seconds: float
    ) -> CachedTokenAuthenticator:
        """Return an authenticator that asks a webhook about tokens, and remembers the answers for `seconds`.

        Raises:
            rootspan.ConfigurationError: the kubeconfig does not say where the webhook is.
        """
        webhook = WebhookTokens(self._client(kubeconfig, SECONDS).ask, audiences, version)
        cached = CachedTokenAuthenticator(webhook, seconds, self._metrics.token_cache)
        self._open.append(cached)
        return cached

    async def aclose(self) -> None:
        """End the calls that are running, and close the connections."""
        while self._open:
            await self._open.pop().aclose()

    def _client(self, kubeconfig: str, seconds: float) -> ReviewClient:
        client = ReviewClient(KubeconfigClient(read_kubeconfig(kubeconfig), seconds=seconds, spans=self._spans))
        self._open.append(client)
        return client
