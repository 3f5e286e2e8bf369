"""What clients are warned of when they write objects that are valid, and hardly meant or outdated."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry

OLD_OS = 'deprecated since v1.14; use "kubernetes.io/os" instead'
FULL = "should be in RFC 5952 canonical format"
TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
INDEXED = {"completionMode": "Indexed", "completions": 100_001, "parallelism": 10_001, "template": TEMPLATE}
TOO_MANY = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to "
    "track completedIndexes when a big number of indexes fail"
)
STATIC = (
    'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations '
    "and cannot be managed via the API"
)


def warned(path: str, obj: JSONObject, old: JSONObject | None = None) -> list[str]:
    """The warnings of an object of the resource at `group/plural`."""
    group, _, plural = path.rpartition("/")
    metadata = {"name": "a", **obj.get("metadata", {})}
    return builtin_registry().builtin(plural, group).strategy.warnings({**obj, "metadata": metadata}, old)


ROWS: list[tuple[str, JSONObject, list[str]]] = [
    (
        "services",
        {"spec": {"clusterIP": "2001:DB8::1", "clusterIPs": ["2001:DB8::1"], "sessionAffinity": "None"}},
        [f'spec.clusterIPs[0]: IPv6 address "2001:DB8::1" {FULL} ("2001:db8::1")'],
    ),
    (
        "services",
        {
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerIP": "::ffff:1.2.3.4",
                "loadBalancerSourceRanges": ["10.0.0.1/8", "2001:DB8::/32", "010.0.0.0/8", "10.0.0.0/8"],
            }
        },
        [
            'spec.loadBalancerIP: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"',
            (
                'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context '
                '(should be "10.0.0.0/8" or "10.0.0.1/32"?)'
            ),
            f'spec.loadBalancerSourceRanges[1]: IPv6 CIDR value "2001:DB8::/32" {FULL} ("2001:db8::/32")',
            'spec.loadBalancerSourceRanges[2]: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"',
        ],
    ),
    (
        "nodes",
        {"spec": {"externalID": "x", "podCIDRs": ["2001:DB8::/64"]}},
        [
            "spec.externalID: this field is deprecated, and is unused by Kubernetes",
            f'spec.podCIDRs[0]: IPv6 CIDR value "2001:DB8::/64" {FULL} ("2001:db8::/64")',
        ],
    ),
    (
        "endpoints",
        {"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "notReadyAddresses": [{"ip": "2001:DB8::1"}]}]},
        [f'subsets[0].notReadyAddresses[0].ip: IPv6 address "2001:DB8::1" {FULL} ("2001:db8::1")'],
    ),
    (
        "endpoints",
        {
            "metadata": {"labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}},
            "subsets": [{"addresses": [{"ip": "2001:DB8::1"}]}],
        },
        [],
    ),
    (
        "discovery.k8s.io/endpointslices",
        {"addressType": "IPv4", "endpoints": [{"addresses": ["::ffff:1.2.3.4"]}]},
        ['endpoints[0].addresses[0]: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"'],
    ),
    (
        "networking.k8s.io/networkpolicies",
        {
            "spec": {
                "ingress": [{"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "2001:DB8::/32"}}]}],
                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.1/16"]}}]}],
            }
        },
        [
            f'spec.ingress[0].from[1].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" {FULL} ("2001:db8::/32")',
            (
                'spec.egress[0].to[0].ipBlock.except[0]: CIDR value "10.0.0.1/16" is ambiguous in this context '
                '(should be "10.0.0.0/16" or "10.0.0.1/32"?)'
            ),
        ],
    ),
    (
        "persistentvolumes",
        {
            "metadata": {"annotations": {"volume.beta.kubernetes.io/mount-options": "ro"}},
            "spec": {
                "rbd": {},
                "persistentVolumeReclaimPolicy": "Recycle",
                "nodeAffinity": {
                    "required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "beta.kubernetes.io/os"}]}]}
                },
            },
        },
        [
            (
                "metadata.annotations[volume.beta.kubernetes.io/mount-options]: "
                'deprecated since v1.31; use "mountOptions" attribute instead'
            ),
            (
                "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                "Instead, the recommended approach is to use dynamic provisioning."
            ),
            f"spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is {OLD_OS}",
            "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
        ],
    ),
    (
        "storage.k8s.io/storageclasses",
        {"allowedTopologies": [{"matchLabelExpressions": [{"key": "a"}, {"key": "beta.kubernetes.io/os"}]}]},
        [f"allowedTopologies[0].matchLabelExpressions[1].key: {OLD_OS}"],
    ),
    (
        "storage.k8s.io/csistoragecapacities",
        {
            "nodeTopology": {
                "matchLabels": {"beta.kubernetes.io/os": "linux"},
                "matchExpressions": [{"key": "beta.kubernetes.io/os"}],
            }
        },
        [
            f"nodeTopology.matchExpressions[0].key: beta.kubernetes.io/os is {OLD_OS}",
            f"nodeTopology.matchLabels.beta.kubernetes.io/os: {OLD_OS}",
        ],
    ),
    (
        "node.k8s.io/runtimeclasses",
        {"scheduling": {"nodeSelector": {"beta.kubernetes.io/os": "linux", "other": ""}}},
        [f"scheduling.nodeSelector: {OLD_OS}"],
    ),
    (
        "networking.k8s.io/ingresses",
        {"metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}}, "spec": {}},
        ["annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"],
    ),
    (
        "networking.k8s.io/ingresses",
        {"metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}}, "spec": {"ingressClassName": "x"}},
        [],
    ),
    (
        "serviceaccounts",
        {"metadata": {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}},
        [
            (
                "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; "
                "prefer separate namespaces to isolate access to mounted secrets"
            )
        ],
    ),
    ("batch/jobs", {"spec": INDEXED}, [f"spec: {TOO_MANY}"]),
    ("batch/jobs", {"spec": {**INDEXED, "parallelism": 10_000}}, []),
    (
        "batch/cronjobs",
        {"spec": {"schedule": "TZ=UTC * * * * *", "jobTemplate": {"spec": INDEXED}}},
        [f"spec.jobTemplate.spec: {TOO_MANY}"],
    ),
    (
        "podtemplates",
        {
            "template": {
                "spec": {
                    "containers": [],
                    "dnsConfig": {"nameservers": ["2001:DB8::1"]},
                    "hostAliases": [{"ip": "2001:DB8::2"}],
                }
            }
        },
        [
            f'template.spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::1" {FULL} ("2001:db8::1")',
            f'template.spec.hostAliases[0].ip: IPv6 address "2001:DB8::2" {FULL} ("2001:db8::2")',
        ],
    ),
    (
        "admissionregistration.k8s.io/validatingwebhookconfigurations",
        {"metadata": {"name": "x.static.k8s.io"}},
        [STATIC],
    ),
    ("admissionregistration.k8s.io/mutatingadmissionpolicybindings", {"metadata": {"name": "x.k8s.io"}}, []),
]


@pytest.mark.parametrize(("path", "obj", "expected"), ROWS)
def test_new_objects_are_warned_of(path: str, obj: JSONObject, expected: list[str]) -> None:
    """In the words and in the order of the real server."""
    assert warned(path, obj) == expected


def test_updates_are_warned_of_what_is_new() -> None:
    """An annotation that was there already is no news; the time zone in a schedule is, on updates alone."""
    annotated: dict[str, Any] = {"metadata": {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}}
    assert warned("serviceaccounts", annotated, annotated) == []
    old_class = {"metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}}, "spec": {}}
    assert warned("networking.k8s.io/ingresses", old_class, old_class) == []
    job = {"metadata": {"generation": 1}, "spec": INDEXED}
    assert warned("batch/jobs", job, job) == []
    scheduled = {"metadata": {"generation": 1}, "spec": {"schedule": "CRON_TZ=UTC * * * * *"}}
    assert warned("batch/cronjobs", scheduled, scheduled) == [
        (
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
            "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
        )
    ]


@pytest.mark.parametrize("path", ["services", "networking.k8s.io/ingresses"])
def test_status_warns_of_addresses(path: str) -> None:
    """A write of the status warns of its addresses alone, of services and ingresses; one of the object does not."""
    group, _, plural = path.rpartition("/")
    strategy = builtin_registry().builtin(plural, group).strategy
    balancer = {"ingress": [{"hostname": "h"}, {"ip": "2001:DB8::1"}, {"ip": "10.0.0.1"}]}
    obj = {"metadata": {"name": "a"}, "spec": {"externalName": "x"}, "status": {"loadBalancer": balancer}}
    shown = f'status.loadBalancer.ingress[1]: IPv6 address "2001:DB8::1" {FULL} ("2001:db8::1")'
    assert strategy.warnings(obj, obj, "status") == [shown]
    assert shown not in strategy.warnings(obj, obj)
    assert builtin_registry().builtin("nodes").strategy.warnings({"metadata": {}}, {"metadata": {}}, "status") == []
