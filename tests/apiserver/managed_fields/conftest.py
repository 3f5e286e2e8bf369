"""Field managers of built-in and custom resources."""

from collections.abc import Callable

import pytest

from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.resources.catalogue import builtin_registry

Managers = Callable[..., FieldManager]


@pytest.fixture(scope="session")
def field_manager() -> Managers:
    registry = builtin_registry()

    def made(group: str, version: str, plural: str, subresource: str = "") -> FieldManager:
        resource = registry.lookup(group, version, plural)
        assert resource is not None
        return FieldManager.of(resource, subresource)

    return made
