from collections.abc import Iterator

import pytest

from tests.middleware.clients import ALL, Http, Upstream, serving_upstream


@pytest.fixture(params=ALL, ids=str)
def http(request: pytest.FixtureRequest) -> Http:
    """Each library, with blocking and with asynchronous calls."""
    library: Http = request.param
    return library


@pytest.fixture(scope="module")
def served_upstream() -> Iterator[Upstream]:
    with serving_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(served_upstream: Upstream) -> Upstream:
    """A server on a real socket; it has kept nothing yet."""
    served_upstream.clear()
    return served_upstream
