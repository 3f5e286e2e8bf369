"""`dev.py`, in a checkout whose environment is there already: it ends with its command, and tells in a sentence what it cannot do."""

import asyncio
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

import dev
from tests.apiserver.end_to_end.interrupted import PATIENCE, Output, elapsed, interrupted, members, wrote

SOURCE = Path(dev.__file__)
STARTED = "^imported venv$"
"""What dev.py imports last."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with dev.py and an environment that is up to date: the commands of this one."""
    for name in ("dev.py", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(SOURCE.parent / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (tmp_path / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (tmp_path / ".venv" / "installed-matrix").write_text(dev.digest())
    return tmp_path


def command(checkout: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", str(checkout / "dev.py"), *arguments]


@pytest.mark.anyio
@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
async def test_signal_ends_it_and_its_command(checkout: Path, number: Signals) -> None:
    """At every moment of each task: the status is 130 or 143, of what served 0; no traceback, and no process left."""
    group = number == SIGINT
    story, working = command(checkout, "demo"), wrote(r"^imported rootspan_apiserver\.cli\.demo$", later=0.3)
    kept, first, *others = await asyncio.gather(
        interrupted([*story, "--keep"], number, wrote("^Ctrl-C ends it"), group=group),
        interrupted(story, number, elapsed(0.15, once=STARTED), group=group),
        interrupted(story, number, elapsed(0.6, once=r"^imported rootspan_apiserver$"), group=group),
        interrupted(story, number, working),
        interrupted(command(checkout, "check"), number, wrote("^imported importlinter"), group=group),
        interrupted(command(checkout, "test"), number, wrote(r"^imported +_pytest$"), group=group),
    )
    for each in (kept, first, *others):
        assert "Traceback" not in each.text
        assert each.left == []
    assert kept.status == 0
    assert first.status in (-number, 128 + number)
    assert [each.status for each in others] == [128 + number] * len(others)


WAITING = """
import os, socket, subprocess

def test_it():
    with subprocess.Popen(["sleep", "60"]) as child, socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))):
        try:
            child.wait()
        finally:
            child.kill()
"""


@pytest.mark.anyio
async def test_signal_ends_the_tests_and_what_they_started(checkout: Path) -> None:
    """SIGTERM interrupts the tests as Ctrl-C does: what a test started is ended, pytest tells what happened, and the status is 143."""
    (checkout / "test_waiting.py").write_text(WAITING)
    running = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.set()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)

    async def moment(output: Output) -> None:
        await running.wait()

    async with server:
        env = {"PORT": str(server.sockets[0].getsockname()[1]), "PYTHONPROFILEIMPORTTIME": ""}
        arguments = command(checkout, "test", "-n", "0", "test_waiting.py")
        ended = await interrupted(arguments, SIGTERM, moment, env=env)
    assert (ended.status, ended.left) == (128 + SIGTERM, [])
    assert "KeyboardInterrupt" in ended.text
    assert "Traceback" not in ended.text


def test_ctrl_c_at_a_terminal_ends_the_kept_demo(checkout: Path) -> None:
    """The key reaches all that the terminal shows: everything ends in order, with status 0, and no traceback is shown."""
    ours, theirs = pty.openpty()
    terminal = os.ttyname(theirs)
    attach = ["sh", "-c", 'exec "$@" <"$TERMINAL" >"$TERMINAL" 2>&1', "sh"]  # a session's first terminal is its own
    process = subprocess.Popen(
        [*attach, *command(checkout, "demo", "--keep")],
        env={**os.environ, "TERMINAL": terminal},
        start_new_session=True,
    )
    shown = b""
    try:
        while b"Ctrl-C ends it." not in shown:
            assert select.select([ours], [], [], PATIENCE)[0], shown
            shown += os.read(ours, 4096)
        os.write(ours, b"\x03")
        assert process.wait(PATIENCE) == 0
        os.close(theirs)
        while part := _rest(ours):
            shown += part
    finally:
        process.kill()
        os.close(ours)
    assert b"Traceback" not in shown
    assert members(process.pid) == []


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody has it open any more
        return b""


OLD = f"""
import ast, runpy, sys
tree = ast.parse(open({str(SOURCE)!r}).read(), feature_version=(3, 8))
functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
annotations = [argument.annotation for each in functions for argument in each.args.args] + [each.returns for each in functions]
annotations += [node.annotation for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)]
assert len(annotations) > 5 and not [each for each in annotations if isinstance(each, (ast.Subscript, ast.BinOp))]
sys.version_info = (3, 8, 20)
runpy.run_path({str(SOURCE)!r}, run_name="__main__")
"""


def test_old_python_is_told_what_is_needed() -> None:
    """Python 3.8 can read the file, evaluates no annotation that it does not know, and prints the sentence."""
    answer = subprocess.run(
        [sys.executable, "-c", OLD, "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", "Rootspan needs Python 3.11 or later.\n")


@pytest.mark.parametrize("reason", ["File exists", f"{sys.executable} has no pip"])
def test_environment_that_cannot_be_made_gives_a_sentence(tmp_path: Path, reason: str) -> None:
    """In a checkout that cannot be written, and without pip: the status is 1 and one line names the reason."""
    for name in ("dev.py", "pyproject.toml"):
        shutil.copy(SOURCE.with_name(name), tmp_path)
    if reason == "File exists":
        (tmp_path / ".venv").symlink_to("/proc/nonexistent")
    program = [sys.executable, "-S", str(tmp_path / "dev.py"), "demo"]  # -S: without the packages, and so without pip
    answer = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"{tmp_path / '.venv'} cannot be made: ")
    assert reason in answer.stderr
    assert answer.stderr.count("\n") == 1
