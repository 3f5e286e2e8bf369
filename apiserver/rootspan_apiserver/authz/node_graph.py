"""Which objects are related to which node: by the pods that run there, and by objects that name a node.

    node <- pod <- secret, config map, service account, resource claim
    node <- pod <- claim of a volume <- volume <- secret
    node <- volume attachment, resource slice

Upstream: plugin/pkg/auth/authorizer/node/graph.go, graph_populator.go
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.core.pod.references import config_map_names, secret_names
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject
from rootspan_apiserver.storage.cache_reads import CacheReads
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key

MIRROR = "kubernetes.io/config.mirror"
_SECRETS_OF_VOLUMES = ("azureFile", "cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos")
_SECRETS_OF_CSI = ("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef")
"""Those that a kubelet needs; the others are for controllers."""


class Vertex(NamedTuple):
    """An object: the plural of its resource, its namespace and its name."""

    resource: str
    namespace: str
    name: str


Edge = tuple[Vertex, Vertex]
"""From an object to the one that it is needed for."""
EdgesOf = Callable[[ObjectKey, JSONObject], Iterable[Edge]]


class NodeGraph:
    """The relations, as the watch cache has the objects."""

    def __init__(self, cache: CacheReads, registry: Registry) -> None:
        self._cache = cache
        self._targets: dict[Vertex, dict[Vertex, int]] = {}
        self._resources: list[Resource] = []
        for group, plural, edges in (
            ("", "pods", edges_of_pod),
            ("", "persistentvolumes", edges_of_volume),
            ("storage.k8s.io", "volumeattachments", edges_of_attachment),
            ("resource.k8s.io", "resourceslices", edges_of_slice),
        ):
            resource = registry.builtin(plural, group)
            self._resources.append(resource)
            cache.subscribe(resource, _Edges(resource, edges, self._add, self._remove))

    async def catch_up(self) -> None:
        """Wait until the writes of this process are here. Raises StatusError where the cache does not keep up."""
        for resource in self._resources:
            if not self._cache.is_caught_up(resource):
                await self._cache.catch_up(resource)

    def relates(self, resource: str, namespace: str, name: str, node: str) -> bool:
        """Return whether an object is related to a node."""
        target, seen = Vertex("nodes", "", node), set[Vertex]()
        following = [Vertex(resource, namespace, name)]
        while following:
            vertex = following.pop()
            for each in self._targets.get(vertex, ()):
                if each == target:
                    return True
                if each not in seen:
                    seen.add(each)
                    following.append(each)
        return False

    def _add(self, edge: Edge) -> None:
        start, end = edge
        ends = self._targets.setdefault(start, {})
        ends[end] = ends.get(end, 0) + 1

    def _remove(self, edge: Edge) -> None:
        start, end = edge
        ends = self._targets[start]
        ends[end] -= 1
        if not ends[end]:
            del ends[end]
        if not ends:
            del self._targets[start]


class _Edges:
    """Keeps the edges that each object of a resource gives rise to."""

    def __init__(
        self, resource: Resource, edges: EdgesOf, add: Callable[[Edge], None], remove: Callable[[Edge], None]
    ) -> None:
        self._resource = resource
        self._edges = edges
        self._add = add
        self._remove = remove
        self._kept: dict[ObjectKey, frozenset[Edge]] = {}

    def reset(self, objects: Iterable[StoredObject]) -> None:
        for key in tuple(self._kept):
            self._set(key, frozenset())
        for stored in objects:
            self._put(stored)

    def observe(self, change: Change) -> None:
        if change.deleted:
            self._set(object_key(self._resource, change.object.key), frozenset())
        else:
            self._put(change.object)

    def _put(self, stored: StoredObject) -> None:
        key = object_key(self._resource, stored.key)
        self._set(key, frozenset(self._edges(key, stored.decode())))

    def _set(self, key: ObjectKey, new: frozenset[Edge]) -> None:
        old = self._kept.pop(key, frozenset())
        if new:
            self._kept[key] = new
        for edge in old - new:
            self._remove(edge)
        for edge in new - old:
            self._add(edge)


def edges_of_pod(key: ObjectKey, pod: JSONObject) -> Iterator[Edge]:
    """Yield what a pod on a node needs. A mirror pod, which kubelets create, gives them nothing."""
    spec = pod.get("spec") or {}
    if not (node := spec.get("nodeName")):
        return
    vertex = Vertex("pods", key.namespace, key.name)
    yield vertex, Vertex("nodes", "", node)
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        return
    needed = [
        *[("serviceaccounts", name) for name in (spec.get("serviceAccountName"),) if name],
        *(("secrets", name) for name in secret_names(spec)),
        *(("configmaps", name) for name in config_map_names(spec)),
        *(("persistentvolumeclaims", name) for name in _volume_claims(key.name, spec)),
        *(("resourceclaims", name) for name in _resource_claims(spec, pod.get("status") or {})),
    ]
    for resource, name in needed:
        yield Vertex(resource, key.namespace, name), vertex


def _volume_claims(pod: str, spec: JSONObject) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            yield claim.get("claimName") or ""
        elif volume.get("ephemeral") is not None:
            yield f"{pod}-{volume['name']}"


def _resource_claims(spec: JSONObject, status: JSONObject) -> Iterator[str]:
    made = {each["name"]: each.get("resourceClaimName") for each in status.get("resourceClaimStatuses") or ()}
    for claim in spec.get("resourceClaims") or ():
        if name := claim.get("resourceClaimName") or made.get(claim["name"]):
            yield name
    if name := (status.get("extendedResourceClaimStatus") or {}).get("resourceClaimName"):
        yield name


def edges_of_volume(key: ObjectKey, volume: JSONObject) -> Iterator[Edge]:
    """Yield the claim that a volume is bound to, and the secrets that it needs."""
    spec = volume.get("spec") or {}
    if not (claim := spec.get("claimRef")):
        return
    vertex, namespace = Vertex("persistentvolumes", "", key.name), claim.get("namespace") or ""
    yield vertex, Vertex("persistentvolumeclaims", namespace, claim.get("name") or "")
    for owner, name in _secrets_of(spec, namespace):
        yield Vertex("secrets", owner, name), vertex


def _secrets_of(spec: JSONObject, namespace: str) -> Iterator[tuple[str, str]]:
    """Yield namespace and name of the secrets of a volume, which are in that of its claim if they name none."""
    if file := spec.get("azureFile"):
        if name := file.get("secretName"):
            yield file.get("secretNamespace") or namespace, name
        return
    references = [(spec.get(kind) or {}).get("secretRef") for kind in _SECRETS_OF_VOLUMES]
    references += [(spec.get("csi") or {}).get(field) for field in _SECRETS_OF_CSI]
    for reference in references:
        if reference and reference.get("name"):
            yield reference.get("namespace") or namespace, reference["name"]


def edges_of_attachment(key: ObjectKey, attachment: JSONObject) -> Iterator[Edge]:
    """Yield the node to which a volume is attached."""
    if node := (attachment.get("spec") or {}).get("nodeName"):
        yield Vertex("volumeattachments", "", key.name), Vertex("nodes", "", node)


def edges_of_slice(key: ObjectKey, resource_slice: JSONObject) -> Iterator[Edge]:
    """Yield the node whose devices a slice lists."""
    if node := (resource_slice.get("spec") or {}).get("nodeName"):
        yield Vertex("resourceslices", "", key.name), Vertex("nodes", "", node)
