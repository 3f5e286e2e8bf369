"""The options of a request, from its query parameters or its body; invalid options are refused as upstream refuses them.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go,
staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/types.go
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.http.request import Request, integer
from rootspan_apiserver.kube.deletion import PROPAGATION_POLICIES
from rootspan_apiserver.kube.request_info import is_true
from rootspan_apiserver.kube.status import FieldError, invalid
from rootspan_apiserver.managed_fields import manager_name
from rootspan_apiserver.registry.options import DeleteOptions, ListOptions
from rootspan_apiserver.rules.metadata import manager_errors

META = "meta.k8s.io"
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")


def flag(request: Request, name: str) -> bool | None:
    """Read a boolean parameter; None when it is not there."""
    value = request.parameter(name)
    return None if value is None else is_true(value)


def _integer(request: Request, name: str) -> int | None:
    value = request.parameter(name)
    return None if value is None else integer(name, value)


def list_options(request: Request) -> ListOptions:
    """Of list, watch and deletecollection. Raises StatusError 400 for a value that is no number."""
    timeout = _integer(request, "timeoutSeconds")
    return ListOptions(
        label_selector=request.parameter("labelSelector") or "",
        field_selector=request.parameter("fieldSelector") or "",
        limit=_integer(request, "limit") or 0,
        continue_token=request.parameter("continue") or "",
        resource_version=request.parameter("resourceVersion") or "",
        resource_version_match=request.parameter("resourceVersionMatch") or "",
        allow_watch_bookmarks=bool(flag(request, "allowWatchBookmarks")),
        send_initial_events=flag(request, "sendInitialEvents"),
        timeout_seconds=None if timeout is None else float(timeout),
    )


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """CreateOptions, UpdateOptions and PatchOptions in one; `kind` says which."""

    kind: str
    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = ""
    force: bool | None = None

    def document(self) -> dict[str, Any]:
        """As admission sees it."""
        found: dict[str, Any] = {"kind": self.kind, "apiVersion": f"{META}/v1"}
        if self.dry_run:
            found["dryRun"] = ["All"]
        if self.force is not None:
            found["force"] = self.force
        if self.field_manager:
            found["fieldManager"] = self.field_manager
        if self.field_validation:
            found["fieldValidation"] = self.field_validation
        return found


def write_options(request: Request, kind: str, *, apply: bool = False) -> WriteOptions:
    """Of create, update and patch. Raises StatusError 422."""
    errors = _dry_run_errors(request.query.get("dryRun", ()))
    manager = request.parameter("fieldManager") or ""
    force = flag(request, "force") if kind == "PatchOptions" else None
    if apply and not manager:
        errors.append(FieldError.required("fieldManager", "is required for apply patch"))
    if kind == "PatchOptions" and not apply and force is not None:
        errors.append(FieldError.forbidden("force", "may not be specified for non-apply patch"))
    errors += manager_errors(manager, "fieldManager")
    validation = request.parameter("fieldValidation") or ""
    if validation not in _VALIDATIONS:
        errors.append(FieldError.not_supported("fieldValidation", validation, _VALIDATIONS))
    if errors:
        raise invalid(META, kind, "", errors)
    return WriteOptions(kind, bool(request.query.get("dryRun")), manager, validation, force)


def _dry_run_errors(values: Sequence[str]) -> list[FieldError]:
    if all(value == "All" for value in values):
        return []
    return [FieldError.not_supported("dryRun", list(values), ("All",))]


def manager_of(request: Request, options: WriteOptions) -> str:
    """Who manages the fields of this write."""
    return manager_name(options.field_manager, request.user_agent)


def delete_options_of_query(request: Request) -> tuple[DeleteOptions, dict[str, Any]]:
    """Of a delete without a body; also as a document for admission. Raises StatusError 400 or 422."""
    found: dict[str, Any] = {}
    if (grace := _integer(request, "gracePeriodSeconds")) is not None:
        found["gracePeriodSeconds"] = grace
    if (orphan := flag(request, "orphanDependents")) is not None:
        found["orphanDependents"] = orphan
    if (policy := request.parameter("propagationPolicy")) is not None:
        found["propagationPolicy"] = policy
    if values := request.query.get("dryRun"):
        found["dryRun"] = values
    return delete_options(found)


def delete_options(found: Mapping[str, Any]) -> tuple[DeleteOptions, dict[str, Any]]:
    """Of a decoded `DeleteOptions` object. Raises StatusError 422 for values that are not allowed."""
    dry_run = found.get("dryRun") or []
    preconditions = found.get("preconditions") or {}
    grace, orphan, policy = (
        found.get("gracePeriodSeconds"),
        found.get("orphanDependents"),
        found.get("propagationPolicy"),
    )
    errors = []
    if policy is not None and orphan is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        errors.append(FieldError.invalid("propagationPolicy", policy, why))
    if policy is not None and policy not in PROPAGATION_POLICIES:
        errors.append(FieldError.not_supported("propagationPolicy", policy, (*PROPAGATION_POLICIES, "nil")))
    errors += _dry_run_errors(dry_run)
    if errors:
        raise invalid(META, "DeleteOptions", "", errors)
    options = DeleteOptions(
        grace_period_seconds=grace,
        propagation_policy=policy or "",
        orphan_dependents=orphan,
        precondition_uid=preconditions.get("uid") or "",
        precondition_resource_version=preconditions.get("resourceVersion") or "",
        dry_run=bool(dry_run),
    )
    document = {"kind": "DeleteOptions", "apiVersion": f"{META}/v1"}
    return options, document | {key: value for key, value in found.items() if key not in document}
