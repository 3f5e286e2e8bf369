"""ReplicationController (v1): a number of pods of one template, chosen by labels alone.

Upstream: pkg/apis/core/validation/validation.go (ValidateReplicationController), pkg/apis/core/v1/defaults.go,
pkg/registry/core/replicationcontroller/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import NO_MATCH, always_restarted, template_columns
from rootspan_apiserver.resources.apps.replica_counts import REPLICA_STATUS, number
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.cells import labels
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.core.pod.defaults import default_template
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_create, dropped_on_update
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.selectable import at as field
from rootspan_apiserver.resources.subresource_definition import SCALE, status_subresource
from rootspan_apiserver.rules import Path, RuleContext, function, not_negative, not_nil, required, struct
from rootspan_apiserver.rules.formats import long_name


@function("ValidatePodTemplateSpecForRC")
def _labels_match(spec: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The template has the labels of the selector."""
    if spec.get("template") is not None and (selector := spec.get("selector")):
        found = at(spec, "template", "metadata", "labels")
        if any((found or {}).get(key) != text for key, text in selector.items()):
            yield FieldError.invalid(path / "template" / "metadata" / "labels", found, NO_MATCH)


SPEC = (
    struct(minReadySeconds=not_negative, selector=required, replicas=not_nil & not_negative)
    & _labels_match
    & struct(template=not_nil & TEMPLATE & always_restarted("ReplicationController"))
)


def _defaults(obj: JSONObject) -> None:
    """A template says what its labels are; they are the selector's and the controller's by default."""
    spec, metadata = obj["spec"], obj["metadata"]
    if spec.get("template") is None:
        return
    default_template(spec)
    if found := at(spec, "template", "metadata", "labels"):
        if not spec.get("selector"):
            spec["selector"] = dict(found)
        if not metadata.get("labels"):
            metadata["labels"] = dict(found)


def _selector(obj: JSONObject, now: datetime) -> str:
    return labels(at(obj, "spec", "selector"))


definition = Definition(
    "v1",
    "ReplicationController",
    "replicationcontrollers",
    short_names=("rc",),
    categories=("all",),
    subresources=(SCALE, status_subresource(REPLICA_STATUS)),
    storage_path="/controllers",
    generation=COUNTED,
    defaults=(_defaults, default_values({"spec": {"replicas": 1}})),
    prepare_create=dropped_on_create("spec", "template", "spec"),
    prepare_update=dropped_on_update("spec", "template", "spec"),
    warnings=warnings_of("spec", "template"),
    spec=SPEC,
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    name_rule=long_name,
    selectable={"status.replicas": field("status.replicas", "0")},
    default_propagation="Orphan",
    columns=(
        NAME,
        Column("Desired", value("spec.replicas", 0), "integer", description="The pods that are wanted."),
        Column("Current", number("replicas"), "integer", description="The pods that there are."),
        Column("Ready", number("readyReplicas"), "integer", description="The ready pods."),
        AGE,
        *template_columns(),
        Column("Selector", _selector, priority=1, description="The labels of the pods."),
    ),
)
