"""A server with RBAC for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.apiserver.authz.asking import Asker, asking


@pytest.fixture
async def rbac() -> AsyncIterator[Asker]:
    async with asking() as asker:
        yield asker
