"""The form in which kube-apiserver prints parts of its internal objects in messages.

Internal types have no JSON tags: Go writes each field under its own name, whether it was set or not. Types of `meta/v1`, which are not
internal, keep their form, and the metadata of a template is embedded.

Upstream: pkg/apis/*/types.go, staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go (ErrorBody)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.containers import ListType, MapType
from rootspan_apiserver.types.model import Field, Type
from rootspan_apiserver.types.structs import StructType

_GO_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "apiGroup": "APIGroup",
        "apiVersion": "APIVersion",
        "awsElasticBlockStore": "AWSElasticBlockStore",
        "cel": "CEL",
        "cephfs": "CephFS",
        "csi": "CSI",
        "fc": "FC",
        "fsType": "FSType",
        "gcePersistentDisk": "GCEPersistentDisk",
        "iqn": "IQN",
        "iscsi": "ISCSI",
        "nfs": "NFS",
        "pdID": "PdID",
        "pdName": "PDName",
        "rbd": "RBD",
        "storageos": "StorageOS",
        "targetWWNs": "TargetWWNs",
        "uid": "UID",
        "wwids": "WWIDs",
    }
)
"""The fields whose Go name is not the JSON name with a capital letter."""


def internal_form(value: JSONObject, struct: StructType) -> JSONObject:
    """Return a struct, as JSON has it in its served version, with the field names and zero values of its internal type."""
    out: JSONObject = {}
    for field in struct.declared:
        if not field.name:
            assert isinstance(field.type, StructType)
            out |= internal_form(value, field.type)
        elif field.type.name == "meta/v1.ObjectMeta":
            out |= field.type.write(value.get(field.name) or {})
        else:
            name = _GO_NAMES.get(field.name, field.name[0].upper() + field.name[1:])
            out[name] = _field(value.get(field.name), field)
    return out


def _field(value: Any, field: Field) -> Any:
    if value is not None:
        return _value(value, field.type)
    if isinstance(field.type, StructType) and not field.pointer:
        return _value({}, field.type)
    return field.zero()


def _value(value: Any, of: Type) -> Any:
    if isinstance(of, StructType):
        return of.write(value) if of.name.startswith("meta/") else internal_form(value, of)
    if isinstance(of, ListType):
        return [_value(item, of.element) for item in value]
    if isinstance(of, MapType):
        return {key: _value(value[key], of.element) for key in sorted(value)}
    return value
