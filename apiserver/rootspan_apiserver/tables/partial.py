"""The metadata of an object alone (`PartialObjectMetadata` of meta.k8s.io).

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (PartialObjectMetadata)
"""

from rootspan_apiserver.kube.meta import JSONObject


def partial_object_metadata(obj: JSONObject, *, version: str = "v1") -> JSONObject:
    """`version` is that of meta.k8s.io that the client asked for."""
    metadata = obj.get("metadata") or {}
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
