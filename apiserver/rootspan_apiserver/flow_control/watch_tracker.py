"""How many watches a write concerns.

Watches are alike that are of the same resource, namespace and name; selectors are left out of account, but for those of pods by node.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/watch_tracker.go
"""

import re
from collections import Counter

from rootspan_apiserver.flow_control.work_estimate import Parameter
from rootspan_apiserver.kube.request_info import RequestInfo

_Watched = tuple[str, str, str, str]
_NODE = re.compile(r"(?:^|,)spec\.nodeName==?([^,]+)")


class WatchTracker:
    """Counts the watches."""

    def __init__(self) -> None:
        self._watches: Counter[_Watched] = Counter()

    def begin(self, info: RequestInfo, parameter: Parameter) -> _Watched | None:
        """Count a watch from now on. Return what `end` takes; None for one that few writes concern."""
        if info.resource == "pods" and _NODE.search(parameter("fieldSelector") or ""):
            return None
        watched = (info.api_group, info.resource, info.namespace, info.name)
        self._watches[watched] += 1
        return watched

    def end(self, watched: _Watched | None) -> None:
        """Count a watch no longer."""
        if watched is None:
            return
        self._watches[watched] -= 1
        if not self._watches[watched]:
            del self._watches[watched]

    def concerned(self, info: RequestInfo) -> int:
        """Return how many watches a write concerns: those of all objects, of its namespace, of its object."""
        group, resource, namespace, watches = info.api_group, info.resource, info.namespace, self._watches
        found = watches[group, resource, "", ""]
        if namespace:
            found += watches[group, resource, namespace, ""]
        if info.name:
            found += watches[group, resource, namespace, info.name]
        return found
