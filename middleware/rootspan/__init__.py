"""The server span for requests you do not trust: an ASGI middleware, traced HTTP clients, and their configuration.

Its parts are imported when they are asked for: the command line must be able to say what Ctrl-C does before OpenTelemetry is imported.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rootspan.configuration import ConfigurationError, TracingConfiguration
    from rootspan.continuation import Continuation, Scope
    from rootspan.middleware import TracingMiddleware
    from rootspan.provider import create_tracer_provider
    from rootspan.server_attributes import Attributes

__all__ = [
    "Attributes",
    "ConfigurationError",
    "Continuation",
    "Scope",
    "TracingConfiguration",
    "TracingMiddleware",
    "create_tracer_provider",
]

_MODULES = {
    "Attributes": "server_attributes",
    "ConfigurationError": "configuration",
    "Continuation": "continuation",
    "Scope": "continuation",
    "TracingConfiguration": "configuration",
    "TracingMiddleware": "middleware",
    "create_tracer_provider": "provider",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
