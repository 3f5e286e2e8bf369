"""How volumes can be mounted: the access modes and volume modes of persistent volumes and claims.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeSpec, ValidatePersistentVolumeClaimSpec),
pkg/apis/core/v1/helper/helpers.go (GetAccessModesAsString, GetPersistentVolumeClass)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import joined
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.rules import Path, RuleContext, function

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""Where the name of a storage class was before 1.6; it is still read."""
_SHORT = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


@function("ValidatePersistentVolumeSpec")
def access_modes(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each is known, and ReadWriteOncePod is the only one."""
    for mode in value:
        if mode not in ACCESS_MODES:
            yield FieldError.not_supported(path, mode, ACCESS_MODES)
    known = {mode for mode in value if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        yield FieldError.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def shown_modes(modes: list[str] | None) -> str:
    """Return access modes as tables show them, e.g. `RWO,ROX`."""
    return joined(short for mode, short in _SHORT.items() if mode in (modes or []))


def class_of(obj: JSONObject) -> str:
    """Return the name of the storage class of a volume or claim, "" where there is none."""
    annotations = at(obj, "metadata", "annotations") or {}
    return str(annotations.get(CLASS_ANNOTATION) or at(obj, "spec", "storageClassName") or "")
