"""The metrics of the watch cache, by resource. A collection counts with plain numbers, which are read when somebody scrapes.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/metrics/metrics.go
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, Distribution, Labels, histogram

WAIT_SECONDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)


class CacheNumbers:
    """What is counted of one resource in the watch cache.

    Attributes:
        initializations: how often its objects were loaded.
        events: the changes that came from etcd, each of which goes to all watches.
        initial_events: the objects with which watches began.
        terminated: the watches that ended because their clients do not keep up.
        capacity, grown, shrunk: how many changes the history holds, and how often that was changed.
        lists, fetched, returned: the lists from the cache, the objects they looked at, and those in their answers.
        consistent, fallen_back: the lists of the present state, and those of them that the cache could not answer in time.
        wait: the seconds that reads wait until the cache is as fresh as they need it.
    """

    def __init__(self) -> None:
        self.initializations = 0
        self.events = 0
        self.initial_events = 0
        self.terminated = 0
        self.capacity = 0
        self.grown = 0
        self.shrunk = 0
        self.lists = 0
        self.fetched = 0
        self.returned = 0
        self.consistent = 0
        self.fallen_back = 0
        self.wait = Distribution(WAIT_SECONDS)

    def listed(self, fetched: int, returned: int) -> None:
        """Count a list from the cache."""
        self.lists += 1
        self.fetched += fetched
        self.returned += returned

    def resized(self, capacity: int) -> None:
        """Count a change of the capacity."""
        self.grown += capacity > self.capacity > 0
        self.shrunk += capacity < self.capacity
        self.capacity = capacity


_COUNTERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "apiserver_init_events_total": (
            "initial_events",
            "[ALPHA] Counter of init events processed in watch cache broken by resource type.",
        ),
        "apiserver_watch_cache_events_received_total": (
            "events",
            "[ALPHA] Counter of events received in watch cache broken by resource type.",
        ),
        "apiserver_watch_cache_events_dispatched_total": (
            "events",
            "[ALPHA] Counter of events dispatched in watch cache broken by resource type.",
        ),
        "apiserver_terminated_watchers_total": (
            "terminated",
            "[ALPHA] Counter of watchers closed due to unresponsiveness broken by resource type.",
        ),
        "apiserver_watch_cache_initializations_total": (
            "initializations",
            "[ALPHA] Counter of watch cache initializations broken by resource type.",
        ),
        "watch_cache_capacity_increase_total": (
            "grown",
            "[ALPHA] Total number of watch cache capacity increase events broken by resource type.",
        ),
        "watch_cache_capacity_decrease_total": (
            "shrunk",
            "[ALPHA] Total number of watch cache capacity decrease events broken by resource type.",
        ),
        "apiserver_cache_list_returned_objects_total": (
            "returned",
            "[ALPHA] Number of objects returned for a LIST request from watch cache",
        ),
    }
)
_LIST_COUNTERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "apiserver_cache_list_total": ("lists", "[ALPHA] Number of LIST requests served from watch cache"),
        "apiserver_cache_list_fetched_objects_total": (
            "fetched",
            "[ALPHA] Number of objects read from watch cache in the course of serving a LIST request",
        ),
    }
)
_KIND = ("group", "resource")
_TRUNCATED = 10**15


class CacheMetrics:
    """The metrics of all resources in the watch cache.

    `numbers` and `revision`, once they are set, return the numbers by resource and the revision of the cache.
    """

    def __init__(self) -> None:
        self.numbers: Callable[[], Mapping[GroupResource, CacheNumbers]] = dict
        self.revision: Callable[[], int] = int
        self._families = [
            *(
                Computed(name, about, _KIND, self._each(attribute), kind="counter")
                for name, (attribute, about) in _COUNTERS.items()
            ),
            *(
                Computed(name, about, (*_KIND, "index"), self._each(attribute, ""), kind="counter")
                for name, (attribute, about) in _LIST_COUNTERS.items()
            ),
            Computed(
                "watch_cache_capacity",
                "[ALPHA] Total capacity of watch cache broken by resource type.",
                _KIND,
                self._each("capacity", zeros=True),
            ),
            Computed(
                "apiserver_watch_cache_resource_version",
                "[ALPHA] Current resource version of watch cache broken by resource type. This is truncated to the 15 least significant "
                "digits.",
                _KIND,
                lambda: {(kind.group, kind.resource): self.revision() % _TRUNCATED for kind in self.numbers()},
            ),
            Computed(
                "apiserver_watch_cache_consistent_read_total",
                "[ALPHA] Counter for consistent reads from cache.",
                (*_KIND, "success", "fallback"),
                self._consistent,
                kind="counter",
            ),
        ]
        self._wait = histogram(
            "apiserver_watch_cache_read_wait_seconds",
            "[ALPHA] Histogram of time spent waiting for a watch cache to become fresh.",
            *_KIND,
            bounds=WAIT_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        for kind, numbers in self.numbers().items():
            self._wait.include(numbers.wait, kind.group, kind.resource)
        return [*self._families, self._wait]

    def _each(self, attribute: str, *more: str, zeros: bool = False) -> Callable[[], Mapping[Labels, float]]:
        """Return what reads an attribute of the numbers of each resource that has counted any."""

        def read() -> Mapping[Labels, float]:
            found = {kind: getattr(numbers, attribute) for kind, numbers in self.numbers().items()}
            return {(kind.group, kind.resource, *more): value for kind, value in found.items() if value or zeros}

        return read

    def _consistent(self) -> Mapping[Labels, float]:
        found: dict[Labels, float] = {}
        for kind, numbers in self.numbers().items():
            if answered := numbers.consistent - numbers.fallen_back:
                found[kind.group, kind.resource, "true", "false"] = answered
            if numbers.fallen_back:
                found[kind.group, kind.resource, "true", "true"] = numbers.fallen_back
        return found
