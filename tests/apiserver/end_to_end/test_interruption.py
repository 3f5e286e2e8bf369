"""Ctrl-C and SIGTERM end every command at every moment: without a traceback, with the status that says so, and leaving nothing behind."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

import rootspan
from rootspan_apiserver.processes.interruption import SAME_SECONDS
from tests.apiserver.end_to_end.interrupted import Moment, elapsed, interrupted, wrote

pytestmark = pytest.mark.anyio

STARTED = r"^imported rootspan_apiserver$"
"""The command has decided what a signal does: what it imports first comes after that."""

NOWHERE = "--kubeconfig=/nonexistent/kubeconfig"
AFTER = 0.3
"""Seconds into what an import was the last preparation of."""

COMMANDS: dict[str, tuple[list[str], Moment, bool]] = {
    "apiserver": (["apiserver", "--secure-port=0"], wrote("^Serving the Kubernetes API"), True),
    "collector": (["collector", "--otlp-grpc-endpoint=127.0.0.1:0"], wrote("^Listening for OTLP"), True),
    "demo --keep": (["demo", "--keep"], wrote("^Ctrl-C ends it"), True),
    "apiserver without etcd": (
        ["apiserver", "--secure-port=0", "--etcd-servers=http://127.0.0.1:1"],
        wrote("waiting for etcd"),
        True,
    ),
    "demo": (["demo"], wrote(r"^imported rootspan_apiserver\.cli\.demo$", later=AFTER), False),
    "demo without kubeconfig": (["demo", NOWHERE], wrote("^Waiting for /nonexistent"), False),
    "sample-webhooks": (["sample-webhooks", "--secure-port=0", NOWHERE], wrote("^Waiting for /nonexistent"), False),
    "conformance": (["conformance"], wrote(r"^imported rootspan_apiserver\.cli\.conformance$", later=AFTER), False),
}
"""Arguments, the moment when it serves, waits or works, and whether it is a server, which ends with status 0 then."""


LONG = ("demo", "demo --keep", "conformance")
"""Those that do something else after 2.5 s than what they begin with."""


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
@pytest.mark.parametrize("name", COMMANDS)
async def test_signal_ends_each_command_at_every_moment(name: str, number: Signals, tmp_path: Path) -> None:
    """While it imports, and when it serves, waits or works: status 130 or 143, of a server 0; no traceback, no process, no file is left."""
    arguments, busy, serves = COMMANDS[name]
    command = [sys.executable, "-W", "error", "-m", "rootspan", *arguments]
    times = [0.15, 0.6, *([2.5] if name in LONG else [])] if number == SIGINT else [0.6]
    moments = [elapsed(seconds, once=STARTED) for seconds in times]
    env = {"TMPDIR": str(tmp_path)}
    ended = await asyncio.gather(*(interrupted(command, number, moment, env=env) for moment in [*moments, busy]))
    for each in ended:
        assert "Traceback" not in each.text
        assert "KeyboardInterrupt" not in each.text
        assert each.left == []
        assert each.status in (-number, 128 + number, 0)
    assert ended[-1].status == (0 if serves else 128 + number), ended[-1].text
    assert os.listdir(tmp_path) == []


async def test_of_two_signals_at_once_one_counts_and_a_later_one_ends_it_at_once() -> None:
    """`timeout` signals a process and its group: that is one wish to end in order. A later one is another, with status 1."""
    command = [sys.executable, "-m", "rootspan", "apiserver", "--secure-port=0", "--shutdown-delay-duration"]
    twice, again = await asyncio.gather(
        interrupted([*command, "100ms"], SIGTERM, wrote("^Serving"), again=0.05),
        interrupted([*command, "60s"], SIGTERM, wrote("^Serving"), again=SAME_SECONDS * 1.5),
    )
    assert (twice.status, again.status) == (0, 1)
    assert "Traceback" not in twice.text + again.text


async def test_signal_that_a_parent_ignores_ends_it_all_the_same() -> None:
    """A shell starts `rootspan demo &` with SIGINT ignored; it can be interrupted even so."""
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-m", "rootspan", "demo", NOWHERE]
    ended = await interrupted(command, SIGINT, wrote("^Waiting for /nonexistent"))
    assert ended.status == 128 + SIGINT
    assert "Traceback" not in ended.text


def test_library_is_imported_when_it_is_asked_for() -> None:
    """`import rootspan` imports no OpenTelemetry: a command says what Ctrl-C does before that. Its names are there all the same."""
    program = (
        "import sys, rootspan; assert 'opentelemetry' not in sys.modules; assert set(rootspan.__all__) <= set(dir(rootspan));"
        "from rootspan import *; assert TracingMiddleware is rootspan.TracingMiddleware; print(*rootspan.__all__)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.split() == rootspan.__all__
