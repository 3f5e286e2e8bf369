"""From the configuration to the transformer of each resource.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rootspan import ConfigurationError
from rootspan_apiserver.encryption.transformers import (
    AESCBCTransformer,
    AESGCMTransformer,
    IdentityTransformer,
    PrefixTransformers,
    SecretboxTransformer,
)
from rootspan_apiserver.encryption.validation import PROVIDERS, group_resource
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.value_transformers import Transformer
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics

_BUILDING = "error while building transformers"
_ANY = ("*", "*")
_NO_PREFIX = "no matching prefix found"
_KEYED: Mapping[str, tuple[bytes, Callable[[bytes], Transformer], str]] = {
    "aescbc": (b"k8s:enc:aescbc:v1:", AESCBCTransformer, "AES"),
    "aesgcm": (b"k8s:enc:aesgcm:v1:", AESGCMTransformer, "AES"),
    "secretbox": (b"k8s:enc:secretbox:v1:", SecretboxTransformer, "Secretbox"),
}
"""For each provider with keys the prefix of its values, the transformer for a key, and its name in errors."""

KMSTransformer = Callable[[JSONObject], tuple[bytes, Transformer]]
"""From the configuration of a KMS provider to its prefix and its transformer. Raises ConfigurationError."""


class StoragePaths:
    """Which resource is kept where: `/secrets/default/a` is one of `secrets`."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._known: dict[str, tuple[str, str]] = {}
        for resource in resources:
            kept = (resource.group_resource.resource, resource.group_resource.group)
            # Events of events.k8s.io are kept as those of the core group, which is encrypted by that name.
            if resource.storage_path not in self._known or not kept[1]:
                self._known[resource.storage_path] = kept

    def resource_of(self, path: str) -> tuple[str, str] | None:
        """Return the resource and its group, None where no object is kept. Custom resources are below their group."""
        _, first, *rest = f"{path}//".split("/", 3)
        found = self._known.get(f"/{first}") or self._known.get(f"/{first}/{rest[0]}")
        if found is None and "." in first and rest[0]:
            return rest[0], first
        return found


@dataclass(slots=True)
class TransformerOverrides:
    """The transformers of a configuration, by resource and group; `*` stands for all."""

    paths: StoragePaths
    metrics: EncryptionMetrics
    providers: dict[tuple[str, str], list[tuple[bytes, Transformer]]] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], Transformer] = field(default_factory=dict)

    def for_key(self, path: str) -> Transformer:
        """See `ResourceTransformers`."""
        kept = self.paths.resource_of(path)
        if kept is None:
            return _IDENTITY
        found = self._resolved.get(kept)
        if found is None:
            found = self._resolved[kept] = self._resolve(kept)
        return found

    def _resolve(self, kept: tuple[str, str]) -> Transformer:
        resource, group = kept
        chosen = self.providers.get(kept) or self.providers.get(("*", group)) or self.providers.get(_ANY)
        if not chosen:
            return _IDENTITY
        return PrefixTransformers(chosen, _NO_PREFIX).counted(
            self.metrics, f"{resource}.{group}" if group else resource
        )


_IDENTITY = IdentityTransformer()


def overrides_of(
    document: JSONObject, paths: StoragePaths, metrics: EncryptionMetrics, kms: KMSTransformer
) -> TransformerOverrides:
    """Return the transformers of a valid configuration.

    Raises:
        ConfigurationError: A resource is masked by an earlier rule, or a provider cannot be used.
    """
    found = TransformerOverrides(paths, metrics)
    try:
        for each in document["resources"]:
            providers = [_provider(provider, kms) for provider in each["providers"]]
            for text in each["resources"]:
                named = group_resource(text)
                for earlier in (("*", named[1]), _ANY):
                    if earlier in found.providers:
                        words = f"resource {quote(_shown(named))} is masked by earlier rule {quote(_shown(earlier))}"
                        raise ConfigurationError(words)
                found.providers.setdefault(named, []).extend(providers)
    except ConfigurationError as error:
        raise ConfigurationError(f"{_BUILDING}: {error}") from error
    return found


def _provider(given: JSONObject, kms: KMSTransformer) -> tuple[bytes, Transformer]:
    """Return the prefix and the transformer of a provider. Raises ConfigurationError."""
    name = next(name for name in PROVIDERS if given.get(name) is not None)
    if name == "identity":
        return b"", _IDENTITY
    if name == "kms":
        return kms(given[name])
    prefix, make, shown = _KEYED[name]
    try:
        keys: list[tuple[bytes, Transformer]] = [
            (f"{key['name']}:".encode(), make(base64.b64decode(key["secret"]))) for key in given[name]["keys"]
        ]
    except ImportError as error:
        words = "the secretbox provider needs the Python package PyNaCl, which is not installed (rootspan[secretbox])"
        raise ConfigurationError(words) from error
    return prefix, PrefixTransformers(keys, f"no matching key was found for the provided {shown} transformer")


def _shown(named: tuple[str, str]) -> str:
    resource, group = named
    return f"{resource}.{group}" if group else "*." if resource == "*" else resource
