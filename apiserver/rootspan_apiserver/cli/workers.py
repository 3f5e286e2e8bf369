"""`rootspan apiserver --workers=N`: N processes that serve on one port, and one more for the embedded etcd if it is the store."""

import asyncio
import contextlib
import gc
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from rootspan_apiserver import assembly
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.cli.announcement import print_served
from rootspan_apiserver.embedded_etcd import EmbeddedEtcd, LocalServer
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.processes.claims import Claims
from rootspan_apiserver.processes.membership import GroupMember
from rootspan_apiserver.processes.memory import returning_memory
from rootspan_apiserver.processes.shared_numbers import SharedNumbers
from rootspan_apiserver.processes.supervisor import Program, Supervisor
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import Address
from rootspan_apiserver.workers.identity import ServerIdentity, server_identity
from rootspan_apiserver.workers.worker import Worker

STORE_SOCKET = "etcd.sock"
Serve = Callable[[contextlib.AbstractAsyncContextManager[Callable[[], None] | None]], int]
"""Serves until SIGTERM and returns the exit status; an error of the startup is printed."""


def run_workers(options: Options, grace: float, serve: Serve) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit status.

    Args:
        grace: Seconds that requests in flight have at the end.

    Raises:
        OptionsError, BindError, CertificateError, KeyFileError: The server cannot start.
    """
    assembly.check(options)
    with contextlib.ExitStack() as stack:
        identity = stack.enter_context(server_identity(options))
        store, store_path = None, ""
        if not options.etcd_servers:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rootspan-", ignore_cleanup_errors=True))
            store_path = f"{folder}/{STORE_SOCKET}"
            bound = stack.enter_context(socket.socket(socket.AF_UNIX))
            bound.bind(store_path)
            bound.listen(options.workers)
            store = Program(
                "the embedded etcd",
                lambda member: serve(_storing(options, bound, member, grace)),
                needed=not options.data_dir,
            )
        revisions = SharedNumbers(options.workers)
        claims = Claims(stack.enter_context(tempfile.TemporaryFile()))

        def work(member: GroupMember) -> int:
            worker = Worker(
                identity=identity,
                member=member,
                revisions=revisions.of(member.number),
                claims=claims,
                store_path=store_path,
            )
            return serve(_working(options, worker, grace))

        workers = [Program(f"worker {number}", work, number) for number in range(options.workers)]
        return Supervisor(store, workers, partial(_announce, options, identity), identity.bound.close).run()


def _announce(options: Options, identity: ServerIdentity) -> None:
    """Write the kubeconfig if one is wanted, and print where the server serves."""
    host, port = identity.bound.getsockname()[:2]
    address = Address("https", host, port).advertised(options.advertise_address)
    if options.write_kubeconfig:
        ca_bundle, token = identity.certificate.ca_bundle, identity.administrator_token
        kubeconfig.write(Path(options.write_kubeconfig), kubeconfig.render(address.url, ca_bundle, token))
    print_served(options, address)


@contextlib.asynccontextmanager
async def _working(options: Options, worker: Worker, grace: float) -> AsyncIterator[Callable[[], None]]:
    """Serve requests in this process while the block runs."""
    member = worker.member
    async with (
        member.following(),
        apiserver(options, grace=grace, worker=worker) as running,
        returning_memory(),
    ):
        gc.freeze()  # as in a server of one process
        member.ready()

        async def start() -> None:
            await member.started.wait()
            running.start()

        starting = asyncio.create_task(start())
        try:
            yield running.shut_down
        finally:
            starting.cancel()


@contextlib.asynccontextmanager
async def _storing(options: Options, bound: socket.socket, member: GroupMember, grace: float) -> AsyncIterator[None]:
    """Be the store of the workers while the block runs; at its end, those who still need it have as long as a request may take."""
    data_dir, path = Path(options.data_dir) if options.data_dir else None, Path(bound.getsockname())
    async with (
        member.following(),
        EmbeddedEtcd(data_dir) as embedded,
        LocalServer(embedded, bound, grace=options.shutdown_delay_duration + grace),
    ):
        member.ready()
        yield
    if member.orphaned:
        shutil.rmtree(path.parent, ignore_errors=True)
