"""Who manages which fields of an object: kept on every write, decisive when a configuration is applied.

An entry of `metadata.managedFields` says which fields a manager has set, by updates or by applying. A write takes from the others the
fields it changes or removes. An apply merges the configuration into the object, removes what the same manager applied before, no longer
does and nobody else owns, and is refused where it would change what another manager owns, unless forced.

This is kube-apiserver's chain of field managers over structured-merge-diff, in the order in which they act.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import orjson

from rootspan_apiserver.codec.canonical import empty_object
from rootspan_apiserver.managed_fields import entries
from rootspan_apiserver.managed_fields.comparison import Comparison, compare
from rootspan_apiserver.managed_fields.conflicts import conflict_error
from rootspan_apiserver.managed_fields.entries import Managed, ManagerKey, Managers
from rootspan_apiserver.managed_fields.field_set import FieldSet, difference, intersection, union
from rootspan_apiserver.managed_fields.merging import check, field_set, merge, named_fields_as_members, remove
from rootspan_apiserver.managed_fields.reset_fields import Filter, everything, owned_through
from rootspan_apiserver.managed_fields.shape import SchemaMismatchError
from rootspan_apiserver.registry.resource import GroupVersionKind, Resource
from rootspan_apiserver.registry.schema import Schema
from rootspan_apiserver.status import StatusError, bad_request

JSONObject = dict[str, Any]
Convert = Callable[[JSONObject, str], tuple[JSONObject, Schema] | None]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
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
    """The manager of a write: the `fieldManager` parameter, else what the User-Agent header says before its first slash."""
    if field_manager:
        return field_manager
    printable = "".join(letter for letter in user_agent.partition("/")[0] if letter.isprintable())
    return printable.encode()[:128].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class FieldManager:
    """The field management of one resource, reached through itself or a subresource.

    `empty` is the object in which nothing was set, what a create is compared with. `convert` gives an object in another apiVersion with
    that version's schema, or None where it is not served (any more). `owned` leaves of a set what a write through this endpoint can own.
    """

    kind: GroupVersionKind
    schema: Schema
    empty: JSONObject
    subresource: str = ""
    owned: Filter = everything
    convert: Convert = no_other_version

    @classmethod
    def of(cls, resource: Resource, subresource: str = "", convert: Convert = no_other_version) -> Self:
        """The field manager of a resource as the registry describes it."""
        kind = resource.kind
        empty = {} if resource.custom else empty_object(kind)
        return cls(kind, resource.schema, empty, subresource, owned_through(resource, subresource), convert)

    def update(self, old: JSONObject | None, new: JSONObject, manager: str, now: str) -> JSONObject:
        """`new` with its `metadata.managedFields` as a create (`old` None), update or patch by `manager` at `now` (RFC 3339) leaves them.

        Neither argument is changed. `managedFields` sent in `new` count; [] or [{}] forgets all managers, and an object without any is
        left without. Objects that do not fit the schema keep the entries they had.
        """
        live = self.empty if old is None else old
        before, after = _managed_fields(old), _managed_fields(new)
        if self.subresource or not (entries.is_reset(after) or (after and entries.read(after))):
            after = before
        managers = {} if entries.is_reset(after) else entries.read(after) or {}
        if not managers and old is not None:
            return with_managed_fields(new, [])
        try:
            managers = self._updated(live, new, managers, manager, now)
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
        self._check_applied(applied)
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
        if manager == _CLIENT_SIDE and _last_applied(merged):
            merged = _with_last_applied(merged, applied)
        return with_managed_fields(merged, entries.write(managers))

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

    def _check_applied(self, applied: JSONObject) -> None:
        group, _, version = str(applied.get("apiVersion", "")).rpartition("/")
        if (group, version, applied.get("kind")) != (self.kind.group, self.kind.version, self.kind.kind):
            shown = f"{group}/{version}, Kind={applied.get('kind', '')}"
            raise bad_request(f"invalid object type: {shown}")
        metadata = applied.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        if metadata.get("managedFields") is not None:
            raise bad_request("metadata.managedFields must be nil")
        head = {"apiVersion", "kind", "metadata"} - self.schema.properties.keys()
        errors = check({key: value for key, value in applied.items() if key not in head}, self.schema)
        if errors:
            what = (
                f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {group}/{version}, Kind={self.kind.kind}"
            )
            told = errors[0] if len(errors) == 1 else "\n".join(["errors:", *(f"  {error}" for error in errors)])
            raise StatusError(500, "", f"failed to create typed patch object ({what}): {told}")

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
            merged = self._pruned(merged, last.fields, managers)
        remaining, conflicts = self._taken(live, merged, managers, self._compared(live, merged), key)
        if conflicts and not force and not (manager == _CLIENT_SIDE and self._from_client_side_apply(live, conflicts)):
            raise conflict_error(conflicts)
        fields = difference(fields, _NEVER_MANAGED)
        changed = merged != live
        if fields:
            remaining[key] = replace(remaining[key], fields=fields, time=now if changed else remaining[key].time)
        else:
            remaining.pop(key)
        return merged, remaining

    def _pruned(self, merged: JSONObject, last: FieldSet, managers: Managers) -> JSONObject:
        """The merged object without what was applied last time and is owned by nobody now."""
        schema = self.schema
        last = named_fields_as_members(last, schema)
        owned: FieldSet = {}
        for managed in managers.values():
            owned = union(owned, managed.fields)
        every = named_fields_as_members(field_set(merged, schema), schema)
        kept = named_fields_as_members(field_set(remove(merged, last, schema) or {}, schema), schema)
        kept = union(kept, named_fields_as_members(owned, schema))
        pruned = remove(merged, difference(every, kept), schema) or {}
        left = named_fields_as_members(field_set(pruned, schema), schema)
        result: JSONObject = remove(merged, intersection(difference(every, left), last), schema) or {}
        return result

    def _from_client_side_apply(self, live: JSONObject, conflicts: dict[ManagerKey, FieldSet]) -> bool:
        """Whether kubectl's client-side apply set all that conflicts: then its server-side apply takes it over."""
        try:
            last = orjson.loads(_last_applied(live) or "null")
        except orjson.JSONDecodeError:
            return False
        if not isinstance(last, dict) or last.get("apiVersion") != self.kind.api_version:
            return False
        changed = compare(last, live, self.schema)
        allowed = field_set(last, self.schema)
        for changes in (changed.modified, changed.added, changed.removed):
            allowed = difference(allowed, changes)
        for key, fields in list(conflicts.items()):
            left = difference(fields, allowed)
            if left:
                conflicts[key] = left
            else:
                del conflicts[key]
        return not conflicts


