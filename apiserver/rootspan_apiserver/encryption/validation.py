"""What a valid EncryptionConfiguration is.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation_encryption.go
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from itertools import permutations
from types import MappingProxyType
from urllib.parse import urlsplit

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError

AES_SIZES, SECRETBOX_SIZES = (16, 24, 32), (32,)
PROVIDERS = ("kms", "aesgcm", "aescbc", "secretbox", "identity")
NO_PROVIDER = "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity"
_GO_NAMES = MappingProxyType(
    {"aesgcm": "AESGCM", "aescbc": "AESCBC", "secretbox": "Secretbox", "identity": "Identity", "kms": "KMS"}
)
_WITHOUT_API = ("apiserveripinfo", "serviceipallocations", "servicenodeportallocations")
_STAR = "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
_MASKED = "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked"
_EVENTS = (
    "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
)


def group_resource(text: str) -> tuple[str, str]:
    """Return the resource and the group in `deployments.apps`, `secrets`, `*.apps` or `*.`."""
    resource, _, group = text.partition(".")
    return resource, group


def configuration_faults(document: JSONObject, *, reload: bool) -> Iterator[FieldError]:
    """Yield what is wrong with a configuration."""
    if not document.get("resources"):
        yield FieldError.required("resources", "at least one resources is required")
        return
    names: set[str] = set()
    for index, each in enumerate(document["resources"]):
        path = f"resources[{index}]"
        resources, providers = each.get("resources") or [], each.get("providers") or []
        if not resources:
            yield FieldError.required(f"{path}.resources", f"at least one {path}.resources is required")
        yield from _overlaps(resources, f"{path}.resources")
        for position, resource in enumerate(resources):
            if why := _fault_of_resource(resource):
                yield FieldError.invalid(f"{path}.resources[{position}]", resource, why)
        if not providers:
            yield FieldError.required(f"{path}.providers", f"at least one {path}.providers is required")
        for position, provider in enumerate(providers):
            yield from _faults_of_provider(provider, f"{path}.providers[{position}]", names, reload=reload)


def _overlaps(resources: Sequence[str], path: str) -> Iterator[FieldError]:
    parsed = [group_resource(each) for each in resources]
    pairs = list(permutations(parsed, 2))
    if any(one == other for one, other in pairs):
        yield FieldError.invalid(path, resources, "the same resource cannot be specified multiple times")
    if any(_masks(one, other) for one, other in pairs if one != other):
        yield FieldError.invalid(path, resources, _MASKED)


def _masks(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one == ("*", "*") or (one[1] == other[1] and "*" in (one[0], other[0]))


def _fault_of_resource(text: str) -> str:
    """Return what is wrong with the name of a resource, "" if nothing is."""
    resource, group = group_resource(text)
    if text.lower() != text:
        return "resource name should not contain capital letters"
    if text == "*":
        return _STAR
    if text in _WITHOUT_API:
        return "resources which do not have REST API/s cannot be encrypted"
    if group == "events.k8s.io":
        return _EVENTS
    if group == "extensions":
        return "'extensions' group has been removed and cannot be used for encryption"
    if group == "*" and resource != "*":
        return "encrypting the same resource across groups is not supported"
    return ""


def _faults_of_provider(provider: JSONObject, path: str, names: set[str], *, reload: bool) -> Iterator[FieldError]:
    given = [name for name in PROVIDERS if provider.get(name) is not None]
    if not given:
        yield FieldError.invalid(path, dict.fromkeys(_GO_NAMES.values()), NO_PROVIDER)
        return
    if len(given) > 1:
        # kube-apiserver shows the keys
        shown = {go: "REDACTED" if name in given else None for name, go in _GO_NAMES.items()}
        why = "more than one provider specified in a single element, should split into different list elements"
        yield FieldError.invalid(path, shown, why)
    name = given[0]
    if name == "kms":
        yield from _faults_of_kms(provider["kms"], f"{path}.kms", names, reload=reload)
        names.add(provider["kms"].get("name") or "")
    elif name != "identity":
        sizes = SECRETBOX_SIZES if name == "secretbox" else AES_SIZES
        yield from _faults_of_keys(provider[name].get("keys") or [], f"{path}.{name}.keys", sizes)


def _faults_of_keys(keys: Sequence[JSONObject], path: str, sizes: Sequence[int]) -> Iterator[FieldError]:
    if not keys:
        yield FieldError.required(path, "at least one keys is required")
    for index, key in enumerate(keys):
        if not key.get("name"):
            yield FieldError.required(f"{path}[{index}].name", "name is a mandatory field for a key")
        if not key.get("secret"):
            yield FieldError.required(f"{path}[{index}].secret", "secret is a mandatory field for a key")
            continue
        try:
            size = len(base64.b64decode(key["secret"], validate=True))
        except binascii.Error:
            yield FieldError.invalid(f"{path}[{index}].secret", "REDACTED", "secrets must be base64 encoded")
            continue
        if size not in sizes:
            expected = " ".join(map(str, sizes))
            why = f"secret is not of the expected length, got {size}, expected one of [{expected}]"
            yield FieldError.invalid(f"{path}[{index}].secret", "REDACTED", why)


def _faults_of_kms(kms: JSONObject, path: str, names: set[str], *, reload: bool) -> Iterator[FieldError]:
    name, version = kms.get("name") or "", kms.get("apiVersion") or "v1"
    if not name:
        yield FieldError.required(f"{path}.name", "name is a mandatory field for a provider")
    if version != "v1" and ":" in name:
        yield FieldError.invalid(f"{path}.name", name, f"invalid KMS provider name {name}, must not contain ':'")
    if (reload or version != "v1") and name in names:
        yield FieldError.invalid(f"{path}.name", name, f"duplicate KMS provider name {name}, names must be unique")
    if kms.get("timeout") is not None and parse_duration(kms["timeout"]) <= 0:
        yield FieldError.invalid(f"{path}.timeout", kms["timeout"], "timeout should be a positive value")
    yield from _faults_of_endpoint(kms.get("endpoint") or "", f"{path}.endpoint")
    size = kms.get("cachesize")
    if version != "v1" and size is not None:
        yield FieldError.invalid(f"{path}.cachesize", size, "cachesize is not supported in v2")
    if version == "v1" and size == 0:
        yield FieldError.invalid(
            f"{path}.cachesize", size, "cachesize should be a positive value, or negative to disable"
        )
    if version not in ("v1", "v2"):
        why = "unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported"
        yield FieldError.invalid(f"{path}.apiVersion", version, why)


def _faults_of_endpoint(endpoint: str, path: str) -> Iterator[FieldError]:
    if not endpoint:
        yield FieldError.invalid(path, "", "endpoint is a mandatory field for a kms")
    elif (scheme := urlsplit(endpoint).scheme) != "unix":
        why = f"unsupported scheme {quote(scheme)} for KMS provider, only unix is supported"
        yield FieldError.invalid(path, endpoint, why)
