"""`rootspan apiserver`: serve until told to stop."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator

import uvloop

from rootspan import ConfigurationError
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.authentication import TokenFileError
from rootspan_apiserver.embedded_etcd import EmbeddedEtcdError
from rootspan_apiserver.options import Options
from rootspan_apiserver.serving.certificates import CertificateError
from rootspan_apiserver.serving.http import BindError

REFUSALS = (BindError, CertificateError, ConfigurationError, EmbeddedEtcdError, TokenFileError)


def run_apiserver(options: Options) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status: 1, with a line on standard error, if serving could not begin."""
    level = logging.DEBUG if options.v >= 4 else logging.INFO
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    try:
        return uvloop.run(_serve(options))
    except REFUSALS as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


async def _serve(options: Options) -> int:
    started = asyncio.Event()
    async with stop_signals() as stop:
        serving = asyncio.create_task(_serve_until(stop, options, started))
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not started.is_set() and stop.is_set():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    return 0


async def _serve_until(stop: asyncio.Event, options: Options, started: asyncio.Event) -> None:
    async with apiserver(options) as running:
        started.set()
        print(f"Serving the Kubernetes API on {running.address.url}", flush=True)
        if options.write_kubeconfig:
            print(f"export KUBECONFIG={options.write_kubeconfig}", flush=True)
        await stop.wait()
        await asyncio.sleep(options.shutdown_delay_duration)


@contextlib.asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
