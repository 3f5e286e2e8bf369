"""An API server inside the process for the duration of a block, for tests of clients, operators and webhooks.

with Environment() as env:
    client = lightkube.Client(config=KubeConfig.from_dict(env.kubeconfig))

`with` runs the server in a separate thread, for synchronous clients; `async with` runs it in the current event loop.
"""

import asyncio
import contextlib
import logging
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace import Span as SDKSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from rootspan.ids import RootIdGenerator
from rootspan.spans import Span
from rootspan.testing import SpanRecorder
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.processes.event_loop import new_event_loop
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.running import Running
from rootspan_apiserver.trace_page.written import write_html

logger = logging.getLogger(__name__)
SETTLING_SECONDS = 10.0
"""How long startup waits for the controllers, whose objects a webhook in --data-dir may reject."""


class _RecorderOfUserSpans(SpanRecorder):
    """Keeps the spans of traces, except those that begin while the server starts."""

    def __init__(self) -> None:
        super().__init__()
        self.starting = True
        self._left_out: set[int] = set()

    def on_start(self, span: SDKSpan, parent_context: Context | None = None) -> None:
        if self.starting:
            self._left_out.add(span.context.trace_id)

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is None or span.context.trace_id not in self._left_out:
            super().on_end(span)


class Environment:
    """A server on a free port of 127.0.0.1 with its objects in memory; every request is traced and its spans are kept.

    `flags` are those of kube-apiserver (`--etcd-servers=…`, `--data-dir=…`, `--disable-admission-plugins=…`); `authorization="RBAC"` is
    short for `--authorization-mode=RBAC`. The properties are available inside the block only. When the block is entered the system
    namespaces exist; the spans of the startup are not kept.

    Raises:
        OptionsError: the flags are not valid.
    """

    def __init__(self, *flags: str, authorization: str = "") -> None:
        modes = [f"--authorization-mode={authorization}"] if authorization else []
        self._options = Options.parse(["--secure-port=0", *modes, *flags])
        self._recorder = _RecorderOfUserSpans()
        self._provider = TracerProvider(
            sampler=ParentBased(ALWAYS_ON),
            resource=self._options.dialect().resource(socket.gethostname()),
            id_generator=RootIdGenerator(),
        )
        self._provider.add_span_processor(self._recorder)
        self._running: Running | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = contextlib.ExitStack()
        self._async_stack = contextlib.AsyncExitStack()
        self._kubeconfig_path: Path | None = None

    @property
    def url(self) -> str:
        """The server's address, `https://127.0.0.1:PORT`."""
        return self._entered.address.url

    @property
    def ca_bundle(self) -> bytes:
        """The CA bundle (PEM) that verifies the server's certificate."""
        return self._entered.ca_bundle

    @property
    def token(self) -> str:
        """A bearer token of the administrator."""
        return self._entered.token

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig of the administrator, as an object."""
        document: dict[str, Any] = yaml.safe_load(self._entered.kubeconfig)
        return document

    @property
    def kubeconfig_path(self) -> Path:
        """The kubeconfig as a file, for kubectl and other readers of `KUBECONFIG`. It is deleted at the end of the block."""
        if self._kubeconfig_path is None:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rootspan-"))
            path = Path(folder) / "kubeconfig"
            kubeconfig.write(path, self._entered.kubeconfig)
            self._kubeconfig_path = path
        return self._kubeconfig_path

    @property
    def spans(self) -> list[Span]:
        """The spans that have ended so far."""
        return self._recorder.spans

    def wait_for_spans(self, count: int, timeout: float = 10.0) -> list[Span]:
        """Wait until `count` spans have ended and return all that have. Blocks; raises TimeoutError after `timeout` seconds."""
        return self._recorder.wait_for(count, timeout)

    def clear_spans(self) -> None:
        """Forget the spans that have ended so far."""
        self._recorder.clear()

    def write_html(self, path: str | Path) -> None:
        """Write the traces of the spans that have ended so far as a page that a browser opens without a server. Raises OSError."""
        write_html(Path(path), self.spans)

    def expire_history(self) -> None:
        """Make every resourceVersion and continue token so far too old: the server answers them with 410 Expired.

        It blocks, and belongs into a `with` block; `async with` has `aexpire_history`.
        """
        running = self._entered
        if self._loop is None:
            raise RuntimeError("inside `async with` it is `await env.aexpire_history()`")
        asyncio.run_coroutine_threadsafe(_awaited(running.expire_history), self._loop).result()

    async def aexpire_history(self) -> None:
        """Do the same inside `async with`."""
        await self._entered.expire_history()

    @property
    def _entered(self) -> Running:
        if self._running is None:
            raise RuntimeError("the environment is available inside its with block only")
        return self._running

    async def __aenter__(self) -> Self:
        self._running = await self._async_stack.enter_async_context(
            _settled(self._options, self._provider, self._recorder)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()
        await self._async_stack.aclose()

    def __enter__(self) -> Self:
        threaded = _in_a_thread(self._options, self._provider, self._recorder)
        self._running, self._loop = self._stack.enter_context(threaded)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._running = self._kubeconfig_path = self._loop = None
        self._stack.close()


@contextlib.asynccontextmanager
async def _settled(
    options: Options, provider: TracerProvider, recorder: _RecorderOfUserSpans
) -> AsyncIterator[Running]:
    """Run a server, and yield it once its controllers are idle."""
    recorder.starting = True
    async with apiserver(options, tracer_provider=provider) as running:
        try:
            async with asyncio.timeout(SETTLING_SECONDS):
                await running.settled()
        except TimeoutError:
            logger.warning("after %g s the controllers still have work to do", SETTLING_SECONDS)
        recorder.starting = False
        yield running


@contextlib.contextmanager
def _in_a_thread(
    options: Options, provider: TracerProvider, recorder: _RecorderOfUserSpans
) -> Iterator[tuple[Running, asyncio.AbstractEventLoop]]:
    started: Future[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        async with _settled(options, provider, recorder) as running:
            started.set_result((running, asyncio.get_running_loop(), stop))
            await stop.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="kube-apiserver", daemon=True)
    thread.start()
    running, loop, stop = started.result()
    try:
        yield running, loop
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
