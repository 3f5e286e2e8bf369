"""Ingress: its rules, its status, its table."""

import pytest

from rootspan_apiserver.resources.networking.ingress import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

SERVICE = {"service": {"name": "web", "port": {"number": 80}}}
OBJECT = {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "b"}}
PATH = {"path": "/", "pathType": "Prefix", "backend": SERVICE}
KIND = KindCheck(definition, {"spec": {"rules": [{"host": "example.com", "http": {"paths": [PATH]}}]}})
FIRST = "spec.rules.0.http.paths.0"
CLASS = {"kubernetes.io/ingress.class": "blue"}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": {}}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
    ({"spec": REMOVED}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
    ({"spec": {"defaultBackend": SERVICE}}, []),
    ({"spec.defaultBackend": {}}, ['spec.defaultBackend: Invalid value: "": resource or service backend is required']),
    ({"spec.defaultBackend": {**SERVICE, **OBJECT}}, ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends']),
    ({"spec.rules.0.host": ""}, []),
    ({"spec.rules.0.host": "*.example.com"}, []),
    ({"spec.rules.0.host": "a.*.com"}, ["spec.rules[0].host: Invalid value: \"a.*.com\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]),
    ({"spec.rules.0.host": "Example.com"}, ["spec.rules[0].host: Invalid value: \"Example.com\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]),
    ({"spec.rules.0.host": "192.0.2.7"}, ['spec.rules[0].host: Invalid value: "192.0.2.7": must be a DNS name, not an IP address']),
    ({"spec.rules.0.http": REMOVED}, []),
    ({"spec.rules.0.http.paths": []}, ["spec.rules[0].http.paths: Required value"]),
    ({FIRST: {}}, ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]),
    ({f"{FIRST}.pathType": "Regex"}, ['spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"']),
    ({f"{FIRST}.path": "x"}, ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path']),
    ({f"{FIRST}.path": ""}, ['spec.rules[0].http.paths[0].path: Invalid value: "": must be an absolute path']),
    ({f"{FIRST}.path": "", f"{FIRST}.pathType": "ImplementationSpecific"}, []),
    ({f"{FIRST}.path": "x", f"{FIRST}.pathType": "ImplementationSpecific"}, ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path']),
    ({f"{FIRST}.path": "/a//b/.."}, [
        "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b/..\": must not contain '//'",
        "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b/..\": cannot end with '/..'",
    ]),
    ({f"{FIRST}.backend": OBJECT}, []),
    ({f"{FIRST}.backend": {"resource": {"apiGroup": "A", "kind": "a/b"}}}, [
        "spec.rules[0].http.paths[0].backend.resource.apiGroup: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.rules[0].http.paths[0].backend.resource.kind: Invalid value: \"a/b\": may not contain '/'",
        "spec.rules[0].http.paths[0].backend.resource.name: Required value",
    ]),
    ({f"{FIRST}.backend.service": {}}, [
        "spec.rules[0].http.paths[0].backend.service.name: Required value",
        "spec.rules[0].http.paths[0].backend: Required value: port name or number is required",
    ]),
    ({f"{FIRST}.backend.service.name": "Web"}, ["spec.rules[0].http.paths[0].backend.service.name: Invalid value: \"Web\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]),
    ({f"{FIRST}.backend.service.port.number": 65536}, ["spec.rules[0].http.paths[0].backend.service.port.number: Invalid value: 65536: must be between 1 and 65535, inclusive"]),
    ({f"{FIRST}.backend.service.port.name": "http"}, ['spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name & port number']),
    ({f"{FIRST}.backend.service.port": {"name": "80"}}, ['spec.rules[0].http.paths[0].backend.service.port.name: Invalid value: "80": must contain at least one letter (a-z)']),
    ({"spec.tls": [{"hosts": ["*.example.com"], "secretName": "tls"}]}, []),
    ({"spec.tls": [{"hosts": ["*"], "secretName": "T"}]}, [
        "spec.tls[0].hosts[0]: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.tls[0].secretName: Invalid value: \"T\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
    ({"spec.ingressClassName": "blue", "metadata.annotations": CLASS}, []),
    ({"spec.ingressClassName": "", "metadata.annotations": CLASS}, [
        "spec.ingressClassName: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'annotations.kubernetes.io/ingress.class: Invalid value: "blue": must match `ingressClassName` when both are specified',
    ]),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status.loadBalancer.ingress": [{"ip": "192.0.2.1"}, {"hostname": "a.example.com"}]}, []),
    ({"status.loadBalancer.ingress": [{"ip": "192.0.2.01"}, {"hostname": "192.0.2.1"}, {"hostname": "A"}]}, [
        'status.loadBalancer.ingress[0].ip: Invalid value: "192.0.2.01": must not have leading 0s',
        'status.loadBalancer.ingress[1].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
        "status.loadBalancer.ingress[2].hostname: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The addresses of the load balancer are addresses, its host names are names."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [KIND.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], statuses) == []


def test_stored_faults_stay_valid() -> None:
    """What is stored although today's rules refuse it does not keep an update from being made; the class is compared on create alone."""
    wildcard = {"spec.rules.0": {"host": "*.example.com", "http": {"paths": []}}}
    assert KIND.update_refusals({"metadata.labels": {"a": "b"}}, old=wildcard) == []
    assert KIND.update_refusals({"spec.tls.1": {"secretName": "U"}}, old={"spec.tls": [{"secretName": "T"}]}) == []
    assert KIND.update_refusals({"spec.ingressClassName": "red", "metadata.annotations": CLASS}) == []
    address = {"status.loadBalancer.ingress": [{"ip": "192.0.2.01"}]}
    assert KIND.update_refusals({"status.loadBalancer.ingress.1": {"ip": "192.0.2.1"}}, "status", old=address) == []


def test_generation_counts_changes_of_spec() -> None:
    """A change of the spec counts, one of the metadata does not."""
    assert KIND.updated({"spec.rules.0.host": "a.example.com"})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 1


def test_table_shows_hosts_and_addresses() -> None:
    """The class is that of the annotation where the field is absent; more than three hosts are counted."""
    changes = {"spec": {"rules": [{"host": name} for name in "abcde"], "tls": [{}]}, "metadata.annotations": CLASS}
    status = {"status.loadBalancer.ingress": [{"ip": "192.0.2.1"}, {"hostname": "h"}]}
    assert KIND.row({**changes, **status}) == {
        "Name": "x",
        "Class": "blue",
        "Hosts": "a,b,c + 2 more...",
        "Address": "192.0.2.1,h",
        "Ports": "80, 443",
        "Age": "5m",
    }
    assert KIND.bookmark_row() == ["", "<none>", "*", "", "80", "<unknown>"]


def test_new_ingress_with_class_in_annotation_is_warned_of() -> None:
    """Not where the spec names a class, and not on an update."""
    annotated = {"metadata": {"annotations": {"kubernetes.io/ingress.class": "web"}}, "spec": {}}
    words = "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    assert definition.warnings is not None
    assert definition.warnings(annotated, None) == [words]
    assert definition.warnings(annotated, annotated) == []
    assert definition.warnings({**annotated, "spec": {"ingressClassName": "web"}}, None) == []
