"""MutatingAdmissionPolicy (admissionregistration.k8s.io/v1): expressions that change the objects of requests.

Upstream: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go,
pkg/registry/admissionregistration/mutatingadmissionpolicy/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.expression_errors import expression_errors
from rootspan_apiserver.resources.admissionregistration.expressions import ExpressionCompiler, Purpose
from rootspan_apiserver.resources.admissionregistration.policies import (
    PARAM_KIND,
    POLICY_DEFAULTS,
    compiler_of,
    policy_rules,
    variable_errors,
)
from rootspan_apiserver.resources.admissionregistration.static_names import static_name_warnings
from rootspan_apiserver.resources.columns import AGE, NAME, Column, count
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.rules import Path, RuleContext, function, one_of, required, struct

OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
PURPOSES = {"ApplyConfiguration": Purpose.APPLY_CONFIGURATION, "JSONPatch": Purpose.JSON_PATCHES}


@function("validateMutatingAdmissionPolicySpec")
def _operations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Deletions are not mutated."""
    for rule in value.get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in OPERATIONS:
                yield FieldError.not_supported(path / "resourceRules" / "operations", operation, OPERATIONS)


@function("validateMutatingAdmissionPolicySpec")
def _expressions(spec: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The policy mutates, and its expressions compile."""
    compiler = compiler_of(spec, composed=True)
    yield from variable_errors(compiler, spec, path)
    mutations = spec.get("mutations") or ()
    if not mutations:
        yield FieldError.required(path / "mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(mutations):
        yield from _mutation(mutation, path / "mutations" / index, compiler)


def _mutation(value: JSONObject, path: Path, compiler: ExpressionCompiler) -> Iterator[FieldError]:
    """It has an expression for its type of patch, and none for the other."""
    kind = value.get("patchType") or ""
    own = PATCHES.get(kind)
    if not kind:
        yield FieldError.required(path / "patchType")
    elif own is None:
        yield FieldError.not_supported(path / "patchType", kind, sorted(PATCHES))
    if own is None:
        return
    if value.get(own) is None:
        yield FieldError.required(path / own, f"must be specified when patchType is {kind}")
    elif expression := (value[own].get("expression") or "").strip():
        yield from expression_errors(compiler.compile(expression, PURPOSES[kind]), path / own / "expression")
    else:
        yield FieldError.required(path / own / "expression")
    for other in set(PATCHES.values()) - {own}:
        if value.get(other) is not None:
            words = f"must not be specified when patchType is {kind}"
            yield FieldError.invalid(path / other, f"{{{other}}}", words)


SPEC = policy_rules(_operations) & _expressions & struct(reinvocationPolicy=required & one_of("IfNeeded", "Never"))

definition = Definition(
    "admissionregistration.k8s.io/v1",
    "MutatingAdmissionPolicy",
    "mutatingadmissionpolicies",
    namespaced=False,
    categories=("api-extensions",),
    hashed_version="v1beta1",
    update_needs_resource_version=True,
    generation=COUNTED,
    defaults=(default_values(POLICY_DEFAULTS),),
    update_order=UpdateOrder.RULES_ONLY,
    spec=SPEC,
    standard_finalizers=False,
    columns=(
        NAME,
        Column("Mutations", count("spec.mutations"), "integer", description="The number of mutations."),
        PARAM_KIND,
        AGE,
    ),
    warnings=static_name_warnings,
    # Its expressions are compiled.
    is_slow_to_validate=lambda obj: True,
)
