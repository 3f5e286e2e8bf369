"""Requests that last as long as the client wishes: no time-out applies to them, and they hold no seat of the flow control.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/longrunning.go
"""

from rootspan_apiserver.kube.asgi import Scope
from rootspan_apiserver.kube.request_info import RequestInfo

_VERBS = frozenset({"watch", "proxy"})
_SUBRESOURCES = frozenset({"attach", "exec", "proxy", "log", "portforward"})


def is_long_running(info: RequestInfo, scope: Scope) -> bool:
    """Return whether a request has no time limit."""
    if info.is_resource_request:
        return info.verb in _VERBS or info.subresource in _SUBRESOURCES
    path: str = scope["path"]
    return path.startswith("/debug/pprof/")
