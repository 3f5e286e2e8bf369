"""`rootspan apiserver`: serve until SIGINT or SIGTERM."""

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from rootspan import ConfigurationError
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.authn.service_account_keys import KeyFileError
from rootspan_apiserver.authn.tokens import TokenFileError
from rootspan_apiserver.cli.announcement import print_served
from rootspan_apiserver.embedded_etcd import EmbeddedEtcdError
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.processes import descriptors
from rootspan_apiserver.processes.calculating import SWITCH_INTERVAL
from rootspan_apiserver.processes.event_loop import new_event_loop
from rootspan_apiserver.processes.memory import returning_memory
from rootspan_apiserver.serving.certificates import CertificateError
from rootspan_apiserver.serving.http import BindError
from rootspan_apiserver.serving.until_stopped import serve_until_stopped
from rootspan_apiserver.telemetry.log_lines import CorrelatedFormatter

STARTUP_ERRORS = (BindError, CertificateError, ConfigurationError, EmbeddedEtcdError, KeyFileError, TokenFileError)


def run_apiserver(options: Options) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit status: 1, with a line on standard error, if the server cannot start."""
    level = logging.DEBUG if options.v >= 4 else logging.INFO
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(CorrelatedFormatter())
    logging.basicConfig(level=level, handlers=[lines])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    sys.setswitchinterval(SWITCH_INTERVAL)
    descriptors.raise_limit()
    grace = max(options.request_timeout, options.shutdown_watch_termination_grace_period)
    try:
        if options.workers > 1:
            from rootspan_apiserver.cli.workers import run_workers

            return run_workers(options, grace, partial(_serve, options))
    except STARTUP_ERRORS as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return _serve(options, _serving(options, grace))


def _serve(options: Options, served: AbstractAsyncContextManager[Callable[[], None] | None]) -> int:
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.get_loop()  # first, so that an interruption of its import leaves no coroutine that was never awaited
            runner.run(serve_until_stopped(served, delay=options.shutdown_delay_duration))
    except STARTUP_ERRORS as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.asynccontextmanager
async def _serving(options: Options, grace: float) -> AsyncIterator[Callable[[], None]]:
    async with apiserver(options, grace=grace) as running, returning_memory():
        gc.freeze()  # what the start has made stays, and the collector of cycles need not look at it again and again
        print_served(options, running.address)
        yield running.shut_down
