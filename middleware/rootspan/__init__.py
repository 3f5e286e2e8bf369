"""The server span for requests you do not trust: an ASGI middleware, traced HTTP clients, and their configuration."""

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
