"""The strategy of the built-in resources: what all share, and the few things in which a kind may differ.

A kind overrides `set_defaults`, `validate`, `validate_changes` and the class attributes; `kinds/` holds them. What is not overridden is
decided by facts: status is split off where there is a status subresource, the generation counts changes of everything else.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import ClassVar

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.metadata import check_metadata, check_metadata_change
from rootspan_apiserver.resources.required import missing
from rootspan_apiserver.resources.selectable import Values
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types


class BuiltinStrategy:
    """Args:
    kind: the kind in its storage version, of which `schema` is the type.
    subresources: their names.
    values: the labels of field selectors, each with how to read it.

    Of the class attributes, `first_generation` is 0 for a kind that begins without one, and `changes_first` says whether a refusal tells
    what may not change before what is wrong in itself.
    """

    name_rule: "ClassVar[staticmethod[[str], list[str]]]" = staticmethod(dns_subdomain)
    counts_generation: ClassVar[bool] = False
    first_generation: ClassVar[int] = 1
    changes_first: ClassVar[bool] = True
    standard_finalizers: ClassVar[bool] = True

    def __init__(
        self,
        kind: GroupVersionKind,
        schema: Schema,
        *,
        namespaced: bool,
        subresources: Iterable[str] = (),
        values: Values,
    ) -> None:
        self.kind = kind
        self.namespaced = namespaced
        self.has_status = "status" in set(subresources)
        self._schema = schema
        self._struct = go_types().builtin(kind)
        self._values = values

    def default(self, obj: JSONObject) -> None:
        self._struct.normalise(obj)
        self.set_defaults(obj)

    def set_defaults(self, obj: JSONObject) -> None:
        """The defaults that no schema declares; `obj` is in normal form."""

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        if self.has_status:
            self.reset_status(obj)
        metadata = obj["metadata"]
        metadata.pop("generation", None)
        if self.counts_generation and self.first_generation:
            metadata["generation"] = self.first_generation

    def reset_status(self, obj: JSONObject) -> None:
        obj.pop("status", None)
        if (empty := self._struct.unset("status")) is not None:
            obj["status"] = empty

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        if subresource == "status":
            self.keep(obj, old, except_for=("status",))
        elif not subresource and self.has_status:
            if "status" in old:
                obj["status"] = deepcopy(old["status"])
            else:
                obj.pop("status", None)
        counts = self.counts_generation and subresource != "status" and self.changed(obj, old)
        generation = old["metadata"].get("generation", 0) + counts
        if generation:
            obj["metadata"]["generation"] = generation
        else:
            obj["metadata"].pop("generation", None)

    def keep(self, obj: JSONObject, old: JSONObject, *, except_for: Iterable[str]) -> None:
        """Undo every change of `obj` but those of its metadata and of the fields named."""
        free = {"apiVersion", "kind", "metadata", *except_for}
        for key in [key for key in obj if key not in free and key not in old]:
            del obj[key]
        for key, value in old.items():
            if key not in free:
                obj[key] = deepcopy(value)

    def changed(self, obj: JSONObject, old: JSONObject) -> bool:
        """Whether the desired state is another: that is what the generation counts."""
        aside = {"apiVersion", "kind", "metadata", "status"}
        keys = (obj.keys() | old.keys()) - aside
        return any(not same(obj.get(key), old.get(key)) for key in keys)

    def validate_create(self, obj: JSONObject) -> list[FieldError]:
        return [*self._check_metadata(obj), *self.validate(obj)]

    def validate_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> list[FieldError]:
        errors = check_metadata_change(obj["metadata"], old["metadata"])
        if subresource == "status":
            return [*errors, *self.validate_status(obj, old)]
        errors += self._check_metadata(obj)
        changes, rules = self.validate_changes(obj, old), self.validate(obj)
        return [*errors, *changes, *rules] if self.changes_first else [*errors, *rules, *changes]

    def is_slow_to_validate(self, obj: JSONObject) -> bool:
        return False

    def _check_metadata(self, obj: JSONObject) -> list[FieldError]:
        return check_metadata(
            obj["metadata"],
            namespaced=self.namespaced,
            rule=self.name_rule,
            standard_finalizers=self.standard_finalizers,
        )

    def validate(self, obj: JSONObject) -> list[FieldError]:
        """The rules for the object itself; what the schema requires, unless a kind knows better."""
        return missing(obj, self._schema)

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        """The rules for what an update changes."""
        return []

    def validate_status(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return []

    def warnings(self, obj: JSONObject, old: JSONObject | None) -> list[str]:
        return []

    def selectable_fields(self, obj: JSONObject) -> Mapping[str, str]:
        return {label: read(obj) for label, read in self._values.items()}
