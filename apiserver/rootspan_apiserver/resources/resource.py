"""What a resource is: its names, its scope, its verbs, where it is kept, and the strategy that makes it itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.allocation import Allocator
from rootspan_apiserver.resources.definition import NO_CONTEXT, Definition, Finalization, ScalePaths, WriteContext
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.types.schema import Schema


@dataclass(frozen=True, slots=True)
class Subresource:
    """A part of a resource with its own verbs; `kind` is what it takes and answers (`Scale`, `Eviction`, `Binding`…).

    `scale` tells a custom resource's `scale` where to look; None for a built-in kind.
    """

    name: str
    kind: GroupVersionKind
    verbs: frozenset[str]
    scale: ScalePaths | None = None


class AnyStrategy(Protocol):
    """What `Strategy` and, until all kinds have a definition, `BuiltinStrategy` can do.

    Objects are JSON in the resource's storage version; methods change them in place.

    `subresource` is "" for the main resource, else "status", "scale", "approval"….
    """

    def default(self, obj: JSONObject) -> None: ...

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        """Sets what clients may not: generation 1, no status where there is a status subresource."""
        ...

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        """Keeps what this update may not change (status in an update of the spec, all but it in one of the status); counts the
        generation."""
        ...

    def validate_create(self, obj: JSONObject) -> list[FieldError]: ...

    def validate_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> list[FieldError]: ...

    def is_slow_to_validate(self, obj: JSONObject) -> bool:
        """Whether validating `obj` may take so long that the event loop must not wait for it."""
        ...

    def warnings(self, obj: JSONObject, old: JSONObject | None) -> list[str]:
        """Texts for `Warning: 299` headers on a create or an update."""
        ...

    def selectable_fields(self, obj: JSONObject) -> Mapping[str, str]:
        """The values of the labels of its field selectors, metadata.name and metadata.namespace among them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource in one served version.

    `storage_path` is its place below the prefix of the store, e.g. `/configmaps`, `/services/specs`, `/minions`; several versions of a
    resource share it, and `storage_kind` is the version kept there. `go_type` is the name kube-apiserver's spans give it (`*core.Node`).
    `selectable` are the labels its field selectors may use. `default_propagation` is what a deletion does to dependents if nobody says
    (Orphan for jobs and replication controllers), "" where the garbage collector has no say (events). Objects whose
    `time_to_live` in seconds is not 0 vanish when they have not been written for that long.
    `grace_period` gives the seconds that an object has to stop when it is deleted, from the object and the seconds that were asked for;
    None if it is deleted at once. `finalization` is None unless objects hold themselves. `allocator` makes the allocator of one server.
    `deprecation` is the warning that each request for a deprecated version gets, "" for none. `definition` is what it was made of, None
    for a kind that has none yet.
    """

    kind: GroupVersionKind
    plural: str
    singular: str
    namespaced: bool
    verbs: frozenset[str]
    schema: Schema
    strategy: AnyStrategy
    storage_path: str
    storage_kind: GroupVersionKind
    go_type: str
    list_kind: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    selectable: frozenset[str] = frozenset({"metadata.name", "metadata.namespace"})
    delete_returns_object: bool = False
    grace_period: Callable[[JSONObject, int | None], int] | None = None
    finalization: Finalization | None = None
    allocator: Callable[[], Allocator] | None = None
    allow_create_on_update: bool = False
    allow_unconditional_update: bool = True
    custom: bool = False
    published: JSONObject | None = None
    default_propagation: Literal["Background", "Orphan", ""] = "Background"
    time_to_live: int = 0
    deprecation: str = ""
    definition: Definition | None = None

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
    ) -> "Resource":
        """Return what is served of a definition.

        Args:
            kind: in the served version, where that is not the stored one; `schema` is its type.
            storage_path: where the objects are kept, where that is not the definition's.
            allocator: makes the allocator of one server.
            published: the OpenAPI schema of a custom resource.
        """
        kind = kind or definition.kind
        path = storage_path or definition.storage_path or f"/{definition.plural}"
        return cls(
            kind=kind,
            plural=definition.plural,
            singular=definition.singular or definition.name.lower(),
            namespaced=definition.namespaced,
            verbs=definition.verbs,
            schema=schema,
            strategy=strategy,
            storage_path=path if definition.stored else "",
            storage_kind=definition.kind,
            go_type=definition.internal_type,
            list_kind=definition.list_kind or f"{definition.name}List",
            short_names=definition.short_names,
            categories=definition.categories,
            subresources={
                part.name: Subresource(part.name, part.kind or kind, part.verbs, part.scale)
                for part in definition.subresources
            },
            selectable=frozenset(strategy.selectable) | {"metadata.namespace"},
            delete_returns_object=definition.delete_returns_object,
            grace_period=definition.grace_period,
            finalization=definition.finalization,
            allocator=allocator,
            allow_create_on_update=definition.allow_create_on_update,
            allow_unconditional_update=not definition.update_needs_resource_version,
            custom=published is not None,
            published=published,
            default_propagation=definition.default_propagation,
            time_to_live=definition.time_to_live,
            deprecation=deprecation or definition.deprecation,
            definition=definition,
        )

    @property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.kind.group, self.plural)
