"""The form in which Go writes an object of a built-in type: the order of its fields, what is written though empty, what is null.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go, protobuf/protobuf.go
"""

from typing import Any

from rootspan_apiserver.kube.comparison import EmptyMap
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


def through_protobuf(value: JSONObject, kind: GroupVersionKind) -> JSONObject:
    """Return the object as the real server writes it once it was stored in protobuf, where empty lists and maps become nil.

    `value` is changed on the way. A custom resource, which has no protobuf, keeps them.
    """
    struct = go_types().struct_of(kind)
    if struct is not None and holds_empty(value):
        struct.forget_empty(value)
    return written(value, kind)


def omitting_empty(value: JSONObject, kind: GroupVersionKind) -> JSONObject:
    """Return a built-in object without the empty lists and maps that Go leaves out of JSON; the object itself where it holds none."""
    struct = go_types().struct_of(kind)
    return struct.write(value) if struct is not None and holds_empty(value) else value


def holds_empty(value: Any) -> bool:
    """Return whether there is an empty list or map in the value, which Go tells from nil until it is written."""
    if isinstance(value, dict):
        if not value:
            return value.__class__ is EmptyMap
        return any(item.__class__ in _HOLDERS and holds_empty(item) for item in value.values())
    if isinstance(value, list):
        return not value or any(item.__class__ in _HOLDERS and holds_empty(item) for item in value)
    return False


_HOLDERS = (dict, list, EmptyMap)


def empty_object(kind: GroupVersionKind) -> JSONObject:
    """Return a built-in object in which nothing was set, as Go writes it (`{"metadata": {}, "spec": {"containers": None}, …}`); {} for a
    kind that is not built in."""
    struct = go_types().struct_of(kind)
    return struct.write({}) if struct is not None else {}
