from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apiserver.rest.parts import object_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rootspan_apiserver.rest.store import ObjectStore


@pytest.fixture
async def store() -> AsyncIterator[ObjectStore]:
    async with object_store() as store:
        yield store
