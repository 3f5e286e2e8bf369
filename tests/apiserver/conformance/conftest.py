"""Our own server, its operations replayed once."""

import asyncio

import pytest

from rootspan_apiserver.conformance.record import record_own
from rootspan_apiserver.conformance.recording import Recorded


@pytest.fixture(scope="package")
def recording() -> dict[str, Recorded]:
    """The recording of our own server with the embedded etcd, by the name of the operation."""
    return {recorded.operation: recorded for recorded in asyncio.run(record_own())}
