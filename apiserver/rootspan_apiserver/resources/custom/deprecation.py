"""The warning of each request for a deprecated version of a custom resource.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (defaultDeprecationWarning)
"""

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import version_priority


def deprecation_warning(version: JSONObject, kind: GroupVersionKind, spec: JSONObject) -> str:
    """Return the text of a version of `spec`, "" if the version is not deprecated.

    Unless its definition has a text, that names the latest served version that is newer and not deprecated.
    """
    if not version.get("deprecated"):
        return ""
    if (own := version.get("deprecationWarning")) is not None:
        return str(own)
    usable = (each["name"] for each in spec["versions"] if each.get("served") and not each.get("deprecated"))
    better = [name for name in usable if version_priority(name) < version_priority(version["name"])]
    use = f"; use {kind.group}/{min(better, key=version_priority)} {kind.kind}" if better else ""
    return f"{kind.api_version} {kind.kind} is deprecated{use}"
