"""Policies and their bindings as values: what validating and mutating ones have in common.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/accessor.go
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.admission.expressions.match_conditions import MatchConditions
from rootspan_apiserver.admission.predicates import RuleWithOperations
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.admissionregistration.expressions import ExpressionCompiler
from rootspan_apiserver.resources.definition import kind_in
from rootspan_apiserver.selectors import LabelSelector


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResources:
    """Which requests a policy or binding applies to. Without `rules` all resources match."""

    namespace_selector: LabelSelector
    object_selector: LabelSelector
    rules: tuple[RuleWithOperations, ...]
    exclude_rules: tuple[RuleWithOperations, ...]
    equivalent: bool

    @classmethod
    def of(cls, match: Mapping[str, Any]) -> "MatchResources":
        """Read `matchConstraints` or `matchResources`."""
        return cls(
            namespace_selector=LabelSelector.from_object(match.get("namespaceSelector") or {}),
            object_selector=LabelSelector.from_object(match.get("objectSelector") or {}),
            rules=tuple(map(RuleWithOperations.of, match.get("resourceRules") or ())),
            exclude_rules=tuple(map(RuleWithOperations.of, match.get("excludeResourceRules") or ())),
            equivalent=match.get("matchPolicy", "Equivalent") == "Equivalent",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRef:
    """The parameters of a binding: one by its name, or all that a selector selects. None of them is refused with `deny_if_absent`."""

    name: str
    namespace: str
    selector: LabelSelector | None
    deny_if_absent: bool

    @classmethod
    def of(cls, reference: Mapping[str, Any]) -> "ParamRef":
        """Read `paramRef`."""
        selector = reference.get("selector")
        return cls(
            name=reference.get("name") or "",
            namespace=reference.get("namespace") or "",
            selector=None if selector is None else LabelSelector.from_object(selector),
            deny_if_absent=reference.get("parameterNotFoundAction") == "Deny",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionPolicy:
    """A policy. `param_kind` is the kind of its parameters, None if it has none."""

    name: str
    spec: JSONObject
    param_kind: GroupVersionKind | None
    constraints: MatchResources
    ignores_failure: bool

    @classmethod
    def of(cls, obj: JSONObject) -> "AdmissionPolicy":
        """Read a policy of either kind."""
        spec = obj["spec"]
        kind = spec.get("paramKind")
        return cls(
            name=obj["metadata"]["name"],
            spec=spec,
            param_kind=kind_in(kind.get("apiVersion") or "", kind.get("kind") or "") if kind else None,
            constraints=MatchResources.of(spec.get("matchConstraints") or {}),
            ignores_failure=spec.get("failurePolicy") == "Ignore",
        )

    def compiled(self) -> tuple[ExpressionCompiler, MatchConditions]:
        """Return a compiler that knows the variables, and the match conditions."""
        compiler = ExpressionCompiler(has_params=self.param_kind is not None, composed=True)
        for variable in self.spec.get("variables") or ():
            compiler.define(variable.get("name") or "", variable.get("expression") or "")
        conditions = self.spec.get("matchConditions") or ()
        return compiler, MatchConditions(conditions, compiler, ignores_failure=self.ignores_failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBinding:
    """A binding. `actions` are Deny, Warn and Audit; those of mutating policies have none."""

    name: str
    policy_name: str
    match_resources: MatchResources | None
    param_ref: ParamRef | None
    actions: tuple[str, ...]

    @classmethod
    def of(cls, obj: JSONObject) -> "PolicyBinding":
        """Read a binding of either kind."""
        spec = obj["spec"]
        match, reference = spec.get("matchResources"), spec.get("paramRef")
        return cls(
            name=obj["metadata"]["name"],
            policy_name=spec.get("policyName") or "",
            match_resources=None if match is None else MatchResources.of(match),
            param_ref=None if reference is None else ParamRef.of(reference),
            actions=tuple(spec.get("validationActions") or ()),
        )
