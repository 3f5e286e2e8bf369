"""The entries of `metadata.managedFields`: manager, operation, version, subresource, and the fields that it owns.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/managedfields.go, capmanagers.go
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.managed_fields.field_set import FieldSet, ordered, union

Operation = Literal["Apply", "Update"]

MAXIMUM_UPDATERS = 10
_OLD_UPDATES = "ancient-changes"


@dataclass(frozen=True, slots=True)
class ManagerKey:
    """The identity of an entry. `api_version` is "" for an apply, whose entry changes its version."""

    manager: str
    operation: Operation
    api_version: str
    subresource: str

    def __str__(self) -> str:
        """Return the form in conflicts: `"kubectl" with subresource "scale" using apps/v1`."""
        shown = f'"{self.manager}"'
        if self.subresource:
            shown += f' with subresource "{self.subresource}"'
        return f"{shown} using {self.api_version}" if self.operation == "Update" else shown


@dataclass(frozen=True, slots=True)
class Managed:
    """The fields of one manager, the version they are counted in, and when they last changed (RFC 3339, "" if not known)."""

    fields: FieldSet
    api_version: str
    time: str = ""


Managers = dict[ManagerKey, Managed]


def key_of(manager: str, operation: Operation, api_version: str, subresource: str) -> ManagerKey:
    """Return the identity of an entry; a manager without a name is `unknown`."""
    return ManagerKey(manager or "unknown", operation, api_version if operation == "Update" else "", subresource)


def read(entries: Any) -> Managers | None:
    """Return the managers of a `managedFields` list; None if an entry is not valid."""
    managers: Managers = {}
    for entry in entries or ():
        if not _is_valid(entry):
            return None
        operation = cast("Operation", entry["operation"])
        key = key_of(entry.get("manager", ""), operation, entry["apiVersion"], entry.get("subresource", ""))
        managers[key] = Managed(entry.get("fieldsV1") or {}, entry["apiVersion"], entry.get("time") or "")
    return managers


def _is_valid(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("operation") in {"Apply", "Update"}
        and isinstance(entry.get("apiVersion"), str)
        and entry["apiVersion"] != ""
        and entry.get("fieldsType") == "FieldsV1"
        and _is_field_set(entry.get("fieldsV1") or {})
    )


def _is_field_set(fields: Any) -> bool:
    return isinstance(fields, dict) and all(
        isinstance(node, dict) and (not node if key == "." else _is_element(key) and (not node or _is_field_set(node)))
        for key, node in fields.items()
    )


def _is_element(key: str) -> bool:
    kind = key[:2]
    if kind == "f:":
        return True
    try:
        value = orjson.loads(key[2:])
    except orjson.JSONDecodeError:
        return False
    match kind:
        case "k:":
            return isinstance(value, dict) and bool(value)
        case "v:":
            return True
        case _:
            return kind == "i:" and isinstance(value, int)


def is_reset(entries: Any) -> bool:
    """Return whether the list resets all managers: [] or [{}]."""
    return isinstance(entries, list) and (not entries or entries == [{}])


def write(managers: Mapping[ManagerKey, Managed]) -> list[JSONObject]:
    """Return the `managedFields` list: applies first, then by time, name, version and subresource."""
    listed = sorted(
        managers.items(),
        key=lambda item: (item[0].operation, item[1].time, item[0].manager, item[1].api_version, item[0].subresource),
    )
    return [_entry(key, managed) for key, managed in listed]


def _entry(key: ManagerKey, managed: Managed) -> JSONObject:
    entry: JSONObject = {"manager": key.manager, "operation": key.operation, "apiVersion": managed.api_version}
    if managed.time:
        entry["time"] = managed.time
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": ordered(managed.fields)}
    if key.subresource:
        entry["subresource"] = key.subresource
    return entry


def capped(managers: Managers) -> Managers:
    """Return the managers with the oldest updates of a version merged into one entry, so that at most ten remain."""
    updaters = [key for key in managers if key.operation == "Update"]
    surplus = len(updaters) - MAXIMUM_UPDATERS
    if surplus <= 0:
        return managers
    updaters.sort(key=lambda key: (managers[key].time, _identifier(key)))
    out = dict(managers)
    first: dict[str, ManagerKey] = {}
    for key in updaters:
        if surplus <= 0:
            break
        managed = out[key]
        bucket = key_of(_OLD_UPDATES, "Update", managed.api_version, "")
        if managed.api_version not in first:
            first[managed.api_version] = key
            continue
        if bucket not in out:
            out[bucket] = out.pop(first[managed.api_version])
        out[bucket] = replace(managed, fields=union(managed.fields, out[bucket].fields))
        del out[key]
        surplus -= 1
    return out


def _identifier(key: ManagerKey) -> Sequence[str]:
    return (key.manager, key.operation, key.api_version, key.subresource)
