"""The target of a resource request: the resource in the registry, and how its objects are converted.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go (RequestScope)
"""

from dataclasses import dataclass

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, invalid
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.resources.resource import Resource, Subresource
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.types.normal_form import written
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types


@dataclass(frozen=True, slots=True)
class Target:
    """`resource` in the version of the path; `name` is empty for a collection, `subresource` None for the object itself.

    What an endpoint shows of a stored object, and what it makes of the object a client sends, is decided here: this class shows the whole
    object in the version of the path.
    """

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
    def custom(self) -> bool:
        """Whether what goes in and out is a custom resource."""
        return self.resource.custom and self.kind == self.resource.kind

    @property
    def go_type(self) -> str:
        """The Go type of what goes in and out, e.g. `*autoscaling.Scale`."""
        if self.kind.kind == self.resource.kind.kind:
            return self.resource.go_type
        return (
            f"*{self.kind.version}.{self.kind.kind}"
            if self.resource.custom
            else f"*{go_types().internal_name(self.kind)}"
        )

    @property
    def schema(self) -> Schema:
        """The schema of what goes in and out."""
        return self.resource.schema

    @property
    def part(self) -> str:
        """The subresource's name, "" for the object itself."""
        return self.subresource.name if self.subresource is not None else ""

    @property
    def stored_part(self) -> str:
        """The part of the stored object that a write may change: the subresource's name, "" for the object itself."""
        return self.part

    @property
    def stored_as_asked(self) -> bool:
        """Whether the store returns objects in the version of the path, as it does custom resources."""
        return self.resource.custom or self.resource.kind == self.resource.storage_kind

    def from_storage(self, obj: JSONObject) -> JSONObject:
        """Return the object in the version of the path."""
        if self.stored_as_asked:
            return obj
        return written(convert(obj, self.resource.kind), self.resource.kind)

    def live(self, stored: JSONObject) -> JSONObject:
        """Return what a write begins with, the managers of its fields among it."""
        return self.from_storage(stored)

    def to_storage(self, obj: JSONObject, current: JSONObject | None = None) -> JSONObject:
        """Return what is stored for `obj` in place of `current`.

        Raises:
            StatusError: 422, a custom resource says that it is of another kind or version.
        """
        if self.custom and (errors := self._faults(obj)):
            # The refusal names what the object says it is, not what it should be.
            group = (obj.get("apiVersion") or "").rpartition("/")[0]
            raise invalid(group, str(obj.get("kind")), obj["metadata"].get("name", ""), errors)
        return obj if self.stored_as_asked else convert(obj, self.resource.storage_kind)

    def defaulted(self, obj: JSONObject) -> JSONObject:
        """Return the object that a client sent, its defaults filled in; a custom resource of another kind or version has none here."""
        if self.custom and self._faults(obj):
            return obj
        stored = self.to_storage(obj)
        self.resource.strategy.default(stored)
        return self.from_storage(stored)

    def decoded(self, stored: StoredObject) -> JSONObject:
        """Return what is answered. Raises StatusError where the object cannot be shown."""
        return self.from_storage(stored.decode())

    def unreadable(self, refusal: StatusError) -> StatusError:
        """Return the refusal of a body that cannot be read, of which `refusal` says why."""
        return refusal

    def check_applied(self, applied: JSONObject) -> None:
        """Refuse an apply that has no conflicts. Raises StatusError."""

    def _faults(self, obj: JSONObject) -> list[FieldError]:
        """Where the object says that it is something else than the path expects."""
        kind, version = obj.get("kind"), obj.get("apiVersion") or ""
        errors = []
        if kind != self.kind.kind:
            errors.append(FieldError.invalid("kind", kind, f"must be {self.kind.kind}"))
        if version != self.group_version:
            errors.append(FieldError.invalid("apiVersion", version, f"must be {self.group_version}"))
        return errors
