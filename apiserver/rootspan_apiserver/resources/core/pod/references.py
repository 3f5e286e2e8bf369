"""The other objects of the API that a pod refers to.

Upstream: pkg/api/pod/util.go (VisitPodSecretNames, VisitPodConfigmapNames, HasAPIObjectReference)
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject

_SECRETS_OF_VOLUMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("azureFile", ("secretName",)),
    ("cephfs", ("secretRef", "name")),
    ("cinder", ("secretRef", "name")),
    ("flexVolume", ("secretRef", "name")),
    ("rbd", ("secretRef", "name")),
    ("secret", ("secretName",)),
    ("scaleIO", ("secretRef", "name")),
    ("iscsi", ("secretRef", "name")),
    ("storageos", ("secretRef", "name")),
    ("csi", ("nodePublishSecretRef", "name")),
)
_REFERRING_VOLUMES: Mapping[str, str] = MappingProxyType(
    {
        "configMap": "configmaps (via configmap volumes)",
        "secret": "secrets (via secret volumes)",
        "csi": "csidrivers (via CSI volumes)",
        "glusterfs": "endpoints (via glusterFS volumes)",
        "persistentVolumeClaim": "persistentvolumeclaims",
        "ephemeral": "persistentvolumeclaims (via ephemeral volumes)",
        "azureFile": "secrets (via azureFile volumes)",
    }
)
_REFERRING_PROJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "configMap": "configmaps (via projected volumes)",
        "secret": "secrets (via projected volumes)",
        "serviceAccountToken": "serviceaccounts (via projected volumes)",
        "clusterTrustBundle": "clustertrustbundles",
        "podCertificate": "podcertificates",
    }
)


def containers(spec: JSONObject) -> Iterator[JSONObject]:
    """Yield init containers, containers and ephemeral containers."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def projections(spec: JSONObject) -> Iterator[JSONObject]:
    """Yield the sources of all projected volumes."""
    for volume in spec.get("volumes") or ():
        yield from (volume.get("projected") or {}).get("sources") or ()


def secret_names(spec: JSONObject) -> Iterator[str]:
    """Yield the names of secrets, where they are not empty."""
    yield from filter(None, _secret_names(spec))


def _secret_names(spec: JSONObject) -> Iterator[str]:
    yield from (reference.get("name", "") for reference in spec.get("imagePullSecrets") or ())
    yield from _names_in_environments(spec, "secretRef", "secretKeyRef")
    yield from ((source.get("secret") or {}).get("name", "") for source in projections(spec))
    for volume in spec.get("volumes") or ():
        for kind, keys in _SECRETS_OF_VOLUMES:
            found = volume.get(kind)
            for key in keys:
                found = (found or {}).get(key)
            yield found or ""


def config_map_names(spec: JSONObject) -> Iterator[str]:
    """Yield the names of config maps, where they are not empty."""
    yield from filter(None, _names_in_environments(spec, "configMapRef", "configMapKeyRef"))
    sources = [*(spec.get("volumes") or ()), *projections(spec)]
    yield from filter(None, ((source.get("configMap") or {}).get("name", "") for source in sources))


def referenced_resource(spec: JSONObject) -> str:
    """Return the first resource whose objects a pod refers to, "" for none.

    Raises:
        ValueError: the pod has a volume of an unknown type.
    """
    if spec.get("serviceAccountName"):
        return "serviceaccounts"
    if any(secret_names(spec)):
        return "secrets"
    if any(config_map_names(spec)):
        return "configmaps"
    if spec.get("resourceClaims"):
        return "resourceclaims"
    for volume in spec.get("volumes") or ():
        if found := _resource_of_volume(volume):
            return found
    return ""


def _resource_of_volume(volume: JSONObject) -> str:
    for kind, resource in _REFERRING_VOLUMES.items():
        if volume.get(kind) is not None:
            return resource
    for source in (volume.get("projected") or {}).get("sources") or ():
        for kind, resource in _REFERRING_PROJECTIONS.items():
            if source.get(kind) is not None:
                return resource
        if source.get("downwardAPI") is None:
            raise ValueError(f"unknown source for projected volume {quote(volume['name'])}")
    return ""


def _names_in_environments(spec: JSONObject, whole: str, one_key: str) -> Iterator[str]:
    """Yield the names in `envFrom` (field `whole`) and in `env` (field `one_key`) of all containers."""
    for container in containers(spec):
        yield from ((source.get(whole) or {}).get("name", "") for source in container.get("envFrom") or ())
        variables = container.get("env") or ()
        yield from (((each.get("valueFrom") or {}).get(one_key) or {}).get("name", "") for each in variables)
