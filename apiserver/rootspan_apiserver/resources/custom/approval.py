"""The approval of a definition in a group of the Kubernetes community, which an annotation says.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go (GetAPIApprovalState),
staging/src/k8s.io/apiextensions-apiserver/pkg/controller/apiapproval/apiapproval_controller.go
"""

from enum import Enum

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_url import URLError, is_request_uri, parse
from rootspan_apiserver.kube.meta import JSONObject

APPROVED = "api-approved.kubernetes.io"
PROTECTED = ("k8s.io", "kubernetes.io")
"""The groups, and those below them, that need an approval."""


class Approval(Enum):
    """What the annotation says; each is the reason of a condition."""

    MISSING = "MissingAnnotation"
    BYPASSED = "UnapprovedAnnotation"
    GIVEN = "ApprovedAnnotation"
    INVALID = "InvalidAnnotation"


def needs_approval(definition: JSONObject) -> bool:
    """Return whether a definition is in a group that is protected."""
    group = definition["spec"].get("group") or ""
    return any(group == domain or group.endswith(f".{domain}") for domain in PROTECTED)


def annotation(definition: JSONObject) -> str:
    """Return the text of the annotation, "" if there is none."""
    return str((definition["metadata"].get("annotations") or {}).get(APPROVED) or "")


def approval_of(definition: JSONObject) -> tuple[Approval, str]:
    """Return the approval of a definition, and why it is that."""
    text = annotation(definition)
    words = f"protected groups must have approval annotation {quote(APPROVED)}"
    see = "see https://github.com/kubernetes/enhancements/pull/1111"
    if not text:
        return Approval.MISSING, f"{words}, {see}"
    if text.startswith("unapproved"):
        return Approval.BYPASSED, f"not approved: {quote(text)}"
    if _is_url(text):
        return Approval.GIVEN, f"approved in {text}"
    return Approval.INVALID, f'{words} with either a URL or a reason starting with "unapproved", {see}'


def _is_url(text: str) -> bool:
    try:
        url = parse(text)
    except URLError:
        return False
    return is_request_uri(text) and bool(url.host and url.scheme)
