"""The pytest fixture `kube_apiserver`, an `Environment` of the session, for tests of clients, operators and webhooks.

`rootspan.pytest_plugin` registers it. The server is imported when a test uses the fixture.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rootspan_apiserver.environment import Environment


@pytest.fixture(scope="session")
def kube_apiserver() -> "Iterator[Environment]":
    """Return a running API server for the whole session, in a separate thread."""
    from rootspan_apiserver.environment import Environment

    with Environment() as environment:
        yield environment
