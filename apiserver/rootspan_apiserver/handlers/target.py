"""What a resource request is aimed at, once the registry has been asked."""

from dataclasses import dataclass

from rootspan_apiserver.registry.conversion import convert
from rootspan_apiserver.registry.resource import GroupVersionKind, JSONObject, Resource, Subresource
from rootspan_apiserver.storage.stored_object import StoredObject


@dataclass(frozen=True, slots=True)
class Target:
    """`resource` in the version of the path; `name` is empty for a collection, `subresource` None for the object itself."""

    resource: Resource
    namespace: str
    name: str
    subresource: Subresource | None = None

    @property
    def kind(self) -> GroupVersionKind:
        """What goes in and out: the subresource's kind where it has one of its own."""
        return self.subresource.kind if self.subresource is not None else self.resource.kind

    @property
    def group_version(self) -> str:
        return self.kind.api_version

    @property
    def part(self) -> str:
        """The subresource's name, "" for the object itself."""
        return self.subresource.name if self.subresource is not None else ""

    @property
    def stored_as_asked(self) -> bool:
        """Whether objects are kept in the version of the path."""
        return self.resource.kind == self.resource.storage_kind

    def from_storage(self, obj: JSONObject) -> JSONObject:
        """The object in the version of the path."""
        return obj if self.stored_as_asked else convert(obj, self.resource.kind)

    def to_storage(self, obj: JSONObject) -> JSONObject:
        return obj if self.stored_as_asked else convert(obj, self.resource.storage_kind)

    def decoded(self, stored: StoredObject) -> JSONObject:
        return self.from_storage(stored.decode())
