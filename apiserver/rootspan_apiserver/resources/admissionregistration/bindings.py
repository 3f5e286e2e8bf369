"""What the bindings of validating and mutating admission policies share.

Upstream: pkg/apis/admissionregistration/validation/validation.go (validateValidatingAdmissionPolicyBindingSpec, validateParamRef),
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.matching import MATCH_DEFAULTS, MATCH_RESOURCES
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.rules import Path, RuleContext, function, named, one_of, required, struct
from rootspan_apiserver.rules.label_selectors import label_selector

BINDING_DEFAULTS: JSONObject = {"spec": {"matchResources": MATCH_DEFAULTS}}
_SELECTOR = label_selector()
_BOTH = "name and selector are mutually exclusive"


@function("validateParamRef")
def _parameters(reference: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It has a name or a selector, and not both."""
    name, selector = reference.get("name") or "", reference.get("selector")
    if name:
        yield from (FieldError.invalid(path / "name", name, reason) for reason in path_segment(name))
        if selector is not None:
            yield FieldError.forbidden(path / "name", _BOTH)
    if selector is not None:
        yield from _SELECTOR.check(selector, None, path / "selector", context)
        if name:
            yield FieldError.forbidden(path / "selector", _BOTH)
    if not name and selector is None:
        yield FieldError.required(path, "one of name or selector must be specified")


BINDING = struct(
    policyName=required & named(dns_subdomain),
    paramRef=_parameters & struct(parameterNotFoundAction=required & one_of("Deny", "Allow")),
    matchResources=MATCH_RESOURCES,
)


def _param_ref(obj: JSONObject, now: datetime) -> str:
    reference = at(obj, "spec", "paramRef") or {}
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    return "*" if reference.get("selector") is not None else "<unset>"


COLUMNS = (
    NAME,
    Column("PolicyName", value("spec.policyName"), description="The policy that is bound."),
    Column("ParamRef", _param_ref, description="The parameters of the policy."),
    AGE,
)
