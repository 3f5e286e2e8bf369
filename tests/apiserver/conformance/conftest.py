"""Our own server, its operations replayed once."""

import asyncio

import pytest

from rootspan_apiserver.conformance.command import record
from rootspan_apiserver.conformance.options import ConformanceOptions
from rootspan_apiserver.conformance.recording import Recorded


@pytest.fixture(scope="package")
def recording() -> dict[str, Recorded]:
    """What a server of ours, with the embedded etcd, was seen to do, by the name of the operation."""
    return {recorded.operation: recorded for recorded in asyncio.run(record(ConformanceOptions(), None))}
