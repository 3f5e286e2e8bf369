"""What requests cost."""

from urllib.parse import parse_qs

import pytest

from rootspan_apiserver.flow_control.watch_tracker import WatchTracker
from rootspan_apiserver.flow_control.work_estimate import ObjectStatistics, Parameter, WorkEstimator
from tests.apiserver.flow_control.parts import info_of

PODS = "/api/v1/pods"
MANY = ObjectStatistics(5000, 1000)


def parameters(query: str) -> Parameter:
    values = parse_qs(query, keep_blank_values=True)
    return lambda name: values.get(name, [None])[0]


LISTS = [
    ("", MANY, 0, 10),  # the cache holds no more than a megabyte at once
    ("limit=250", MANY, 0, 3),
    ("limit=250", MANY, 2, 2),
    ("resourceVersion=7", MANY, 0, 10),
    ("resourceVersion=7&limit=4000", MANY, 0, 40),  # from etcd
    ("continue=abc&limit=500&labelSelector=a", MANY, 0, 25),  # half of the objects are read
    ("continue=abc&limit=500", MANY, 0, 5),
    ("resourceVersion=7&resourceVersionMatch=Exact", MANY, 0, 50),
    ("resourceVersion=7&resourceVersionMatch=NotOlderThan", MANY, 0, 10),
    ("resourceVersionMatch=Exact", ObjectStatistics(100_000, 1000), 0, 100),
    ("fieldSelector=metadata.name%3Da", MANY, 0, 1),
    ("limit=many", MANY, 0, 100),
    ("limit=many", MANY, 4, 4),
    ("", ObjectStatistics(0, 0), 0, 1),
    ("limit=2", ObjectStatistics(9, 0), 0, 10),  # objects of unknown size are taken for the largest
    ("", None, 9, 1),
    ("watch=1", MANY, 0, 10),
    ("watch=1&resourceVersion=0", MANY, 0, 10),
    ("watch=1&resourceVersion=8", MANY, 0, 1),
    ("watch=1&resourceVersion=8&sendInitialEvents=true", MANY, 0, 10),
]


@pytest.mark.parametrize(("query", "statistics", "max_seats", "seats"), LISTS)
def test_list_costs_by_the_objects_that_it_reads(
    query: str, statistics: ObjectStatistics | None, max_seats: int, seats: int
) -> None:
    """A seat for each 100 kB; the size is bounded where the cache answers, and by what one request of the level may have."""
    estimator = WorkEstimator(lambda info: statistics, lambda info: 0)
    estimate = estimator.of_list(info_of("GET", PODS, query), parameters(query), max_seats)
    assert (estimate.initial_seats, estimate.final_seats, estimate.additional_seconds) == (seats, 0, 0.0)


@pytest.mark.parametrize(
    ("watches", "max_seats", "final", "seconds"),
    [(9, 0, 0, 0.0), (10, 0, 1, 0.005), (95, 0, 10, 0.005), (300, 0, 10, 0.015), (300, 3, 3, 0.05)],
)
def test_write_costs_by_the_watches_that_it_concerns(watches: int, max_seats: int, final: int, seconds: float) -> None:
    """Ten watches are a seat for 5 ms after the answer; more seats than the level allows become time."""
    estimate, counted = WorkEstimator(lambda info: None, lambda info: watches).of_write(
        info_of("POST", PODS), max_seats
    )
    assert (estimate.initial_seats, estimate.final_seats, counted) == (1, final, watches)
    assert estimate.additional_seconds == pytest.approx(seconds)


def test_token_concerns_no_watch() -> None:
    """A token that is issued changes no object."""
    info = info_of("POST", "/api/v1/namespaces/d/serviceaccounts/a/token")
    estimate, counted = WorkEstimator(lambda info: None, lambda info: 500).of_write(info, 0)
    assert (estimate.seats, estimate.final_seats, counted) == (1, 0, -1)


def test_write_concerns_watches_of_its_object_namespace_and_resource() -> None:
    """Watches of other namespaces, objects and resources are not told of a write, and an ended watch of none."""
    tracker = WatchTracker()
    watched = [
        (PODS, ""),
        ("/api/v1/namespaces/a/pods", ""),
        ("/api/v1/namespaces/a/pods", "fieldSelector=metadata.name%3Dx"),
        ("/api/v1/namespaces/b/pods", ""),
        ("/api/v1/nodes", ""),
        (PODS, "fieldSelector=spec.nodeName%3Dn1"),  # few writes concern a node
        (PODS, "fieldSelector=spec.nodeName%3D"),
    ]
    begun = [tracker.begin(info_of("GET", path, f"watch=1&{query}"), parameters(query)) for path, query in watched]
    assert tracker.concerned(info_of("PUT", "/api/v1/namespaces/a/pods/x")) == 4
    assert tracker.concerned(info_of("PUT", "/api/v1/namespaces/a/pods/y")) == 3
    assert tracker.concerned(info_of("POST", "/api/v1/namespaces/b/pods")) == 3
    for each in begun:
        tracker.end(each)
    assert tracker.concerned(info_of("PUT", "/api/v1/namespaces/a/pods/x")) == 0
