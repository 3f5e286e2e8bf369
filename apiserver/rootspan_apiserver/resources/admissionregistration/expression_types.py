"""The types in expressions of policies and match conditions: the request, the namespace, variables, and what patches are made of.

The object itself, the old one and the parameters are of any type.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType), composition.go,
staging/src/k8s.io/apiserver/pkg/cel/mutation/typeresolver.go, jsonpatch.go
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rootspan_apiserver.rules.cel.environment import NoObjectTypes, ObjectTypes
from rootspan_apiserver.rules.cel.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    CELType,
    Kind,
    SchemaField,
    SchemaType,
    list_of,
    map_of,
    object_type,
)

OBJECT = "Object"
"""The type of an apply configuration; that of its field `spec` is `Object.spec`, and so on."""
JSON_PATCH = "JSONPatch"
"""The type of one operation of a JSON patch."""
VARIABLES = "kubernetes.variables"


def _plain(kind: CELType) -> SchemaType:
    return SchemaType(type=kind)


def _list(of: SchemaType) -> SchemaType:
    return SchemaType(type=list_of(of.type), element=of)


def _map(of: SchemaType) -> SchemaType:
    return SchemaType(type=map_of(STRING, of.type), key=_TEXT, element=of)


def _fields(types: Mapping[str, SchemaType], optional: tuple[str, ...] = ()) -> Mapping[str, SchemaField]:
    return {name: SchemaField(name=name, type=found, required=name not in optional) for name, found in types.items()}


def _object(name: str, types: Mapping[str, SchemaType], optional: tuple[str, ...] = ()) -> SchemaType:
    return SchemaType(type=object_type(name), fields=_fields(types, optional))


_TEXT, _TRUTH, _NUMBER, _TIME, _ANY = (_plain(each) for each in (STRING, BOOL, INT, TIMESTAMP, DYN))
_KIND = _object("kubernetes.GroupVersionKind", {"group": _TEXT, "version": _TEXT, "kind": _TEXT})
_RESOURCE = _object("kubernetes.GroupVersionResource", {"group": _TEXT, "version": _TEXT, "resource": _TEXT})
_USER = _object(
    "kubernetes.UserInfo",
    {"username": _TEXT, "uid": _TEXT, "groups": _list(_TEXT), "extra": _map(_list(_TEXT))},
    optional=("username", "uid", "groups", "extra"),
)
REQUEST = _object(
    "kubernetes.AdmissionRequest",
    {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": _TEXT,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": _TEXT,
        "name": _TEXT,
        "namespace": _TEXT,
        "operation": _TEXT,
        "userInfo": _USER,
        "dryRun": _TRUTH,
        "options": _ANY,
    },
    optional=("subResource", "requestSubResource", "namespace", "dryRun", "options"),
)
_CONDITION = _object(
    "kubernetes.NamespaceCondition",
    {"status": _TEXT, "type": _TEXT, "lastTransitionTime": _TIME, "message": _TEXT, "reason": _TEXT},
)
_NAMESPACE_SPEC = _object("kubernetes.NamespaceSpec", {"finalizers": _list(_TEXT)})
_NAMESPACE_STATUS = _object("kubernetes.NamespaceStatus", {"conditions": _list(_CONDITION), "phase": _TEXT})
_NAMESPACE_METADATA = _object(
    "kubernetes.NamespaceMetadata",
    {
        "name": _TEXT,
        "generateName": _TEXT,
        "namespace": _TEXT,
        "labels": _map(_TEXT),
        "annotations": _map(_TEXT),
        "UID": _TEXT,
        "creationTimestamp": _TIME,
        "deletionGracePeriodSeconds": _NUMBER,
        "deletionTimestamp": _TIME,
        "generation": _NUMBER,
        "resourceVersion": _TEXT,
        "finalizers": _list(_TEXT),
    },
)
NAMESPACE = _object(
    "kubernetes.Namespace",
    {"metadata": _NAMESPACE_METADATA, "spec": _NAMESPACE_SPEC, "status": _NAMESPACE_STATUS},
)
_DECLARED = MappingProxyType(
    {
        each.type.name: each
        for each in (
            REQUEST,
            _KIND,
            _RESOURCE,
            _USER,
            NAMESPACE,
            _NAMESPACE_SPEC,
            _NAMESPACE_STATUS,
            _NAMESPACE_METADATA,
            _CONDITION,
        )
    }
)


class _AnyField(Mapping[str, SchemaField]):
    """The fields of a type that has every field, of any type."""

    def __getitem__(self, name: str) -> SchemaField:
        return SchemaField(name=name, type=_ANY)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


class _PatchFields(_AnyField):
    """The fields of an operation. It has every other one too, of a type that no value is of."""

    def __getitem__(self, name: str) -> SchemaField:
        return SchemaField(name=name, type=_PATCH_FIELDS.get(name, _NO_TYPE))


_NO_TYPE = _plain(object_type(""))
_PATCH_FIELDS = MappingProxyType({"op": _TEXT, "path": _TEXT, "from": _TEXT, "value": _ANY})
_PATCH = SchemaType(type=object_type(JSON_PATCH), fields=_PatchFields())


class AdmissionTypes:
    """The object types of one policy.

    Args:
        variables: the types of the policy's variables by their names; None for expressions that have none.
        patches: whether the types that patches are made of are known.
        others: knows further types, such as those of the object and of the parameters.
    """

    def __init__(
        self,
        variables: Mapping[str, CELType] | None = None,
        *,
        patches: bool = False,
        others: ObjectTypes | None = None,
    ) -> None:
        self._patches = patches
        self._others = others or NoObjectTypes()
        self._known = dict(_DECLARED)
        if variables is not None:
            types = {name: _plain(declared(found)) for name, found in variables.items()}
            self._known[VARIABLES] = _object(VARIABLES, types)

    def find(self, name: str) -> SchemaType | None:
        """Return the declared type of an object, None if there is none of that name."""
        if self._patches:
            if name == JSON_PATCH:
                return _PATCH
            if name == OBJECT or name.startswith(f"{OBJECT}."):
                return SchemaType(type=object_type(name), fields=_AnyField())
        return self._known.get(name) or self._others.find(name)


def declared(kind: CELType) -> CELType:
    """Return the type that a variable has in other expressions, whose own type is `kind`: any but for plain types, lists and maps."""
    if kind.kind in (Kind.LIST, Kind.MAP):
        return CELType(kind.kind, kind.name, tuple(map(declared, kind.parameters)))
    return kind if kind.kind in _KEPT else DYN


_KEPT = frozenset(
    {
        Kind.BOOL,
        Kind.BYTES,
        Kind.DOUBLE,
        Kind.DURATION,
        Kind.INT,
        Kind.NULL,
        Kind.STRING,
        Kind.TIMESTAMP,
        Kind.UINT,
    }
)
