"""The configuration with its providers: what the file says, and the plugins that it names.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go (LoadEncryptionConfig, kmsPrefixTransformer)
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rootspan import ConfigurationError
from rootspan_apiserver.encryption.configuration_file import read_configuration
from rootspan_apiserver.encryption.overrides import StoragePaths, TransformerOverrides, overrides_of
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.value_transformers import Transformer, TransformError
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from rootspan_apiserver.encryption.kms_provider import KMSProvider

_TIMEOUT = "3s"
_V1 = (
    "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  "
    "Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature."
)


class LoadedConfiguration:
    """One configuration.

    Attributes:
        content_hash: What tells the content of its file from another.
        transformers: Those of its resources.
    """

    def __init__(self, content_hash: str) -> None:
        self.content_hash = content_hash
        self.transformers: TransformerOverrides
        self._plugins: list[KMSProvider] = []

    @classmethod
    async def read(
        cls, path: str, resources: Iterable[Resource], metrics: EncryptionMetrics, tracing: Tracing, *, reload: bool
    ) -> "LoadedConfiguration":
        """Read the file, and ask the plugins for their status; one that does not answer is asked again.

        Raises:
            ConfigurationError: The file is not valid, or a provider cannot be used.
        """
        document, content_hash = read_configuration(path, reload=reload)
        loaded = cls(content_hash)

        def kms(given: JSONObject) -> tuple[bytes, Transformer]:
            provider = _plugin(given, tracing)
            loaded._plugins.append(provider)
            return f"k8s:enc:kms:v2:{given['name']}:".encode(), provider

        try:
            loaded.transformers = overrides_of(document, StoragePaths(resources), metrics, kms)
        except ConfigurationError:
            await loaded.aclose()
            raise
        for provider in loaded._plugins:
            await provider.start()
        return loaded

    async def check(self) -> None:
        """Raises TransformError where a plugin is not healthy."""
        faults = []
        for index, provider in enumerate(self._plugins):
            try:
                await provider.check()
            except TransformError as error:
                faults.append(f"kms-provider-{index}: {error}")
        if faults:
            raise TransformError(listed(faults))

    @property
    def has_plugins(self) -> bool:
        """Whether a provider is a plugin."""
        return bool(self._plugins)

    async def aclose(self) -> None:
        """Close the connections to the plugins."""
        for provider in self._plugins:
            await provider.aclose()


def _plugin(given: JSONObject, tracing: Tracing) -> "KMSProvider":
    """Raises ConfigurationError."""
    if (given.get("apiVersion") or "v1") == "v1":
        raise ConfigurationError(_V1)
    from rootspan_apiserver.encryption.kms_provider import KMSProvider  # gRPC takes long to import
    from rootspan_apiserver.encryption.kms_service import KMSService

    service = KMSService(given["endpoint"], parse_duration(given.get("timeout") or _TIMEOUT) / 1e9)
    return KMSProvider(given["name"], service, tracing)
