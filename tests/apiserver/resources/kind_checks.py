"""What a definition makes of an object: the harness of the tables of rows, one table a kind.

An object is a valid one with a few changes: a mapping from places like `spec.metrics.0.type` to values, or to `REMOVED`.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.catalogue import builtin_resources
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.strategy import Strategy

REMOVED = object()
NOW = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
Changes = Mapping[str, Any]
NONE: Changes = {}
_UID = "5f5c3bd7-9f2a-4c6e-8a59-0d0c0f0e0001"


def changed(obj: JSONObject, changes: Changes) -> JSONObject:
    """A copy of an object with changes; objects and elements of lists on the way are made where they are missing."""
    obj = deepcopy(obj)
    for place, value in changes.items():
        way = [int(name) if name.isdigit() else name for name in place.split(".")]
        found: Any = obj
        last = way[-1]
        for name, following in itertools.pairwise(way):
            empty: Any = [] if isinstance(following, int) else {}
            if isinstance(name, int):
                if name == len(found):
                    found.append(empty)
                found = found[name]
            else:
                found = found.setdefault(name, empty)
        if value is REMOVED:
            del found[last]
        elif isinstance(found, list) and last == len(found):
            found.append(deepcopy(value))
        else:
            found[last] = deepcopy(value)
    return obj


class KindCheck:
    """A kind with a valid object of it, in its stored version."""

    def __init__(self, definition: Definition, valid: JSONObject) -> None:
        self.definition = definition
        metadata = {"name": "x", **({"namespace": "default"} if definition.namespaced else {})}
        head = {"apiVersion": definition.api_version, "kind": definition.name}
        self.valid: JSONObject = {**head, **valid, "metadata": {**metadata, **valid.get("metadata", {})}}

    def _strategy(self) -> Strategy:
        return next(iter(builtin_resources(self.definition))).strategy

    def stored(self, changes: Changes = NONE, context: WriteContext | None = None) -> JSONObject:
        """The valid object with changes, as it is stored when it is created."""
        obj = changed(self.valid, changes)
        obj["metadata"].setdefault("uid", _UID)
        strategy = self._strategy()
        strategy.default(obj)
        strategy.prepare_for_create(obj, context or WriteContext())
        return obj

    def errors(self, changes: Changes = NONE) -> list[FieldError]:
        """Why the valid object with changes cannot be created."""
        return self._strategy().validate_create(self.stored(changes))

    def refusals(self, changes: Changes = NONE) -> list[str]:
        """The errors of `errors`, as a client reads them."""
        return list(map(str, self.errors(changes)))

    def refusals_in_use(self, changes: Changes = NONE) -> list[str]:
        """The errors of the valid object with changes that are in use, which is what keeps fields of disabled features."""
        obj = changed(self.valid, changes)
        strategy = self._strategy()
        strategy.default(obj)
        return list(map(str, strategy.validate_create(obj)))

    def updated(
        self, changes: Changes, subresource: str = "", *, old: Changes = NONE
    ) -> tuple[JSONObject, list[FieldError]]:
        """The valid object, changed once as `old` says and stored, then by an update: as it would be stored, and the errors."""
        before = self.stored(old)
        if status := {place: value for place, value in old.items() if place.startswith("status")}:
            before = changed(before, status)
        before["metadata"]["resourceVersion"] = "7"
        new = changed(before, changes)
        strategy = self._strategy()
        strategy.default(new)
        strategy.prepare_for_update(new, before, subresource, WriteContext())
        return new, strategy.validate_update(new, before, subresource)

    def update_refusals(self, changes: Changes, subresource: str = "", *, old: Changes = NONE) -> list[str]:
        """The errors of `updated`, as a client reads them."""
        return list(map(str, self.updated(changes, subresource, old=old)[1]))

    def row(self, changes: Changes = NONE) -> dict[str, Any]:
        """The cells of the valid object with changes, five minutes after its creation, by column."""
        obj = changed(self.valid, changes)
        obj["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        return {column.name: column.cell(obj, NOW) for column in self.definition.columns}

    def bookmark_row(self) -> list[Any]:
        """The cells of an object that has nothing but metadata, as that of a bookmark."""
        return [column.cell({"metadata": {}}, NOW) for column in self.definition.columns]

    def unchecked(self, rows: Iterable[Changes], updates: Iterable[list[FieldError]] = ()) -> list[str]:
        """The rules of the kind of which no row has an error; those of the metadata, which all kinds share, excepted."""
        found = [error for changes in rows for error in self.errors(changes)]
        found += [error for errors in updates for error in errors]
        failing = {re.sub(r"\[[^\]]*\]", "[*]", error.field) for error in found}
        return sorted({line for line in self._listed() if not any(path.startswith(line) for path in failing)})

    def _listed(self) -> Iterator[str]:
        parts = [part.rules for part in self.definition.subresources if part.rules is not None]
        for rules in (self.definition.rules_on_create, self.definition.rules_on_update, *parts):
            yield from (line.path for line in rules.describe() if not line.path.startswith("metadata"))
