"""The limits of kube-apiserver, with their defaults.

Upstream: staging/src/k8s.io/apiserver/pkg/server/config.go, staging/src/k8s.io/apiserver/pkg/server/options/server_run_options.go
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    body: int = 3 * 1024 * 1024
    request_timeout: float = 60.0
    max_requests_in_flight: int = 400
    max_mutating_requests_in_flight: int = 200
