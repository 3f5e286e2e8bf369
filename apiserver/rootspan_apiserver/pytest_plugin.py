"""A fixture for tests of clients, operators and webhooks: `kube_apiserver`, an `Environment` of the session.

`rootspan.pytest_plugin` hands it to pytest. What it needs is imported when a test asks for it.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rootspan_apiserver.environment import Environment


@pytest.fixture(scope="session")
def kube_apiserver() -> "Iterator[Environment]":
    """A running API server, the same for the whole session, in a thread of its own."""
    from rootspan_apiserver.environment import Environment

    with Environment() as environment:
        yield environment
