"""RoleBinding (rbac.authorization.k8s.io/v1): gives a role to subjects in one namespace.

Upstream: pkg/apis/rbac/validation/validation.go (ValidateRoleBinding), pkg/registry/rbac/rolebinding/strategy.go
"""

from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.rbac.bindings import COLUMNS, ROLE_STAYS, binding_rules, default_groups

definition = Definition(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    "rolebindings",
    allow_create_on_update=True,
    defaults=(default_groups,),
    name_rule=path_segment,
    rules=binding_rules("Role", "ClusterRole", namespaced=True),
    changes=ROLE_STAYS,
    update_order=UpdateOrder.RULES_FIRST,
    columns=COLUMNS,
)
