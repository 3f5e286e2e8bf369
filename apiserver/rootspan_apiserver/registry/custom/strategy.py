"""The strategy of custom resources: their schema says everything."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from rootspan_apiserver.registry.custom.defaulting import apply_defaults
from rootspan_apiserver.registry.custom.validation import validate
from rootspan_apiserver.registry.json_paths import find
from rootspan_apiserver.registry.metadata import check_metadata, check_metadata_change
from rootspan_apiserver.registry.schema import Schema
from rootspan_apiserver.registry.selectable import text
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]


class CustomStrategy:
    """Args:
    schema: of the served version.
    paths: the JSON paths of the selectable fields, which are their labels too.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        namespaced: bool,
        has_status: bool,
        paths: tuple[str, ...] = (),
    ) -> None:
        self._schema = schema
        self._namespaced = namespaced
        self._has_status = has_status
        self._paths = paths

    def default(self, obj: JSONObject) -> None:
        apply_defaults(obj, self._schema)

    def prepare_for_create(self, obj: JSONObject) -> None:
        if self._has_status:
            obj.pop("status", None)
        obj["metadata"]["generation"] = 1

    def prepare_for_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> None:
        if subresource == "status":
            status, metadata = obj.get("status"), obj["metadata"]
            obj.clear()
            obj.update(deepcopy(old))
            obj.pop("status", None)
            if status is not None:
                obj["status"] = status
            if "managedFields" in metadata:
                obj["metadata"]["managedFields"] = metadata["managedFields"]
            obj["metadata"]["resourceVersion"] = metadata.get("resourceVersion", "")
        elif self._has_status:
            obj.pop("status", None)
            if "status" in old:
                obj["status"] = deepcopy(old["status"])
        generation = old["metadata"].get("generation", 1)
        obj["metadata"]["generation"] = generation + (self._desired(obj) != self._desired(old))

    def _desired(self, obj: JSONObject) -> JSONObject:
        aside = {"apiVersion", "kind", "metadata", *(("status",) if self._has_status else ())}
        return {key: value for key, value in obj.items() if key not in aside}

    def validate_create(self, obj: JSONObject) -> list[FieldError]:
        return [*check_metadata(obj["metadata"], namespaced=self._namespaced), *validate(obj, self._schema)]

    def validate_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> list[FieldError]:
        errors = check_metadata(obj["metadata"], namespaced=self._namespaced)
        errors += check_metadata_change(obj["metadata"], old["metadata"])
        return errors + validate(obj, self._schema)

    def warnings(self, obj: JSONObject, old: JSONObject | None) -> list[str]:
        return []

    def selectable_fields(self, obj: JSONObject) -> Mapping[str, str]:
        metadata = obj["metadata"]
        fields = {"metadata.name": metadata.get("name", "")}
        if self._namespaced:
            fields["metadata.namespace"] = metadata.get("namespace", "")
        for path in self._paths:
            found = find(obj, path)
            fields[path.removeprefix(".")] = text(found[0]) if found else ""
        return fields
