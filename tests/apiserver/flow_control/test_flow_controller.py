"""The way of requests through flow control, and changes of its configuration."""

import asyncio

import pytest

from rootspan_apiserver.flow_control import dumps
from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.flow_controller import FlowController, Rejected
from rootspan_apiserver.flow_control.priority_level import PriorityLevel
from rootspan_apiserver.kube.users import User
from tests.apiserver.flow_control.parts import controller, info_of, limited, schema

pytestmark = pytest.mark.anyio
NEVER = 30.0


def arrive(
    flow: FlowController, user: str, method: str = "GET", path: str = "/version"
) -> tuple[PriorityLevel, QueuedRequest]:
    """Raises Rejected."""
    who, info = User(user), info_of(method, path)
    found = flow.schema_of(who, info)
    level = flow.levels[found.priority_level]
    return level, flow.arrive(found, level, who, info, lambda name: None)


def one_seat(queues: int = 4) -> FlowController:
    return controller(
        1, limited("mine", 1000, queuing=(queues, 1, 2)), schema("ours", "mine", "ann", "bob"), suggested=False
    )


async def test_waiting_request_executes_when_a_seat_is_free() -> None:
    """Who waits is served once the request before it is answered."""
    flow = one_seat()
    level, first = arrive(flow, "ann")
    _, second = arrive(flow, "bob")
    waiting = asyncio.create_task(flow.wait(level, second, NEVER))
    await asyncio.sleep(0)
    assert (first.started is not None, second.started) == (True, None)
    flow.finish(level, first)
    await waiting
    assert second.started is not None


async def test_request_is_rejected_when_its_time_is_over() -> None:
    """A request that gets no seat in time is refused, and is not in the queue any more."""
    flow = one_seat()
    level, _ = arrive(flow, "ann")
    _, second = arrive(flow, "bob")
    with pytest.raises(Rejected, match="time-out"):
        await flow.wait(level, second, 0.0)
    assert (level.queues.waiting, level.queues.cancelled) == (0, 1)


async def test_cancelled_wait_leaves_no_seat_behind() -> None:
    """A request that is cancelled while it waits leaves its queue; one that has just got its seat gives it back."""
    flow = one_seat()
    level, first = arrive(flow, "ann")
    _, second = arrive(flow, "bob")
    _, third = arrive(flow, "ann")
    tasks = [asyncio.create_task(flow.wait(level, each, NEVER)) for each in (second, third)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])
    assert level.queues.waiting == 1
    flow.finish(level, first)
    assert third.started is not None
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert (level.queues.idle, level.queues.seats_in_use) == (True, 0)


async def test_full_queue_rejects_at_once() -> None:
    """A flow that has filled its queue is refused; the reason is counted."""
    flow = one_seat(queues=1)
    for _ in range(3):
        arrive(flow, "ann")
    with pytest.raises(Rejected, match="queue-full"):
        arrive(flow, "bob")


async def test_level_that_is_gone_serves_its_last_requests() -> None:
    """New requests do not go to a level whose object is deleted; it goes with the last request, and is there again if that is made."""
    flow = one_seat()
    level, first = arrive(flow, "ann")
    flow.configure([], [schema("ours", "mine", "ann")])
    assert flow.schema_of(User("ann"), info_of("GET", "/version")).name == "catch-all"
    assert (level.quiescing, flow.levels["mine"]) == (True, level)
    flow.configure([limited("mine", 1000)], [schema("ours", "mine", "ann")])
    assert (level.quiescing, flow.schema_of(User("ann"), info_of("GET", "/version")).name) == (False, "ours")
    flow.configure([], [])
    flow.finish(level, first)
    assert "mine" not in flow.levels


async def test_mandatory_objects_are_there_without_objects() -> None:
    """Before its objects are read, and when they are deleted, the mandatory levels and schemas are followed."""
    flow = controller(600, suggested=False)
    flow.configure([], [])
    assert sorted(flow.levels) == ["catch-all", "exempt"]
    assert flow.schema_of(User("a", groups=("system:masters",)), info_of("GET", "/api/v1/pods")).name == "exempt"


async def test_changed_level_is_followed_by_requests_that_wait() -> None:
    """A level that becomes rejecting refuses new requests, and still serves those that wait."""
    flow = one_seat()
    level, first = arrive(flow, "ann")
    _, second = arrive(flow, "bob")
    flow.configure([limited("mine", 1000)], [schema("ours", "mine", "ann", "bob")])
    with pytest.raises(Rejected, match="concurrency-limit"):
        arrive(flow, "ann")
    flow.finish(level, first)
    assert second.started is not None


async def test_dumps_show_levels_queues_and_requests() -> None:
    """The columns and values of the three dumps are those of kube-apiserver."""
    flow = one_seat(queues=1)
    arrive(flow, "ann", "GET", "/api/v1/namespaces/d/pods/p")
    arrive(flow, "bob", "DELETE", "/apis/apps/v1/namespaces/d/deployments/x")
    arrive(flow, "admin")
    levels = [line.split() for line in dumps.levels(flow).splitlines()]
    assert levels[0][:5] == ["PriorityLevelName,", "ActiveQueues,", "IsIdle,", "IsQuiescing,", "WaitingRequests,"]
    assert levels[3] == ["mine,", "1,", "false,", "false,", "1,", "1,", "1,", "0,", "0,", "0"]
    assert dumps.queues(flow).splitlines()[1].split() == (
        ["mine,", "0,", "1,", "1,", "1,", "0.00300000ss,", "1,", "1,", "0.00300000ss"]
    )
    rows = [line.split() for line in dumps.requests(flow, details=True).splitlines()]
    assert rows[0][4] == "FlowDistingsher,"
    waiting, executing, caught = rows[1:]
    assert (waiting[:4], waiting[9]) == (["mine,", "ours,", "0,", "0,"], "0001-01-01T00:00:00Z,")
    assert waiting[10:] == [
        "bob,",
        "delete,",
        "/apis/apps/v1/namespaces/d/deployments/x,",
        "d,",
        "x,",
        "apps/v1,",
        "deployments,",
    ]
    assert (executing[:4], executing[-7:-1]) == (
        ["mine,", "ours,", "0,", "-1,"],
        ["get,", "/api/v1/namespaces/d/pods/p,", "d,", "p,", "v1,", "pods,"],
    ) or executing[:4] == ["mine,", "ours,", "0,", "-1,"]
    assert caught[:4] == ["catch-all,", "catch-all,", "-1,", "-1,"]
