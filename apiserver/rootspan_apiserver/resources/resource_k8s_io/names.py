"""Names in resource.k8s.io: of drivers, pools, requests, attributes, shares.

Upstream: pkg/apis/resource/validation/validation.go (validatePoolName, validateUID, validateQualifiedName, validateFullyQualifiedName),
pkg/apis/core/validation/validation.go (ValidateCSIDriverName)
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.names import dns_label, dns_subdomain, label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, absent_as, function, max_length, named, required
from rootspan_apiserver.rules.formats import c_identifier

IDENTIFIER_LIMIT = 32
DOMAIN_LIMIT = 63
POOL_LIMIT = 253


def _driver(value: str) -> list[str]:
    return dns_subdomain(value.lower())


label = absent_as("", named(dns_label))
"""A DNS label; an absent one is refused as an empty one is."""
subdomain = required & named(dns_subdomain)
driver_name = required & max_length(DOMAIN_LIMIT) & named(_driver)
label_key = absent_as("", named(qualified_name))
label_text = absent_as("", named(label_value))


@function("validatePoolName")
def _pool_segments(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Subdomains separated by slashes."""
    for segment in value.split("/"):
        yield from (FieldError.invalid(path, segment, reason) for reason in dns_subdomain(segment))


pool_name = required & max_length(POOL_LIMIT) & _pool_segments


def _identifier(value: str, path: Path) -> Iterator[FieldError]:
    if len(value.encode()) > IDENTIFIER_LIMIT:
        yield FieldError.too_long(path, IDENTIFIER_LIMIT)
    yield from (FieldError.invalid(path, value, reason) for reason in c_identifier(value))


def _qualified(value: str, path: Path, context: RuleContext) -> Iterator[FieldError]:
    parts = value.split("/")
    if len(parts) == 1:
        yield from _identifier(value, path)
    elif len(parts) == 2:  # a name with more slashes passes, upstream too
        if parts[0]:
            yield from driver_name.check(parts[0], None, path, context)
        else:
            yield FieldError.invalid(path, "", "the domain must not be empty")
        if parts[1]:
            yield from _identifier(parts[1], path)
        else:
            yield FieldError.invalid(path, "", "the name must not be empty")


@function("validateQualifiedName")
def qualified(value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
    """A C identifier, after a domain and a slash or alone."""
    return _qualified(value, path, context)


@function("validateFullyQualifiedName")
def fully_qualified(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A domain, a slash and a C identifier."""
    yield from _qualified(value, path, context)
    if "/" not in value:
        yield FieldError.invalid(path, value, "a fully qualified name must be a domain and a name separated by a slash")


@function("validateUID")
def share_id(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A UUID in lowercase."""
    if reason := _not_a_uuid(value):
        yield FieldError.invalid(path, value, f"error validating uid: {reason}")
    elif len(value) != 36 or value != value.lower():
        form = "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters"
        yield FieldError.invalid(path, value, form)


def _not_a_uuid(value: str) -> str:
    """Return why the Go package `uuid` refuses a text, "" if it does not: it takes URNs, braces and no dashes, too."""
    text, size = value, len(value.encode())
    if size == 45:
        if value[:9].lower() != "urn:uuid:":
            return f"invalid urn prefix: {quote(value[:9])}"
        text = value[9:]
    elif size == 38:
        if value[0] != "{" or value[-1] != "}":
            return "invalid bracketed UUID format"
        text = value[1:-1]
    elif size not in (32, 36):
        return f"invalid UUID length: {size}"
    dash = "" if size == 32 else "-"
    pattern = dash.join(f"[0-9a-fA-F]{{{count}}}" for count in (8, 4, 4, 4, 12))
    return "" if re.fullmatch(pattern, text) else "invalid UUID format"
