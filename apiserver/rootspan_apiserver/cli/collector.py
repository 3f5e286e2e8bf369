"""`rootspan collector`: print each trace when it is complete, and show the traces on a page."""

import asyncio
import contextlib
import sys
from typing import TextIO

from rootspan_apiserver.cli.command_options import CollectorOptions
from rootspan_apiserver.cli.trace_printer import TracePrinter
from rootspan_apiserver.collector.otlp_receiver import Collector, CollectorError
from rootspan_apiserver.processes.event_loop import new_event_loop
from rootspan_apiserver.processes.interruption import run
from rootspan_apiserver.serving.http import BindError
from rootspan_apiserver.serving.until_stopped import stop_signal
from rootspan_apiserver.trace_page.live import serving_trace_page


def run_collector(options: CollectorOptions, *, out: TextIO = sys.stdout) -> int:
    """Receive spans and print traces to `out` until SIGINT or SIGTERM. Return the exit status."""
    try:
        return run(lambda: _collect(options, out), loop_factory=new_event_loop)
    except (CollectorError, BindError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


async def _collect(options: CollectorOptions, out: TextIO) -> int:
    stop = stop_signal()
    async with contextlib.AsyncExitStack() as stack:
        collector = stack.enter_context(Collector(options.otlp_grpc_endpoint))
        printer = TracePrinter(collector.spans, out)
        stack.enter_context(collector.spans.subscribed(printer.note))
        print(f"Listening for OTLP/gRPC on {collector.endpoint}", file=out)
        if options.web:
            page = await stack.enter_async_context(serving_trace_page(collector.spans, options.web))
            print(f"Showing traces on {page.url}", file=out)
        out.flush()
        printing = asyncio.create_task(printer.run())
        await asyncio.wait([printing, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        if printing.done():
            printing.result()
        printing.cancel()
        await asyncio.wait([printing])
        printer.print_all()
    return 0
