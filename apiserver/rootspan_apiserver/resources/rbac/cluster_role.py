"""ClusterRole (rbac.authorization.k8s.io/v1): what may be done in all namespaces, without a namespace, or on paths.

Upstream: pkg/apis/rbac/validation/validation.go (ValidateClusterRole), pkg/registry/rbac/clusterrole/strategy.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.rbac.policy_rules import policy_rules
from rootspan_apiserver.rules import Path, RuleContext, each, function, required, struct
from rootspan_apiserver.rules.label_selectors import label_selector
from rootspan_apiserver.selectors.labels import LabelSelector


@function("ValidateClusterRole")
def _is_valid(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The selector can be evaluated."""
    try:
        LabelSelector.from_object(value)
    except ValueError:
        yield FieldError.invalid(path, None, "invalid label selector.")


definition = Definition(
    "rbac.authorization.k8s.io/v1",
    "ClusterRole",
    "clusterroles",
    namespaced=False,
    allow_create_on_update=True,
    name_rule=path_segment,
    rules=struct(
        rules=policy_rules(namespaced=False),
        aggregationRule=struct(
            clusterRoleSelectors=required("at least one clusterRoleSelector required if aggregationRule is non-nil")
            & each(label_selector() & _is_valid)
        ),
    ),
    update_order=UpdateOrder.RULES_FIRST,
)
