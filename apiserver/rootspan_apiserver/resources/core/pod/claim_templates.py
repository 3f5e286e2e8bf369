"""The claim of an ephemeral volume, which is made for the pod.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimTemplate)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    function,
    named,
    one_of,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.label_selectors import label_selector
from rootspan_apiserver.rules.metadata import template_metadata
from rootspan_apiserver.rules.quantities import positive_quantity

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


@function("ValidatePersistentVolumeClaimSpec", absent=True)
def _access_modes(value: list[str] | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are some, each is known, and ReadWriteOncePod is alone."""
    modes = value or []
    if not modes:
        yield FieldError.required(path, "at least 1 access mode is required")
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield FieldError.not_supported(path, mode, ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        yield FieldError.forbidden(path, "may not use ReadWriteOncePod with other access modes")


@function("ValidatePersistentVolumeClaimSpec")
def _size(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The size is given, and greater than zero."""
    size = (value.get("requests") or {}).get("storage")
    if size is None:
        yield FieldError.required(path.key("storage"))
    else:
        yield from positive_quantity.check(size, old, path.key("storage"), context)


CLAIM_SPEC = struct(
    selector=label_selector(),
    accessModes=_access_modes,
    resources=absent_as({}, _size),
    storageClassName=unless_empty(named(dns_subdomain)),
    volumeMode=one_of("Block", "Filesystem"),
)
CLAIM_TEMPLATE = struct(metadata=template_metadata, spec=absent_as({}, CLAIM_SPEC))
