"""The rules of signing requests: what is asked for, and what approval and signing may change.

The certificate is not read: only the frames of its PEM blocks are checked.

Upstream: pkg/apis/certificates/validation/validation.go, pkg/apis/core/validation/names.go (ValidateSignerName)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.certificates.pem import block_types
from rootspan_apiserver.resources.certificates.request import check_signature, parse_request
from rootspan_apiserver.rules import Path, RuleContext, each, function, minimum, one_of, required, struct, unique

APPROVED, DENIED, FAILED = "Approved", "Denied", "Failed"
STATUSES = ("False", "True", "Unknown")
MAX_DOMAIN = 253
MAX_SIGNER_NAME = 571
LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
USAGES = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)


@function("validateCSR", absent=True)
def _request(value: str | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Its first PEM block is a certificate request that the owner of its key has signed."""
    try:
        check_signature(parse_request(value or ""))
    except ValueError as exc:
        yield FieldError.invalid(path, value, str(exc))


@function("ValidateSignerName")
def _signer(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A domain and a name, separated by a slash."""
    if value == LEGACY_SIGNER:
        if not context.update:
            yield FieldError.invalid(path, value, "the legacy signerName is not allowed via this API version")
        return
    domain, _, name = value.partition("/")
    if value.count("/") != 1:
        words = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield FieldError.invalid(path, value, words)
        return
    if len(domain.encode()) > MAX_DOMAIN:
        yield FieldError.too_long(path, MAX_DOMAIN)
    yield from _labels(domain, dns_label, path)
    if "." not in domain:
        yield FieldError.invalid(path, domain, "should be a domain with at least two segments separated by dots")
    yield from _labels(name, dns_subdomain, path)
    if len(value.encode()) > MAX_SIGNER_NAME:
        yield FieldError.too_long(path, MAX_SIGNER_NAME)


def _labels(text: str, rule: Any, path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the first label that is not valid."""
    for label in text.split("."):
        if reasons := rule(label):
            for reason in reasons:
                yield FieldError.invalid(path, text, f"validating label {quote(label)}: {reason}")
            return


SPEC = struct(
    request=_request,
    usages=required & each(one_of(*USAGES)) & unique(),
    signerName=required & _signer,
    expirationSeconds=minimum(600, words="may not specify a duration less than 600 seconds (10 minutes)"),
)


@function("validateConditions")
def _conditions(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a type that no other has, and a status; a request is not approved and denied."""
    seen: set[str] = set()
    for index, condition in enumerate(value):
        kind, status, at = condition.get("type") or "", condition.get("status") or "", path / index
        if not kind:
            yield FieldError.required(at / "type")
        allowed = ("True",) if kind in (APPROVED, DENIED, FAILED) else STATUSES
        if not status:
            yield FieldError.required(at / "status")
        elif status not in allowed:
            yield FieldError.not_supported(at / "status", status, allowed)
        if kind in (APPROVED, DENIED) and {APPROVED, DENIED} <= seen | {kind} and not _both(old):
            yield FieldError.invalid(path, kind, "Approved and Denied conditions are mutually exclusive")
        if kind in seen:
            yield FieldError.duplicate(at / "type", kind)
        seen.add(kind)


def _both(old: Any) -> bool:
    """Return whether the old object was approved and denied already."""
    return isinstance(old, list) and {APPROVED, DENIED} <= {condition.get("type") for condition in old}


@function("validateCertificate")
def _certificate(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A new certificate is made of PEM blocks of certificates."""
    if not value or value == old:
        return
    types = list(block_types(value))
    other = next((kind for kind in types if kind != "CERTIFICATE"), "")
    if other:
        words = f"only CERTIFICATE PEM blocks are allowed, found {quote(other)}"
        yield FieldError.invalid(path, "<certificate data>", words)
    elif not types:
        yield FieldError.invalid(path, "<certificate data>", "must contain at least one CERTIFICATE PEM block")


STATUS = struct(conditions=_conditions, certificate=_certificate)


@function("validateCertificateSigningRequestUpdate")
def _kept_conditions(status: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No decision is taken back, and only an approval makes one."""
    path /= "conditions"
    for kind in (APPROVED, DENIED, FAILED):
        if _count(status, kind) < _count(old, kind):
            yield FieldError.forbidden(path, f"updates may not remove a condition of type {quote(kind)}")
    for kind in (APPROVED, DENIED) if context.subresource != "approval" else ():
        if _count(status, kind) > _count(old, kind):
            yield FieldError.forbidden(path, f"updates may not add a condition of type {quote(kind)}")


def _count(status: Any, kind: str) -> int:
    conditions = status.get("conditions") if isinstance(status, dict) else None
    return sum(condition.get("type") == kind for condition in conditions or ())


@function("validateCertificateSigningRequestUpdate", absent=True)
def _kept_certificate(value: str | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A certificate is issued once."""
    if old and value != old and context.subresource == "status":
        yield FieldError.forbidden(path, "updates may not modify existing certificate content")


STATUS_CHANGES = _kept_conditions & struct(certificate=_kept_certificate)
