"""The server span for requests you do not trust: an ASGI middleware, an httpx transport, and their configuration."""

from rootspan.configuration import ConfigurationError, TracingConfiguration
from rootspan.continuation import Continuation
from rootspan.middleware import TracingMiddleware
from rootspan.provider import create_tracer_provider

__all__ = [
    "ConfigurationError",
    "Continuation",
    "TracingConfiguration",
    "TracingMiddleware",
    "create_tracer_provider",
]
