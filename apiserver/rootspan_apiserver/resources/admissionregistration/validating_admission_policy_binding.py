"""ValidatingAdmissionPolicyBinding (admissionregistration.k8s.io/v1): what a validating policy applies to, and what a failure does.

Upstream: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go,
pkg/registry/admissionregistration/validatingadmissionpolicybinding/strategy.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.bindings import BINDING, BINDING_DEFAULTS, COLUMNS
from rootspan_apiserver.resources.admissionregistration.static_names import static_name_warnings
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.rules import Path, RuleContext, function, required, struct

ACTIONS = ("Audit", "Deny", "Warn")


@function("validateValidationActions")
def _actions(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """They are known, none occurs twice, and a failure is not reported in two ways."""
    for index, action in enumerate(value):
        if action not in ACTIONS:
            yield FieldError.not_supported(path / index, action, ACTIONS)
        if action in value[:index]:
            yield FieldError.duplicate(path / index, action)
    if {"Deny", "Warn"} <= set(value):
        words = (
            "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers"
            " serves no purpose)"
        )
        yield FieldError.invalid(path, value, words)


definition = Definition(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    namespaced=False,
    categories=("api-extensions",),
    update_needs_resource_version=True,
    generation=COUNTED,
    defaults=(default_values(BINDING_DEFAULTS),),
    update_order=UpdateOrder.RULES_ONLY,
    spec=BINDING & struct(validationActions=required("at least one validation action is required") & _actions),
    standard_finalizers=False,
    columns=COLUMNS,
    warnings=static_name_warnings,
)
