"""How a container is asked whether it is well, and what happens when it begins or ends: probes and lifecycle handlers.

Upstream: pkg/apis/core/validation/validation.go (validateProbe, validateHandler, validateLifecycle)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    alternatives,
    forbidden,
    function,
    greater_than,
    named,
    not_negative,
    one_of,
    required,
    struct,
)

_HEADER = "[-A-Za-z0-9]+"


def http_header_name(value: str) -> list[str]:
    """Return why a value is no name of an HTTP header."""
    if re.fullmatch(_HEADER, value):
        return []
    words = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', "
    return [f"{words}regex used for validation is '{_HEADER}')"]


def _port(value: int | str) -> list[str]:
    return port_name(value) if isinstance(value, str) else port_number(value)


port_or_name = absent_as(0, named(_port))
"""The number or the name of a port (`ValidatePortNumOrName`)."""


@function("validateSleepAction")
def _sleep(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A container does not sleep longer than it has to end."""
    seconds, grace = value.get("seconds") or 0, context.scope.grace_period
    if grace is not None and not 0 <= seconds <= grace:
        words = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield FieldError.invalid(path, seconds, words)


@function("IsHTTPHeaderName")
def _headers(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each header has a valid name; the errors are at the list."""
    for header in value:
        name = header.get("name") or ""
        yield from (FieldError.invalid(path, name, reason) for reason in http_header_name(name))


_ACTIONS: dict[str, Rule] = {
    "exec": struct(command=required),
    "httpGet": struct(
        path=required,
        port=port_or_name,
        scheme=absent_as("", one_of("HTTP", "HTTPS")),
        httpHeaders=_headers,
    ),
    "tcpSocket": struct(port=port_or_name),
    "grpc": struct(port=port_or_name),
    "sleep": _sleep,
}


def _handler(*kinds: str) -> Rule:
    return alternatives(
        {kind: _ACTIONS[kind] for kind in kinds},
        none="must specify a handler type",
        more="may not specify more than 1 handler type",
    )


_PROBE = _handler("exec", "httpGet", "tcpSocket", "grpc") & struct(
    initialDelaySeconds=not_negative,
    timeoutSeconds=not_negative,
    periodSeconds=not_negative,
    successThreshold=not_negative,
    failureThreshold=not_negative,
    terminationGracePeriodSeconds=greater_than(0),
)


def _one(value: int) -> list[str]:
    return [] if value == 1 else ["must be 1"]


_ONE_SUCCESS = struct(successThreshold=absent_as(0, named(_one)))


@function("validateReadinessProbe")
def _no_grace_period(value: int, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Nothing ends because of a readiness probe."""
    yield FieldError.invalid(path, value, "must not be set for readinessProbes")


_LIFECYCLE_HANDLER = _handler("exec", "httpGet", "tcpSocket", "sleep")
HANDLERS = struct(
    lifecycle=struct(postStart=_LIFECYCLE_HANDLER, preStop=_LIFECYCLE_HANDLER),
    livenessProbe=_PROBE & _ONE_SUCCESS,
    readinessProbe=_PROBE & struct(terminationGracePeriodSeconds=_no_grace_period),
    startupProbe=_PROBE & _ONE_SUCCESS,
)
"""The rules for the probes and the lifecycle of a container that runs as long as its pod."""
_NOT_FOR_INIT = forbidden("may not be set for init containers without restartPolicy=Always", empty=True)
NO_HANDLERS = struct(
    lifecycle=_NOT_FOR_INIT, livenessProbe=_NOT_FOR_INIT, readinessProbe=_NOT_FOR_INIT, startupProbe=_NOT_FOR_INIT
)
"""The rules for an init container that ends before the others begin."""
