"""StorageClass (storage.k8s.io): how volumes are made for claims that name it.

Upstream: pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go, pkg/registry/storage/storageclass/strategy.go,
pkg/apis/core/validation/validation.go (ValidateTopologySelectorTerm), pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import name
from rootspan_apiserver.resources.columns import AGE, Column, value
from rootspan_apiserver.resources.core.node_labels import NODE_LABELS
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.storage.drivers import driver, parameters
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    function,
    immutable,
    not_nil,
    one_of,
    struct,
    unless_empty,
)

IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
Topology = dict[str, set[str]]
"""The values of each key of a term."""


@function("validateAllowedTopologies")
def _topologies(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Terms whose keys are qualified names with values, each different from the others and not empty."""
    # Upstream compares each term with an empty one for each term there is, then with those before it.
    seen: list[Topology] = [{} for _ in value]
    for index, term in enumerate(value):
        at = path / index / "matchLabelExpressions"
        topology: Topology = {}
        for number, requirement in enumerate(term.get("matchLabelExpressions") or []):
            yield from _requirement(requirement, at / number)
            key = requirement.get("key") or ""
            if key in topology:
                yield FieldError.duplicate(at / number / "key", key)
            topology[key] = set(requirement.get("values") or [])
        yield from (FieldError.duplicate(at, "") for other in seen if other == topology)
        seen.append(topology)


def _requirement(requirement: JSONObject, path: Path) -> Iterator[FieldError]:
    values, key = requirement.get("values") or [], requirement.get("key") or ""
    if not values:
        yield FieldError.required(path / "values")
    for index, text in enumerate(values):
        if text in values[:index]:
            yield FieldError.duplicate(path / "values" / index, text)
    yield from (FieldError.invalid(path / "key", key, reason) for reason in qualified_name(key))


def _name(obj: JSONObject, now: datetime) -> str:
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    return name(obj) + (" (default)" if annotations.get(IS_DEFAULT) == "true" else "")


def _warnings(storage_class: JSONObject, old: JSONObject | None) -> list[str]:
    return [
        f"allowedTopologies[{index}].matchLabelExpressions[{number}].key: {NODE_LABELS[expression['key']]}"
        for index, topology in enumerate(storage_class.get("allowedTopologies") or ())
        for number, expression in enumerate(topology.get("matchLabelExpressions") or ())
        if expression.get("key") in NODE_LABELS
    ]


definition = Definition(
    "storage.k8s.io/v1",
    "StorageClass",
    "storageclasses",
    namespaced=False,
    short_names=("sc",),
    delete_returns_object=True,
    defaults=(default_values({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),),
    rules=struct(
        provisioner=driver,
        parameters=parameters,
        reclaimPolicy=unless_empty(one_of("Delete", "Retain")),
        volumeBindingMode=not_nil & one_of("Immediate", "WaitForFirstConsumer"),
        allowedTopologies=_topologies,
    ),
    changes=struct(
        parameters=immutable,
        provisioner=absent_as("", immutable),
        reclaimPolicy=immutable,
        volumeBindingMode=immutable,
    ),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(
        Column("Name", _name, format="name", description="The object's name, and whether it is the default class."),
        Column("Provisioner", value("provisioner"), description="The driver that makes the volumes."),
        Column("ReclaimPolicy", value("reclaimPolicy", "Delete"), description="What becomes of a released volume."),
        Column("VolumeBindingMode", value("volumeBindingMode", "Immediate"), description="When a claim is bound."),
        Column(
            "AllowVolumeExpansion",
            value("allowVolumeExpansion", False),
            description="Whether claims can ask for more later.",
        ),
        AGE,
    ),
    warnings=_warnings,
)
