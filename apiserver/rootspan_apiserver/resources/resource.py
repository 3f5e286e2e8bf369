"""A resource as it is served: a definition in one of its versions, with the strategy that runs it.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.resources.allocation import Allocator
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Finalization
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.resources.subresource_definition import ScalePaths
from rootspan_apiserver.types.schema import Schema


class Form(Protocol):
    """What an object has to be like, in the version that it is in."""

    def read(self, obj: JSONObject) -> JSONObject:
        """Return what is served of a stored object; `obj` is changed. Raises StatusError 500."""
        ...

    def tidied(self, obj: JSONObject) -> JSONObject:
        """Return what is left of an object that was converted, or is to be stored; `obj` is changed."""
        ...


@dataclass(frozen=True, slots=True)
class Subresource:
    """A part of a resource with its own verbs; `kind` is the kind of its objects (`Scale`, `Eviction`, `Binding`…).

    `scale` says where a custom resource keeps what its `Scale` shows; None for a built-in kind. `has_table` is whether it can be shown
    as a Table.
    """

    name: str
    kind: GroupVersionKind
    verbs: frozenset[str]
    scale: ScalePaths | None = None
    has_table: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Resource:
    """One resource in one served version.

    Attributes:
        definition: What the versions of the resource have in common.
        kind: The kind in the served version; `schema` is its type.
        storage_path: The place below the prefix of the store (`/configmaps`, `/minions`), the same for all versions; "" if no objects are
            stored.
        allocator: Makes the allocator of one server.
        published: The OpenAPI schema of a custom resource, None for a built-in one.
        deprecation: The warning of each request for a deprecated version, "" for none.
        converter: Converts between the versions of a custom resource; None for a built-in one.
        stored_form: Brings what is stored of a custom resource into the form of today's schemas; None for a built-in one.
        is_terminating: Whether the definition of a custom resource is being deleted, and no object can be created.
    """

    definition: Definition
    strategy: Strategy
    schema: Schema
    kind: GroupVersionKind
    storage_path: str
    allocator: Callable[[], Allocator] | None = None
    published: JSONObject | None = None
    deprecation: str = ""
    converter: Converter | None = None
    stored_form: Form | None = None
    is_terminating: bool = False

    @classmethod
    def of(
        cls,
        definition: Definition,
        strategy: Strategy,
        schema: Schema,
        *,
        kind: GroupVersionKind | None = None,
        storage_path: str = "",
        deprecation: str = "",
        allocator: Callable[[], Allocator] | None = None,
        published: JSONObject | None = None,
        converter: Converter | None = None,
        stored_form: Form | None = None,
        is_terminating: bool = False,
    ) -> "Resource":
        """Return what is served of a definition.

        Args:
            kind: in the served version, where that is not the stored one; `schema` is its type.
            storage_path: where the objects are kept, where that is not the definition's.
            allocator: makes the allocator of one server.
            published: the OpenAPI schema of a custom resource.
            converter: converts between the versions of a custom resource.
            stored_form: brings what is stored of a custom resource into the form of today's schemas.
            is_terminating: whether the definition of a custom resource is being deleted.
        """
        path = storage_path or definition.storage_path or f"/{definition.plural}"
        return cls(
            definition=definition,
            strategy=strategy,
            schema=schema,
            kind=kind or definition.kind,
            storage_path=path if definition.stored else "",
            allocator=allocator,
            published=published,
            deprecation=deprecation or definition.deprecation,
            converter=converter,
            stored_form=stored_form,
            is_terminating=is_terminating,
        )

    @cached_property
    def group_resource(self) -> GroupResource:
        """The resource without its version."""
        return GroupResource(self.kind.group, self.plural)

    @cached_property
    def subresources(self) -> Mapping[str, Subresource]:
        """The subresources by name."""
        parts = self.definition.subresources
        return {
            part.name: Subresource(part.name, part.kind or self.kind, part.verbs, part.scale, part.has_table)
            for part in parts
        }

    @cached_property
    def selectable(self) -> frozenset[str]:
        """The labels of field selectors."""
        return frozenset(self.strategy.selectable) | {"metadata.namespace"}

    @cached_property
    def plural(self) -> str:
        """The name in paths."""
        return self.definition.plural

    @cached_property
    def singular(self) -> str:
        """The name of one object."""
        return self.definition.singular or self.definition.name.lower()

    @cached_property
    def list_kind(self) -> str:
        """The kind of lists."""
        return self.definition.list_kind or f"{self.definition.name}List"

    @cached_property
    def namespaced(self) -> bool:
        """Whether the objects are in namespaces."""
        return self.definition.namespaced

    @property
    def verbs(self) -> frozenset[str]:
        """The verbs on the objects themselves."""
        return self.definition.verbs

    @property
    def short_names(self) -> tuple[str, ...]:
        """The short names of kubectl."""
        return self.definition.short_names

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of kubectl, e.g. `all`."""
        return self.definition.categories

    @cached_property
    def storage_kind(self) -> GroupVersionKind:
        """The kind in the version that is stored."""
        return self.definition.kind

    @cached_property
    def is_storage_version(self) -> bool:
        """Whether objects are stored in the served version."""
        stored = self.storage_kind.api_version if self.converter is None else self.converter.stored
        return self.kind.api_version == stored

    @property
    def go_type(self) -> str:
        """The name in kube-apiserver's spans, e.g. `*core.Node`."""
        return self.definition.internal_type

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition defines it."""
        return self.published is not None

    @property
    def delete_returns_object(self) -> bool:
        """Whether a deletion is answered with the object."""
        return self.definition.delete_returns_object

    @property
    def grace_period(self) -> Callable[[JSONObject, int | None], int] | None:
        """The seconds that an object has to stop, from the object and the seconds that the client asks for; None for none."""
        return self.definition.grace_period

    @property
    def finalization(self) -> Finalization | None:
        """How objects hold themselves while they are deleted, None if they do not."""
        return self.definition.finalization

    @property
    def allow_create_on_update(self) -> bool:
        """Whether an update of a missing object creates it."""
        return self.definition.allow_create_on_update

    @property
    def allow_unconditional_update(self) -> bool:
        """Whether an update may come without a resourceVersion."""
        return not self.definition.update_needs_resource_version

    @property
    def default_propagation(self) -> Literal["Background", "Orphan", ""]:
        """What a deletion does to dependents unless the client says so; "" where the garbage collector has no say."""
        return self.definition.default_propagation

    @property
    def watch_cache(self) -> bool:
        """Whether the objects are in the watch cache."""
        return self.definition.watch_cache

    @property
    def time_to_live(self) -> int:
        """The seconds after the last write when an object is deleted, 0 for never."""
        return self.definition.time_to_live
