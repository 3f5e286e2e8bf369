"""Fields of a pod and resources of its containers, as variables and files show them (the downward API).

Upstream: pkg/apis/core/validation/validation.go (validateObjectFieldSelector, validateContainerResourceFieldSelector),
pkg/apis/core/pods/helpers.go (ConvertDownwardAPIFieldLabel)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, Rule, RuleContext, function

OF_VARIABLES = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
OF_FILES = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
KNOWN = frozenset({*OF_VARIABLES, *OF_FILES, "spec.restartPolicy", "spec.schedulerName", "status.phase"})
"""The fields that have labels at all."""
RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
HUGE_PAGES = ("requests.hugepages-", "limits.hugepages-")
_SUBSCRIPTED = re.compile(r"(.*)\['(.*)'\]", re.DOTALL)
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SIZE_WORDS = f"only divisor's values {', '.join(_SIZES)} are supported with the"


def field_reference(choices: tuple[str, ...]) -> Rule:
    """Return the rule for a reference to a field of the pod, one of `choices` or an annotation or a label."""

    @function("validateObjectFieldSelector")
    def reference(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The field exists, and may be shown here."""
        version, label = value.get("apiVersion") or "", value.get("fieldPath") or ""
        if not version or not label:
            yield FieldError.required(path / ("fieldPath" if version else "apiVersion"))
            return
        at = path / "fieldPath"
        if version != "v1":
            words = f"error converting fieldPath: unsupported pod version: {version}"
            yield FieldError.invalid(at, label, words)
            return
        match = _SUBSCRIPTED.fullmatch(label)
        if match and match[1] in ("metadata.annotations", "metadata.labels"):
            key = match[2].lower() if match[1] == "metadata.annotations" else match[2]
            yield from (FieldError.invalid(path, key, reason) for reason in qualified_name(key))
        elif match:
            words = f"error converting fieldPath: field label does not support subscript: {label}"
            yield FieldError.invalid(at, label, words)
        elif label not in KNOWN:
            yield FieldError.invalid(at, label, f"error converting fieldPath: field label not supported: {label}")
        elif label not in choices:
            yield FieldError.not_supported(at, label, choices)

    return reference


def resource_reference(*, of_volume: bool) -> Rule:
    """Return the rule for a reference to a request or a limit of a container, which a volume must name."""

    @function("validateContainerResourceFieldSelector")
    def reference(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The resource exists, and the divisor is one of its units."""
        resource = value.get("resource") or ""
        if of_volume and not value.get("containerName"):
            yield FieldError.required(path / "containerName")
        elif not resource:
            yield FieldError.required(path / "resource")
        elif resource not in RESOURCES and not resource.startswith(HUGE_PAGES):
            yield FieldError.not_supported(path / "resource", resource, RESOURCES)
        divisor = str(value.get("divisor") or "0")
        if amount(divisor) and (words := _divisor(resource, divisor)):
            yield FieldError.invalid(path / "divisor", resource, words)

    return reference


def _divisor(resource: str, divisor: str) -> str:
    """Return what is wrong with a divisor that is not 0, "" if nothing is."""
    kind = resource.partition(".")[2]
    if resource in RESOURCES and kind == "cpu":
        return "" if divisor in ("1m", "1") else "only divisor's values 1m and 1 are supported with the cpu resource"
    if divisor in _SIZES:
        return ""
    if resource.startswith(HUGE_PAGES):
        return f"{_SIZE_WORDS} hugepages resource"
    if resource in RESOURCES:
        return f"{_SIZE_WORDS} {'memory' if kind == 'memory' else 'local ephemeral storage'} resource"
    return ""
