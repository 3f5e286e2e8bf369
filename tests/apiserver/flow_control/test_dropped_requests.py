"""The seconds that refused clients are asked to stay away."""

from rootspan_apiserver.flow_control.dropped_requests import DroppedRequests
from tests.apiserver.flow_control.parts import Clock


def test_time_doubles_while_many_are_refused_and_falls_after() -> None:
    """Three refusals a second double the time, up to 32 seconds; less than one a second takes a second off."""
    clock = Clock()
    clock.now = 1_000_000.0
    dropped = DroppedRequests(clock)
    seen = []
    for _ in range(70):
        seen.append([dropped.record("level") for _ in range(4)][-1])
        clock.now += 1.0
    assert seen[:4] == [1, 2, 2, 4]
    assert sorted(set(seen)) == [1, 2, 4, 8, 16, 32]
    assert dropped.record("other") == 1
    for expected in (31, 30, 29):
        clock.now += 100.0
        assert dropped.record("level") == expected
