"""The volumes of a pod: their names, and where what is in them comes from.

Upstream: pkg/apis/core/validation/validation.go (ValidateVolumes, validateVolumeSource)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.claim_templates import CLAIM_TEMPLATE
from rootspan_apiserver.resources.core.pod.projected import PROJECTED
from rootspan_apiserver.resources.core.pod.projections import CONFIG_MAP, DOWNWARD_API, SECRET
from rootspan_apiserver.resources.core.volume_sources import EXTERNAL, csi_driver_name
from rootspan_apiserver.rules import (
    ABSENT,
    Line,
    Path,
    Rule,
    RuleContext,
    alternatives,
    function,
    named,
    not_nil,
    one_of,
    required,
    struct,
)

PULL_POLICIES = ("Always", "IfNotPresent", "Never")


@function("validateVolumeSource")
def _size_limit(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The size of an empty directory is not negative."""
    number = amount(value)
    if number is not None and number < 0:
        yield FieldError.forbidden(path, "SizeLimit field must be a valid resource quantity")


@function("validateCSIVolumeSource")
def _csi_secret(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The secret of a CSI volume has a valid name."""
    if (secret := value.get("nodePublishSecretRef")) is None:
        return
    if not (name := secret.get("name")):
        yield FieldError.required(path / "nodePublishSecretRef" / "name")
    else:
        yield from (FieldError.invalid(path / "name", name, reason) for reason in dns_subdomain(name))


_BEFORE_SECRET = ("hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore")
_OWN: dict[str, Rule] = {
    "secret": SECRET,
    "persistentVolumeClaim": struct(claimName=required),
    "downwardAPI": DOWNWARD_API,
    "configMap": CONFIG_MAP,
    "projected": PROJECTED,
    "csi": struct(driver=csi_driver_name) & _csi_secret,
    "ephemeral": struct(volumeClaimTemplate=not_nil & CLAIM_TEMPLATE),
    "image": struct(reference=required, pullPolicy=one_of(*PULL_POLICIES)),
}
_ORDER = (
    *_BEFORE_SECRET,
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
)
"""The order in which upstream looks at the sources."""
SOURCE = alternatives(
    {"emptyDir": struct(sizeLimit=_size_limit), **{name: (_OWN | dict(EXTERNAL))[name] for name in _ORDER}},
    none="must specify a volume type",
    more="may not specify more than 1 volume type",
    shown={"cephfs": "cephFS", "downwardAPI": "downwarAPI"},
    inside={"gcePersistentDisk": "persistentDisk"},
)
_NAME = struct(name=required & named(dns_label))
_ISCSI_LIMIT = 64


@dataclass(frozen=True)
class ScopedVolumes(Rule):
    """The list of volumes; the scope has checked them, since rules for other parts need the valid ones."""

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: tuple[FieldError, ...] = context.scope.volume_errors
        return errors

    def describe(self) -> Iterator[Line]:
        for rule in (SOURCE, _NAME):
            for line in rule.describe():
                yield Line("[*]" + (f".{line.path}" if line.path else ""), line.text)


VOLUMES = ScopedVolumes()


def check_volumes(
    volumes: list[JSONObject], path: Path, context: RuleContext, *, pod_name: str
) -> tuple[dict[str, JSONObject], list[FieldError]]:
    """Return the valid volumes by name, and what is wrong with the others.

    Args:
        pod_name: the name of the pod, "" in a template; the claim of an ephemeral volume is named after it.
    """
    valid: dict[str, JSONObject] = {}
    errors: list[FieldError] = []
    for index, volume in enumerate(volumes):
        at = path / index
        name = volume.get("name") or ""
        found = [
            *SOURCE.check(volume, ABSENT, at, context),
            *_names_made(volume, at, pod_name),
            *_NAME.check(volume, ABSENT, at, context),
        ]
        if name in valid:
            found.append(FieldError.duplicate(at / "name", name))
        errors += found
        if not found:
            valid[name] = volume
    return valid, errors


def _names_made(volume: JSONObject, at: Path, pod_name: str) -> Iterator[FieldError]:
    """Yield why a volume's name is too long for the names that are made of it."""
    name, iscsi = volume.get("name") or "", volume.get("iscsi") or {}
    portal = iscsi.get("targetPortal") or ""
    if iscsi.get("initiatorName") is not None and len(f"{name}:{portal}".encode()) > _ISCSI_LIMIT:
        words = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters"
            " if iscsi.initiatorName is specified."
        )
        yield FieldError.invalid(at / "name", name, words)
    if volume.get("ephemeral") is not None and pod_name and name:
        claim = f"{pod_name}-{name}"
        for reason in dns_subdomain(claim):
            yield FieldError.invalid(at / "name", name, f'PVC name "{claim}": {reason}')
