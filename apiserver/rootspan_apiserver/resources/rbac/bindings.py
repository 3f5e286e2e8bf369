"""What RoleBinding and ClusterRoleBinding share: the reference to a role, the subjects, and their defaults.

Upstream: pkg/apis/rbac/validation/validation.go (ValidateRoleBinding, ValidateRoleBindingSubject), pkg/apis/rbac/v1/defaults.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import joined
from rootspan_apiserver.resources.columns import AGE, NAME, Cell, Column
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    one_of,
    required,
    struct,
)
from rootspan_apiserver.rules.immutable_structs import immutable_struct

GROUP = "rbac.authorization.k8s.io"
SUBJECT_KINDS = ("ServiceAccount", "User", "Group")


def default_groups(obj: JSONObject) -> None:
    """Set the API group of the role, and of subjects that are users or groups."""
    if not obj["roleRef"].get("apiGroup"):
        obj["roleRef"]["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def binding_rules(*role_kinds: str, namespaced: bool) -> Rule:
    """Return the rules for a binding whose role is of one of these kinds."""

    @function("ValidateRoleBindingSubject")
    def subject(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """It has a name, and the API group of its kind."""
        kind, group, name = value.get("kind") or "", value.get("apiGroup") or "", value.get("name") or ""
        if not name:
            yield FieldError.required(path / "name")
        match kind:
            case "ServiceAccount":
                if name:
                    yield from (FieldError.invalid(path / "name", name, reason) for reason in dns_subdomain(name))
                if group:
                    yield FieldError.not_supported(path / "apiGroup", group, ("",))
                if not value.get("namespace") and not namespaced:
                    yield FieldError.required(path / "namespace")
            case "User" | "Group":
                if group != GROUP:
                    yield FieldError.not_supported(path / "apiGroup", group, (GROUP,))
            case _:
                yield FieldError.not_supported(path / "kind", kind, SUBJECT_KINDS)

    reference = struct(
        apiGroup=absent_as("", one_of(GROUP)),
        kind=absent_as("", one_of(*role_kinds)),
        name=required & named(path_segment),
    )
    return struct(roleRef=absent_as({}, reference), subjects=each(subject))


ROLE_STAYS = struct(roleRef=immutable_struct("rbac/v1.RoleRef", "cannot change roleRef"))
"""What an update may not change."""


def _role(obj: JSONObject, now: datetime) -> str:
    role = obj.get("roleRef") or {}
    return f"{role.get('kind', '')}/{role.get('name', '')}"


def _subjects(kind: str) -> Cell:
    def cell(obj: JSONObject, now: datetime) -> str:
        found = (each for each in obj.get("subjects") or () if each.get("kind") == kind)
        return joined((_name(each) for each in found), ", ")

    return cell


def _name(subject: JSONObject) -> str:
    name = subject.get("name", "")
    return f"{subject.get('namespace', '')}/{name}" if subject.get("kind") == "ServiceAccount" else name


COLUMNS = (
    NAME,
    Column("Role", _role, description="The kind and the name of the role."),
    AGE,
    Column("Users", _subjects("User"), priority=1, description="The users that have the role."),
    Column("Groups", _subjects("Group"), priority=1, description="The groups that have the role."),
    Column(
        "ServiceAccounts",
        _subjects("ServiceAccount"),
        priority=1,
        description="The service accounts that have the role.",
    ),
)
