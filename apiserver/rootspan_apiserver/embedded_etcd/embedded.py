"""An etcd inside the process."""

from pathlib import Path
from typing import Self

from rootspan_apiserver.embedded_etcd.asgi import EmbeddedApplication
from rootspan_apiserver.embedded_etcd.errors import EmbeddedEtcdError, GatewayError
from rootspan_apiserver.embedded_etcd.gateway import Gateway
from rootspan_apiserver.embedded_etcd.journal import Journal
from rootspan_apiserver.embedded_etcd.transport import EmbeddedTransport

URL = "http://127.0.0.1:2379"
"""Where etcd is by default; the embedded one listens nowhere, but clients and their spans name an address."""


class EmbeddedEtcd:
    """etcd's key-value store, watches and leases, spoken to as its JSON gateway is.

    Args:
        data_dir: where it is kept; made if missing. None: in memory, for as long as the object lives.
        progress_notify_interval: seconds between the progress notifications of an idle watch.

    Use it as an asynchronous context manager, in one event loop. What it does not do it refuses in the gateway's own form of an error.

    Raises:
        DataDirectoryInUse: another process uses the directory.
        DataDirectoryUnreadable: its file is damaged or was not written by an embedded etcd.
        EmbeddedEtcdError: the directory cannot be made, read or written.
    """

    def __init__(self, data_dir: Path | None = None, *, progress_notify_interval: float = 5.0) -> None:
        journal = Journal(data_dir) if data_dir is not None else None
        try:
            self._gateway = Gateway(journal, progress_notify_interval)
        except BaseException:
            if journal is not None:
                journal.close()
            raise
        self.application = EmbeddedApplication(self._gateway)

    @property
    def gateway(self) -> Gateway:
        """What answers requests, for servers of other protocols."""
        return self._gateway

    def transport(self) -> EmbeddedTransport:
        """Return a transport that reaches this etcd at any URL, such as `URL`."""
        return EmbeddedTransport(self._gateway)

    async def __aenter__(self) -> Self:
        self._gateway.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def end_watches(self) -> None:
        """End every watch, so that a server of `application` has nothing left to wait for."""
        self._gateway.end_watches()

    async def check(self) -> None:
        """Return if changes can be kept; after one that could not, this is found out by writing to the data directory.

        Raises:
            EmbeddedEtcdError: they cannot, such as while the disk is full.
        """
        try:
            await self._gateway.check()
        except GatewayError as exc:
            raise EmbeddedEtcdError(exc.message) from exc

    async def aclose(self) -> None:
        """End all watches, finish what is being written, and free the data directory."""
        await self._gateway.aclose()
