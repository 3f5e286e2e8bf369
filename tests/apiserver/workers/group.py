"""A server of several processes: who they are, and connections to each of them."""

import asyncio
import contextlib
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from rootspan_apiserver.serving import kubeconfig
from tests.apiserver.end_to_end.processes import SERVING, Server, rootspan

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
WORKERS = 2
PATIENCE, START = 60.0, 120.0
"""Seconds that nothing takes on a machine that works; the start is that of three processes, one after the other."""
TOKENS = 'admin-token,admin,u1,"system:masters"\nbob-token,bob,u2\n'


@dataclass
class Group:
    """The processes of a server. `store` is that of the embedded etcd, 0 if there is none."""

    server: Server
    store: int = 0

    def children(self) -> list[int]:
        """Return the processes that the parent has now, in the order in which they were started."""
        return sorted(pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_child(pid))

    def _is_child(self, pid: int) -> bool:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        return int(fields[1]) == self.server.process.pid and fields[0] != "Z"

    @property
    def workers(self) -> list[int]:
        """The processes that serve; at the start the first one is the elected one."""
        return [pid for pid in self.children() if pid != self.store]

    @contextlib.asynccontextmanager
    async def connected(self, pid: int) -> AsyncIterator[httpx.AsyncClient]:
        """A client whose one connection is to the worker `pid`: the others are stopped while it is made."""
        access = kubeconfig.read(self.server.kubeconfig.read_text())
        async with httpx.AsyncClient(
            base_url=self.server.url,
            verify=ssl.create_default_context(cadata=access.ca_bundle.decode()),
            headers={"authorization": f"Bearer {access.token}"},
            limits=httpx.Limits(max_connections=1, keepalive_expiry=None),
            timeout=PATIENCE,
            trust_env=False,
        ) as client:
            others = [each for each in self.workers if each != pid]
            for each in others:
                os.kill(each, signal.SIGSTOP)
            try:
                (await client.get("/version")).raise_for_status()
            finally:
                for each in others:
                    os.kill(each, signal.SIGCONT)
            yield client

    async def replaced(self, pid: int) -> list[int]:
        """Return the workers once another process is there in place of the killed worker `pid`, and is ready."""
        await until(lambda: pid not in self.workers and len(self.workers) == WORKERS)
        new = self.workers[-1]
        async with self.connected(new) as client:
            await answers(client, "/readyz", 200)
        return self.workers


async def until(holds: Callable[[], bool]) -> None:
    """Return when `holds` does. Raises TimeoutError after PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


async def answers(client: httpx.AsyncClient, path: str, status: int) -> None:
    """Return when a GET is answered with `status`. Raises TimeoutError after PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await client.get(path)).status_code == status:
                return
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def group(folder: Path, *flags: str) -> Iterator[Group]:
    """A server of two workers that authorizes by RBAC."""
    tokens = folder / "tokens.csv"
    tokens.write_text(TOKENS)
    path = folder / "kubeconfig"
    arguments = (f"--workers={WORKERS}", "--authorization-mode=RBAC", f"--token-auth-file={tokens}", *flags)
    with rootspan("apiserver", "--secure-port=0", f"--write-kubeconfig={path}", *arguments) as process:
        server = Server(process, process.wrote(SERVING, timeout=START)[1], path)
        found = Group(server)
        if not any(flag.startswith("--etcd-servers") for flag in flags):
            found.store = found.children()[0]
        try:
            yield found
        finally:
            with contextlib.suppress(ProcessLookupError):
                server.process.stop(timeout=START)


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
