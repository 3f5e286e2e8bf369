"""What a persistent volume is: exactly one of the sources that its spec has fields for.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeSpec, validateCSIPersistentVolumeSource and the like)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.volume_sources import EXTERNAL, csi_driver_name, iscsi_name
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, absent_as, function, named, required, struct
from rootspan_apiserver.rules.file_paths import no_backsteps

_IN_NAMESPACE = struct(name=absent_as("", required), namespace=absent_as("", required))
_SECRET = struct(name=required & named(dns_subdomain), namespace=required & named(dns_label))
_CSI = struct(
    driver=absent_as("", csi_driver_name),
    volumeHandle=required,
    controllerPublishSecretRef=_SECRET,
    controllerExpandSecretRef=_SECRET,
    nodePublishSecretRef=_SECRET,
    nodeExpandSecretRef=_SECRET,
)


@function("validateGlusterfsPersistentVolumeSource")
def _endpoints_namespace(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The namespace of the endpoints is a name if it is set."""
    if not value:
        words = "if the endpointnamespace is set, it must be a valid namespace name"
        yield FieldError.invalid(path, value, words)
    else:
        yield from (FieldError.invalid(path, value, reason) for reason in dns_label(value))


@function("validateAzureFilePV")
def _not_empty(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The namespace is not empty if it is set."""
    if not value:
        yield FieldError.required(path)


_ISCSI_LIMIT = 64
_ISCSI_TOO_LONG = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
_WRONG_FORMAT = "must be valid format"


@function("validateISCSIPersistentVolumeSource")
def _iscsi(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """As in a pod, but for the words; with an initiator, the names of the volume and of the portal are short."""
    portal, initiator = value.get("targetPortal") or "", value.get("initiatorName")
    if not portal:
        yield FieldError.required(path / "targetPortal")
    name = "" if "source" in (context.root.get("spec") or {}) else context.root["metadata"].get("name") or ""
    if initiator is not None and len(f"{name}:{portal}".encode()) > _ISCSI_LIMIT:
        yield FieldError.invalid(path / "targetportal", portal, _ISCSI_TOO_LONG)
    if not (own := value.get("iqn") or ""):
        yield FieldError.required(path / "iqn")
    elif iscsi_name(own):
        yield FieldError.invalid(path / "iqn", own, _WRONG_FORMAT)
    if not 0 <= (unit := value.get("lun") or 0) <= 255:
        yield FieldError.invalid(path / "lun", unit, "must be between 0 and 255, inclusive")
    secret = value.get("secretRef")
    if secret is None and (value.get("chapAuthDiscovery") or value.get("chapAuthSession")):
        yield FieldError.required(path / "secretRef")
    if secret is not None and not secret.get("name"):
        yield FieldError.required(path / "secretRef" / "name")
    if initiator is not None and iscsi_name(initiator):
        yield FieldError.invalid(path / "initiatorname", initiator, _WRONG_FORMAT)


SOURCES: tuple[tuple[str, str, str, Rule], ...] = (
    ("hostPath", "hostPath", "hostPath", EXTERNAL["hostPath"]),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", EXTERNAL["gcePersistentDisk"]),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore", EXTERNAL["awsElasticBlockStore"]),
    (
        "glusterfs",
        "glusterfs",
        "glusterfs",
        EXTERNAL["glusterfs"] & struct(endpointsNamespace=_endpoints_namespace),
    ),
    ("flocker", "flocker", "flocker", EXTERNAL["flocker"]),
    ("nfs", "nfs", "nfs", EXTERNAL["nfs"]),
    ("rbd", "rbd", "rbd", EXTERNAL["rbd"]),
    ("quobyte", "quobyte", "quobyte", EXTERNAL["quobyte"]),
    ("cephfs", "cephFS", "cephfs", EXTERNAL["cephfs"]),
    ("iscsi", "iscsi", "iscsi", _iscsi),
    ("cinder", "cinder", "cinder", struct(volumeID=required, secretRef=_IN_NAMESPACE)),
    ("fc", "fc", "fc", EXTERNAL["fc"]),
    ("flexVolume", "flexVolume", "flexVolume", EXTERNAL["flexVolume"]),
    (
        "azureFile",
        "azureFile",
        "azureFile",
        struct(secretName=required, shareName=required, secretNamespace=_not_empty),
    ),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume", EXTERNAL["vsphereVolume"]),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk", EXTERNAL["photonPersistentDisk"]),
    ("portworxVolume", "portworxVolume", "portworxVolume", EXTERNAL["portworxVolume"]),
    ("azureDisk", "azureDisk", "azureDisk", EXTERNAL["azureDisk"]),
    ("scaleIO", "scaleIO", "scaleIO", EXTERNAL["scaleIO"]),
    ("local", "local", "local", struct(path=required & no_backsteps)),
    ("storageos", "storageos", "storageos", EXTERNAL["storageos"] & struct(secretRef=struct(namespace=required))),
    ("csi", "csi", "csi", _CSI),
)
"""The field of each source, its names in errors (where it is one too many, and of its content), and its rule."""
FIELDS = tuple(field for field, *_ in SOURCES)
MOUNTED_WITH_OPTIONS = frozenset(
    {
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "nfs",
        "rbd",
        "quobyte",
        "iscsi",
        "cinder",
        "cephfs",
        "azureFile",
        "vsphereVolume",
        "azureDisk",
        "photonPersistentDisk",
    }
)
"""The sources for which the annotation for mount options is allowed."""


@function("ValidatePersistentVolumeSpec")
def one_source(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is exactly one source, and it is valid."""
    found = 0
    for field, extra, name, rule in SOURCES:
        source = value.get(field)
        if source is None:
            continue
        found += 1
        if found > 1 and field != "flexVolume":
            yield FieldError.forbidden(path / extra, "may not specify more than 1 volume type")
            continue
        yield from rule.check(source, ABSENT, path / name, context)
        if field == "local" and value.get("nodeAffinity") is None:
            yield FieldError.required(path / "nodeAffinity", "Local volume requires node affinity")
    if not found:
        yield FieldError.required(path, "must specify a volume type")
