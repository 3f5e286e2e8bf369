"""`application/vnd.kubernetes.protobuf`: bytes written out by hand, and those that kubectl sends."""

import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.codec import decode
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.protobuf import MAGIC
from rootspan_apiserver.types.protobuf import decode as decode_envelope
from rootspan_apiserver.types.protobuf import encode as encode_protobuf
from rootspan_apiserver.types.tables import go_types

PROTOBUF = "application/vnd.kubernetes.protobuf"


def text(number: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def number(field_number: int, value: int) -> bytes:
    return bytes([field_number << 3, value])


def envelope(api_version: str, kind: str, message: bytes) -> bytes:
    return MAGIC + text(1, text(1, api_version) + text(2, kind)) + text(2, message) + text(3, "") + text(4, "")


def object_of(body: bytes, group: str, version: str, kind: str) -> dict[str, Any]:
    return decode(body, PROTOBUF, GroupVersionKind(group, version, kind), field_validation="Strict").object


@pytest.mark.parametrize(
    ("struct", "value", "message"),
    [
        ("core/v1.EnvVar", {"name": "A", "value": "é"}, "0a 01 41 12 02 c3 a9"),
        ("core/v1.ContainerPort", {"containerPort": 80}, "0a 00 10 00 18 50 22 00 2a 00"),
        (
            "core/v1.PodSecurityContext",
            {"runAsUser": -1, "runAsNonRoot": False},
            "10 ff ff ff ff ff ff ff ff ff 01 18 00",
        ),
        ("core/v1.ResourceQuotaSpec", {"hard": {"cpu": "500m"}}, "0a 0d 0a 03 63 70 75 12 06 0a 04 35 30 30 6d"),
        ("core/v1.TCPSocketAction", {"port": "http"}, "0a 0a 08 01 10 00 1a 04 68 74 74 70 12 00"),
        ("core/v1.TCPSocketAction", {"port": 8080}, "0a 07 08 00 10 90 3f 1a 00 12 00"),
        (
            "core/v1.Taint",
            {"key": "a", "effect": "b", "timeAdded": "2009-02-13T23:31:30Z"},
            "0a 01 61 12 00 1a 01 62 22 08 08 d2 85 d8 cc 04 10 00",
        ),
        (
            "coordination/v1.LeaseSpec",
            {"renewTime": "1969-12-31T23:59:59.500000Z"},
            "22 11 08 ff ff ff ff ff ff ff ff ff 01 10 80 ca b5 ee 01",
        ),
        ("core/v1.Volume", {"name": "v", "emptyDir": {}}, "0a 01 76 12 04 12 02 0a 00"),
        ("rbac/v1.PolicyRule", {"verbs": ["get", ""]}, "0a 03 67 65 74 0a 00"),
        (
            "authentication/v1.UserInfo",
            {"username": "j", "extra": {"s": ["a", "b"]}},
            "0a 01 6a 12 00 22 0b 0a 01 73 12 06 0a 01 61 0a 01 62",
        ),
        (
            "certificates/v1.CertificateSigningRequestSpec",
            {"request": "YQ==", "signerName": "s"},
            "0a 01 61 12 00 1a 00 3a 01 73",
        ),
        ("core/v1.PodCondition", {"type": "R", "status": "T"}, "0a 01 52 12 01 54 1a 00 22 00 2a 00 32 00 38 00"),
        ("core/v1.LoadBalancerIngress", {"ip": "::1"}, "0a 03 3a 3a 31 12 00"),
        ("core/v1.PodOS", {"name": ""}, "0a 00"),
    ],
)
def test_message_stands_for_the_json(struct: str, value: dict[str, Any], message: str) -> None:
    """All fields that are no pointers are written, in order of their numbers, and what is empty is left out when they are read."""
    data = bytes.fromhex(message)
    assert go_types().struct(struct).encode_fields(value) == data
    assert go_types().struct(struct).decode(memoryview(data)) == value


def test_zero_values_are_left_out_and_pointers_kept() -> None:
    """Go writes every field that is no pointer: empty ones disappear, while a pointer to zero (replicas 0) stays."""
    metadata = text(1, "d") + text(2, "") + text(3, "") + text(5, "") + text(6, "") + number(7, 0) + text(8, b"")
    spec = number(1, 0) + number(5, 0)
    body = envelope("apps/v1", "Deployment", text(1, metadata) + text(2, spec) + text(3, number(1, 0)))
    assert object_of(body, "apps", "v1", "Deployment") == {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "d"},
        "spec": {"replicas": 0, "template": {"metadata": {}, "spec": {}}, "strategy": {}},
        "status": {},
    }


