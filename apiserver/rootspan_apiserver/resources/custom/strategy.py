"""The strategy of custom resources: their schema says everything.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go, status_strategy.go and validator.go
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.defaulting import apply_defaults
from rootspan_apiserver.resources.custom.effort import Effort
from rootspan_apiserver.resources.custom.validation import validate
from rootspan_apiserver.resources.json_paths import find
from rootspan_apiserver.resources.metadata import check_metadata, check_metadata_change
from rootspan_apiserver.resources.nested import integer_at, text_at
from rootspan_apiserver.resources.resource import ScalePaths
from rootspan_apiserver.resources.selectable import text
from rootspan_apiserver.types.schema import Schema

INT32_MAX = 2**31 - 1


class CustomStrategy:
    """Args:
    schema: of the served version.
    scale: where the Scale of an object keeps its numbers, None without one.
    paths: the JSON paths of the selectable fields, which are their labels too.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        namespaced: bool,
        has_status: bool,
        scale: ScalePaths | None = None,
        paths: tuple[str, ...] = (),
    ) -> None:
        self._schema = schema
        self._namespaced = namespaced
        self._has_status = has_status
        self._scale = scale
        self._paths = paths
        self._effort = Effort(schema)

    def default(self, obj: JSONObject) -> None:
        apply_defaults(obj, self._schema)

    def prepare_for_create(self, obj: JSONObject) -> None:
        if self._has_status:
            obj.pop("status", None)
            # The status that a client sends is lost, the one that the schema declares is not.
            self.default(obj)
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
        errors = check_metadata(obj["metadata"], namespaced=self._namespaced)
        return [*errors, *self._validate(obj), *self._check_replicas(obj), *self._check_scale_status(obj)]

    def validate_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> list[FieldError]:
        errors = check_metadata(obj["metadata"], namespaced=self._namespaced)
        errors += check_metadata_change(obj["metadata"], old["metadata"])
        if subresource == "status":
            return [*errors, *self._check_status(obj), *self._check_scale_status(obj)]
        return [*errors, *self._validate(obj), *self._check_replicas(obj), *self._check_scale_status(obj)]

    def _check_status(self, obj: JSONObject) -> list[FieldError]:
        """Whether the status fits its own schema, to which its fields have no path above them in the messages."""
        schema = self._schema.properties.get("status")
        if schema is None or "status" not in obj:
            return []
        return [
            replace(error, field="status" + "." * (error.field[:1] not in ("", "[")) + error.field)
            for error in validate(obj["status"], schema)
        ]

    def _check_replicas(self, obj: JSONObject) -> list[FieldError]:
        return _check_number(obj, self._scale.spec_replicas) if self._scale is not None else []

    def _check_scale_status(self, obj: JSONObject) -> list[FieldError]:
        if self._scale is None:
            return []
        errors = _check_number(obj, self._scale.status_replicas)
        if path := self._scale.selector:
            try:
                text_at(obj, path)
            except ValueError as error:
                errors.append(FieldError.invalid(path, "", str(error)))
        return errors

    def _validate(self, obj: JSONObject) -> list[FieldError]:
        self._effort.measure()
        return validate(obj, self._schema)

    def is_slow_to_validate(self, obj: JSONObject) -> bool:
        return self._effort.is_large(obj)

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


def _check_number(obj: JSONObject, path: str) -> list[FieldError]:
    try:
        value = integer_at(obj, path) or 0
    except ValueError as error:
        return [FieldError.invalid(path, 0, str(error))]
    if value < 0:
        return [FieldError.invalid(path, value, "should be a non-negative integer")]
    if value > INT32_MAX:
        return [FieldError.invalid(path, value, f"should be less than or equal to {INT32_MAX}")]
    return []
