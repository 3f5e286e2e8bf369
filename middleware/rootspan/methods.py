"""The HTTP methods that spans and metrics name; all others are `_OTHER`, so that callers cannot multiply names and series.

The variable `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` replaces the list, as the semantic conventions ask: names separated by
commas, in upper and lower case as they are sent. It is read when this module is imported.
"""

import os
from collections.abc import Mapping

OTHER_METHOD = "_OTHER"


def known_methods(environment: Mapping[str, str]) -> frozenset[str]:
    """Read the methods that an environment makes known: those of RFC 9110, PATCH and QUERY by default."""
    listed = environment.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "")
    named = frozenset(filter(None, (name.strip() for name in listed.split(","))))
    return named or frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})


KNOWN_METHODS = known_methods(os.environ)
