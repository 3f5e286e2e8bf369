"""kubectl where RBAC decides: may I, who am I, tokens and approvals of users that may not do everything."""

import base64
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.real_clients.binaries import current
from tests.apiserver.real_clients.kubectl import Kubectl
from tests.apiserver.real_clients.objects import manifest

ANNE = ("--as=anne", "--as-group=devs", "--as-group=system:authenticated")
BOB = ("--as=bob", "--as-group=system:authenticated")
RBAC = "rbac.authorization.k8s.io/v1"
SIGNER = "kubernetes.io/kube-apiserver-client"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Environment]:
    with Environment(authorization="RBAC") as environment:
        yield environment


@pytest.fixture
def kubectl(cluster: Environment, tmp_path: Path) -> Kubectl:
    """The administrator's, in a namespace of its own."""
    made = Kubectl(current(), (1, 37), cluster.kubeconfig_path, f"test-{uuid4().hex[:8]}", tmp_path)
    made("create", "namespace", made.namespace)
    return made


def rows(table: str) -> dict[str, list[str]]:
    """The verbs of `can-i --list` by resource and by URL."""
    found = {}
    for line in table.splitlines()[1:]:
        subject, verbs = line.split("[", 1)[0].strip(), line.rsplit("[", 1)[1].rstrip("]")
        found[subject or line.split("[", 2)[1].partition("]")[0]] = verbs.split()
    return found


def test_can_i_knows_the_rules_of_the_user(kubectl: Kubectl) -> None:
    """`view` for a group, in one namespace: yes, no, and the list of everything."""
    kubectl("create", "rolebinding", "v", "--clusterrole=view", "--group=devs")
    assert kubectl("auth", "can-i", "list", "pods", *ANNE) == "yes\n"
    assert kubectl("auth", "can-i", "get", "pods/log", *ANNE) == "yes\n"
    assert kubectl("auth", "can-i", "create", "pods", *ANNE, status=1) == "no\n"
    assert kubectl("auth", "can-i", "list", "pods", "--all-namespaces", *ANNE, status=1) == "no\n"
    assert kubectl("auth", "can-i", "list", "pods", *BOB, status=1) == "no\n"
    assert kubectl("auth", "can-i", "get", "/version", *BOB) == "yes\n"
    assert kubectl("auth", "can-i", "get", "/metrics", *BOB, status=1) == "no\n"
    assert kubectl("auth", "can-i", "*", "*") == "yes\n"
    listed = rows(kubectl("auth", "can-i", "--list", *ANNE))
    assert listed["pods"] == ["get", "list", "watch"]
    assert listed["deployments.apps"] == ["get", "list", "watch"]
    assert listed["selfsubjectaccessreviews.authorization.k8s.io"] == ["create"]
    assert listed["/healthz"] == ["get"]
    assert "secrets" not in listed
    assert "pods" not in rows(kubectl("auth", "can-i", "--list", *BOB))


def test_refusal_is_shown_as_the_server_words_it(kubectl: Kubectl) -> None:
    """Of a request, and of a role that grants more than its writer has."""
    refused = kubectl("get", "pods", *BOB, status=1)
    assert refused == (
        f'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the '
        f'namespace "{kubectl.namespace}"\n'
    )
    kubectl("create", "rolebinding", "a", "--clusterrole=admin", "--user=bob")
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods", *BOB)
    escalating = kubectl("create", "role", "eater", "--verb=get,delete", "--resource=nodes", *BOB, status=1)
    assert "is attempting to grant RBAC permissions not currently held:\n" in escalating
    assert '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "delete"]}' in escalating


