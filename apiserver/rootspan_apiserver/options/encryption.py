"""The options of encryption at rest.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/etcd.go
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.options.flags import boolean, flag, text


@dataclass(frozen=True, kw_only=True)
class EncryptionOptions:
    """The flags."""

    encryption_provider_config: str = flag(
        "", text, "The file containing configuration for encryption providers to be used for storing secrets in etcd."
    )
    encryption_provider_config_automatic_reload: bool = flag(
        False, boolean, "Whether the file set by --encryption-provider-config is read again when it changes."
    )

    def faults_of_encryption(self) -> Iterator[str]:
        """Yield what is wrong with the flags of encryption."""
        if self.encryption_provider_config_automatic_reload and not self.encryption_provider_config:
            yield "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config"
