"""The definition of a kind: everything that the server knows of it, in one value.

A built-in kind is one module that assigns `definition = Definition(…)`; a CustomResourceDefinition makes the same at run time. The engine
that runs it is `strategy.py`; what a path serves of it is `resource.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Literal

from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.resources.allocation import Allocator
from rootspan_apiserver.resources.columns import DEFAULT_COLUMNS, Column
from rootspan_apiserver.resources.hooks import CreateHook, Default, Finalization, Generation, UpdateHook, UpdateOrder
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition
from rootspan_apiserver.rules import NOTHING, Rule, struct
from rootspan_apiserver.rules.metadata import NameRule, core_metadata_update, metadata_update, object_metadata
from rootspan_apiserver.types.tables import go_types

ALL_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


@dataclass(frozen=True, kw_only=True)
class ServedVersion:
    """Another version (or group) in which a kind is served: how to convert, and what differs.

    `go_type` is the internal type, as that of the storage version; `selectable` None are the labels of the storage version.
    `rules` and `update_rules` are all that is checked in a write in this version, None where that is the same in all versions; they
    see the object in the storage version.
    """

    api_version: str
    to_storage: Callable[[JSONObject], JSONObject]
    from_storage: Callable[[JSONObject], JSONObject]
    selectable: Mapping[str, Callable[[JSONObject], str]] | None = None
    rules: Rule | None = None
    update_rules: Rule | None = None
    storage_path: str = ""
    deprecation: str = ""


@dataclass(frozen=True, eq=False)
class Definition:
    """A kind of object. The first three say which: the version that is stored, the kind, and the plural of the resource.

    Names, serving:
        `singular` and `list_kind` follow from the kind unless given. `verbs`, `short_names`, `categories` and `subresources` are those of
        discovery. `also_served` are further versions. `storage_path` is the place below the prefix of the store, which is the plural
        unless given; `stored=False` is for reviews and the like, `stored_as_json` for what upstream stores in JSON, where empty lists are
        not nil as they are after protobuf. `go_type` is the name in kube-apiserver's spans (`*core.Node`).
        `hashed_version` is the version for discovery's storage version hash where that is not the stored one. `deprecation` is the warning
        of each request.
    Writing:
        `defaults` run in order, on objects in canonical form. `prepare_create` and `prepare_update` run after the engine has reset or
        kept the status, before the generation is counted. `generation` None: not counted. `keeps_status_on_create`: clients may create
        it with a status. `reset_fields` are those that an update never owns, None where that is the status alone, if there is a status
        subresource. `allocator` makes, for a server with this service IP range, what gives out values that no two objects may share.
    Rules:
        `spec` is for the field of that name, `rules` for the whole object, after it. `changes` are
        for what an update changes, with the place of `update_order`. `update_rules` replaces all of that in an update. `name_rule` and
        `standard_finalizers` are for the metadata; without a name rule there are no rules for it but those for any object.
        `is_slow_to_validate`: whether validation needs a thread.
    Reading and deleting:
        `selectable` are labels of field selectors beside metadata.name and metadata.namespace. `columns` and `row_conditions` make the
        table, whose rows are sorted by `row_order`. `grace_period` returns the seconds that a deletion waits, from the object and the
        seconds that the client asks for; None for kinds that are deleted at once. `finalization` is for kinds that hold themselves while
        they are deleted. `default_propagation` is what a deletion does to dependents unless the client says so, "" where the garbage
        collector has no say; `deletion_warning` is the warning to a client that does not say so. Objects are deleted when they have not
        been written for `time_to_live` seconds, unless that is 0. Objects without a `watch_cache` are listed and watched in etcd.
        `undeletable` are the names of objects
        that cannot be deleted by name, and why.
    """

    api_version: str
    name: str
    plural: str
    _: KW_ONLY
    singular: str = ""
    list_kind: str = ""
    namespaced: bool = True
    verbs: frozenset[str] = ALL_VERBS
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[SubresourceDefinition, ...] = ()
    also_served: tuple[ServedVersion, ...] = ()
    stored: bool = True
    stored_as_json: bool = False
    storage_path: str = ""
    go_type: str = ""
    hashed_version: str = ""
    deprecation: str = ""

    defaults: tuple[Default, ...] = ()
    prepare_create: CreateHook | None = None
    prepare_update: UpdateHook | None = None
    generation: Generation | None = None
    keeps_status_on_create: bool = False
    allow_create_on_update: bool = False
    update_needs_resource_version: bool = False
    reset_fields: tuple[str, ...] | None = None
    allocator: Callable[[str], Allocator] | None = None
    warnings: Callable[[JSONObject, JSONObject | None], list[str]] | None = None

    spec: Rule | None = None
    rules: Rule | None = None
    changes: Rule | None = None
    update_order: UpdateOrder = UpdateOrder.CHANGES_FIRST
    update_rules: Rule | None = None
    name_rule: NameRule | None = dns_subdomain
    standard_finalizers: bool = True
    is_slow_to_validate: Callable[[JSONObject], bool] | None = None

    selectable: Mapping[str, Callable[[JSONObject], str]] = field(default_factory=dict)
    columns: tuple[Column, ...] = DEFAULT_COLUMNS
    row_conditions: Callable[[JSONObject], list[JSONObject]] | None = None
    row_order: Callable[[JSONObject], tuple[int, str]] | None = None
    grace_period: Callable[[JSONObject, int | None], int] | None = None
    finalization: Finalization | None = None
    delete_returns_object: bool = False
    default_propagation: Literal["Background", "Orphan", ""] = "Background"
    deletion_warning: str = ""
    time_to_live: int = 0
    undeletable: Mapping[str, str] = field(default_factory=dict)
    watch_cache: bool = True

    @cached_property
    def kind(self) -> GroupVersionKind:
        """The kind in the version that is stored."""
        return kind_in(self.api_version, self.name)

    @cached_property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.kind.group, self.plural)

    @cached_property
    def internal_type(self) -> str:
        """The Go type, e.g. `*core.Node`."""
        return self.go_type or f"*{go_types().internal_name(self.kind)}"

    @cached_property
    def parts(self) -> Mapping[str, SubresourceDefinition]:
        """The subresources by name."""
        return {part.name: part for part in self.subresources}

    @cached_property
    def has_status(self) -> bool:
        """Whether the status is written through a subresource alone."""
        return "status" in self.parts

    @cached_property
    def _object_rules(self) -> Rule:
        if self.name_rule is None:
            return NOTHING
        return struct(
            metadata=object_metadata(
                self.name_rule, namespaced=self.namespaced, standard_finalizers=self.standard_finalizers
            )
        )

    @cached_property
    def _spec_rules(self) -> Rule:
        whole = NOTHING if self.spec is None else struct(spec=self.spec)
        return whole if self.rules is None else whole & self.rules

    @cached_property
    def _change_rules(self) -> Rule:
        return self._metadata_changes if self.changes is None else self._metadata_changes & self.changes

    @cached_property
    def _metadata_changes(self) -> Rule:
        if self.name_rule is None:
            return NOTHING
        return struct(metadata=core_metadata_update if self.standard_finalizers else metadata_update)

    @cached_property
    def rules_on_create(self) -> Rule:
        """Everything that is checked when an object is created."""
        return self._object_rules & self._spec_rules

    @cached_property
    def rules_on_update(self) -> Rule:
        """Everything that is checked when an object is updated."""
        if self.update_rules is not None:
            return self.update_rules
        match self.update_order:
            case UpdateOrder.CHANGES_FIRST:
                return self._change_rules & self._object_rules & self._spec_rules
            case UpdateOrder.RULES_FIRST:
                return self._object_rules & self._spec_rules & self._change_rules
            case UpdateOrder.CHANGES_THEN_SPEC:
                return self._change_rules & self._spec_rules
            case UpdateOrder.SPEC_THEN_CHANGES:
                return self._metadata_changes & self._spec_rules & (self.changes or NOTHING)
            case UpdateOrder.RULES_ONLY:
                return self._object_rules & self._spec_rules
            case UpdateOrder.CHANGES_ONLY:
                return self._change_rules

    def rules_through(self, subresource: str) -> Rule:
        """Everything that is checked when an object is updated through a subresource, or ("") itself."""
        part = self.parts.get(subresource)
        return self.rules_on_update if part is None or part.rules is None else part.rules


def kind_in(api_version: str, name: str) -> GroupVersionKind:
    """Return a kind of a group-version like `apps/v1` or `v1`."""
    group, _, version = api_version.rpartition("/")
    return GroupVersionKind(group, version, name)
