"""Another configuration of authorizers while the server runs, as soon as the file changes.

A file that is not valid is logged and counted, and changes nothing.

Upstream: pkg/kubeapiserver/authorizer/reload.go
"""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

from rootspan import ConfigurationError
from rootspan_apiserver.authz.chain import AuthorizerChain
from rootspan_apiserver.authz.configuration_file import configuration_of
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics

logger = logging.getLogger(__name__)
INTERVAL = 0.5
"""Seconds between two looks at the file. kube-apiserver is notified of changes."""


class AuthorizationReloader:
    """Follows a file.

    Args:
        path: The file.
        text: Its text, which `chain` is configured by.
        required: The modes that it must have.
    """

    def __init__(
        self,
        path: str,
        text: bytes,
        chain: AuthorizerChain,
        metrics: AuthorizationMetrics,
        required: Collection[str],
    ) -> None:
        self._path = Path(path)
        self._text = text
        self._chain = chain
        self._metrics = metrics
        self._required = frozenset(required)
        self._configuration = configuration_of(text)
        metrics.loaded(text)

    async def run(self) -> None:
        """Look at the file until this is cancelled."""
        seen = self._stamp()
        while True:
            await asyncio.sleep(INTERVAL)
            stamp = self._stamp()
            if stamp != seen:
                seen = stamp
                self.check()

    def check(self) -> None:
        """Read the file, and configure the chain if it has changed."""
        try:
            text = self._path.read_bytes()
            if text == self._text:
                return
            logger.info("found new authorization config data")
            self._text = text
            configuration = configuration_of(text, self._required)
            if configuration == self._configuration:
                return
            self._configuration = configuration
            self._chain.configure(configuration)
        except (OSError, ConfigurationError) as error:
            logger.error("reloading authorization config: %s", error)
            self._metrics.reloaded(succeeded=False)
            return
        logger.info("reloaded authz config")
        self._metrics.reloaded(succeeded=True)
        self._metrics.loaded(text)

    def _stamp(self) -> tuple[int, int, int] | None:
        """Return what tells two contents of the file apart; None if there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
