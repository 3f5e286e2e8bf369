"""Pod: what is said of the pod as a whole."""

import pytest

from tests.apiserver.resources.core.pod_objects import LABEL, POD, SUBDOMAIN
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.restartPolicy': 'Maybe', 'spec.dnsPolicy': 'Mine'}, [
        'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
        'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ]),
    ({'spec.dnsPolicy': 'None'}, [
        'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
    ]),
    ({'spec.dnsPolicy': 'None', 'spec.dnsConfig': {}}, [
        'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
    ]),
    ({'spec.dnsPolicy': 'None', 'spec.dnsConfig': {'nameservers': ['10.0.0.1']}}, []),
    ({'spec.dnsConfig': {'nameservers': ['x', '10.0.0.1', '10.0.0.2', '10.0.0.3'], 'searches': ['a_b.c.', '.', '!'], 'options': [{}]}}, [
        'spec.dnsConfig.nameservers: Invalid value: ["x","10.0.0.1","10.0.0.2","10.0.0.3"]: must not have more than 3 nameservers',
        'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'spec.dnsConfig.searches[2]: Invalid value: "!": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'_\', \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*\')',
        'spec.dnsConfig.options[0]: Required value: must not be empty',
    ]),
    ({'spec.hostAliases': [{'ip': '10.0.0.1', 'hostnames': ['a.b']}]}, []),
    ({'spec.hostAliases': [{'ip': 'fe80::1%eth0', 'hostnames': ['A_']}, {}]}, [
        'spec.hostAliases[0].ip: Invalid value: "fe80::1%eth0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'spec.hostAliases[0].hostnames[0]: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.hostAliases[1].ip: Invalid value: "": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]),
    ({'spec.hostNetwork': True, 'spec.containers.0.ports': [{'containerPort': 80, 'hostPort': 81}]}, [
        'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
    ]),
    ({'spec.hostNetwork': True, 'spec.containers.0.ports': [{'containerPort': 80}]}, []),
    ({'spec.serviceAccountName': 'A_', 'spec.nodeName': 'N_', 'spec.activeDeadlineSeconds': 0, 'spec.hostname': 'H_', 'spec.subdomain': 'S_', 'spec.priorityClassName': 'P_', 'spec.runtimeClassName': '', 'spec.preemptionPolicy': 'Maybe'}, [
        'spec.serviceAccountName: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.nodeName: Invalid value: "N_": ' + SUBDOMAIN,
        'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
        'spec.hostname: Invalid value: "H_": ' + LABEL,
        'spec.subdomain: Invalid value: "S_": ' + LABEL,
        'spec.priorityClassName: Invalid value: "P_": ' + SUBDOMAIN,
        'spec.runtimeClassName: Invalid value: "": ' + SUBDOMAIN,
        'spec.preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
    ]),
    ({'spec.preemptionPolicy': ''}, ['spec.preemptionPolicy: Required value']),
    ({'spec.hostnameOverride': 'a.b'}, []),
    ({'spec.hostnameOverride': 'X', 'spec.setHostnameAsFQDN': True, 'spec.hostNetwork': True}, [
        'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
        'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
        'spec.hostnameOverride: Invalid value: "X": ' + SUBDOMAIN,
    ]),
    ({'spec.hostnameOverride': 'a' * 65}, ['spec.hostnameOverride: Too long: may not be more than 64 bytes']),
    ({'spec.serviceAccountName': 'a', 'spec.nodeName': 'n', 'spec.activeDeadlineSeconds': 1, 'spec.hostname': 'h', 'spec.subdomain': 's', 'spec.priorityClassName': 'p', 'spec.runtimeClassName': 'r', 'spec.preemptionPolicy': 'Never'}, []),
    ({'metadata.annotations': {'kubernetes.io/config.mirror': 'x', 'controller.kubernetes.io/pod-deletion-cost': '+1', 'seccomp.security.alpha.kubernetes.io/pod': 'half', 'container.seccomp.security.alpha.kubernetes.io/c': 'localhost//a', 'container.apparmor.security.beta.kubernetes.io/d': 'half'}}, [
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
        'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
        'metadata.annotations.container.seccomp.security.alpha.kubernetes.io/c: Invalid value: "/a": must be a relative path',
        'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "half": must be a valid seccomp profile',
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "d": container not found',
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "half": invalid AppArmor profile name: "half"',
    ]),
    ({'metadata.annotations': {'controller.kubernetes.io/pod-deletion-cost': '-100', 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default'}}, []),
    ({'metadata.annotations': {'seccomp.security.alpha.kubernetes.io/pod': 'unconfined', 'container.seccomp.security.alpha.kubernetes.io/c': 'localhost/b', 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined'}, 'spec.securityContext': {'seccompProfile': {'type': 'RuntimeDefault'}, 'appArmorProfile': {'type': 'RuntimeDefault'}}, 'spec.containers.0.securityContext': {'seccompProfile': {'type': 'Localhost', 'localhostProfile': 'a'}, 'appArmorProfile': {'type': 'RuntimeDefault'}}}, [
        'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
        'spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
        'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_spec_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
