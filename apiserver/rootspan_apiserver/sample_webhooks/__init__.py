"""Two admission webhooks to look at: a service of its own, with spans of its own, that knows the API server only over HTTPS."""

from rootspan_apiserver.sample_webhooks.configurations import by_service, by_url, configurations
from rootspan_apiserver.sample_webhooks.reviews import DENIED_DATA
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME, KubernetesAPI, create_application, serving_webhooks

__all__ = [
    "DENIED_DATA",
    "SERVICE_NAME",
    "KubernetesAPI",
    "by_service",
    "by_url",
    "configurations",
    "create_application",
    "serving_webhooks",
]