def test_special_types_take_their_json_form() -> None:
    """Times, quantities, int-or-strings, bytes, maps and wrapped lists of strings come out as JSON writes them."""
    port = text(4, number(1, 1) + number(2, 0) + text(3, "http"))
    service = envelope("v1", "Service", text(2, text(1, text(1, "p") + number(3, 80) + port)))
    assert object_of(service, "", "v1", "Service")["spec"] == {
        "ports": [{"name": "p", "port": 80, "targetPort": "http"}]
    }

    quantity = text(1, text(1, "cpu") + text(2, text(1, "0.5")))
    quota = envelope("v1", "ResourceQuota", text(2, quantity))
    assert object_of(quota, "", "v1", "ResourceQuota")["spec"] == {"hard": {"cpu": "500m"}}

    secret = envelope("v1", "Secret", text(2, text(1, "k") + text(2, b"\x00\x01")) + text(3, "Opaque"))
    assert object_of(secret, "", "v1", "Secret")["data"] == {"k": "AAE="}

    time = text(8, b"\x08" + b"\xd2\x85\xd8\xcc\x04" + number(2, 0))
    namespace = envelope("v1", "Namespace", text(1, text(1, "n") + time))
    assert object_of(namespace, "", "v1", "Namespace")["metadata"]["creationTimestamp"] == "2009-02-13T23:31:30Z"

    extra = text(4, text(1, "scopes") + text(2, text(1, "a") + text(1, "b")))
    review = envelope("authentication.k8s.io/v1", "SelfSubjectReview", text(2, text(1, text(1, "jane") + extra)))
    found = object_of(review, "authentication.k8s.io", "v1", "SelfSubjectReview")
    assert found["status"] == {"userInfo": {"username": "jane", "extra": {"scopes": ["a", "b"]}}}


def test_inlined_structs_belong_to_the_struct_around_them() -> None:
    """A volume's source is nested in protobuf and flat in JSON."""
    volume = text(1, "v") + text(2, text(2, b""))
    body = envelope("v1", "Pod", text(2, text(1, volume)))
    assert object_of(body, "", "v1", "Pod")["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_embedded_json_beyond_reason_is_refused() -> None:
    """JSON within a message is held to a depth too."""

    def revision(depth: int) -> bytes:
        embedded = wire.bytes_field(1, b"[" * depth + b"]" * depth)
        message = wire.bytes_field(2, embedded) + number(3, 1)
        return MAGIC + wire.bytes_field(2, message)

    assert object_of(revision(100), "apps", "v1", "ControllerRevision")["revision"] == 1
    with pytest.raises(StatusError, match="exceeded max depth"):
        object_of(revision(900), "apps", "v1", "ControllerRevision")


def test_unknown_fields_are_skipped() -> None:
    """A field that a newer client knows does not disturb."""
    body = envelope("v1", "ConfigMap", text(15, "newer") + b"\x79" + bytes(8) + text(2, text(1, "a") + text(2, "1")))
    assert object_of(body, "", "v1", "ConfigMap")["data"] == {"a": "1"}


def test_options_belong_to_every_group() -> None:
    """DeleteOptions are read whichever group and version they name."""
    message = number(1, 30) + text(4, "Foreground")
    for api_version in ("v1", "meta.k8s.io/v1", "apps/v1"):
        found = object_of(envelope(api_version, "DeleteOptions", message), "", "v1", "DeleteOptions")
        assert (found["gracePeriodSeconds"], found["propagationPolicy"]) == (30, "Foreground")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"kind":"ConfigMap"}', "does not appear to be a protobuf message"),
        (envelope("v1", "Secret", b""), 'no kind "Secret" is registered'),
        (envelope("v1", "ConfigMap", b"\x12\x7f"), "unexpected EOF"),
        (envelope("v1", "ConfigMap", b"\x13"), "illegal wireType 3"),
        (envelope("v1", "ConfigMap", number(1, 1)), "wrong wireType = 0 for field 1"),
        (envelope("v1", "ConfigMap", text(2, text(1, b"\xff"))), "invalid UTF-8"),
        (envelope("v1", "ConfigMap", b"\x80" * 11), "integer overflow"),
    ],
)
def test_malformed_message_is_a_bad_request(body: bytes, why: str) -> None:
    """Wrong magic, another kind, and every way of being malformed are 400s that say what is wrong."""
    with pytest.raises(StatusError) as caught:
        object_of(body, "", "v1", "ConfigMap")
    assert caught.value.code == 400
    assert why in caught.value.message


