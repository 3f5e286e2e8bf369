"""The metadata of resources inside of resources, read as an ObjectMeta: unknown fields are dropped.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/{algorithm,coerce}.go
"""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.result import shown
from rootspan_apiserver.rules import ROOT, Path
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types


class MalformedResourceError(NotDecodableError):
    """A resource inside another has a field of the wrong type, which `error` names."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(str(error))
        self.error = error


def read_metadata(value: Any, *path: str, problems: Problems) -> JSONObject:
    """Return metadata read into its type and written again, which leaves out empty lists and maps. Raises NotDecodableError."""
    struct = go_types().struct("meta/v1.ObjectMeta")
    metadata = struct.read_object(value, problems, *path)
    struct.forget_empty(metadata)
    return metadata


def read_what_fits(value: Any) -> JSONObject:
    """Return metadata without the fields that do not fit their types."""
    found: JSONObject = {}
    for name, inner in value.items() if isinstance(value, dict) else ():
        try:
            found |= read_metadata({name: inner}, problems=Problems())
        except NotDecodableError:
            continue
    return found


def coerce(
    value: Any,
    schema: Schema,
    problems: Problems,
    *,
    path: Path = ROOT,
    drop_malformed: bool = False,
    is_resource: bool = False,
) -> None:
    """Read the metadata of the resources in a value, in place.

    Args:
        problems: where unknown fields go.
        drop_malformed: whether fields of the wrong type are dropped.
        is_resource: whether the value itself is one.

    Raises:
        MalformedResourceError: a field is of the wrong type.
    """
    if isinstance(value, list):
        for index, item in enumerate(value if schema.items is not None else ()):
            assert schema.items is not None
            coerce(item, schema.items, problems, path=path / index, drop_malformed=drop_malformed)
    elif isinstance(value, dict):
        if is_resource or schema.embedded_resource:
            _coerce_resource(value, problems, path, drop_malformed=drop_malformed)
        for name in sorted(value):
            if (child := schema.properties.get(name)) is not None:
                coerce(value[name], child, problems, path=path / name, drop_malformed=drop_malformed)
            elif schema.additional is not None:
                coerce(value[name], schema.additional, problems, path=path.key(name), drop_malformed=drop_malformed)


def _coerce_resource(value: JSONObject, problems: Problems, path: Path, *, drop_malformed: bool) -> None:
    for name in ("apiVersion", "kind"):
        if name in value and not isinstance(value[name], str):
            if not drop_malformed:
                raise MalformedResourceError(FieldError.invalid(path / name, shown(value[name]), "must be a string"))
            del value[name]
    if "metadata" not in value:
        return
    metadata = value["metadata"] if value["metadata"] is not None else {}
    try:
        value["metadata"] = read_metadata(metadata, str(path / "metadata"), problems=problems)
    except NotDecodableError as error:
        if not drop_malformed:
            why = FieldError.invalid(path / "metadata", shown(metadata), str(error))
            raise MalformedResourceError(why) from error
        value["metadata"] = read_what_fits(metadata)
