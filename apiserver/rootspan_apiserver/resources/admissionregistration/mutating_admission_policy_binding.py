"""MutatingAdmissionPolicyBinding (admissionregistration.k8s.io/v1): what a mutating policy applies to, with which parameters.

Upstream: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go,
pkg/registry/admissionregistration/mutatingadmissionpolicybinding/strategy.go
"""

from rootspan_apiserver.resources.admissionregistration.bindings import BINDING, BINDING_DEFAULTS, COLUMNS
from rootspan_apiserver.resources.admissionregistration.static_names import static_name_warnings
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder

definition = Definition(
    "admissionregistration.k8s.io/v1",
    "MutatingAdmissionPolicyBinding",
    "mutatingadmissionpolicybindings",
    namespaced=False,
    categories=("api-extensions",),
    hashed_version="v1beta1",
    update_needs_resource_version=True,
    generation=COUNTED,
    defaults=(default_values(BINDING_DEFAULTS),),
    update_order=UpdateOrder.RULES_ONLY,
    spec=BINDING,
    standard_finalizers=False,
    columns=COLUMNS,
    warnings=static_name_warnings,
)