def test_every_special_type_encodes_to_what_it_was_decoded_from() -> None:
    """What an object decodes to encodes to the same object again; custom resources have no protobuf."""
    schema = {
        "type": "object",
        "properties": {"n": {"type": "number", "maximum": 1.5, "default": 1, "enum": [1, "x"]}},
        "additionalProperties": {"type": "string"},
        "items": [{"type": "string"}, {"type": "integer"}],
        "dependencies": {"a": ["b"], "c": {"type": "string"}},
    }
    crd = {
        "kind": "CustomResourceDefinition",
        "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": "c", "creationTimestamp": "2009-02-13T23:31:30Z"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "cs", "kind": "C"},
            "scope": "Cluster",
            "versions": [{"name": "v1", "served": True, "storage": False, "schema": {"openAPIV3Schema": schema}}],
        },
        "status": {"acceptedNames": {"plural": "", "kind": ""}},
    }
    kind = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    body = encode_protobuf(crd, kind)
    assert body is not None
    assert decode(body, PROTOBUF, kind).object == crd
    lease = GroupVersionKind("coordination.k8s.io", "v1", "Lease")
    held = {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {},
        "spec": {"renewTime": "1969-12-31T23:59:59.500000Z"},
    }
    body = encode_protobuf(held, lease)
    assert body is not None
    assert decode(body, PROTOBUF, lease).object == held
    assert encode_protobuf({}, GroupVersionKind("example.com", "v1", "Widget")) is None


@given(st.binary(max_size=100), st.booleans())
def test_no_bytes_crash_the_decoder(data: bytes, whole: bool) -> None:
    """Whatever the bytes after the magic, or those of the message, they are decoded to an object or refused with a reason."""
    body = MAGIC + data if whole else envelope("v1", "Pod", data)
    outcome: object
    try:
        outcome, _ = decode_envelope(body, GroupVersionKind("", "v1", "Pod"))
    except NotDecodableError as error:
        outcome = str(error)
    assert outcome


KINDS = {
    "configmaps": ("", "v1", "ConfigMap"),
    "secrets": ("", "v1", "Secret"),
    "deployments": ("apps", "v1", "Deployment"),
    "clusterroles": ("rbac.authorization.k8s.io", "v1", "ClusterRole"),
}


@dataclass
class Recorder:
    """An HTTP server that answers every POST with an empty object of the right kind and keeps the body."""

    url: str = ""
    bodies: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorded = Recorder()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plural = self.path.partition("?")[0].rpartition("/")[2]
            recorded.bodies.append((plural, self.headers["Content-Type"], body))
            group, version, kind = KINDS[plural]
            api_version = f"{group}/{version}" if group else version
            answer = f'{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{{"name":"x"}}}}'.encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keeps the test's output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorded.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield recorded
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["configmap", "x", "--from-literal=a=1"], {"data": {"a": "1"}}),
        (["secret", "generic", "x", "--from-literal=a=1"], {"data": {"a": "MQ=="}}),
        (
            ["deployment", "x", "--image=nginx", "--replicas=0"],
            {
                "spec": {
                    "replicas": 0,
                    "selector": {"matchLabels": {"app": "x"}},
                    "template": {
                        "metadata": {"labels": {"app": "x"}},
                        "spec": {"containers": [{"name": "nginx", "image": "nginx", "resources": {}}]},
                    },
                    "strategy": {},
                },
                "status": {},
            },
        ),
        (
            ["clusterrole", "x", "--verb=get", "--non-resource-url=/"],
            {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/"]}]},
        ),
    ],
)
def test_message_of_kubectl_is_decoded(
    recorder: Recorder, tmp_path: Path, command: list[str], expected: dict[str, Any]
) -> None:
    """The protobuf of kubectl's own `create` commands becomes the object it stands for, which encodes to the same bytes."""
    kubectl = shutil.which("kubectl", path=str(Path(sys.executable).parent))
    assert kubectl is not None
    subprocess.run(
        [kubectl, f"--server={recorder.url}", f"--cache-dir={tmp_path}", "create", *command],
        check=True,
        timeout=60,
        capture_output=True,
        env={"HOME": str(tmp_path), "PATH": ""},
    )
    [(plural, content_type, body)] = recorder.bodies
    assert content_type == PROTOBUF
    group, version, kind = KINDS[plural]
    found = object_of(body, group, version, kind)
    assert found == {
        "kind": kind,
        "apiVersion": f"{group}/{version}" if group else version,
        "metadata": {"name": "x", "labels": {"app": "x"}} if kind == "Deployment" else {"name": "x"},
        **expected,
    }
    assert encode_protobuf(found, GroupVersionKind(group, version, kind)) == body
