"""Role, ClusterRole, RoleBinding and ClusterRoleBinding."""

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import label_selector, named, one_of

GROUP = "rbac.authorization.k8s.io"


def _check_rules(rules: list[JSONObject], *, namespaced: bool) -> list[FieldError]:
    errors = []
    for index, rule in enumerate(rules):
        at = f"rules[{index}]"
        if not rule.get("verbs"):
            errors.append(FieldError.required(f"{at}.verbs", "verbs must contain at least one value"))
        if paths := rule.get("nonResourceURLs"):
            if namespaced:
                detail = "namespaced rules cannot apply to non-resource URLs"
                errors.append(FieldError.invalid(f"{at}.nonResourceURLs", paths, detail))
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                detail = "rules cannot apply to both regular resources and non-resource URLs"
                errors.append(FieldError.invalid(f"{at}.nonResourceURLs", paths, detail))
            continue
        if not rule.get("apiGroups"):
            errors.append(FieldError.required(f"{at}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            errors.append(FieldError.required(f"{at}.resources", "resource rules must supply at least one resource"))
    return errors


class RoleStrategy(BuiltinStrategy):
    name_rule = staticmethod(path_segment)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = _check_rules(obj.get("rules") or [], namespaced=self.namespaced)
        for index, selector in enumerate((obj.get("aggregationRule") or {}).get("clusterRoleSelectors") or []):
            errors += label_selector(selector, f"aggregationRule.clusterRoleSelectors[{index}]")
        return errors


class BindingStrategy(BuiltinStrategy):
    name_rule = staticmethod(path_segment)

    def set_defaults(self, obj: JSONObject) -> None:
        reference = obj["roleRef"]
        if not reference.get("apiGroup"):
            reference["apiGroup"] = GROUP
        for subject in obj.get("subjects") or []:
            if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = GROUP

    def validate(self, obj: JSONObject) -> list[FieldError]:
        reference = obj.get("roleRef") or {}
        errors = one_of(reference.get("apiGroup"), (GROUP,), "roleRef.apiGroup")
        kinds = ("Role", "ClusterRole") if self.namespaced else ("ClusterRole",)
        errors += one_of(reference.get("kind") or "", kinds, "roleRef.kind")
        errors += named(reference.get("name"), path_segment, "roleRef.name")
        for index, subject in enumerate(obj.get("subjects") or []):
            errors += self._check_subject(subject, f"subjects[{index}]")
        return errors

    def _check_subject(self, subject: JSONObject, field: str) -> list[FieldError]:
        kind, group = subject.get("kind") or "", subject.get("apiGroup") or ""
        errors = [] if subject.get("name") else [FieldError.required(f"{field}.name")]
        match kind:
            case "ServiceAccount":
                if subject.get("name"):
                    errors += named(subject["name"], dns_subdomain, f"{field}.name")
                if group:
                    errors.append(FieldError.not_supported(f"{field}.apiGroup", group, ("",)))
                if not subject.get("namespace") and not self.namespaced:
                    errors.append(FieldError.required(f"{field}.namespace"))
            case "User" | "Group":
                errors += one_of(group, (GROUP,), f"{field}.apiGroup")
            case _:
                errors += one_of(kind, ("ServiceAccount", "User", "Group"), f"{field}.kind")
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        if not same(obj.get("roleRef"), old.get("roleRef")):
            return [FieldError.invalid("roleRef", obj.get("roleRef"), "cannot change roleRef")]
        return []
