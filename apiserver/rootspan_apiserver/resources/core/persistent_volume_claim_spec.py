"""The spec of a claim of storage, by itself and as the template of claims.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec), pkg/api/persistentvolumeclaim/util.go
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.access_modes import VOLUME_MODES, access_modes
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    function,
    named,
    one_of,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.label_selectors import ratcheting_label_selector
from rootspan_apiserver.rules.quantities import positive_quantity

_CLAIM = "PersistentVolumeClaim"


@function("ValidatePersistentVolumeClaimSpec")
def _size(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The size is given, and greater than zero."""
    size, at = (value.get("requests") or {}).get("storage"), path.key("storage")
    if size is None:
        yield FieldError.required(at)
    else:
        yield from positive_quantity.check(size, old, at, context)


def _has_group(spec: Any) -> bool:
    sources = [(spec or {}).get(key) or {} for key in ("dataSource", "dataSourceRef")] if isinstance(spec, dict) else []
    return any(source.get("apiGroup") is not None for source in sources)


def _source(*, any_group: bool) -> Rule:
    @function("validateDataSource")
    def check(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The source has a name and a kind, and a group unless it is a claim."""
        group, kind = value.get("apiGroup") or "", value.get("kind") or ""
        yield from (FieldError.required(path / key) for key in ("name", "kind") if not value.get(key))
        if not group and kind != _CLAIM:
            words = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
            yield FieldError.invalid(path, kind, words)
        if group and not any_group:
            yield from (FieldError.invalid(path / "apiGroup", group, reason) for reason in dns_subdomain(group))

    return check


_REFERENCE = struct(namespace=unless_empty(named(dns_label)))
_NEW_SOURCES, _STORED_SOURCES = (
    struct(dataSource=_source(any_group=any_group), dataSourceRef=_source(any_group=any_group) & _REFERENCE)
    for any_group in (False, True)
)


@function("ValidatePersistentVolumeClaimSpec")
def _sources(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Where the content comes from is valid, and said once; what has a group in store keeps it."""
    rule = _STORED_SOURCES if _has_group(old) else _NEW_SOURCES
    yield from rule.check(value, old, path, context)
    local, reference = value.get("dataSource"), value.get("dataSourceRef")
    if local is None or reference is None:
        return
    if reference.get("namespace"):
        # Upstream shows a Go value of no exported fields here.
        yield FieldError.invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif any(local.get(key) != reference.get(key) for key in ("apiGroup", "kind", "name")):
        yield FieldError.invalid(path, {}, "must match dataSourceRef")


CLAIM_SPEC = (
    struct(accessModes=required("at least 1 access mode is required"))
    & struct(selector=ratcheting_label_selector, accessModes=access_modes, resources=absent_as({}, _size))
    & struct(storageClassName=unless_empty(named(dns_subdomain)), volumeMode=one_of(*VOLUME_MODES))
    & _sources
    & struct(volumeAttributesClassName=unless_empty(named(dns_subdomain)))
)


def drop_unknown_sources(spec: JSONObject, old: JSONObject | None) -> None:
    """Drop the sources that a claim cannot have: what is in another namespace, and what no old client could name."""
    before = old or {}
    if (spec.get("dataSourceRef") or {}).get("namespace") and before.get("dataSourceRef") is None:
        del spec["dataSourceRef"]
    in_use = before.get("dataSource") is not None or before.get("dataSourceRef") is not None
    if not in_use and spec.get("dataSourceRef") is None and not _is_known(spec.get("dataSource") or {}):
        spec.pop("dataSource", None)


def _is_known(source: JSONObject) -> bool:
    known = (("", _CLAIM), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
    return (source.get("apiGroup") or "", source.get("kind")) in known


def match_sources(spec: JSONObject) -> None:
    """Make `dataSource` and `dataSourceRef` the same where only one of them is there."""
    local, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if local is not None and reference is None:
        spec["dataSourceRef"] = deepcopy(local)
    elif reference is not None and local is None and not reference.get("namespace"):
        spec["dataSource"] = {key: found for key, found in reference.items() if key != "namespace"}
