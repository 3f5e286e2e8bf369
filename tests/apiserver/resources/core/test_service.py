"""Service: its ports and addresses, what stays of them, its warnings and its table."""

import pytest

from rootspan_apiserver.resources.core.service import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

SERVICE = KindCheck(
    definition, {"spec": {"clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ports": [{"port": 80}]}}
)
NO_NAME = "spec.loadBalancerClass: Invalid value: \"%s\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'metadata.name': '1a'}, []),
    ({'metadata.name': 'a.b'}, ['metadata.name: Invalid value: "a.b": must not contain dots']),
    ({'spec.ports': []}, ['spec.ports: Required value']),
    ({'spec.ports.0.port': 0}, ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', 'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive']),
    ({'spec.ports.0.protocol': 'X'}, ['spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"']),
    ({'spec.ports.0.name': 'a b'}, ['spec.ports[0].name: Invalid value: "a b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character (e.g. \'my-name\',  or \'123-abc\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?\')']),
    ({'spec.ports.0.targetPort': 'a_b'}, ['spec.ports[0].targetPort: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ({'spec.ports.0.appProtocol': 'a b'}, ['spec.ports[0].appProtocol: Invalid value: "a b": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')']),
    ({'spec.ports.1': {'port': 81}}, ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value']),
    ({'spec.ports': [{'port': 80, 'name': 'a'}, {'port': 80, 'name': 'a'}]}, ['spec.ports[1].name: Duplicate value: "a"', 'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}']),
    ({'spec.ports.0.nodePort': 30009}, ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]),
    ({'spec.type': 'NodePort', 'spec.ports': [{'port': 80, 'name': 'a', 'nodePort': 30009}, {'port': 81, 'name': 'b', 'nodePort': 30009}]}, ['spec.ports[1].nodePort: Duplicate value: 30009']),
    ({'spec.type': 'Other'}, ['spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"']),
    ({'spec.type': 'NodePort', 'spec.clusterIP': 'None', 'spec.clusterIPs': ['None']}, ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services']),
    ({'spec.clusterIP': 'None', 'spec.clusterIPs': ['None'], 'spec.ports': []}, []),
    ({'spec': {'type': 'ExternalName', 'externalName': 'a.example.com.'}}, []),
    ({'spec': {'type': 'ExternalName', 'clusterIP': '10.0.0.1', 'ipFamilies': ['IPv4'], 'ipFamilyPolicy': 'SingleStack'}}, ['spec.clusterIPs: Forbidden: may not be set for ExternalName services', 'spec.ipFamilies: Forbidden: may not be set for ExternalName services', 'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services', 'spec.externalName: Required value']),
    ({'spec': {'type': 'ExternalName', 'externalName': 'A'}}, ['spec.externalName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
    ({'spec.selector': {'a': 'b c'}}, ['spec.selector: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')']),
    ({'spec.sessionAffinity': 'Some'}, ['spec.sessionAffinity: Unsupported value: "Some": supported values: "ClientIP", "None"']),
    ({'spec.sessionAffinity': 'ClientIP'}, []),
    ({'spec.sessionAffinity': 'ClientIP', 'spec.sessionAffinityConfig': {'clientIP': {'timeoutSeconds': 86401}}}, ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400']),
    ({'spec.clusterIPs': ['x'], 'spec.clusterIP': 'x'}, ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    ({'spec.ipFamilies': ['IPv5']}, ['spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"']),
    ({'spec.ipFamilyPolicy': ''}, ['spec.ipFamilyPolicy: Unsupported value: "": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"']),
    ({'spec.sessionAffinity': 'ClientIP', 'spec.sessionAffinityConfig': {'clientIP': {'timeoutSeconds': 0}}}, ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400']),
    ({'spec.ipFamilyPolicy': 'Some'}, ['spec.ipFamilyPolicy: Unsupported value: "Some": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"']),
    ({'spec.externalIPs': ['x']}, ['spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    ({'spec.externalIPs': ['127.0.0.1', '0.0.0.0', '169.254.1.1', '224.0.0.1']}, ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)', 'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)', 'spec.externalIPs[2]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)', 'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']),
    ({'spec.externalIPs': ['192.0.2.1']}, []),
    ({'spec.type': 'LoadBalancer', 'spec.loadBalancerSourceRanges': [' 10.0.0.0/8 ', 'x']}, ['spec.LoadBalancerSourceRanges[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ({'spec.loadBalancerSourceRanges': ['10.0.0.0/8']}, ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"]),
    ({'spec.type': 'LoadBalancer', 'metadata.annotations': {'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8, x'}}, ['metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ({'metadata.annotations': {'service.beta.kubernetes.io/load-balancer-source-ranges': ''}}, ["metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'"]),
    ({'metadata.annotations': {'service.kubernetes.io/topology-aware-hints': 'a', 'service.kubernetes.io/topology-mode': 'b'}}, ['metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "b": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified']),
    ({'spec.allocateLoadBalancerNodePorts': False, 'spec.loadBalancerClass': 'a'}, ["spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'", "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]),
    ({'spec.type': 'LoadBalancer', 'spec.loadBalancerClass': 'a b'}, ['spec.loadBalancerClass: Invalid value: "a b": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')']),
    ({'spec.type': 'LoadBalancer', 'spec.loadBalancerClass': 'a/b'}, []),
    ({'spec.externalTrafficPolicy': 'Local'}, ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services']),
    ({'spec.type': 'LoadBalancer', 'spec.externalTrafficPolicy': 'Some'}, ['spec.externalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local"']),
    ({'spec.healthCheckNodePort': 30001}, ["spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"]),
    ({'spec.type': 'LoadBalancer', 'spec.externalTrafficPolicy': 'Local', 'spec.healthCheckNodePort': 70000}, ['spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive']),
    ({'spec.internalTrafficPolicy': 'Some'}, ['spec.internalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local"']),
    ({'spec.trafficDistribution': 'Some'}, ['spec.trafficDistribution: Unsupported value: "Some": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"']),
    ({'spec.trafficDistribution': 'PreferSameNode'}, []),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'spec.selector': {'a': 'b'}}, []),
    ('', {}, {'spec.clusterIP': '10.0.0.8', 'spec.clusterIPs': ['10.0.0.8']}, ['spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set']),
    ('', {}, {'spec.clusterIP': REMOVED, 'spec.clusterIPs': REMOVED}, ['spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset']),
    ('', {}, {'spec.clusterIP': 'None', 'spec.clusterIPs': ['None']}, ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']),
    ('', {'spec.ipFamilies': ['IPv4']}, {'spec.ipFamilies': ['IPv6']}, ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set', 'spec.clusterIPs[0]: Invalid value: "10.0.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`']),
    ('', {'spec.ipFamilies': ['IPv4', 'IPv6'], 'spec.ipFamilyPolicy': 'PreferDualStack'}, {'spec.ipFamilies': ['IPv4']}, ['spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary ipFamily']),
    ('', {'spec.clusterIPs': ['10.0.0.7', 'fd00::1'], 'spec.ipFamilyPolicy': 'PreferDualStack'}, {'spec.clusterIPs': ['10.0.0.7']}, ['spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary clusterIP']),
    ('', {'spec.type': 'LoadBalancer', 'spec.loadBalancerClass': 'a b'}, {'spec.loadBalancerClass': 'a b'}, [NO_NAME % 'a b'] * 2),
    ('', {'spec.type': 'LoadBalancer'}, {'spec.loadBalancerClass': 'a'}, ['spec.loadBalancerClass: Invalid value: "a": may not change once set']),
    ('', {'spec.type': 'LoadBalancer', 'spec.externalTrafficPolicy': 'Local', 'spec.healthCheckNodePort': 30001}, {'spec.healthCheckNodePort': 30002}, ['spec.healthCheckNodePort: Forbidden: field is immutable']),
    ('', {}, {'spec': {'type': 'ExternalName', 'externalName': 'a'}}, []),
    ('status', {'spec.type': 'LoadBalancer'}, {'status.loadBalancer.ingress': [{'ip': '192.0.2.1', 'ipMode': 'VIP'}, {'hostname': 'a.example.com'}]}, []),
    ('status', {}, {'status.loadBalancer.ingress': [{'ip': '192.0.2.1'}]}, ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"]),
    ('status', {'spec.type': 'LoadBalancer'}, {'status.loadBalancer.ingress': [{'ip': 'x', 'ipMode': 'Some'}, {'ipMode': 'VIP', 'hostname': '192.0.2.1'}, {'hostname': 'A'}]}, ['status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', 'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Some": supported values: "Proxy", "VIP"', 'status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set', 'status.loadBalancer.ingress[1].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address', 'status.loadBalancer.ingress[2].hostname: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert SERVICE.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert SERVICE.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [SERVICE.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert SERVICE.unchecked([changes for changes, _ in ROWS], updates) == []


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({}, []),
        ({"spec.externalIPs": ["192.0.2.1"]}, ["spec.externalIPs is deprecated and may no longer be implemented in some clusters"]),
        ({"spec.trafficDistribution": "PreferClose"}, ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']),
        ({"spec.externalName": "a"}, ['spec.externalName is ignored when spec.type is not "ExternalName"']),
        ({"spec": {"type": "ExternalName", "externalName": "a", "externalIPs": ["192.0.2.1"]}}, ['spec.externalIPs is ignored when spec.type is "ExternalName"']),
        (
            {"spec.clusterIP": "None", "spec.clusterIPs": ["None"], "spec.externalIPs": ["192.0.2.1"], "spec.sessionAffinity": "ClientIP", "spec.loadBalancerIP": "192.0.2.2"},
            ["spec.loadBalancerIP is ignored for headless services", "spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"],
        ),
        (
            {"metadata.annotations": {"service.kubernetes.io/topology-aware-hints": "auto"}},
            ["annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead"],
        ),
    ],
)  # fmt: skip
def test_warnings(changes: Changes, warnings: list[str]) -> None:
    """What is deprecated, or of no effect, is warned of."""
    assert definition.warnings is not None
    assert definition.warnings(SERVICE.stored(changes), None) == warnings


def test_table_shows_ports() -> None:
    """Ports with their node ports, and what the world sees."""
    ports = [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    row = SERVICE.row({"spec.type": "LoadBalancer", "spec.ports": ports, "spec.selector": {"a": "b"}})
    assert (row["Port(s)"], row["External-IP"], row["Selector"]) == ("80:30080/TCP,53/UDP", "<pending>", "a=b")
    row = SERVICE.row(
        {"spec.type": "LoadBalancer", "status.loadBalancer.ingress": [{"ip": "192.0.2.1"}, {"hostname": "h"}]}
    )
    assert row["External-IP"] == "192.0.2.1,h"
    assert SERVICE.row({"spec": {"type": "ExternalName", "externalName": "e"}})["External-IP"] == "e"
    assert SERVICE.bookmark_row() == ["", "", "<none>", "<none>", "<none>", "<unknown>", "<none>"]
