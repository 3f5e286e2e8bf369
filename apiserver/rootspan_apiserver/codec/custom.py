"""Custom resources: fields that their structural schema does not declare are pruned and reported.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (unstructuredSchemaCoercer)
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.embedded_metadata import coerce, read_metadata
from rootspan_apiserver.resources.custom.pruning import prune, prune_nulls
from rootspan_apiserver.types.json_values import DuplicateKeys, plain
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.reading import search_duplicates
from rootspan_apiserver.types.schema import Schema


def read(value: JSONObject, schema: Schema, problems: Problems) -> JSONObject:
    """Return the object without undeclared fields and nulls that are not allowed, its metadata read as an ObjectMeta.

    Raises:
        NotDecodableError: metadata, its own or that of a resource in it, does not fit its type.
    """
    for key, item in value.items():
        if key != "metadata":
            search_duplicates(item, key, problems)
    if isinstance(value, DuplicateKeys):
        for key in value.repeated:
            problems.add("duplicate", key)
    out: JSONObject = plain(value)
    metadata = value.get("metadata")
    if metadata is not None:
        own = Problems()
        out["metadata"] = read_metadata(metadata, "metadata", problems=own)
        problems.found.extend(own.found)
    for path in prune(out, schema):
        problems.add("unknown", path)
    prune_nulls(out, schema)
    coerce(out, schema, problems)
    head: JSONObject = {key: out.pop(key) for key in ("apiVersion", "kind", "metadata") if key in out}
    return {**head, **out}
