"""What SIGTERM does to those who are being served."""

import asyncio
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from rootspan_apiserver.processes.interruption import SAME_SECONDS
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, Credentials, administering, config_map, started, webhooks
from tests.apiserver.end_to_end.processes import PATIENCE

pytestmark = pytest.mark.anyio

IN_FLIGHT = 10
SLACK = 2.0
"""Seconds that a machine with other work to do may add to what is promised."""


class Held:
    """Answers of a webhook that wait for `go_on`; `asked` is set when as many wait as are to."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        self._expected -= 1
        if not self._expected:
            self.asked.set()
        await self.go_on.wait()
        return {"uid": request["uid"], "allowed": True}


async def refused(port: int) -> None:
    """Wait until nobody listens on the port any more."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            except ConnectionError:
                continue
            writer.transport.abort()


async def test_requests_in_flight_are_answered(tmp_path: Path) -> None:
    """Creates that wait for a webhook when SIGTERM comes are 201, later than the two seconds that an in-process server has; nobody
    new is let in meanwhile, a watch ends at once, and the server ends when the last is answered."""
    held = Held(IN_FLIGHT)
    async with webhooks() as hooks, started(tmp_path) as server, administering(server) as client:
        await hooks.register(client)
        hooks.application.replies["/validating"] = held
        creating = [asyncio.create_task(client.post(CONFIG_MAPS, json=config_map(f"c{n}"))) for n in range(IN_FLIGHT)]
        async with client.stream("GET", f"{CONFIG_MAPS}?watch=1") as watch:
            await asyncio.wait_for(held.asked.wait(), PATIENCE)
            begun = time.monotonic()
            server.process.send(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                assert [line async for line in watch.aiter_lines() if '"ADDED"' not in line] == []
        await refused(int(server.url.rpartition(":")[2]))
        _, waiting = await asyncio.wait(creating, timeout=2.5 - (time.monotonic() - begun))
        assert len(waiting) == IN_FLIGHT
        held.go_on.set()
        answers = await asyncio.wait_for(asyncio.gather(*creating), PATIENCE)
        assert {answer.status_code for answer in answers} == {201}
        assert await asyncio.to_thread(server.process.wait) == 0
        assert "Traceback" not in server.process.stderr


async def test_requests_in_flight_have_the_request_timeout(tmp_path: Path) -> None:
    """What is not answered within `--request-timeout` is not waited for: its connection is closed, or it is told 504."""
    held = Held(1)
    async with (
        webhooks() as hooks,
        started(tmp_path, "--request-timeout=1s") as server,
        administering(server) as client,
    ):
        await hooks.register(client)
        hooks.application.replies["/validating"] = held
        creating = asyncio.create_task(client.post(CONFIG_MAPS, json=config_map("c")))
        await asyncio.wait_for(held.asked.wait(), PATIENCE)
        begun = time.monotonic()
        assert await asyncio.to_thread(server.process.stop) == 0
        assert time.monotonic() - begun < 1 + 2 * SLACK
        (answer,) = await asyncio.gather(creating, return_exceptions=True)
        assert isinstance(answer, BaseException) or (answer.status_code, answer.json()["kind"]) == (504, "Status")
        assert "Traceback" not in server.process.stderr
        held.go_on.set()


async def test_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """However much is in flight, with status 1, as kube-apiserver."""
    held = Held(1)
    async with webhooks() as hooks, started(tmp_path) as server, administering(server) as client:
        await hooks.register(client)
        hooks.application.replies["/validating"] = held
        creating = asyncio.create_task(client.post(CONFIG_MAPS, json=config_map("c")))
        await asyncio.wait_for(held.asked.wait(), PATIENCE)
        server.process.send(signal.SIGTERM)
        await refused(int(server.url.rpartition(":")[2]))
        await asyncio.sleep(2 * SAME_SECONDS)
        begun = time.monotonic()
        assert await asyncio.to_thread(server.process.stop, signal.SIGINT) == 1
        assert time.monotonic() - begun < SLACK
        assert "Traceback" not in server.process.stderr
        held.go_on.set()
        (error,) = await asyncio.gather(creating, return_exceptions=True)
        assert isinstance(error, Exception)


async def test_it_is_not_ready_before_it_stops_listening(tmp_path: Path) -> None:
    """During `--shutdown-delay-duration` `/readyz` fails, so that nobody new is sent there; everything else goes on, watches too."""
    async with started(tmp_path, "--shutdown-delay-duration=1h") as server, administering(server) as client:
        async with client.stream("GET", f"{CONFIG_MAPS}?watch=1") as watch:
            server.process.send(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                while (ready := await client.get("/readyz")).status_code == 200:
                    pass
            assert "[-]shutdown failed" in ready.text
            assert (await client.get("/livez")).status_code == 200
            assert (await client.post(CONFIG_MAPS, json=config_map("late"))).status_code == 201
            async with asyncio.timeout(PATIENCE):
                async for line in watch.aiter_lines():
                    if '"late"' in line:
                        break
        await asyncio.sleep(2 * SAME_SECONDS)
        assert await asyncio.to_thread(server.process.stop) == 1


async def test_client_that_reads_nothing_does_not_keep_it(tmp_path: Path) -> None:
    """A watch whose client has left its answer unread for long is ended as soon as the others."""
    async with started(tmp_path) as server, administering(server) as client:
        tls, port = Credentials.of(server).tls, int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            watching = await asyncio.to_thread(tls.wrap_socket, plain, server_hostname="127.0.0.1")
            token = Credentials.of(server).token
            head = f"GET {CONFIG_MAPS}?watch=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
            await asyncio.to_thread(watching.sendall, head.encode())
            assert (await asyncio.to_thread(watching.recv, 15)) == b"HTTP/1.1 200 OK"
            for number in range(40):
                answer = await client.post(CONFIG_MAPS, json=config_map(f"c{number}", a="x" * 200_000))
                assert answer.status_code == 201
            begun = time.monotonic()
            assert await asyncio.to_thread(server.process.stop) == 0
            assert time.monotonic() - begun < 2 + 2 * SLACK
            watching.close()


async def test_new_requests_are_sent_away_while_others_are_finished(tmp_path: Path) -> None:
    """With `--shutdown-send-retry-after` the server listens until what is in flight is answered: 429, but for health and metrics."""
    held = Held(1)
    async with (
        webhooks() as hooks,
        started(tmp_path, "--shutdown-send-retry-after") as server,
        administering(server) as client,
    ):
        await hooks.register(client)
        hooks.application.replies["/validating"] = held
        creating = asyncio.create_task(client.post(CONFIG_MAPS, json=config_map("c")))
        await asyncio.wait_for(held.asked.wait(), PATIENCE)
        server.process.send(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            while (away := await client.get("/version")).status_code == 200:
                pass
        assert (away.status_code, away.headers["retry-after"], away.headers["connection"]) == (429, "5", "close")
        assert away.text == "The apiserver is shutting down, please try again later.\n"
        assert "[-]shutdown failed" in (await client.get("/readyz")).text
        assert (await client.get("/metrics")).status_code == 200
        held.go_on.set()
        assert (await asyncio.wait_for(creating, PATIENCE)).status_code == 201
        assert await asyncio.to_thread(server.process.wait) == 0
        assert "Traceback" not in server.process.stderr
