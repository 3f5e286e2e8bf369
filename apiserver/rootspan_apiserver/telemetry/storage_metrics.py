"""The metrics of the store: requests to etcd, and the objects in it.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/metrics/metrics.go
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, counter, histogram

# fmt: off
_SECONDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)
# fmt: on
_REQUEST = ("operation", "group", "resource")
Counts = Callable[[], Mapping[GroupResource, int]]


class StorageMetrics:
    """The requests to etcd; `counts`, once it is set, returns how many objects there are of each resource."""

    def __init__(self) -> None:
        self.counts: Counts = dict
        self._requests = counter(
            "etcd_requests_total", "[ALPHA] Etcd request counts for each operation and object type.", *_REQUEST
        )
        self._errors = counter(
            "etcd_request_errors_total",
            "[ALPHA] Etcd failed request counts for each operation and object type.",
            *_REQUEST,
        )
        self._seconds = histogram(
            "etcd_request_duration_seconds",
            "[ALPHA] Etcd request latency in seconds for each operation and object type.",
            *_REQUEST,
            bounds=_SECONDS,
        )
        kind = ("group", "resource")
        self._lists = [
            counter(f"apiserver_storage_list_{name}", description, *kind)
            for name, description in (
                ("total", "[ALPHA] Number of LIST requests served from storage"),
                (
                    "fetched_objects_total",
                    "[ALPHA] Number of objects read from storage in the course of serving a LIST request",
                ),
                (
                    "evaluated_objects_total",
                    "[ALPHA] Number of objects tested in the course of serving a LIST request from storage",
                ),
                (
                    "returned_objects_total",
                    "[ALPHA] Number of objects returned for a LIST request from storage",
                ),
            )
        ]
        self._objects = Computed(
            "apiserver_resource_objects",
            "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.",
            ("group", "resource"),
            lambda: {(kind.group, kind.resource): count for kind, count in self.counts().items()},
        )
        self._storage_objects = Computed(
            "apiserver_storage_objects",
            "[STABLE] (Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects "
            "at the time of last check split by kind. In case of a fetching error, the value will be -1.",
            ("resource",),
            lambda: {(str(kind),): count for kind, count in self.counts().items()},
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._requests, self._errors, self._seconds, *self._lists, self._objects, self._storage_objects]

    def listed(self, kind: GroupResource, *, fetched: int, evaluated: int, returned: int) -> None:
        """Count a list that etcd answered: the objects that were read, those that the selectors were applied to, and the matching ones."""
        for family, amount in zip(self._lists, (1, fetched, evaluated, returned), strict=True):
            family.labels(kind.group, kind.resource).inc(amount)

    @contextmanager
    def request(self, operation: str, kind: GroupResource) -> Iterator[None]:
        """Measure one request to etcd, which is in the block."""
        labels = (operation, kind.group, kind.resource)
        started = time.perf_counter()
        try:
            yield
        except Exception:
            self._errors.labels(*labels).inc()
            raise
        finally:
            self._requests.labels(*labels).inc()
            self._seconds.labels(*labels).observe(time.perf_counter() - started)
