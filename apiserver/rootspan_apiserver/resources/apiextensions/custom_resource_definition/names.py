"""The names of a defined kind: in the spec, and those that are accepted, in the status.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionNames)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, each, function, named, required, struct, unless_empty


def label(value: str) -> list[str]:
    """Return the reasons why a value is no DNS-1035 label, in one text."""
    reasons = dns_1035_label(value)
    return [",".join(reasons)] if reasons else []


def _mixed_case_label(value: str) -> list[str]:
    return [f"may have mixed case, but should otherwise match: {reason}" for reason in label(value.lower())]


@function("ValidateCustomResourceDefinitionNames")
def _different(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The kind of lists is another than that of the objects."""
    kind, of_lists = value.get("kind"), value.get("listKind")
    if kind and kind == of_lists:
        yield FieldError.invalid(path / "listKind", of_lists, "kind and listKind may not be the same")


NAMES = (
    struct(
        plural=unless_empty(named(label)),
        singular=unless_empty(named(label)),
        kind=unless_empty(named(_mixed_case_label)),
        listKind=unless_empty(named(_mixed_case_label)),
        shortNames=each(named(label)),
    )
    & _different
    & struct(categories=each(named(label)))
)
REQUIRED_NAMES = struct(plural=required, singular=required, kind=required, listKind=required)
