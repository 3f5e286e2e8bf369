"""The metrics of the bodies of requests: how long they are, and how strictly they are read.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/metrics/metrics.go,
staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go
"""

from collections.abc import Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.telemetry.metric_types import AnyFamily, histogram

_BYTES = tuple(50_000.0 + 100_000.0 * step for step in range(31))
# fmt: off
_SECONDS = (
    0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)
# fmt: on
_VERBS: Mapping[str, str] = MappingProxyType(
    {
        "create": "create",
        "update": "update",
        "patch": "patch",
        "delete": "delete",
        "deletecollection": "delete_collection",
    }
)
_VALIDATIONS = ("", "Ignore", "Warn", "Strict")


class BodyMetrics:
    """Observes the bodies that were read."""

    def __init__(self) -> None:
        self._sizes = histogram(
            "apiserver_request_body_size_bytes",
            "[ALPHA] Apiserver request body size in bytes broken out by resource and verb.",
            *("group", "resource", "verb"),
            bounds=_BYTES,
        )
        self._validations = histogram(
            "field_validation_request_duration_seconds",
            "[ALPHA] Response latency distribution in seconds for each field validation value",
            "field_validation",
            bounds=_SECONDS,
        )
        self._validations.labels("")

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._sizes, self._validations]

    def observe(self, info: RequestInfo, size: int, validation: str) -> None:
        """Count the body of one request to a resource. `validation` is its `fieldValidation`, whose times kube-apiserver never observes."""
        if verb := _VERBS.get(info.verb):
            self._sizes.labels(info.api_group, info.resource, verb).observe(size)
        self._validations.labels(validation if validation in _VALIDATIONS else "invalid")
