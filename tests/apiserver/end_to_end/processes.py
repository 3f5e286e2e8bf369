"""Child processes whose output is read as it comes: the project's own commands, kubectl, and a collector of somebody else's."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rotel  # type: ignore[import-untyped]  # the wheel brings a binary and no types

from tests.apiserver.etcd.processes import free_ports

PATIENCE = 30.0
KUBECTL = Path(sys.executable).parent / "kubectl"
ROTEL = Path(rotel.__file__).parent / "rotel-agent"


class Child:
    """A running process. What it writes is kept, and can be waited for."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
        self._written = {"stdout": "", "stderr": ""}
        self._open = len(self._written)
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._written]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        with getattr(self._process, name) as stream:
            for line in stream:
                with self._changed:
                    self._written[name] += line.decode(errors="backslashreplace")
                    self._changed.notify_all()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        with self._changed:
            return self._written["stdout"]

    @property
    def stderr(self) -> str:
        with self._changed:
            return self._written["stderr"]

    def wrote(self, pattern: str, stream: str = "stdout", timeout: float = PATIENCE) -> re.Match[str]:
        """Wait until what was written matches. Raises AssertionError, showing everything, if it does not in time."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, self._written[stream], re.MULTILINE)

        with self._changed:
            self._changed.wait_for(lambda: found() or not self._open, timeout)
            match = found()
            assert match, (
                f"{pattern!r} was not written to {stream}:\n{self._written['stdout']}\n{self._written['stderr']}"
            )
            return match

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit status, once all output has been read."""
        status = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = PATIENCE) -> int:
        self.send(number)
        return self.wait(timeout)

    def end(self) -> None:
        """End it, whatever state it is in."""
        if self._process.poll() is None:
            self._process.kill()
        self.wait()


@contextmanager
def child(*command: str, env: Mapping[str, str] | None = None) -> Iterator[Child]:
    """A process for as long as the block."""
    running = Child(command, env)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def rootspan(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Child]:
    """One of the project's own commands, in which every warning is an error."""
    with child(sys.executable, "-W", "error", "-m", "rootspan", *arguments, env=env) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Server:
    """An API server that serves: the process, its address and the administrator's kubeconfig."""

    process: Child
    url: str
    kubeconfig: Path

    @property
    def _kubectl(self) -> list[str]:
        return [str(KUBECTL), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.kubeconfig.parent}/cache"]

    @contextmanager
    def watching(self, resource: str) -> Iterator[Child]:
        """`kubectl get --watch` for as long as the block."""
        with child(*self._kubectl, "get", resource, "--watch") as running:
            yield running

    def kubectl(self, *arguments: str, status: int = 0, stdin: str = "") -> str:
        """What kubectl says: its standard output, or its standard error if it is expected to fail."""
        answer = subprocess.run(
            [*self._kubectl, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert answer.returncode == status, f"kubectl {' '.join(arguments)}: {answer.stdout}{answer.stderr}"
        return answer.stderr if status else answer.stdout


SERVING = r"^Serving the Kubernetes API on (https://\S+)$"


@contextmanager
def apiserver(folder: Path, *flags: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`rootspan apiserver` as a process on a free port, with its kubeconfig in `folder`."""
    kubeconfig = folder / "kubeconfig"
    arguments = ("apiserver", "--secure-port=0", f"--write-kubeconfig={kubeconfig}", *flags)
    with rootspan(*arguments, env=env) as process:
        yield Server(process, process.wrote(SERVING)[1], kubeconfig)


@contextmanager
def collecting() -> Iterator[tuple[Child, str]]:
    """A rotel agent that prints every span it receives, and its endpoint."""
    grpc, http = free_ports(2)
    with child(
        str(ROTEL),
        "start",
        "--debug-log=traces",
        "--debug-log-verbosity=detailed",
        "--exporter=blackhole",
        f"--otlp-grpc-endpoint=127.0.0.1:{grpc}",
        f"--otlp-http-endpoint=127.0.0.1:{http}",
        env={"NO_COLOR": "1"},
    ) as agent:
        agent.wrote("Starting Rotel")  # which it writes once it listens
        yield agent, f"127.0.0.1:{grpc}"
