"""Field management: the owners of fields are updated on every write, and decide whether an apply conflicts.

An entry of `metadata.managedFields` lists the fields that a manager has set, by updates or by applying. A write removes the fields that it
changes or deletes from the entries of other managers. An apply merges the configuration into the object, removes the fields that the same
manager applied before, does not apply now and no other manager owns, and conflicts where it would change a field of another manager.

This is kube-apiserver's chain of field managers over structured-merge-diff, in its order.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/fieldmanager.go
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from rootspan_apiserver.codec.unstructured import conversion_error
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.managed_fields import entries
from rootspan_apiserver.managed_fields.applying import (
    check_configuration,
    described,
    last_applied,
    not_from_client_side,
    pruned,
    with_last_applied,
)
from rootspan_apiserver.managed_fields.comparison import Comparison, compare
from rootspan_apiserver.managed_fields.conflicts import conflict_error
from rootspan_apiserver.managed_fields.entries import Managed, ManagerKey, Managers
from rootspan_apiserver.managed_fields.field_set import FieldSet, difference, intersection, union
from rootspan_apiserver.managed_fields.merging import field_set, merge, without_nulls
from rootspan_apiserver.managed_fields.reset_fields import Filter, everything, owned_through
from rootspan_apiserver.managed_fields.shape import SchemaMismatchError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.normal_form import empty_object, omitting_empty
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.schema import Schema, schema_named, schema_of
from rootspan_apiserver.types.tables import go_types

Convert = Callable[[JSONObject, str], tuple[JSONObject, Schema] | None]

_BEFORE_FIRST_APPLY = "before-first-apply"
_CLIENT_SIDE = "kubectl"
_NEVER_MANAGED: FieldSet = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        "f:name": {},
        "f:namespace": {},
        "f:creationTimestamp": {},
        "f:selfLink": {},
        "f:uid": {},
        "f:clusterName": {},
        "f:generation": {},
        "f:managedFields": {},
        "f:resourceVersion": {},
    },
}


def no_other_version(_obj: JSONObject, _api_version: str) -> None:
    """For a kind of one version: entries that name another are dropped."""


def manager_name(field_manager: str, user_agent: str) -> str:
    """Return the manager of a write: the `fieldManager` parameter, else what the User-Agent header says before its first slash."""
    if field_manager:
        return field_manager
    printable = "".join(letter for letter in user_agent.partition("/")[0] if letter.isprintable())
    return printable.encode()[:128].decode(errors="ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldManager:
    """The field management of one resource, through itself or a subresource.

    `empty` is the object without any value, which a create is compared with. `convert` returns an object in another apiVersion with the
    schema of that version, or None if it is not served. `owned` filters a set by what a write through this endpoint can own.
    """

    kind: GroupVersionKind
    schema: Schema
    empty: JSONObject
    subresource: str = ""
    owned: Filter = everything
    convert: Convert = no_other_version

    @classmethod
    def of(cls, resource: Resource, subresource: str = "", convert: Convert = no_other_version) -> Self:
        """Return the field manager of a resource as the registry describes it."""
        kind, owned = resource.kind, owned_through(resource, subresource)
        part = resource.subresources.get(subresource)
        if part is not None and part.kind != kind:
            return cls(
                kind=part.kind, schema=schema_of(part.kind), empty=empty_object(part.kind), subresource=subresource
            )
        if resource.custom:
            schema, empty = _with_metadata(resource.schema), {}
        else:
            schema, empty = resource.schema, empty_object(kind)
        return cls(kind=kind, schema=schema, empty=empty, subresource=subresource, owned=owned, convert=convert)

    def update(self, old: JSONObject | None, new: JSONObject, manager: str, now: str) -> JSONObject:
        """`new` with its `metadata.managedFields` as a create (`old` None), update or patch by `manager` at `now` (RFC 3339) leaves them.

        Neither argument is changed. `managedFields` sent in `new` count; [] or [{}] forgets all managers, and an object without any is
        left without. Objects that do not fit the schema keep the entries they had.
        """
        live = self.empty if old is None else old
        before = _managed_fields(old)
        sent = None if self.subresource else _managed_fields(new)
        managers = {} if entries.is_reset(sent) else entries.read(sent) or entries.read(before) or {}
        if not managers and old is not None:
            return with_managed_fields(new, [])
        try:
            managers = self._updated(live, omitting_empty(new, self.kind), managers, manager, now)
        except SchemaMismatchError:
            return with_managed_fields(new, before or [])
        return with_managed_fields(new, entries.write(entries.capped(managers)))

    def apply(
        self, old: JSONObject | None, applied: JSONObject, manager: str, now: str, *, force: bool = False
    ) -> JSONObject:
        """The object that applying a configuration makes of `old` (None: of nothing), with its `metadata.managedFields`.

        Raises:
            StatusError: 400 where the configuration is of another version or has managedFields, 409 with a cause for each field another
                manager owns, 500 where it does not fit the schema (as the real server answers).
        """
        check_configuration(applied, self.kind, self.schema)
        live = self.empty if old is None else old
        managers = entries.read(_managed_fields(old))
        if managers is None:
            raise StatusError(
                500, "", "failed to decode managed fields: metadata.managedFields of the object is not valid"
            )
        try:
            if not managers and old is not None:
                managers = self._updated(self.empty, live, {}, _BEFORE_FIRST_APPLY, now)
            merged, managers = self._applied(live, applied, managers, manager, now, force=force)
        except SchemaMismatchError as error:
            raise StatusError(500, "", f"failed to merge config: {error}") from error
        if manager == _CLIENT_SIDE and last_applied(merged):
            merged = with_last_applied(merged, applied)
        return with_managed_fields(self._typed(merged, applied), entries.write(managers))

    def _updated(self, live: JSONObject, new: JSONObject, managers: Managers, manager: str, now: str) -> Managers:
        api_version = self.kind.api_version
        comparison = self._compared(live, new)
        remaining, _ = self._taken(live, new, managers, comparison, None)
        fields = difference(self.owned(union(comparison.modified, comparison.added)), _NEVER_MANAGED)
        if fields:
            key = entries.key_of(manager, "Update", api_version, self.subresource)
            previous = remaining.get(key)
            fields = union(fields, previous.fields) if previous else fields
            remaining[key] = Managed(fields, api_version, now)
        return remaining

    def _compared(self, live: JSONObject, new: JSONObject) -> Comparison:
        comparison = compare(_without_managed_fields(live), _without_managed_fields(new), self.schema)
        return Comparison(*map(self.owned, (comparison.removed, comparison.modified, comparison.added)))

    def _taken(
        self, live: JSONObject, new: JSONObject, managers: Managers, comparison: Comparison, applier: ManagerKey | None
    ) -> tuple[Managers, dict[ManagerKey, FieldSet]]:
        """The managers once the change has taken its fields from them, and what it took."""
        api_version = self.kind.api_version
        comparisons: dict[str, Comparison | None] = {api_version: comparison}
        remaining: Managers = {}
        taken: dict[ManagerKey, FieldSet] = {}
        for key, managed in managers.items():
            if key == applier:
                remaining[key] = managed
                continue
            if managed.api_version not in comparisons:
                comparisons[managed.api_version] = self._converted_comparison(live, new, managed.api_version)
            changes = comparisons[managed.api_version]
            if changes is None:
                continue
            conflicting = intersection(managed.fields, union(changes.modified, changes.added))
            if conflicting:
                taken[key] = conflicting
            fields = difference(difference(managed.fields, conflicting), changes.removed)
            if fields:
                remaining[key] = managed if fields == managed.fields else replace(managed, fields=fields)
        return remaining, taken

    def _converted_comparison(self, live: JSONObject, new: JSONObject, api_version: str) -> Comparison | None:
        before, after = self.convert(live, api_version), self.convert(new, api_version)
        if before is None or after is None:
            return None
        comparison = compare(_without_managed_fields(before[0]), _without_managed_fields(after[0]), after[1])
        return Comparison(*map(self.owned, (comparison.removed, comparison.modified, comparison.added)))

    def _typed(self, merged: JSONObject, applied: JSONObject) -> JSONObject:
        """Return the merged object as its type reads it; a refusal names the `applied` configuration."""
        struct = go_types().struct_of(self.kind)
        if struct is None:
            typed: JSONObject = without_nulls(merged, self.schema)
            return typed
        try:
            return struct.read_object(merged, Problems(), converts=True)
        except NotDecodableError as error:
            kind = f"{self.kind.group}/{self.kind.version}, Kind={self.kind.kind}"
            why = f"unable to convert unstructured object to {kind}: {conversion_error(error)}"
            text = f"failed to convert new object ({described(applied)}) to proper version: {why}"
            raise StatusError(500, "", text) from error

    def _applied(
        self, live: JSONObject, applied: JSONObject, managers: Managers, manager: str, now: str, *, force: bool
    ) -> tuple[JSONObject, Managers]:
        live = _without_managed_fields(live)
        key = entries.key_of(manager, "Apply", self.kind.api_version, self.subresource)
        last = managers.get(key)
        fields = self.owned(field_set(applied, self.schema))
        managers = {**managers, key: Managed(fields, self.kind.api_version, last.time if last else "")}
        merged: JSONObject = merge(live, applied, self.schema)
        if last is not None and last.fields:
            merged = pruned(merged, last.fields, [managed.fields for managed in managers.values()], self.schema)
        remaining, conflicts = self._taken(live, merged, managers, self._compared(live, merged), key)
        if conflicts and not force:
            if manager == _CLIENT_SIDE:
                conflicts = not_from_client_side(conflicts, live, self.kind.api_version, self.schema)
            if conflicts:
                raise conflict_error(conflicts)
        fields = difference(fields, _NEVER_MANAGED)
        changed = merged != live
        if fields:
            remaining[key] = replace(remaining[key], fields=fields, time=now if changed else remaining[key].time)
        else:
            remaining.pop(key)
        return merged, remaining


def _with_metadata(schema: Schema, *, is_resource: bool = True) -> Schema:
    """Return a custom resource's schema, which does not speak of what every object has, nor do those of resources inside it."""
    properties = {name: _with_metadata(child, is_resource=False) for name, child in schema.properties.items()}
    if is_resource or schema.embedded_resource:
        text = Schema(type="string")
        properties |= {"apiVersion": text, "kind": text, "metadata": schema_named("meta/v1.ObjectMeta")}
    return replace(
        schema,
        properties=properties,
        items=_with_metadata(schema.items, is_resource=False) if schema.items is not None else None,
        additional=_with_metadata(schema.additional, is_resource=False) if schema.additional is not None else None,
    )


def with_managed_fields(obj: JSONObject, listed: list[JSONObject]) -> JSONObject:
    """Return a copy of the object with these entries; with none, without the field."""
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    if listed:
        metadata["managedFields"] = listed
    return {**obj, "metadata": metadata}


def _managed_fields(obj: JSONObject | None) -> Any:
    metadata = (obj or {}).get("metadata")
    return metadata.get("managedFields") if isinstance(metadata, dict) else None


def _without_managed_fields(obj: JSONObject) -> JSONObject:
    return with_managed_fields(obj, []) if _managed_fields(obj) is not None else obj
