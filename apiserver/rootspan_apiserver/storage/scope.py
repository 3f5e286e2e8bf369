"""The keys of objects, the part of the store that a request reads, and the objects in it that it selects.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go, pkg/storage/interfaces.go (PrepareKey)
"""

from dataclasses import dataclass

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import ObjectKey
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.selectors import FieldSelector, LabelSelector
from rootspan_apiserver.storage.stored_object import StoredObject

EVERY_LABEL, EVERY_FIELD = LabelSelector(), FieldSelector()
_IN_THE_KEY = frozenset({"metadata.name", "metadata.namespace"})


def object_path(resource: Resource, namespace: str, name: str) -> str:
    """Return the key of one object below the prefix of the store: `/configmaps/default/c1`.

    Raises:
        StatusError: 400 or 500, no object can have such a name or namespace.
    """
    if not name:
        raise bad_request("Name parameter required.")
    if reasons := path_segment(name):
        raise bad_request(f"Name parameter invalid: {quote(name)}: {';'.join(reasons)}")
    return _checked(f"{_collection(resource, namespace)}/{name}")


def object_key(resource: Resource, path: str) -> ObjectKey:
    """The object of `resource` whose `object_path` is `path`."""
    namespace, _, name = path.removeprefix(f"{resource.storage_path}/").rpartition("/")
    return ObjectKey(namespace, name)


def collection_path(resource: Resource, namespace: str = "") -> str:
    """The key below which the objects of a resource are, those of one namespace if it is given.

    Raises:
        StatusError: 500, there cannot be such a namespace.
    """
    return _checked(_collection(resource, namespace))


def _collection(resource: Resource, namespace: str) -> str:
    return f"{resource.storage_path}/{namespace}" if namespace and resource.namespaced else resource.storage_path


def _checked(key: str) -> str:
    if "/." in key and not {".", ".."}.isdisjoint(key.split("/")):
        raise StatusError(500, "", f"invalid key: {quote(key)}")
    return key


@dataclass(frozen=True, slots=True)
class Predicate:
    """The selectors that an object has to match."""

    resource: Resource
    labels: LabelSelector = EVERY_LABEL
    fields: FieldSelector = EVERY_FIELD

    def __bool__(self) -> bool:
        """Return whether it may leave an object out."""
        return bool(self.labels) or bool(self.fields)

    def matches(self, stored: StoredObject) -> bool:
        if self.labels and not self.labels.matches(stored.labels):
            return False
        return not self.fields or self.fields.matches(self._values(stored))

    def _values(self, stored: StoredObject) -> dict[str, str]:
        if not self.fields.names <= _IN_THE_KEY:
            return dict(stored.fields(self.resource))
        key = object_key(self.resource, stored.key)
        return {"metadata.name": key.name, "metadata.namespace": key.namespace}


@dataclass(frozen=True, slots=True)
class KeyScope:
    """The keys of a collection, or the one key in it that a selector on the name selects.

    `path` is the key of the collection (`recursive`) or of the object.
    """

    path: str
    recursive: bool = True

    @classmethod
    def of(cls, predicate: Predicate, namespace: str, *, continued: bool = False) -> "KeyScope":
        resource = predicate.resource
        name = predicate.fields.required("metadata.name")
        if name and not path_segment(name) and not continued and (namespace or not resource.namespaced):
            return cls(object_path(resource, namespace, name), recursive=False)
        return cls(collection_path(resource, namespace))

    @property
    def prefix(self) -> str:
        """The text that the keys in it begin with."""
        return f"{self.path}/" if self.recursive else self.path

    def __contains__(self, key: str) -> bool:
        return key.startswith(self.prefix) if self.recursive else key == self.path
