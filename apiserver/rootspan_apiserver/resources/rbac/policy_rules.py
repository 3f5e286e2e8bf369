"""The rules of roles: which verbs on which resources or paths.

Upstream: pkg/apis/rbac/validation/validation.go (ValidatePolicyRule)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, Rule, RuleContext, each, function


def policy_rules(*, namespaced: bool) -> Rule:
    """Return the rule for a list of policy rules; those of a namespaced role cannot apply to paths."""

    @function("ValidatePolicyRule")
    def policy_rule(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """It has verbs, and applies to resources or to paths."""
        if not value.get("verbs"):
            yield FieldError.required(path / "verbs", "verbs must contain at least one value")
        if paths := value.get("nonResourceURLs"):
            if namespaced:
                words = "namespaced rules cannot apply to non-resource URLs"
                yield FieldError.invalid(path / "nonResourceURLs", paths, words)
            if value.get("apiGroups") or value.get("resources") or value.get("resourceNames"):
                words = "rules cannot apply to both regular resources and non-resource URLs"
                yield FieldError.invalid(path / "nonResourceURLs", paths, words)
            return
        if not value.get("apiGroups"):
            yield FieldError.required(path / "apiGroups", "resource rules must supply at least one api group")
        if not value.get("resources"):
            yield FieldError.required(path / "resources", "resource rules must supply at least one resource")

    return each(policy_rule)
