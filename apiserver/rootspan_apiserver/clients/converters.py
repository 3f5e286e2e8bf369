"""The converter of each CustomResourceDefinition with several versions.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/converter.go (CRConverterFactory)
"""

from rootspan_apiserver.clients.webhook_client_config import WebhookClientConfig
from rootspan_apiserver.clients.webhook_clients import WebhookClients
from rootspan_apiserver.clients.webhook_converter import ConversionSettings, WebhookConverter
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.custom.definitions import schemas_of
from rootspan_apiserver.resources.custom.none_converter import NoneConverter
from rootspan_apiserver.telemetry.conversion_metrics import ConversionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing


class Converters:
    """Makes converters, whose webhooks are called through `clients`."""

    def __init__(self, clients: WebhookClients, tracing: Tracing, metrics: ConversionMetrics) -> None:
        self._clients = clients
        self._tracing = tracing
        self._metrics = metrics
        self._used: dict[str, WebhookClientConfig] = {}

    def of(self, definition: JSONObject) -> Converter | None:
        """Return the converter of a definition, None if it has one version only."""
        name, spec = definition["metadata"]["name"], definition["spec"]
        self._used.pop(name, None)
        versions = spec.get("versions") or []
        if len(versions) < 2:
            return None
        stored = next((f"{spec['group']}/{version['name']}" for version in versions if version.get("storage")), "")
        conversion = spec.get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return NoneConverter(stored)
        webhook = conversion.get("webhook") or {}
        self._used[name] = client = WebhookClientConfig.of(webhook.get("clientConfig") or {})
        settings = ConversionSettings(
            name=name,
            stored=stored,
            schemas=schemas_of(definition),
            client=client,
            review_versions=tuple(webhook.get("conversionReviewVersions") or ()),
        )
        return WebhookConverter(settings, self._clients, self._tracing, self._metrics)

    async def forget(self, name: str) -> None:
        """Close the connections to the webhook of a definition that is deleted."""
        self._used.pop(name, None)
        await self.close_unused()

    async def close_unused(self) -> None:
        """Close the connections to webhooks that no definition names any more."""
        await self._clients.keep(self._used.values())

    async def aclose(self) -> None:
        """Close the connections to the webhooks."""
        await self._clients.aclose()
