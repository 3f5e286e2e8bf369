"""Custom resources between the store and the versions that are served: what is stored is read through today's schemas.

An object is pruned and defaulted by the schema of the version in which it is stored, whatever that was when it was written. Once it is
converted, it is pruned by the schema of the other version; so it is before it is stored.

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


@dataclass(frozen=True)
class StoredForm:
    """The schemas of all versions of a custom resource by `apiVersion`, served or not; an object of another version stays as it is."""

    schemas: Mapping[str, Schema]

    def read(self, obj: JSONObject) -> JSONObject:
        """Return a stored object pruned and defaulted; `obj` is changed. Raises StatusError 500, its defaults are too large."""
        schema = self.schemas.get(obj["apiVersion"])
        if schema is not None:
            _tidy(obj, schema, drop_malformed=True)
            apply_defaults(obj, schema)
        return obj

    def tidied(self, obj: JSONObject) -> JSONObject:
        """Return an object pruned; `obj` is changed."""
        schema = self.schemas.get(obj["apiVersion"])
        if schema is not None:
            _tidy(obj, schema, drop_malformed=False)
        return obj


def _tidy(obj: JSONObject, schema: Schema, *, drop_malformed: bool) -> None:
    prune(obj, schema)
    prune_nulls(obj, schema)
    coerce(obj, schema, Problems(), drop_malformed=drop_malformed)
