"""The form in which Go writes an object of a built-in type: the order of its fields, what is written though empty, what is null.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go
"""

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.types.json_values import sorted_keys
from rootspan_apiserver.types.tables import go_types


def written(value: JSONObject, kind: GroupVersionKind) -> JSONObject:
    """Return the object as the real server writes it: kind and apiVersion first, fields in order of declaration, map keys sorted, nil
    lists and maps as null where they are not left out. Values are taken as they are; unknown fields are dropped.

    An object of a kind that is not built in has its keys sorted, as the real server writes custom resources.
    """
    struct = go_types().struct_of(kind)
    return struct.write(value) if struct is not None else sorted_keys(value)


def empty_object(kind: GroupVersionKind) -> JSONObject:
    """Return a built-in object in which nothing was set, as Go writes it (`{"metadata": {}, "spec": {"containers": None}, …}`); {} for a
    kind that is not built in."""
    struct = go_types().struct_of(kind)
    return struct.write({}) if struct is not None else {}
