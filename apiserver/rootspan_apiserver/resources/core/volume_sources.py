"""Where the content of a volume comes from, besides the cluster itself: the node, the network, a cloud's disks, drivers.

Upstream: pkg/apis/core/validation/validation.go (validateHostPathVolumeSource, validateISCSIVolumeSource and the like)
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    between,
    entries,
    function,
    max_length,
    named,
    one_of,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.file_paths import absolute_path, descending_path, no_backsteps

_HOST_PATH_TYPES = ("BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$", re.ASCII)
_EUI = re.compile(r"^eui.[A-Za-z0-9]{16}$")
_NAA = re.compile(r"^naa.[A-Za-z0-9]{32}$")
_FORMS = {"iqn": _IQN, "eui": _EUI, "naa": _NAA}
_PARTITION = between(0, 255, words="must be between 1 and 255, inclusive")
_SECRET_REFERENCE = struct(name=required)


def iscsi_name(value: str) -> list[str]:
    """Return why a value is no name of an iSCSI node: iqn.…, eui.… or naa.…."""
    form = _FORMS.get(value[:3])
    if form is None:
        return ["must be valid format starting with iqn, eui, or naa"]
    return [] if form.search(value) else ["must be valid format"]


@function("validateISCSIVolumeSource")
def _iscsi(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Authentication needs a secret; the initiator has a valid name."""
    if (value.get("chapAuthDiscovery") or value.get("chapAuthSession")) and value.get("secretRef") is None:
        yield FieldError.required(path / "secretRef")
    if (initiator := value.get("initiatorName")) is not None:
        yield from (FieldError.invalid(path / "initiatorname", initiator, reason) for reason in iscsi_name(initiator))


@function("validateFCVolumeSource")
def _fibre_channel(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The target is named in one of two ways, and its unit with the first."""
    targets, identifiers, unit = value.get("targetWWNs"), value.get("wwids"), value.get("lun")
    at = path / "targetWWNs"
    if not targets and not identifiers:
        yield FieldError.required(at, "must specify either targetWWNs or wwids, but not both")
    if targets and identifiers:
        yield FieldError.invalid(at, targets, "targetWWNs and wwids can not be specified simultaneously")
    if targets and unit is None:
        yield FieldError.required(path / "lun", "lun is required if targetWWNs is specified")
    elif targets and unit is not None and not 0 <= unit <= 255:
        yield FieldError.invalid(path / "lun", unit, "must be between 0 and 255, inclusive")


@function("validateFlexVolumeSource")
def _flex_option(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Options of Kubernetes itself are reserved."""
    if f".{value.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
        yield FieldError.invalid(path, value, "kubernetes.io and k8s.io namespaces are reserved")


@function("validateQuobyteVolumeSource")
def _quobyte(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The registry is a list of hosts with ports, the tenant not too long."""
    words = "must be a host:port pair or multiple pairs separated by commas"
    registry = value.get("registry") or ""
    if not registry:
        yield FieldError.required(path / "registry", words)
    elif len((value.get("tenant") or "").encode()) >= 65:
        yield FieldError.required(path / "tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not re.fullmatch(r"(\[[^][]*\]|[^][:]*):[^][:]*", pair):
                yield FieldError.invalid(path / "registry", registry, words)
    if not value.get("volume"):
        yield FieldError.required(path / "volume")


@function("validateAzureDisk")
def _azure_uri(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The URI of a disk is one of its kind."""
    kind, uri, at = value.get("kind"), value.get("diskURI") or "", path / "diskURI"
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        managed = ("/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",)
        yield FieldError.not_supported(at, uri, managed)
    elif kind is not None and kind != "Managed" and not uri.startswith("https://"):
        blob = ("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",)
        yield FieldError.not_supported(at, uri, blob)


@function("validateFlockerVolumeSource")
def _flocker(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The dataset is named in one of two ways."""
    name, identifier = value.get("datasetName") or "", value.get("datasetUUID") or ""
    if not name and not identifier:
        yield FieldError.required(path, "one of datasetName and datasetUUID is required")
    if name and identifier:
        words = "datasetName and datasetUUID can not be specified simultaneously"
        yield FieldError.invalid(path, "resource", words)
    if "/" in name:
        yield FieldError.invalid(path / "datasetName", name, "must not contain '/'")


def _lower_subdomain(value: str) -> list[str]:
    return dns_subdomain(value.lower())


csi_driver_name = required & (max_length(63) & named(_lower_subdomain))
"""The name of a CSI driver, in any case (`ValidateCSIDriverName`)."""

EXTERNAL: Mapping[str, Rule] = MappingProxyType(
    {
        "hostPath": struct(path=required & no_backsteps) & struct(type=one_of("", *_HOST_PATH_TYPES)),
        "gitRepo": struct(repository=required, directory=descending_path),
        "gcePersistentDisk": struct(pdName=required, partition=_PARTITION),
        "awsElasticBlockStore": struct(volumeID=required, partition=_PARTITION),
        "nfs": struct(server=required, path=required) & struct(path=absent_as("", absolute_path)),
        "iscsi": struct(
            targetPortal=required,
            iqn=required & named(iscsi_name),
            lun=between(0, 255, words="must be between 0 and 255, inclusive"),
        )
        & _iscsi,
        "glusterfs": struct(endpoints=required, path=required),
        "rbd": struct(monitors=required, image=required),
        "cinder": struct(volumeID=required, secretRef=_SECRET_REFERENCE),
        "cephfs": struct(monitors=required),
        "quobyte": _quobyte,
        "flocker": _flocker,
        "fc": _fibre_channel,
        "flexVolume": struct(driver=required, options=entries(keys=_flex_option)),
        "azureFile": struct(secretName=required, shareName=required),
        "vsphereVolume": struct(volumePath=required),
        "photonPersistentDisk": struct(pdID=required),
        "portworxVolume": struct(volumeID=required),
        "azureDisk": struct(
            diskName=required,
            diskURI=required,
            cachingMode=one_of("None", "ReadOnly", "ReadWrite"),
            kind=one_of("Dedicated", "Managed", "Shared"),
        )
        & _azure_uri,
        "storageos": struct(
            volumeName=required & named(dns_label),
            volumeNamespace=unless_empty(named(dns_label)),
            secretRef=_SECRET_REFERENCE,
        ),
        "scaleIO": struct(gateway=required, system=required, volumeName=required),
    }
)
"""The rules of sources, by the name of the field; a persistent volume has some of them too."""
