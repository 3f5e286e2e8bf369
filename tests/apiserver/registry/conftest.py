from collections.abc import AsyncIterator

import pytest

from rootspan_apiserver.registry.store import Store
from tests.apiserver.registry.parts import object_store


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with object_store() as store:
        yield store
