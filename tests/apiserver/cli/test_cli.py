"""The command line: what it takes, and how it says no."""

import subprocess
import sys
from importlib import metadata

import pytest

from rootspan_apiserver.cli.main import COMMANDS


def rootspan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "rootspan", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_command() -> None:
    """`rootspan --help` lists the commands and exits 0; without a command the same goes to standard error, with status 1."""
    answer = rootspan("--help")
    assert answer.returncode == 0
    assert all(f"\n  {name} " in answer.stdout for name in COMMANDS)
    answer = rootspan()
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "Usage: rootspan COMMAND" in answer.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_its_flags(name: str) -> None:
    """`rootspan NAME --help` prints the flags and exits 0."""
    answer = rootspan(name, "--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"Usage: rootspan {name} [flags]" in answer.stdout
    assert "\n      --" in answer.stdout


VERSION = f"rootspan {metadata.version('rootspan')}\n"


@pytest.mark.parametrize(
    ("arguments", "version"),
    [
        (["--version"], VERSION),
        (["version"], VERSION),
        *(([name, "--version"], VERSION) for name in sorted(COMMANDS.keys() - {"apiserver"})),
        (["apiserver", "--secure-port=0", "--version"], f"Kubernetes v1.36.2 ({VERSION.strip()})\n"),
    ],
)
def test_each_command_says_its_version(arguments: list[str], version: str) -> None:
    """`--version` prints the distribution's, of the API server behind the Kubernetes version as kube-apiserver prints it."""
    answer = rootspan(*arguments)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, version, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "Error: unknown command 'nonsense'"),
        (["demo", "--fast"], "Error: unknown flag: --fast"),
        (["demo", "--keep=perhaps"], 'Error: invalid argument "perhaps" for "--keep" flag'),
        (["collector", "--web=here"], 'Error: invalid argument "here" for "--web" flag: must be host:port'),
        (["collector", "--otlp-grpc-endpoint"], "Error: flag needs an argument: --otlp-grpc-endpoint"),
        (["apiserver", "--secure-port=http"], 'Error: invalid argument "http" for "--secure-port" flag'),
        (["apiserver", "--secure-port=70000"], "Error: --secure-port 70000 must be between 0 and 65535"),
        (["apiserver", "--tracing-config-file=/no/such"], "Error: tracing-config-file /no/such does not exist"),
        (["apiserver", "--feature-gates=Nonsense=true"], "Error: "),
    ],
)
def test_mistake_is_named_and_nothing_starts(arguments: list[str], message: str) -> None:
    """A wrong flag ends the command with status 1 and one clear line, before anything is started."""
    answer = rootspan(*arguments)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(message)
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", ["demo", "apiserver", "collector"])
def test_without_the_extra_one_sentence_says_how_to_get_it(command: str) -> None:
    """Where what the extra installs is missing, the command names it and exits 1, without a traceback."""
    missing = "import sys; sys.modules |= dict.fromkeys(['httpx', 'starlette', 'grpc']); "
    program = f"{missing} sys.argv = ['rootspan', '{command}']; from rootspan.__main__ import main; sys.exit(main())"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.endswith("is missing: pip install 'rootspan[apiserver]'\n")
    assert answer.stderr.count("\n") == 1
