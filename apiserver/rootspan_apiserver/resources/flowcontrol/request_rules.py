"""Which requests a flow schema is for: of which subjects, to which resources and paths.

Upstream: pkg/apis/flowcontrol/validation/validation.go (ValidateFlowSchemaPolicyRulesWithSubjects)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, each, function, required, struct

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
NAMESPACE_WORDS = "each member of this list must be '*' or a DNS-1123 label; "


@function("ValidateFlowSchemaSubject")
def _subject(subject: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It has the part of its kind, and no other."""
    kind = subject.get("kind") or ""
    own = SUBJECTS.get(kind)
    if own is None:
        yield FieldError.not_supported(path / "kind", kind, sorted(SUBJECTS))
        return
    part = subject.get(own)
    if part is None:
        yield FieldError.required(path / own, f"{own} is required when subject kind is '{kind}'")
    elif own == "serviceAccount":
        yield from _service_account(part, path / own)
    elif not part.get("name"):
        yield FieldError.required(path / own / "name")
    for other_kind, other in SUBJECTS.items():
        if other != own and subject.get(other) is not None:
            words = f"{other} is forbidden when subject kind is not '{other_kind}'"
            yield FieldError.forbidden(path / other, words)


def _service_account(account: JSONObject, path: Path) -> Iterator[FieldError]:
    name, namespace = account.get("name") or "", account.get("namespace") or ""
    if not name:
        yield FieldError.required(path / "name")
    elif name != "*":
        yield from (FieldError.invalid(path / "name", name, reason) for reason in dns_subdomain(name))
    if not namespace:
        yield FieldError.required(path / "namespace", "must specify namespace for service account")
    for reason in dns_label(namespace) if namespace else ():
        yield FieldError.invalid(path / "namespace", namespace, reason)


@function("ValidateFlowSchemaPolicyRulesWithSubjects")
def _not_empty(rules: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is a rule for resources or for paths."""
    if not rules.get("resourceRules") and not rules.get("nonResourceRules"):
        words = "at least one of resourceRules and nonResourceRules has to be non-empty"
        yield FieldError.required(path, words)


@function("ValidateFlowSchemaResourcePolicyRule")
def _verbs(verbs: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """They are known, or all."""
    if "*" in verbs:
        yield from _alone(verbs, path, "verbs")
    elif not set(verbs) <= set(VERBS):
        yield FieldError.not_supported(path, verbs, VERBS)


def _alone(values: list[str], path: Path, what: str) -> Iterator[FieldError]:
    if len(values) > 1 and "*" in values:
        yield FieldError.invalid(path, values, f"if '*' is present, must not specify other {what}")


@function("ValidateFlowSchemaResourcePolicyRule")
def _groups(groups: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Nothing is beside `*`."""
    yield from _alone(groups, path, "api groups")


@function("ValidateFlowSchemaResourcePolicyRule")
def _resources(resources: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Nothing is beside `*`."""
    yield from _alone(resources, path, "resources")


@function("ValidateFlowSchemaResourcePolicyRule")
def _namespaces(rule: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is one, unless the rule is for resources of the cluster; they are names, or all."""
    namespaces, path = rule.get("namespaces") or [], path / "namespaces"
    if not namespaces and not rule.get("clusterScope"):
        words = "resource rules that are not cluster scoped must supply at least one namespace"
        yield FieldError.required(path, words)
    elif "*" in namespaces:
        yield from _alone(namespaces, path, "namespaces")
    else:
        for index, name in enumerate(namespaces):
            for reason in dns_label(name):
                yield FieldError.invalid(path / index, name, NAMESPACE_WORDS + reason)


@function("ValidateNonResourceURLPath")
def _paths(paths: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """They begin with a slash, and may end with `/*`; or it is `*` alone."""
    if "*" in paths:
        yield from _alone(paths, path, "non-resource URLs")
        return
    for index, found in enumerate(paths):
        if reason := _path_fault(found):
            yield FieldError.invalid(path / index, found, reason)


def _path_fault(path: str) -> str:
    if not path:
        return "must not be empty"
    if not path.startswith("/"):
        return "must start with slash"
    if " " in path:
        return "must not contain white-space"
    if "//" in path:
        return "must not contain double slash"
    if path.count("*") > 1 or ("*" in path and not path.endswith("/*")):
        return "wildcard can only do suffix matching"
    return ""


_SOME_VERBS = required("verbs must contain at least one value") & _verbs
REQUESTS = (
    struct(subjects=required("subjects must contain at least one value") & each(_subject))
    & _not_empty
    & struct(
        resourceRules=each(
            struct(
                verbs=_SOME_VERBS,
                apiGroups=required("resource rules must supply at least one api group") & _groups,
                resources=required("resource rules must supply at least one resource") & _resources,
            )
            & _namespaces
        ),
        nonResourceRules=each(
            struct(
                verbs=_SOME_VERBS,
                nonResourceURLs=required("nonResourceURLs must contain at least one value") & _paths,
            )
        ),
    )
)
