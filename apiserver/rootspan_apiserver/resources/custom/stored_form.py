"""Custom resources between the store and the versions that are served: what is stored is read through today's schemas.

An object is pruned and defaulted by the schema of the version in which it is stored, whatever that was when it was written, converted,
and pruned by the schema of the version that is asked for. What is stored is pruned by the schema of the storage version.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (crdConversionRESTOptionsGetter)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.defaulting import apply_defaults
from rootspan_apiserver.resources.custom.embedded_metadata import coerce
from rootspan_apiserver.resources.custom.pruning import prune, prune_nulls
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.schema import Schema


@dataclass(frozen=True, kw_only=True)
class StoredForm:
    """The schemas of all versions of a custom resource by `apiVersion`, served or not, and the versions that are stored and served."""

    schemas: Mapping[str, Schema]
    stored: str
    served: str

    def read(self, obj: JSONObject) -> JSONObject:
        """Return a stored object by the schema of its version; `obj` is changed. Raises StatusError 500, its defaults are too large."""
        schema = self.schemas.get(obj["apiVersion"])
        if schema is not None:
            _tidy(obj, schema, drop_malformed=True)
            apply_defaults(obj, schema)
        return obj

    def write(self, obj: JSONObject) -> JSONObject:
        """Return an object of the served version as it is stored, or is to be converted; `obj` is changed."""
        return self.converted(obj) if self.served == self.stored else obj

    def converted(self, obj: JSONObject) -> JSONObject:
        """Return an object that was converted by the schema of its version; `obj` is changed."""
        if (schema := self.schemas.get(obj["apiVersion"])) is not None:
            _tidy(obj, schema, drop_malformed=False)
        return obj


def _tidy(obj: JSONObject, schema: Schema, *, drop_malformed: bool) -> None:
    prune(obj, schema)
    prune_nulls(obj, schema)
    coerce(obj, schema, Problems(), drop_malformed=drop_malformed)
