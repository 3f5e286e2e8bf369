"""What is made of a registry, and kept until the registry changes."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from rootspan_apiserver.resources.catalogue import Registry

P = ParamSpec("P")
T = TypeVar("T")


def once_per_revision(make: Callable[Concatenate[Registry, P], T]) -> Callable[Concatenate[Registry, P], T]:
    """Call `make` once for each state of a registry and each list of arguments; the registry keeps the results."""

    @wraps(make)
    def get(registry: Registry, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (make, args, tuple(sorted(kwargs.items())))
        if key not in registry.made:
            registry.made[key] = make(registry, *args, **kwargs)
        return cast("T", registry.made[key])

    return get
