"""What a role or binding that is there must become to have what it is expected to have: more is left to it.

Upstream: staging/src/k8s.io/component-helpers/auth/rbac/reconciliation/reconcile_role.go, reconcile_rolebindings.go
"""

from copy import deepcopy

from rootspan_apiserver.authz.bootstrap_policy import AUTO_UPDATE
from rootspan_apiserver.authz.policy_rules import rules_of
from rootspan_apiserver.authz.rule_coverage import missing_rules
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject


def is_protected(existing: JSONObject) -> bool:
    """Return whether an annotation says that the object must not be changed."""
    annotations = existing["metadata"].get("annotations") or {}
    return bool(annotations.get(AUTO_UPDATE) == "false")


def reconciled(existing: JSONObject, expected: JSONObject) -> JSONObject | None:
    """Return what a role or binding becomes, which may be what it is; None for a binding of another role, which must be replaced."""
    is_binding = existing["kind"].endswith("Binding")
    return _reconciled_binding(existing, expected) if is_binding else _reconciled_role(existing, expected)


def _reconciled_role(existing: JSONObject, expected: JSONObject) -> JSONObject:
    """Return the role with the labels, annotations, rules and selectors of `expected` that it lacks."""
    role = _with_metadata(existing, expected)
    if missing := missing_rules(rules_of(existing), rules_of(expected)):
        role["rules"] = [*(existing.get("rules") or ()), *(rule.json() for rule in missing)]
    expected_rule, rule = expected.get("aggregationRule"), existing.get("aggregationRule")
    if expected_rule is None:
        role.pop("aggregationRule", None)
    else:
        present = (rule or {}).get("clusterRoleSelectors") or []
        wanted = expected_rule["clusterRoleSelectors"]
        lacking = [selector for selector in wanted if not any(same(selector, each) for each in present)]
        if lacking:
            role["aggregationRule"] = {"clusterRoleSelectors": [*present, *lacking]}
    return role


def _reconciled_binding(existing: JSONObject, expected: JSONObject) -> JSONObject | None:
    """Return the binding with the labels, annotations and subjects of `expected` that it lacks; None where it binds another role."""
    if existing["roleRef"] != expected["roleRef"]:
        return None
    binding, present = _with_metadata(existing, expected), existing.get("subjects") or []
    if lacking := [subject for subject in expected.get("subjects") or () if subject not in present]:
        binding["subjects"] = [*present, *lacking]
    return binding


def _with_metadata(existing: JSONObject, expected: JSONObject) -> JSONObject:
    found = deepcopy(existing)
    for field in ("labels", "annotations"):
        found["metadata"][field] = {**expected["metadata"][field], **(existing["metadata"].get(field) or {})}
    return found