def ignore_timestamps(old: JSONObject, new: JSONObject) -> JSONObject:
    """`new`, with the managedFields of `old` where nothing but their times differs, so that a write that changes nothing writes nothing."""
    before, after = _managed_fields(old) or [], _managed_fields(new) or []
    if before == after or len(before) != len(after):
        return new
    for mine, theirs in zip(before, after, strict=True):
        if {**mine, "time": ""} != {**theirs, "time": ""}:
            return new
    if _without_managed_fields(old) != _without_managed_fields(new):
        return new
    return with_managed_fields(new, before)


def with_managed_fields(obj: JSONObject, listed: list[JSONObject]) -> JSONObject:
    """A copy of the object with these entries; with none, without the field."""
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    if listed:
        metadata["managedFields"] = listed
    return {**obj, "metadata": metadata}


def _managed_fields(obj: JSONObject | None) -> Any:
    metadata = (obj or {}).get("metadata")
    return metadata.get("managedFields") if isinstance(metadata, dict) else None


def _without_managed_fields(obj: JSONObject) -> JSONObject:
    return with_managed_fields(obj, []) if _managed_fields(obj) is not None else obj


def _last_applied(obj: JSONObject) -> str:
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    text = annotations.get(LAST_APPLIED, "")
    return text if isinstance(text, str) else ""


def _with_last_applied(obj: JSONObject, applied: JSONObject) -> JSONObject:
    metadata = applied.get("metadata") or {}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    configuration = {**applied, "metadata": {**metadata, "annotations": annotations}}
    if not annotations:
        del configuration["metadata"]["annotations"]
    text = orjson.dumps(configuration, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": {**metadata["annotations"], LAST_APPLIED: text}}}
