"""PodDisruptionBudget (policy/v1): how many pods of a set may be evicted at the same time.

Upstream: pkg/apis/policy/validation/validation.go, pkg/registry/policy/poddisruptionbudget/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import at_most_one, not_negative, one_of, struct
from rootspan_apiserver.rules.conditions import conditions
from rootspan_apiserver.rules.int_or_percent import at_most_100_percent, int_or_percent
from rootspan_apiserver.rules.label_selectors import ratcheting_label_selector

SPEC = at_most_one(
    "minAvailable", "maxUnavailable", words="minAvailable and maxUnavailable cannot be both set"
) & struct(
    minAvailable=int_or_percent & at_most_100_percent,
    maxUnavailable=int_or_percent & at_most_100_percent,
    unhealthyPodEvictionPolicy=one_of("AlwaysAllow", "IfHealthyBudget"),
    selector=ratcheting_label_selector,
)

STATUS = struct(
    conditions=conditions,
    disruptionsAllowed=not_negative,
    currentHealthy=not_negative,
    desiredHealthy=not_negative,
    expectedPods=not_negative,
)

definition = Definition(
    "policy/v1",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
    short_names=("pdb",),
    subresources=(status_subresource(STATUS, metadata=False),),
    generation=COUNTED,
    update_needs_resource_version=True,
    name_rule=None,  # Upstream checks no metadata here, so that any path segment is a name.
    update_order=UpdateOrder.RULES_ONLY,
    spec=SPEC,
    columns=(
        NAME,
        Column("Min Available", value("spec.minAvailable", "N/A"), description="The pods that must stay available."),
        Column("Max Unavailable", value("spec.maxUnavailable", "N/A"), description="The pods that may be unavailable."),
        Column(
            "Allowed Disruptions",
            value("status.disruptionsAllowed", 0),
            "integer",
            description="The pods that may be evicted now.",
        ),
        AGE,
    ),
)
