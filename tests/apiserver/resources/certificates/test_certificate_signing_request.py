"""CertificateSigningRequest: its rules, what each subresource may change, and its table."""

from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.certificates.certificate_signing_request import definition
from rootspan_apiserver.resources.certificates.signing_rules import USAGES
from rootspan_apiserver.resources.hooks import WriteContext
from tests.apiserver.resources.kind_checks import Changes, KindCheck


def pem(*blocks: str) -> str:
    """Return a text of PEM blocks, encoded in base64."""
    return b64encode("".join(blocks).encode()).decode()


def block(kind: str, contents: bytes = b"a") -> str:
    """Return a PEM block of a type."""
    return f"-----BEGIN {kind}-----\n{b64encode(contents).decode()}\n-----END {kind}-----\n"


def signed_request(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Return a request that the owner of the key has signed, in DER."""
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "robot")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    return request.public_bytes(serialization.Encoding.DER)


def forged(request: bytes) -> bytes:
    """Return the request with another signature."""
    return request[:-1] + bytes([request[-1] ^ 1])


SIGNED = signed_request(ec.generate_private_key(ec.SECP256R1()))
SIGNED_BLOCK = block("CERTIFICATE REQUEST", SIGNED)
REQUEST = pem(SIGNED_BLOCK)
CERTIFICATE, OTHER_CERTIFICATE = pem(block("CERTIFICATE")), pem(block("CERTIFICATE"), block("CERTIFICATE"))
KIND = KindCheck(
    definition, {"spec": {"request": REQUEST, "signerName": "shop.example/robots", "usages": ["client auth"]}}
)
NOT_A_REQUEST = "PEM block type must be CERTIFICATE REQUEST"
FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LONG = ".".join(["a" * 63] * 5)
KNOWN = ", ".join(f'"{usage}"' for usage in USAGES)
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": "Node:7"}, []),
    ({"spec": {}}, [f"spec.request: Invalid value: null: {NOT_A_REQUEST}", "spec.usages: Required value", "spec.signerName: Required value"]),
    ({"spec.request": CERTIFICATE}, [f'spec.request: Invalid value: "{CERTIFICATE}": {NOT_A_REQUEST}']),
    ({"spec.request": pem("-----BEGIN CERTIFICATE REQUEST-----\n", block("CERTIFICATE"))}, [f'spec.request: Invalid value: "{pem("-----BEGIN CERTIFICATE REQUEST-----", chr(10), block("CERTIFICATE"))}": {NOT_A_REQUEST}']),
    ({"spec.usages": ["signing", "s/mime", "signing", "flying"]}, [
        f'spec.usages[3]: Unsupported value: "flying": supported values: {KNOWN}',
        'spec.usages[2]: Duplicate value: "signing"',
    ]),
    ({"spec.signerName": "robots"}, [f'spec.signerName: Invalid value: "robots": {FORM}']),
    ({"spec.signerName": "shop.example/a/b"}, [f'spec.signerName: Invalid value: "shop.example/a/b": {FORM}']),
    ({"spec.signerName": "shop/robots"}, ['spec.signerName: Invalid value: "shop": should be a domain with at least two segments separated by dots']),
    ({"spec.signerName": "A.example/B"}, [
        f'spec.signerName: Invalid value: "A.example": validating label "A": {LABEL}',
        f'spec.signerName: Invalid value: "B": validating label "B": {SUBDOMAIN}',
    ]),
    ({"spec.signerName": f"{LONG}/{LONG}"}, ["spec.signerName: Too long: may not be more than 253 bytes", "spec.signerName: Too long: may not be more than 571 bytes"]),
    ({"spec.signerName": "kubernetes.io/legacy-unknown"}, ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version']),
    ({"spec.expirationSeconds": 600}, []),
    ({"spec.expirationSeconds": 599}, ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)"]),
]  # fmt: skip
YES = {"status": "True", "reason": "Known"}
APPROVED = {"type": "Approved", **YES}
DENIED = {"type": "Denied", **YES}
CONDITIONS = "status.conditions"
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ("approval", {CONDITIONS: [APPROVED]}, {}, []),
    ("approval", {CONDITIONS: [APPROVED, DENIED]}, {}, ['status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive']),
    ("approval", {CONDITIONS: [{"type": "Approved", "status": "Unknown"}]}, {}, ['status.conditions[0].status: Unsupported value: "Unknown": supported values: "True"']),
    ("approval", {CONDITIONS: [{"type": "Odd", "status": "Odd"}, {}]}, {}, [
        'status.conditions[0].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"',
        "status.conditions[1].type: Required value",
        "status.conditions[1].status: Required value",
    ]),
    ("approval", {CONDITIONS: [APPROVED, APPROVED]}, {}, ['status.conditions[1].type: Duplicate value: "Approved"']),
    ("approval", {CONDITIONS: []}, {CONDITIONS: [APPROVED]}, ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']),
    ("status", {CONDITIONS: [APPROVED]}, {}, ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']),
    ("status", {CONDITIONS: [{"type": "Failed", **YES}]}, {}, []),
    ("status", {CONDITIONS: []}, {CONDITIONS: [DENIED]}, ['status.conditions: Forbidden: updates may not remove a condition of type "Denied"']),
    ("status", {"status.certificate": OTHER_CERTIFICATE}, {}, []),
    ("status", {"status.certificate": REQUEST}, {}, ['status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"']),
    ("status", {"status.certificate": "YQ=="}, {}, ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block']),
    ("status", {"status.certificate": OTHER_CERTIFICATE}, {"status.certificate": CERTIFICATE}, ["status.certificate: Forbidden: updates may not modify existing certificate content"]),
    ("", {"spec.usages": ["any"], "status.certificate": CERTIFICATE}, {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_signing_request_is_checked(changes: Changes, errors: list[str]) -> None:
    """It has a request in PEM, known usages, the name of a signer, and asks for ten minutes at least."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "changes", "old", "errors"), UPDATES)
def test_update_of_signing_request_is_checked(
    subresource: str, changes: Changes, old: Changes, errors: list[str]
) -> None:
    """Decisions are made through the approval and never taken back; a certificate is issued once."""
    assert KIND.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [KIND.updated(changes, subresource, old=old)[1] for subresource, changes, old, _ in UPDATES]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == []


def test_create_of_signing_request_names_user() -> None:
    """What the client wrote about the user is dropped."""
    user = User("jane", groups=("devs",))
    spec = KIND.stored({"spec.username": "root", "spec.uid": "0", "status": {"conditions": [APPROVED]}}, WriteContext(user=user))["spec"]  # fmt: skip
    assert (spec["username"], spec.get("uid"), spec["groups"]) == ("jane", None, ["devs"])
    assert not KIND.stored({"status": {"conditions": [APPROVED]}})["status"]


def test_update_of_signing_request_keeps_spec_and_status() -> None:
    """Nothing but the metadata changes."""
    changes = {"spec.usages": ["any"], CONDITIONS: [APPROVED], "metadata.labels": {"a": "b"}}
    stored, errors = KIND.updated(changes)
    assert errors == []
    assert (stored["spec"]["usages"], stored["metadata"]["labels"]) == (["client auth"], {"a": "b"})
    assert not stored["status"].get("conditions")


def test_approval_changes_conditions_alone() -> None:
    """New conditions get their times; one with the same status keeps the time of its transition."""
    before = {**APPROVED, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    stored, _ = KIND.updated(
        {CONDITIONS: [{"type": "Odd", "status": "True"}, APPROVED], "status.certificate": CERTIFICATE},
        "approval",
        old={CONDITIONS: [before]},
    )
    odd, approved = stored["status"]["conditions"]
    assert approved["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    assert odd["lastTransitionTime"] == odd["lastUpdateTime"] > "2026-01-01T00:00:00Z"
    assert "certificate" not in stored["status"]


def test_status_keeps_decision() -> None:
    """The message of an approval cannot be rewritten with the certificate."""
    before = {**APPROVED, "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    rewritten = {**before, "message": "mine"}
    changes = {CONDITIONS: [rewritten], "status.certificate": CERTIFICATE}
    stored, errors = KIND.updated(changes, "status", old={CONDITIONS: [before]})
    assert errors == []
    assert stored["status"] == {"conditions": [before], "certificate": CERTIFICATE}


@pytest.mark.parametrize(
    ("request_text", "is_good"),
    [
        (pem("-----BEGIN OTHER-----\n", SIGNED_BLOCK), True),
        (pem(block("OTHER"), SIGNED_BLOCK), False),
        (pem("-----END CERTIFICATE REQUEST-----\n-----BEGIN CERTIFICATE REQUEST-----\n"), False),
        (pem("-----BEGIN OTHER-----\n" * 60_000), False),
        ("no base64", False),
    ],
    ids=("in a broken frame", "second", "beginning behind end", "many beginnings", "no base64"),
)
def test_first_whole_block_is_request(request_text: str, is_good: bool) -> None:
    """What begins and does not end is no block; a text of many beginnings takes no time."""
    assert (KIND.refusals({"spec.request": request_text}) == []) is is_good


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "Pending"),
        ({CONDITIONS: [APPROVED], "status.certificate": CERTIFICATE}, "Approved,Issued"),
        ({CONDITIONS: [DENIED, {"type": "Failed", **YES}]}, "Denied,Failed"),
    ],
)
def test_table_shows_condition(changes: Changes, shown: str) -> None:
    """The decision, and what became of the request."""
    row = KIND.row({**changes, "spec.username": "jane", "spec.expirationSeconds": 3600})
    assert list(row.values()) == ["x", "5m", "shop.example/robots", "jane", "60m", shown]
    assert KIND.bookmark_row() == ["", "<unknown>", "<none>", "", "<none>", "Pending"]


@pytest.mark.parametrize(
    ("request_bytes", "words"),
    [
        (SIGNED, ""),
        (forged(SIGNED), "x509: ECDSA verification failure"),
        (forged(signed_request(rsa.generate_private_key(65537, 2048))), "crypto/rsa: verification error"),
        (signed_request(ed25519.Ed25519PrivateKey.generate()), ""),
        (
            forged(signed_request(ed25519.Ed25519PrivateKey.generate())),
            "x509: Ed25519 verification failure",
        ),
        (signed_request(ec.generate_private_key(ec.SECP256K1())), "x509: unsupported elliptic curve"),
        (b"", "asn1: syntax error: sequence truncated"),
        (b"x", "asn1: syntax error: truncated tag or length"),
        (SIGNED[:30], "asn1: syntax error: data truncated"),
        (SIGNED + b"x", "asn1: syntax error: trailing data"),
        (b"0\x03\x02\x01\x01", "asn1: structure error: tags don't match"),
    ],
    ids=(
        "good",
        "forged",
        "forged by RSA",
        "Ed25519",
        "forged by Ed25519",
        "unknown curve",
        "empty",
        "one byte",
        "cut",
        "too long",
        "no request",
    ),
)
def test_request_is_read_and_its_signature_verified(request_bytes: bytes, words: str) -> None:
    """The words are those of Go's libraries."""
    text = pem(block("CERTIFICATE REQUEST", request_bytes))
    refusals = KIND.refusals({"spec.request": text})
    assert refusals == ([f'spec.request: Invalid value: "{text}": {words}'] if words else [])
