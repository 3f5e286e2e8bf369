"""The formats that `+k8s:format` names: what a text of each may look like, and upstream's reasons against one that does not.

The reasons about length count in bytes here, where those of `kube.names`, which hand-written validation uses, count in characters.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/strfmt.go, staging/src/k8s.io/apimachinery/pkg/api/validate/content/dns.go
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube import names
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import Rule, RuleContext
from rootspan_apiserver.rules.values import named

_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_IDENTIFIER_WORDS = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
    f" (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '{_IDENTIFIER}')"
)
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CASE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric",
    "an RFC 1123 subdomain must consist of alphanumeric",
)


def short_name(value: str) -> list[str]:
    """Return the reasons why a text is not an RFC 1123 label."""
    return _in_bytes(names.dns_label(value))


def long_name(value: str) -> list[str]:
    """Return the reasons why a text is not an RFC 1123 subdomain."""
    return _in_bytes(names.dns_subdomain(value))


def long_name_caseless(value: str) -> list[str]:
    """Return the reasons why a text is not an RFC 1123 subdomain in any case."""
    return [reason.replace(*_CASE).replace("'example.com'", "'Example.com'") for reason in long_name(value.lower())]


def label_key(value: str) -> list[str]:
    """Return the reasons why a text is not the key of a label."""
    return names.qualified_name(value)


def uuid(value: str) -> list[str]:
    """Return the reasons why a text is not a UUID in lowercase."""
    return [] if re.fullmatch(_UUID, value) else ["must be a lowercase UUID in 8-4-4-4-12 format"]


def c_identifier(value: str) -> list[str]:
    """Return the reasons why a text is not a C identifier."""
    return [] if re.fullmatch(_IDENTIFIER, value) else [_IDENTIFIER_WORDS]


def _in_bytes(reasons: list[str]) -> list[str]:
    return [re.sub(r"(must be no more than \d+) characters$", r"\1 bytes", reason) for reason in reasons]


def _too_long(value: str, path: Path, limit: int) -> list[FieldError]:
    return [FieldError.too_long(path, limit)] if len(value.encode()) > limit else []


@function("ResourcePoolName")
def _pool_name(value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
    """Subdomains separated by slashes, of at most 253 bytes."""
    yield from _too_long(value, path, 253)
    for index, segment in enumerate(value.split("/")):
        if not segment:
            yield FieldError.invalid(path, value, f"segment {index}: must not be empty")
        for reason in long_name(segment) if segment else ():
            yield FieldError.invalid(path, segment, f"segment {index}: {reason}")


@function("ResourceFullyQualifiedName")
def _fully_qualified_name(value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
    """A domain and a C identifier, separated by a slash."""
    parts = value.split("/")
    if len(parts) == 2 and not parts[0]:
        yield FieldError.invalid(path, "", "prefix must not be empty")
    elif len(parts) == 2:
        yield from _too_long(parts[0], path, 63)
        yield from (FieldError.invalid(path, parts[0], f"prefix: {reason}") for reason in long_name(parts[0]))
    if len(parts) == 2 and not parts[1]:
        yield FieldError.invalid(path, "", "name must not be empty")
    elif len(parts) <= 2:
        yield from _too_long(parts[-1], path, 32)
        yield from (FieldError.invalid(path, parts[-1], reason) for reason in c_identifier(parts[-1]))
    if len(parts) == 1:
        yield FieldError.invalid(path, value, "a fully qualified name must be a domain and a name separated by a slash")


def extended_resource_name(value: str) -> list[str]:
    """Return the reasons why a text is not the name of an extended resource."""
    reasons = []
    if "/" not in value:
        reasons.append("a name must be a domain-prefixed path, such as 'example.com/my-prop'")
    elif "kubernetes.io/" in value:
        reasons.append('must not have "kubernetes.io/" domain')
    if value.startswith("requests."):
        reasons.append('must not have "requests." prefix')
    return reasons + label_key(f"requests.{value}")


FORMATS: Mapping[str, Rule] = MappingProxyType(
    {
        "k8s-extended-resource-name": named(extended_resource_name),
        "k8s-label-key": named(label_key),
        "k8s-long-name": named(long_name),
        "k8s-long-name-caseless": named(long_name_caseless),
        "k8s-path-segment-name": named(names.path_segment),
        "k8s-resource-fully-qualified-name": _fully_qualified_name,
        "k8s-resource-pool-name": _pool_name,
        "k8s-short-name": named(short_name),
        "k8s-uuid": named(uuid),
    }
)
"""The rules of the formats by their names."""
