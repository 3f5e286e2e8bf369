"""What only newer versions of kubectl ask for."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.apiserver.real_clients.binaries import CURRENT
from tests.apiserver.real_clients.kubectl import Kubectl
from tests.apiserver.real_clients.objects import DEPLOYMENT, POD, manifest


@pytest.fixture
def kubectl(kubectl_of: Callable[[str, str], Kubectl], namespace: str) -> Kubectl:
    return kubectl_of(CURRENT, namespace)


@pytest.fixture
def signing_request(kubectl: Kubectl) -> Iterator[str]:
    """The manifest of a request for a client certificate, which is gone after the test."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "robot")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    )
    spec = {
        "request": base64.b64encode(request.public_bytes(Encoding.PEM)).decode(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
        "username": "somebody-else",
    }
    body = manifest("CertificateSigningRequest", kubectl.namespace, "certificates.k8s.io/v1", spec=spec)
    yield kubectl("create", "-f", "-", "--dry-run=client", "-o", "json", stdin=body)
    kubectl("delete", "csr", kubectl.namespace)


def test_signing_request_says_who_asked(kubectl: Kubectl, signing_request: str) -> None:
    """The user is the one of the request, impersonated here, whatever the manifest says; an approval is kept."""
    who = ("--as=robot", "--as-group=makers", "--as-uid=42", "--as-user-extra=colour=red")
    kubectl("create", "-f", "-", *who, stdin=signing_request)
    spec = kubectl.get("csr", kubectl.namespace)["spec"]
    assert {key: spec[key] for key in ("username", "uid", "groups", "extra")} == {
        "username": "robot",
        "uid": "42",
        "groups": ["makers", "system:authenticated"],
        "extra": {"colour": ["red"]},
    }
    kubectl("certificate", "approve", kubectl.namespace)
    assert kubectl("get", "csr", kubectl.namespace, "--no-headers").split()[2:] == [
        *("kubernetes.io/kube-apiserver-client", "robot", "<none>", "Approved"),
    ]


def test_subresources_are_read_and_written(kubectl: Kubectl) -> None:
    """`--subresource` shows and changes the scale and the status alone."""
    kubectl("create", "-f", "-", stdin=manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT))
    kubectl("patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    status = '{"status":{"replicas":1},"spec":{"replicas":9}}'
    kubectl("patch", "deployment", "web", "--subresource=status", "--type=merge", "-p", status)
    shown = kubectl("get", "deployment", "web", "--subresource=scale").split()
    assert (shown[:-1], shown[-4:-1]) == (["NAME", "DESIRED", "AVAILABLE", "AGE", "web", "2", "1"], ["web", "2", "1"])


def test_fields_that_are_not_there_are_refused_or_warned_of(kubectl: Kubectl) -> None:
    """`--validate` decides: an error by default, a warning, or nothing."""
    wrong = manifest("Deployment", "web", "apps/v1", spec={**DEPLOYMENT, "replica": 1})
    refused = kubectl("create", "-f", "-", stdin=wrong, status=1)
    assert 'strict decoding error: unknown field "spec.replica"' in refused
    warned = kubectl("create", "-f", "-", "--validate=warn", stdin=wrong)
    assert warned == 'Warning: unknown field "spec.replica"\ndeployment.apps/web created\n'
    assert kubectl("replace", "-f", "-", "--validate=ignore", stdin=wrong) == "deployment.apps/web replaced\n"


def test_deprecated_kinds_are_warned_of(kubectl: Kubectl) -> None:
    """Every request for one is, as with the real server."""
    warning = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"
    assert kubectl("get", "endpoints") == f"{warning}No resources found in {kubectl.namespace} namespace.\n"
    assert kubectl("get", "endpoints", "-o", "name", "--warnings-as-errors", status=1).startswith(warning)


def test_kinds_that_were_beta_once_are_created(kubectl: Kubectl) -> None:
    """Older versions of kubectl ask for versions of these that kube-apiserver no longer serves."""
    often = ("create", "cronjob", "often", "--image=busybox", "--schedule=* * * * *", "--", "date")
    assert kubectl(*often) == "cronjob.batch/often created\n"
    budget = ("create", "poddisruptionbudget", "p", "--selector=app=web", "--min-available=1")
    assert kubectl(*budget) == "poddisruptionbudget.policy/p created\n"
    assert kubectl("create", "job", "once", "--from=cronjob/often") == "job.batch/once created\n"


def test_conditions_of_every_kind_are_waited_for(kubectl: Kubectl) -> None:
    """`kubectl wait` for creation, for a value that a JSON path leads to, and for deletion."""
    kubectl("create", "configmap", "c", "--from-literal=colour=red")
    assert kubectl("wait", "configmap/c", "--for=create", "--timeout=10s") == "configmap/c condition met\n"
    path = "--for=jsonpath={.data.colour}=red"
    assert kubectl("wait", "configmap/c", path, "--timeout=10s") == "configmap/c condition met\n"
    kubectl("delete", "configmap", "c", "--wait=false")
    kubectl("wait", "configmap/c", "--for=delete", "--timeout=10s")


def test_token_is_made_for_a_service_account_and_known(kubectl: Kubectl) -> None:
    """`kubectl create token` gives one by which the server knows its bearer."""
    kubectl("create", "serviceaccount", "robot")
    token = kubectl("create", "token", "robot", "--duration=10m").strip()
    known = kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", f"--token={token}")
    assert known == f"system:serviceaccount:{kubectl.namespace}:robot"


def test_token_is_bound_to_a_pod(kubectl: Kubectl) -> None:
    """It says for which pod it was made; a pod that is another one by now, or none, is refused."""
    kubectl("create", "-f", "-", stdin=manifest("Pod", "p", spec=POD))
    uid = kubectl.value(".metadata.uid", "pod", "p")
    bound = ("create", "token", "default", "--bound-object-kind=Pod")
    token = kubectl(*bound, "--bound-object-name=p", f"--bound-object-uid={uid}").strip()
    claims = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["kubernetes.io"]
    assert told["pod"] == {"name": "p", "uid": uid}
    other = kubectl(*bound, "--bound-object-name=p", "--bound-object-uid=other", status=1)
    assert "the UID in the bound object reference (other) does not match the UID in record" in other
    assert 'pods "none" not found' in kubectl(*bound, "--bound-object-name=none", status=1)


def test_pod_gets_a_container_to_debug_it(kubectl: Kubectl) -> None:
    """`kubectl debug` adds an ephemeral container through the pod's subresource."""
    kubectl("run", "p", "--image=busybox")
    kubectl("debug", "p", "--image=busybox", "--container=look", "--attach=false")
    assert kubectl.value(".spec.ephemeralContainers[*].name", "pod", "p") == "look"


def test_replaced_pod_keeps_what_the_server_put_in(kubectl: Kubectl) -> None:
    """A manifest that says nothing of priorities replaces the pod that has one, unless it changes what may not change."""
    account = {"serviceAccountName": "default", "automountServiceAccountToken": False}
    pod = manifest("Pod", "p", spec={**POD, **account})
    kubectl("create", "-f", "-", stdin=pod)
    pod["metadata"]["labels"] = {"a": "b"}
    assert kubectl("replace", "-f", "-", stdin=pod) == "pod/p replaced\n"
    pod["spec"]["hostNetwork"] = True
    assert "pod updates may not change fields other than" in kubectl("replace", "-f", "-", stdin=pod, status=1)
