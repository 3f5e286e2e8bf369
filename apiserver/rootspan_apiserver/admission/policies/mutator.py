"""Evaluate a mutating policy on one request: the patches of its mutations.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/compilation.go, patch/smd.go, patch/json_patch.go, errors.go
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rootspan_apiserver.admission.expressions.evaluation import POLICY_BUDGET, Activation, ExpressionInputs
from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy
from rootspan_apiserver.admission.policies.json_values import as_json
from rootspan_apiserver.admission.policies.structured_merge import MutationError
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.admissionregistration.expression_types import OBJECT
from rootspan_apiserver.resources.admissionregistration.expressions import (
    CompiledExpression,
    ExpressionCompiler,
    Purpose,
)
from rootspan_apiserver.resources.admissionregistration.patch_objects import ConstructedObject, misnamed

Patch = JSONObject | list[JSONObject]
"""An apply configuration, or the operations of a JSON patch."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One compiled mutation. `is_json_patch` is whether its value is a JSON patch rather than an apply configuration."""

    is_json_patch: bool
    expression: CompiledExpression


class Mutator:
    """A compiled mutating policy."""

    def __init__(self, policy: AdmissionPolicy) -> None:
        spec = policy.spec
        compiler, self.conditions = policy.compiled()
        self._variables = compiler.variables
        self.may_reinvoke = spec.get("reinvocationPolicy") == "IfNeeded"
        self.mutations = [_compiled(each, compiler) for each in spec.get("mutations") or ()]

    def patch(self, mutation: Mutation, inputs: ExpressionInputs) -> Patch:
        """Return the apply configuration, or the operations of the JSON patch.

        Raises:
            MutationError: the expression has no value, or one that is no patch.
            PolicyBudgetError: it costs too much.
            WorkerNeededError: it is to be evaluated in a worker thread.
        """
        if mutation.expression.program is None:
            raise MutationError(mutation.expression.error)
        result = Activation(inputs, self._variables, POLICY_BUDGET).evaluate(mutation.expression)
        if result.error:
            raise MutationError(result.error)
        return _operations(result.value) if mutation.is_json_patch else _configuration(result.value)


def _compiled(mutation: JSONObject, compiler: ExpressionCompiler) -> Mutation:
    is_json_patch = mutation.get("patchType") == "JSONPatch"
    text = (mutation.get("jsonPatch" if is_json_patch else "applyConfiguration") or {}).get("expression") or ""
    purpose = Purpose.JSON_PATCHES if is_json_patch else Purpose.APPLY_CONFIGURATION
    return Mutation(is_json_patch, compiler.compile(text, purpose))


def _configuration(value: ConstructedObject) -> JSONObject:
    if errors := list(misnamed(value, OBJECT)):
        raise MutationError("type mismatch: " + "\n".join(errors))
    configuration: JSONObject = as_json(value)
    return configuration


def _operations(values: Sequence[ConstructedObject]) -> list[JSONObject]:
    return [_operation(each) for each in values]


def _operation(value: ConstructedObject) -> JSONObject:
    operation = {"op": value.find("op"), "path": value.find("path")}
    if value.find("from"):
        operation["from"] = value.find("from")
    if value.has("value"):
        given = value.find("value")
        if isinstance(given, ConstructedObject) and (errors := list(misnamed(given, given.type_name))):
            raise MutationError("type mismatch: " + "\n".join(errors))
        operation["value"] = as_json(given, as_double=True)
    return operation


def error_type(error: str) -> str:
    """Return the type of an error in metrics, no_error for ""."""
    if not error:
        return "no_error"
    if error.startswith("compilation"):
        return "compile_error"
    out_of_budget = error.startswith("validation failed due to running out of cost budget")
    return "out_of_budget" if out_of_budget else "invalid_error"
