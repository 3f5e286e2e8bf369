"""What validating and mutating admission policies share: parameters, variables, matching.

Upstream: pkg/apis/admissionregistration/validation/validation.go (validateParamKind, validateVariable)
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.expression_errors import expression_errors
from rootspan_apiserver.resources.admissionregistration.expressions import ExpressionCompiler
from rootspan_apiserver.resources.admissionregistration.matching import (
    FAILURE_POLICY,
    MATCH_CONDITIONS,
    MATCH_DEFAULTS,
    MATCH_RESOURCES,
)
from rootspan_apiserver.resources.columns import Column, at
from rootspan_apiserver.rules import NOTHING, Path, Rule, RuleContext, function, not_nil, required, struct
from rootspan_apiserver.rules.cel.escaping import KEYWORDS

POLICY_DEFAULTS: JSONObject = {"spec": {"failurePolicy": "Fail", "matchConstraints": MATCH_DEFAULTS}}
_IDENTIFIER = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")


@function("validateParamKind")
def _api_version(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A group that is a subdomain, unless it is the core group, and a version that is a label."""
    if value.count("/") > 1:
        yield FieldError.invalid(path, value, f"unexpected GroupVersion string: {value}")
        return
    group, _, version = value.rpartition("/")
    if group and (reasons := dns_subdomain(group)):
        yield FieldError.invalid(path, group, ",".join(reasons))
    if not version:
        yield FieldError.invalid(path, value, "version must be specified")
    elif reasons := dns_1035_label(version):
        yield FieldError.invalid(path, version, ",".join(reasons))


@function("validateParamKind")
def _kind(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A label in any case."""
    if reasons := dns_1035_label(value.lower()):
        words = f"may have mixed case, but should otherwise match: {','.join(reasons)}"
        yield FieldError.invalid(path, value, words)


def variable_errors(compiler: ExpressionCompiler, spec: JSONObject, path: Path) -> Iterator[FieldError]:
    """Compile the variables of a policy. Each has a name that CEL reads as one, and an expression that compiles."""
    for index, variable in enumerate(spec.get("variables") or ()):
        at, name, expression = path / "variables" / index, variable.get("name") or "", variable.get("expression") or ""
        if not name.strip():
            yield FieldError.required(at / "name", "name is not specified")
        elif not _IDENTIFIER.fullmatch(name) or name in KEYWORDS:
            yield FieldError.invalid(at / "name", name, "must be a valid CEL identifier")
        if expression.strip():
            yield from expression_errors(compiler.define(name, expression), at / "expression")
        else:
            yield FieldError.required(at / "expression", "expression is not specified")


def compiler_of(spec: JSONObject, *, composed: bool) -> ExpressionCompiler:
    """Return the compiler of a policy's expressions; `composed` is whether they can name variables."""
    return ExpressionCompiler(has_params=spec.get("paramKind") is not None, composed=composed)


def policy_rules(constraints: Rule = NOTHING) -> Rule:
    """Return the rules for what all specs of policies have; `constraints` are further ones for the match constraints."""
    return struct(
        failurePolicy=FAILURE_POLICY,
        paramKind=struct(apiVersion=required & _api_version, kind=required & _kind),
        matchConstraints=not_nil & MATCH_RESOURCES & struct(resourceRules=required) & constraints,
        matchConditions=MATCH_CONDITIONS,
    )


def _param_kind(obj: JSONObject, now: datetime) -> str:
    kind = at(obj, "spec", "paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else "<unset>"


PARAM_KIND = Column("ParamKind", _param_kind, description="The kind of the parameters.")
