"""The flow control of a whole request path, with API Priority and Fairness and with the plain limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from opentelemetry.trace import NoOpTracerProvider

from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.filters.exchange import Exchange
from rootspan_apiserver.filters.max_in_flight import MaxInFlight
from rootspan_apiserver.filters.priority_and_fairness import PriorityAndFairness
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.users import MASTERS, User
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.flowcontrol import bootstrap
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.flow_control.parts import limited, schema

pytestmark = pytest.mark.anyio
PATIENT = 240.0
"""A request time-out of which a quarter is longer than any test."""


class Slow:
    """An application that answers when it is let. It knows the user by the User-Agent, and counts who is inside."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.inside = self.most = 0
        self.entered = asyncio.Condition()
        self.begin_watch = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        self.inside += 1
        self.most = max(self.most, self.inside)
        async with self.entered:
            self.entered.notify_all()
        if request.info.verb == "watch" and self.begin_watch:
            request.watch_initialized()
        await self.release.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def until_inside(self, count: int) -> None:
        async with asyncio.timeout(30), self.entered:
            await self.entered.wait_for(lambda: self.inside >= count)


class Server:
    """The filter before a slow application, and its metrics."""

    def __init__(self, flow: Callable[[ASGIApp, Metrics], ASGIApp]) -> None:
        self.metrics, self.slow = Metrics(), Slow()
        limited_app = flow(self.slow, self.metrics)

        async def with_user(scope: Scope, receive: Receive, send: Send) -> None:
            request = request_of(scope)
            name = request.user_agent
            request.user = User(name, groups=(MASTERS,) if name == "admin" else ("system:authenticated",))
            await limited_app(scope, receive, send)

        self.app = Exchange(
            with_user,
            registry=builtin_registry(),
            tracing=Tracing(NoOpTracerProvider(), DEFAULT),
            metrics=self.metrics,
            body_limit=Limits().body,
            dialect=DEFAULT,
        )

    def page(self) -> str:
        return self.metrics.page("")[0].decode()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(server.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        yield client
        server.slow.release.set()


def fair(seats: int, *, queues: tuple[int, int, int] = (8, 2, 50), time_out: float = PATIENT) -> Server:
    """Return a server with these seats for everybody but administrators."""

    def flow(app: ASGIApp, metrics: Metrics) -> ASGIApp:
        controller = FlowController(seats, metrics)
        everybody = schema("all", "all", "*", precedence=9000)
        levels = [limited("all", 1_000_000, queuing=queues), *bootstrap.mandatory_levels()]
        controller.configure(levels, [everybody, *bootstrap.mandatory_schemas()])
        return PriorityAndFairness(app, controller, metrics, time_out)

    return Server(flow)


def ask(
    client: httpx.AsyncClient, user: str, path: str = "/version", method: str = "GET"
) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(client.request(method, path, headers={"user-agent": user}))


LABELS = 'flow_schema="all",priority_level="all"'


async def test_request_without_seat_in_time_returns_429() -> None:
    """A request waits for a quarter of its time-out, and is then refused: 429 with Retry-After, and counted."""
    server = fair(1, time_out=0.2)
    async with serving(server) as client:
        first = ask(client, "ann")
        await server.slow.until_inside(1)
        refused = await ask(client, "bob")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.headers["x-content-type-options"] == "nosniff"
        assert refused.text == "Too many requests, please try again later.\n"
        assert refused.headers["x-kubernetes-pf-flowschema-uid"] == "uid-of-all"
        assert refused.headers["x-kubernetes-pf-prioritylevel-uid"] == "uid-of-all"
        server.slow.release.set()
        assert (await first).status_code == 200
    page = server.page()
    assert f'apiserver_flowcontrol_rejected_requests_total{{{LABELS},reason="time-out"}} 1\n' in page
    assert f'apiserver_flowcontrol_request_wait_duration_seconds_count{{execute="false",{LABELS}}} 1\n' in page
    assert f"apiserver_flowcontrol_current_executing_requests{{{LABELS}}} 0\n" in page
    assert f"apiserver_flowcontrol_current_inqueue_requests{{{LABELS}}} 0\n" in page
    assert 'apiserver_request_terminations_total{code="429",component="apiserver",group="",resource="",scope=""' in page


async def test_many_requests_of_one_user_are_all_served_in_turn() -> None:
    """Of 200 requests of one user at once as many execute as there are seats; the others wait and are served, and none is refused."""
    server = fair(60, queues=(128, 6, 50))
    async with serving(server) as client:
        asked = [ask(client, "ann", "/api/v1/namespaces/default/configmaps", "POST") for _ in range(200)]
        await server.slow.until_inside(60)
        server.slow.release.set()
        assert {(await each).status_code for each in asked} == {200}
        assert server.slow.most == 60


async def test_administrators_pass_while_all_seats_are_taken() -> None:
    """Requests of system:masters are exempt: they need no seat of the others and wait for nobody."""
    server = fair(1)
    async with serving(server) as client:
        asked = [ask(client, name) for name in ("ann", "bob", "admin", "admin")]
        await server.slow.until_inside(3)
        assert server.slow.inside == 3
        server.slow.release.set()
        assert {(await each).status_code for each in asked} == {200}


async def test_watch_frees_its_seat_once_it_has_begun() -> None:
    """A watch holds a seat until it has sent its state, and not until it ends."""
    server = fair(1)
    async with serving(server) as client:
        watch = ask(client, "ann", "/api/v1/pods?watch=1")
        await server.slow.until_inside(1)
        other = ask(client, "bob")
        await server.slow.until_inside(2)
        server.slow.release.set()
        assert [(await each).status_code for each in (watch, other)] == [200, 200]
    assert (
        'apiserver_flowcontrol_request_execution_seconds_count{flow_schema="all",priority_level="all",type="watch"} 1'
        in (server.page())
    )


async def test_watch_that_has_not_begun_holds_its_seat() -> None:
    """While a watch sends its state, the next request waits."""
    server = fair(1, time_out=0.2)
    server.slow.begin_watch = False
    async with serving(server) as client:
        watch = ask(client, "ann", "/api/v1/pods?watch=1")
        await server.slow.until_inside(1)
        assert (await ask(client, "bob")).status_code == 429
        server.slow.release.set()
        assert (await watch).status_code == 200


async def test_connection_to_a_container_is_not_controlled() -> None:
    """Requests that last and are no watches hold no seat, and their answers name no schema."""
    server = fair(1)
    async with serving(server) as client:
        asked = [ask(client, "ann", f"/api/v1/namespaces/d/pods/p{number}/log") for number in range(3)]
        await server.slow.until_inside(3)
        server.slow.release.set()
        assert not any("x-kubernetes-pf-flowschema-uid" in each.headers for each in await asyncio.gather(*asked))


def plain(reads: int, writes: int) -> Server:
    limits = Limits(max_requests_in_flight=reads, max_mutating_requests_in_flight=writes)
    return Server(lambda app, metrics: MaxInFlight(app, metrics, limits))


async def test_plain_limits_refuse_what_is_too_much() -> None:
    """Without priority and fairness a read too many is refused at once, but not a write, a watch, or an administrator's."""
    server = plain(1, 1)
    async with serving(server) as client:
        paths = [("ann", "/version", "GET"), ("ann", "/api/v1/pods", "POST"), ("ann", "/api/v1/pods?watch=1", "GET")]
        asked = [ask(client, *each) for each in (*paths, ("admin", "/version", "GET"))]
        await server.slow.until_inside(4)
        for method in ("GET", "POST"):
            refused = await ask(client, "bob", "/api/v1/pods", method)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        server.slow.release.set()
        assert {(await each).status_code for each in asked} == {200}
        assert "x-kubernetes-pf-flowschema-uid" not in (await asked[0]).headers


async def test_limit_of_zero_is_none() -> None:
    """A plain limit of 0 refuses nothing."""
    server = plain(0, 1)
    async with serving(server) as client:
        asked = [ask(client, "ann") for _ in range(5)]
        await server.slow.until_inside(5)
        server.slow.release.set()
        assert {(await each).status_code for each in asked} == {200}
