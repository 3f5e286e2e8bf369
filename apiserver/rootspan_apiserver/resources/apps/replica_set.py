"""ReplicaSet (apps/v1): a number of pods of one template.

Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/apps/v1/defaults.go, pkg/registry/apps/replicaset/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.resources.apps.pod_templates import (
    SELECTOR,
    always_restarted,
    default_spec_template,
    matching_template,
    selector_rule,
    template_columns,
)
from rootspan_apiserver.resources.apps.replica_counts import REPLICA_STATUS, number
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_create, dropped_on_update
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.selectable import at
from rootspan_apiserver.resources.subresource_definition import SCALE, status_subresource
from rootspan_apiserver.rules import not_negative, not_nil, struct
from rootspan_apiserver.rules.label_selectors import immutable_selector

# Upstream names the Deployment here.
SPEC = struct(
    replicas=not_negative, minReadySeconds=not_negative, selector=not_nil & selector_rule("deployment")
) & matching_template(TEMPLATE & always_restarted("ReplicaSet"))

definition = Definition(
    "apps/v1",
    "ReplicaSet",
    "replicasets",
    short_names=("rs",),
    categories=("all",),
    subresources=(SCALE, status_subresource(REPLICA_STATUS)),
    generation=COUNTED,
    defaults=(default_spec_template, default_values({"spec": {"replicas": 1}})),
    prepare_create=dropped_on_create("spec", "template", "spec"),
    prepare_update=dropped_on_update("spec", "template", "spec"),
    warnings=warnings_of("spec", "template"),
    spec=SPEC,
    changes=struct(spec=struct(selector=immutable_selector)),
    update_order=UpdateOrder.SPEC_THEN_CHANGES,
    selectable={"status.replicas": at("status.replicas", "0")},
    columns=(
        NAME,
        Column("Desired", value("spec.replicas", 0), "integer", description="The pods that are wanted."),
        Column("Current", number("replicas"), "integer", description="The pods that there are."),
        Column("Ready", number("readyReplicas"), "integer", description="The ready pods."),
        AGE,
        *template_columns(),
        SELECTOR,
    ),
)
