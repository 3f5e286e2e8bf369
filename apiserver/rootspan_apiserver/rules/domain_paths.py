"""Paths below a domain: `acme.io/foo`.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go (IsDomainPrefixedPath)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"


@function("IsDomainPrefixedPath")
def domain_prefixed_path(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A DNS subdomain, a slash, and a path of HTTP."""
    if not value:
        yield FieldError.required(path)
        return
    host, _, rest = value.partition("/")
    if not host or not rest:
        yield FieldError.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from (FieldError.invalid(path, host, reason) for reason in dns_subdomain(host))
    if not re.fullmatch(_PATH, rest):
        yield FieldError.invalid(path, rest, f"Invalid path (regex used for validation is '{_PATH}')")
