"""How the server begins and ends, whatever is missing around it."""

import asyncio
import signal
import socket
import time
from pathlib import Path

import pytest

from rootspan_apiserver.storage.backend import HEALTH_SECONDS
from tests.apiserver.end_to_end.outside import administering, started, tracing_configuration
from tests.apiserver.end_to_end.processes import SERVING, apiserver, rootspan
from tests.apiserver.etcd.processes import free_ports, members

SHUTDOWN = 2.0
SLACK = 1.0
"""Seconds that a machine with other work to do may add to what is promised."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_and_a_kubeconfig_leads_to_it(tmp_path: Path, number: signal.Signals) -> None:
    """While it runs the kubeconfig it wrote is all that kubectl needs; SIGTERM and SIGINT end it with status 0 and no traceback."""
    with apiserver(tmp_path) as server:
        assert f"export KUBECONFIG={server.kubeconfig}" in server.process.wrote("^export .*$")[0]
        assert server.kubectl("get", "--raw", "/readyz") == "ok"
        assert server.process.stop(number) == 0
        assert "Traceback" not in server.process.stderr


def test_watch_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    """A client that watches sees its watch end; the server does not wait for it."""
    with apiserver(tmp_path) as server, server.watching("namespaces") as kubectl:
        kubectl.wrote("^default ")
        begun = time.monotonic()
        assert server.process.stop() == 0
        assert time.monotonic() - begun < SHUTDOWN + SLACK


@pytest.mark.anyio
@pytest.mark.parametrize("away", ["refuses", "accepts and says nothing"])
async def test_collector_that_is_away_delays_nothing(tmp_path: Path, away: str) -> None:
    """The server starts and answers as without one, and takes no more than two seconds to end with spans nobody takes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if away != "refuses" else free_ports(1)[0]
        flag = tracing_configuration(tmp_path, endpoint=f"127.0.0.1:{port}", samplingRatePerMillion=1_000_000)
        async with started(tmp_path, flag) as server:
            async with administering(server) as client:
                for _ in range(50):
                    async with asyncio.timeout(SLACK):
                        (await client.get("/api/v1/namespaces")).raise_for_status()
            begun = time.monotonic()
            assert await asyncio.to_thread(server.process.stop) == 0
            assert time.monotonic() - begun < SHUTDOWN + SLACK
            assert "Traceback" not in server.process.stderr


def test_it_waits_for_etcd_and_says_so(tmp_path: Path) -> None:
    """It names the reason, serves nothing meanwhile, and serves as soon as etcd has come."""
    with members(tmp_path, ("late",)) as (member,):
        flags = ("--secure-port=0", f"--etcd-servers={member.url}")
        with rootspan("apiserver", *flags) as process:
            process.wrote(f"waiting for etcd: etcd at {member.url} does not answer: ", "stderr")
            assert process.stdout == ""
            member.start()
            process.wrote(SERVING)
            assert process.stop() == 0


def test_it_outlives_an_etcd_that_goes_and_comes_again(tmp_path: Path) -> None:
    """Meanwhile it is not ready, but answers; afterwards it reads and writes, and a watch that was begun before goes on."""
    with members(tmp_path, ("one",)) as (member,):
        member.start()
        with apiserver(tmp_path, f"--etcd-servers={member.url}") as server, server.watching("configmaps") as watching:
            server.kubectl("create", "configmap", "before")
            watching.wrote("^before ")
            member.kill()
            begun = time.monotonic()
            assert "[-]informer-sync failed" in server.kubectl("get", "--raw", "/readyz?verbose", status=1)
            assert time.monotonic() - begun < HEALTH_SECONDS + 2 * SLACK
            assert server.kubectl("get", "--raw", "/version").startswith("{")
            member.start()
            server.kubectl("create", "configmap", "after")
            watching.wrote("^after ")
            assert "configmap/before" in server.kubectl("get", "configmaps", "-o", "name").split()
            assert server.process.stop() == 0
            assert "Traceback" not in server.process.stderr


