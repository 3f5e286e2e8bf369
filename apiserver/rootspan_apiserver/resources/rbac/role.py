"""Role (rbac.authorization.k8s.io/v1): what may be done in one namespace.

Upstream: pkg/apis/rbac/validation/validation.go (ValidateRole), pkg/registry/rbac/role/strategy.go
"""

from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.rbac.policy_rules import policy_rules
from rootspan_apiserver.rules import struct

definition = Definition(
    "rbac.authorization.k8s.io/v1",
    "Role",
    "roles",
    allow_create_on_update=True,
    name_rule=path_segment,
    rules=struct(rules=policy_rules(namespaced=True)),
    update_order=UpdateOrder.RULES_FIRST,
)
