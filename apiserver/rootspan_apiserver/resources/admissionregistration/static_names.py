"""Names that are reserved for what a manifest on the disk of the server configures.

Upstream: pkg/apis/admissionregistration/validation/static_suffix.go
"""

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject

SUFFIX = ".static.k8s.io"


def static_name_warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Return the warning of a reserved name."""
    if not (obj["metadata"].get("name") or "").endswith(SUFFIX):
        return []
    words = "are reserved for static manifest-based configurations and cannot be managed via the API"
    return [f"metadata.name: names ending with {quote(SUFFIX)} {words}"]