def test_reconcile_adds_and_removes_rules(kubectl: Kubectl) -> None:
    """What a role lacks is added, what it has too much goes if that is asked for; a binding of another role is replaced."""
    within = {"namespace": kubectl.namespace}
    pods, nodes = ({"verbs": ["get"], "apiGroups": [""], "resources": [name]} for name in ("pods", "nodes"))

    def role(*rules: JSONObject) -> JSONObject:
        return {"apiVersion": RBAC, "kind": "Role", "metadata": {"name": "r", **within}, "rules": list(rules)}

    def binding(to: str, *users: str) -> JSONObject:
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": to}
        subjects = [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user} for user in users]
        return {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": {"name": "b", **within},
            "roleRef": reference,
            "subjects": subjects,
        }

    assert "reconciled" in kubectl("auth", "reconcile", "-f", "-", stdin=role(pods))
    kubectl("auth", "reconcile", "-f", "-", stdin=role(nodes))
    assert kubectl.get("role", "r")["rules"] == [pods, nodes]
    kubectl("auth", "reconcile", "--remove-extra-permissions", "-f", "-", stdin=role(nodes))
    assert kubectl.get("role", "r")["rules"] == [nodes]
    kubectl("auth", "reconcile", "-f", "-", stdin=binding("r", "una"))
    kubectl("auth", "reconcile", "-f", "-", stdin=binding("r", "bea"))
    assert [each["name"] for each in kubectl.get("rolebinding", "b")["subjects"]] == ["una", "bea"]
    kubectl("auth", "reconcile", "-f", "-", stdin=binding("other", "bea"))
    replaced = kubectl.get("rolebinding", "b")
    assert replaced["roleRef"]["name"] == "other"
    assert [each["name"] for each in replaced["subjects"]] == ["bea"]


def test_token_is_that_of_an_account_with_its_own_rights(
    kubectl: Kubectl, cluster: Environment, tmp_path: Path
) -> None:
    """Without a binding it may only ask who it is; with one it may read, as soon as the binding is there."""
    kubectl("create", "serviceaccount", "robot")
    token = kubectl("create", "token", "robot").strip()
    authority = tmp_path / "ca.crt"
    authority.write_bytes(cluster.ca_bundle)
    own = tmp_path / "own"
    own.write_text("")
    robot = Kubectl(kubectl.binary, kubectl.version, own, kubectl.namespace, tmp_path)
    me = (f"--server={cluster.url}", f"--certificate-authority={authority}", f"--token={token}")
    name = f"system:serviceaccount:{kubectl.namespace}:robot"
    whoami = robot("auth", "whoami", *me)
    assert name in whoami
    assert f"system:serviceaccounts:{kubectl.namespace}" in whoami
    assert f'User "{name}" cannot list resource "pods"' in robot("get", "pods", *me, status=1)
    kubectl("create", "rolebinding", "v", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:robot")
    assert robot("get", "pods", *me) == f"No resources found in {kubectl.namespace} namespace.\n"
    assert f'User "{name}" cannot create resource "serviceaccounts/token"' in robot(
        "create", "token", "robot", *me, status=1
    )


def test_approval_needs_the_right_to_approve_for_the_signer(kubectl: Kubectl) -> None:
    """To update approvals is not enough."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "robot")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    spec = {
        "request": base64.b64encode(request.public_bytes(Encoding.PEM)).decode(),
        "signerName": SIGNER,
        "usages": ["client auth"],
    }
    signing_request = kubectl.namespace
    kubectl(
        "create",
        "-f",
        "-",
        stdin=manifest("CertificateSigningRequest", signing_request, "certificates.k8s.io/v1", spec=spec),
    )
    role = ("clusterrole", "csr-editor", "--verb=get,update", "--resource=certificatesigningrequests")
    kubectl("create", *role, "--resource=certificatesigningrequests/approval")
    kubectl("create", "clusterrolebinding", "csr-editor", "--clusterrole=csr-editor", "--user=bob")
    refused = kubectl("certificate", "approve", signing_request, *BOB, status=1)
    assert f'user not permitted to approve requests with signerName "{SIGNER}"' in refused
    approver = "system:certificates.k8s.io:kube-apiserver-client-approver"
    kubectl("create", "clusterrolebinding", "approvers", f"--clusterrole={approver}", "--user=bob")
    assert "approved" in kubectl("certificate", "approve", signing_request, *BOB)
    assert kubectl.value(".status.conditions[0].type", "csr", signing_request) == "Approved"