def test_it_can_be_told_to_stop_waiting_for_etcd(tmp_path: Path) -> None:
    """SIGTERM ends a server that still waits, with status 0 and no traceback."""
    (port,) = free_ports(1)
    with rootspan("apiserver", "--secure-port=0", f"--etcd-servers=http://127.0.0.1:{port}") as process:
        process.wrote("waiting for etcd", "stderr")
        begun = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - begun < SHUTDOWN + SLACK
        assert process.stdout == ""
        assert "Traceback" not in process.stderr


def test_port_in_use_is_an_error(tmp_path: Path) -> None:
    """One line says which port, the status is 1, and a server that has it goes on."""
    with apiserver(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        with rootspan("apiserver", f"--secure-port={port}") as second:
            assert second.wait() == 1
            expected = f"Error: failed to listen on 127.0.0.1:{port}: Address already in use\n"
            assert (second.stdout, second.stderr) == ("", expected)
        assert server.kubectl("get", "--raw", "/readyz") == "ok"


def test_data_directory_in_use_is_an_error(tmp_path: Path) -> None:
    """Two servers do not share one; the second says so, and the first goes on."""
    data = f"--data-dir={tmp_path / 'data'}"
    with apiserver(tmp_path, data) as server:
        with rootspan("apiserver", "--secure-port=0", data) as second:
            assert second.wait() == 1
            assert second.stdout == ""
            assert second.stderr.startswith("Error: ")
            assert second.stderr.count("\n") == 1
        assert server.kubectl("get", "--raw", "/readyz") == "ok"


CONFIGURATIONS = {
    "not YAML": ("{", "error"),
    "not a configuration": ("[]", "error"),
    "another kind": ("apiVersion: apiserver.config.k8s.io/v1\nkind: Other\n", 'no kind "Other" is registered'),
    "an unknown field": (
        "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nrate: 1\n",
        'strict decoding error: unknown field "rate"',
    ),
    "a rate below zero": (
        "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nsamplingRatePerMillion: -1\n",
        "samplingRatePerMillion: Invalid value: -1: sampling rate must be positive",
    ),
    "a rate above a million": (
        "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nsamplingRatePerMillion: 1000001\n",
        "sampling rate per million must be less than or equal to one million",
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_invalid_tracing_configuration_is_an_error(tmp_path: Path, name: str) -> None:
    """Its fault is named, the status is 1, and nothing is served or written."""
    text, message = CONFIGURATIONS[name]
    (tmp_path / "tracing.yaml").write_text(text)
    flags = ("--secure-port=0", f"--data-dir={tmp_path / 'data'}", f"--write-kubeconfig={tmp_path / 'kubeconfig'}")
    with rootspan("apiserver", *flags, f"--tracing-config-file={tmp_path / 'tracing.yaml'}") as process:
        assert process.wait() == 1
    assert process.stdout == ""
    assert message in process.stderr
    assert "Traceback" not in process.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tracing.yaml"]


def test_no_flag_is_taken_for_another(tmp_path: Path) -> None:
    """A flag nobody knows, and a value that is none, end it with status 1 and one line."""
    for flag, message in (
        ("--etcd-server=http://127.0.0.1:1", "unknown flag: --etcd-server"),
        ("--etcd-servers=127.0.0.1", '"127.0.0.1" must be a URL'),
        ("--authorization-mode=Maybe", 'authorization-mode "Maybe" is not a valid mode'),
        ("--emulated-version=1.5", "emulation version 1.5 is not one of"),
        (f"--token-auth-file={tmp_path}/none", "no such file or directory"),
        (f"--tracing-config-file={tmp_path}", "is a directory"),
    ):
        with rootspan("apiserver", flag) as process:
            assert process.wait() == 1
        assert (process.stdout, process.stderr.count("\n")) == ("", 1)
        assert message in process.stderr
