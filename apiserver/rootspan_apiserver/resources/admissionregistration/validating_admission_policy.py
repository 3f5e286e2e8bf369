"""ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1): expressions that refuse requests.

Upstream: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go,
pkg/registry/admissionregistration/validatingadmissionpolicy/strategy.go, pkg/printers/internalversion/printers.go
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
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
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import Path, RuleContext, absent_as, each, function, required, struct
from rootspan_apiserver.rules.conditions import conditions

MAX_ANNOTATIONS = 20
MAX_EXPRESSION = 5 * 1024
"""Bytes of the expression of an audit annotation."""
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")


@function("validateValidatingAdmissionPolicySpec")
def _expressions(spec: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The policy validates or annotates, and its expressions compile."""
    compiler = compiler_of(spec, composed=bool(spec.get("variables")))
    yield from variable_errors(compiler, spec, path)
    fields = ("validations", "auditAnnotations")
    if not any(spec.get(key) for key in fields):
        for key in fields:
            words = "validations or auditAnnotations must contain at least one item"
            yield FieldError.required(path / key, words)
    for index, validation in enumerate(spec.get("validations") or ()):
        yield from _validation(validation, path / "validations" / index, compiler)
    annotations = spec.get("auditAnnotations") or []
    yield from _annotations(
        annotations, path / "auditAnnotations", compiler, context.root["metadata"].get("name") or ""
    )


def _validation(value: JSONObject, path: Path, compiler: ExpressionCompiler) -> Iterator[FieldError]:
    """It has an expression; its messages are not blank, and have one line."""
    message, text, expression = (value.get(key) or "" for key in ("message", "messageExpression", "expression"))
    if expression.strip():
        yield from expression_errors(compiler.compile(expression, Purpose.CONDITION), path / "expression")
    else:
        yield FieldError.required(path / "expression", "expression is not specified")
    if text.strip():
        yield from expression_errors(compiler.compile(text, Purpose.MESSAGE), path / "messageExpression")
    elif text:
        yield FieldError.invalid(path / "messageExpression", text, "must be non-empty if specified")
    if message and not message.strip():
        yield FieldError.invalid(path / "message", message, "must be non-empty if specified")
    elif re.search("[\n\r]", message.strip()):
        yield FieldError.invalid(path / "message", message, "must not contain line breaks")
    if (reason := value.get("reason")) is not None and reason not in REASONS:
        yield FieldError.not_supported(path / "reason", reason, REASONS)


def _annotations(
    annotations: list[JSONObject], path: Path, compiler: ExpressionCompiler, name: str
) -> Iterator[FieldError]:
    """There are not too many; the key of each is valid after the name of the policy, and its expression is not too long."""
    if len(annotations) > MAX_ANNOTATIONS:
        yield FieldError.invalid(path, annotations, f"must not have more than {MAX_ANNOTATIONS} auditAnnotations")
    seen: set[str] = set()
    for index, annotation in enumerate(annotations):
        key, at = annotation.get("key") or "", path / index
        if name:
            full = f"{name}/{key}"
            yield from (FieldError.invalid(at / "key", full, reason) for reason in qualified_name(full))
        else:
            yield FieldError.invalid(at / "key", key, "requires metadata.name be non-empty")
        written = annotation.get("valueExpression") or ""
        expression = written.strip()
        if not expression:
            yield FieldError.required(at / "valueExpression", "valueExpression is not specified")
        elif len(expression.encode()) > MAX_EXPRESSION:
            yield FieldError.required(at / "valueExpression", f"must not exceed {MAX_EXPRESSION} bytes in length")
        else:
            compiled = compiler.compile(expression, Purpose.AUDIT_ANNOTATION)
            yield from expression_errors(compiled, at / "valueExpression", shown=written)
        if key in seen:
            yield FieldError.duplicate(at / "key", key)
        seen.add(key)


@function("validateFieldRef")
def _field_ref(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It is not blank."""
    if not value.strip():
        yield FieldError.required(path)


SPEC = policy_rules() & _expressions
STATUS = struct(
    typeChecking=struct(expressionWarnings=each(struct(warning=required, fieldRef=absent_as("", _field_ref)))),
    conditions=conditions,
)

definition = Definition(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    "validatingadmissionpolicies",
    namespaced=False,
    categories=("api-extensions",),
    subresources=(status_subresource(STATUS, keeps_metadata=METADATA_OF_STATUS),),
    update_needs_resource_version=True,
    generation=COUNTED,
    defaults=(default_values(POLICY_DEFAULTS),),
    update_order=UpdateOrder.RULES_ONLY,
    spec=SPEC,
    standard_finalizers=False,
    columns=(
        NAME,
        Column("Validations", count("spec.validations"), "integer", description="The number of validations."),
        PARAM_KIND,
        AGE,
    ),
    warnings=static_name_warnings,
    # Its expressions are compiled.
    is_slow_to_validate=lambda obj: True,
)
