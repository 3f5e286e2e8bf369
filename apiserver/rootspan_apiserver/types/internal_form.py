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
        "apiGroups": "APIGroups",
        "apiVersion": "APIVersion",
        "awsElasticBlockStore": "AWSElasticBlockStore",
        "cel": "CEL",
        "cephfs": "CephFS",
        "chapAuthDiscovery": "DiscoveryCHAPAuth",
        "chapAuthSession": "SessionCHAPAuth",
        "csi": "CSI",
        "dnsConfig": "DNSConfig",
        "dnsPolicy": "DNSPolicy",
        "fc": "FC",
        "fsGroup": "FSGroup",
        "fsGroupChangePolicy": "FSGroupChangePolicy",
        "fsType": "FSType",
        "gcePersistentDisk": "GCEPersistentDisk",
        "gmsaCredentialSpec": "GMSACredentialSpec",
        "gmsaCredentialSpecName": "GMSACredentialSpecName",
        "grpc": "GRPC",
        "httpGet": "HTTPGet",
        "httpHeaders": "HTTPHeaders",
        "ip": "IP",
        "iqn": "IQN",
        "iscsi": "ISCSI",
        "iscsiInterface": "ISCSIInterface",
        "nfs": "NFS",
        "os": "OS",
        "pdID": "PdID",
        "pdName": "PDName",
        "rbd": "RBD",
        "seLinuxChangePolicy": "SELinuxChangePolicy",
        "seLinuxOptions": "SELinuxOptions",
        "storageos": "StorageOS",
        "targetWWNs": "TargetWWNs",
        "tcpSocket": "TCPSocket",
        "tty": "TTY",
        "uid": "UID",
        "wwids": "WWIDs",
    }
)
"""The fields whose Go name is not the JSON name with a capital letter."""
_OF_SECURITY = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
"""Fields of a pod's spec that the internal type has in its security context."""
_PLAIN = ("HostNetwork", "HostPID", "HostIPC")
"""Those of them that are no pointers."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ORDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "core/v1.PodSpec": _names(
            "Volumes InitContainers Containers EphemeralContainers RestartPolicy TerminationGracePeriodSeconds"
            " ActiveDeadlineSeconds DNSPolicy NodeSelector ServiceAccountName AutomountServiceAccountToken NodeName"
            " SecurityContext ImagePullSecrets Hostname Subdomain SetHostnameAsFQDN Affinity SchedulerName Tolerations"
            " HostAliases PriorityClassName Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead"
            " EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources HostnameOverride"
            " SchedulingGroup"
        ),
        "core/v1.PodSecurityContext": _names(
            "SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups"
            " SupplementalGroupsPolicy FSGroup FSGroupChangePolicy Sysctls SeccompProfile AppArmorProfile"
            " SELinuxChangePolicy"
        ),
        "core/v1.PersistentVolumeSource": _names(
            "GCEPersistentDisk AWSElasticBlockStore HostPath Glusterfs NFS RBD Quobyte ISCSI FlexVolume Cinder CephFS FC"
            " Flocker AzureFile VsphereVolume AzureDisk PhotonPersistentDisk PortworxVolume ScaleIO Local StorageOS CSI"
        ),
        "core/v1.VolumeSource": _names(
            "HostPath EmptyDir GCEPersistentDisk AWSElasticBlockStore GitRepo Secret NFS ISCSI Glusterfs"
            " PersistentVolumeClaim RBD Quobyte FlexVolume Cinder CephFS Flocker DownwardAPI FC AzureFile ConfigMap"
            " VsphereVolume AzureDisk PhotonPersistentDisk Projected PortworxVolume ScaleIO StorageOS CSI Ephemeral"
            " Image"
        ),
    }
)
"""The order of the fields of internal types that is not that of the served version; without fields that the internal type lacks."""


def internal_form(value: JSONObject, struct: StructType) -> JSONObject:
    """Return a struct, as JSON has it in its served version, with the field names and zero values of its internal type."""
    if struct.name.startswith("meta/"):
        return struct.write(value)
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
    if struct.name == "core/v1.PodSpec":
        moved = {name[0].upper() + name[1:]: value.get(name) for name in _OF_SECURITY}
        plain = {name: bool(found) if name in _PLAIN else found for name, found in moved.items()}
        out["SecurityContext"] = {**plain, **(out["SecurityContext"] or {})}
    if (order := _ORDERS.get(struct.name)) is not None:
        out = {name: out[name] for name in order}
    return out


def _field(value: Any, field: Field) -> Any:
    if value is not None:
        return printed(value, field.type)
    if isinstance(field.type, StructType) and not field.pointer:
        return printed({}, field.type)
    return field.zero()


def printed(value: Any, of: Type) -> Any:
    """Return a value that is not null as kube-apiserver prints it: that of a struct is its internal form, unless it is of `meta/v1`."""
    if isinstance(of, StructType):
        return internal_form(value, of)
    if isinstance(of, ListType):
        return [printed(item, of.element) for item in value]
    if isinstance(of, MapType):
        return {key: printed(value[key], of.element) for key in sorted(value)}
    return value
