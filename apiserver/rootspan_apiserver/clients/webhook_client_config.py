"""The address of a webhook, as configurations of admission and of conversion give it.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/client.go (ClientConfig)
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rootspan_apiserver.kube.go_url import URL, clean_path, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookClientConfig:
    """The address of a webhook: `url`, or `path` on `port` of `service` (namespace, name). `ca_bundle` is PEM."""

    url: str = ""
    service: tuple[str, str] | None = None
    port: int = 443
    path: str = ""
    ca_bundle: bytes = b""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return the address in a `clientConfig`."""
        bundle = _bundle(config.get("caBundle") or "")
        if service := config.get("service"):
            return cls(
                service=(service["namespace"], service["name"]),
                port=service.get("port") or 443,
                path=service.get("path") or "",
                ca_bundle=bundle,
            )
        return cls(url=config.get("url") or "", ca_bundle=bundle)

    def target(self) -> URL:
        """Return the URL to call: scheme, host, and the path as client-go joins it.

        Raises:
            URLError: the URL, or the name of the Service as a host, is not valid.
        """
        if self.service is None:
            base, path = parse(self.url), ""
        else:
            namespace, name = self.service
            base, path = parse(f"https://{name}.{namespace}.svc:{self.port}"), self.path
        return URL(base.scheme, base.host, clean_path(f"{base.path}/{path}"))


def _bundle(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
