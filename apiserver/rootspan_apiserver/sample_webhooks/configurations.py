"""The webhook configurations that register the two webhooks with an API server."""

import base64
from collections.abc import Callable

from rootspan_apiserver.kube.meta import JSONObject

ClientConfigOf = Callable[[str], JSONObject]

NAME = "sample-webhooks"
GROUP_VERSION = "admissionregistration.k8s.io/v1"


def by_url(url: str, ca_bundle: bytes) -> ClientConfigOf:
    """Return client configurations with URLs below `url` (https://host:port); `ca_bundle` (PEM) verifies the certificate."""
    return lambda path: {"url": url + path, "caBundle": _text(ca_bundle)}


def by_service(namespace: str, name: str, port: int, ca_bundle: bytes) -> ClientConfigOf:
    """Return client configurations that name a Service of the cluster."""
    return lambda path: {
        "service": {"namespace": namespace, "name": name, "port": port, "path": path},
        "caBundle": _text(ca_bundle),
    }


def configurations(client_config: ClientConfigOf) -> list[JSONObject]:
    """Return a MutatingWebhookConfiguration and a ValidatingWebhookConfiguration for creates and updates of config maps."""
    return [
        _configuration("MutatingWebhookConfiguration", "mutate.sample-webhooks.example.com", client_config("/mutate")),
        _configuration(
            "ValidatingWebhookConfiguration", "validate.sample-webhooks.example.com", client_config("/validate")
        ),
    ]


def path_of(configuration: JSONObject) -> str:
    """Return the path of the collection of its kind."""
    return f"/apis/{GROUP_VERSION}/{configuration['kind'].lower()}s"


def _configuration(kind: str, webhook: str, client_config: JSONObject) -> JSONObject:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["configmaps"],
        "scope": "Namespaced",
    }
    return {
        "apiVersion": GROUP_VERSION,
        "kind": kind,
        "metadata": {"name": NAME},
        "webhooks": [
            {
                "name": webhook,
                "clientConfig": client_config,
                "rules": [rule],
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}
                    ]
                },
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 5,
            }
        ],
    }


def _text(ca_bundle: bytes) -> str:
    return base64.b64encode(ca_bundle).decode()
