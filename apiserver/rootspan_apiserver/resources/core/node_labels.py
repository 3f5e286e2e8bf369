"""Labels of nodes that have another name by now, and warnings of those who select by them.

Upstream: pkg/api/node/util.go
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.meta import JSONObject

NODE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
        "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
        "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
        "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
        "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
        "app.kubernetes.io/created-by": "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
        "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
    }
)


def expression_warnings(expressions: Iterable[JSONObject], place: object) -> Iterator[str]:
    """Yield the warnings of the expressions of a selector, which are at `place`."""
    for index, expression in enumerate(expressions):
        key = expression.get("key") or ""
        if key in NODE_LABELS:
            yield f"{place}[{index}].key: {key} is {NODE_LABELS[key]}"
