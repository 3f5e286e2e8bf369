"""The error of an apply that would change fields of other managers.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go
"""

from collections.abc import Mapping

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.managed_fields.entries import ManagerKey
from rootspan_apiserver.managed_fields.field_set import FieldSet, path_text, paths


def conflict_error(conflicts: Mapping[ManagerKey, FieldSet]) -> StatusError:
    """Return a 409 that names each manager and field, with a `FieldManagerConflict` cause for each."""
    found = [(str(key), path_text(path)) for key in sorted(conflicts, key=str) for path in paths(conflicts[key])]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": field}
        for manager, field in found
    ]
    return StatusError(409, "Conflict", _message(found), {"causes": causes})


def _message(found: list[tuple[str, str]]) -> str:
    if len(found) == 1:
        manager, field = found[0]
        return f"Apply failed with 1 conflict: conflict with {manager}: {field}"
    lines: list[str] = []
    last = ""
    for manager, field in found:
        if manager != last:
            lines.append(f"conflicts with {manager}:")
            last = manager
        lines.append(f"- {field}")
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
