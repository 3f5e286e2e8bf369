"""Who may approve and sign requests for certificates, and for whom they may not be."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rootspan_apiserver.admission.plugins.order import plugin_faults
from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    NO_OPINION,
    AuthorizationAttributes,
    AuthorizationDecision,
)
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import Parts, admission, refusal_of

pytestmark = pytest.mark.anyio

REQUESTS = "certificates.k8s.io/v1/certificatesigningrequests"
CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
APPROVED = {"type": "Approved", "status": "True"}


@dataclass
class Signers:
    """An authorizer that allows one verb on one name of signers, and remembers what it was asked."""

    verb: str = ""
    name: str = ""
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        each = attributes
        self.asked.append((each.verb, each.group, each.version, each.resource, each.name))
        return ALLOW if (each.verb, each.name) == (self.verb, self.name) else NO_OPINION


def request(*organizations: str, signer: str = "example.com/own", **status: Any) -> JSONObject:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, each) for each in organizations]
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bob"), *names])
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    spec = {"request": base64.b64encode(pem).decode(), "signerName": signer, "usages": ["client auth"]}
    head = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "r1"}}
    return {**head, "spec": spec, "status": status}


async def refusal(parts: Parts, new: JSONObject, old: JSONObject | None = None, subresource: str = "") -> str:
    """Why an update of the request is refused, or its creation without an old one; "" if it is not."""
    operation: Any = "CREATE" if old is None else "UPDATE"
    attributes = parts.attributes(new, path=REQUESTS, operation=operation, old=old, subresource=subresource)
    return (await refusal_of(parts, attributes)).removeprefix(
        'certificatesigningrequests.certificates.k8s.io "r1" is forbidden: '
    )


@pytest.mark.parametrize("name", ["example.com/own", "example.com/*"])
async def test_approval_needs_verb_approve_on_signer(name: str) -> None:
    """On the signer itself or on all of its domain; the signer is that of the stored request, not of the new one."""
    for authorizer, words in (
        (Signers("approve", name), ""),
        (Signers("sign", name), 'user not permitted to approve requests with signerName "example.com/own"'),
    ):
        async with admission(authorizer=authorizer) as parts:
            old = request()
            new = {**old, "spec": {**old["spec"], "signerName": "other.com/x"}, "status": {"conditions": [APPROVED]}}
            assert await refusal(parts, new, old, "approval") == words
            assert await refusal(parts, new, old) == ""
        assert authorizer.asked[0] == ("approve", "certificates.k8s.io", "*", "signers", "example.com/own")


async def test_signing_needs_verb_sign_on_signer() -> None:
    """Where the certificate or a condition changes; other updates of the status are free."""
    words = 'user not permitted to sign requests with signerName "example.com/own"'
    old = request()
    signed, failed = {"certificate": "eA=="}, {"conditions": [{"type": "Failed", "status": "True"}]}
    async with admission(authorizer=Signers()) as parts:
        for status in (signed, failed):
            assert await refusal(parts, {**old, "status": status}, old, "status") == words
        assert await refusal(parts, {**old, "status": {"conditions": []}}, old, "status") == ""
    async with admission(authorizer=Signers("sign", "example.com/*")) as parts:
        assert await refusal(parts, {**old, "status": signed}, old, "status") == ""


async def test_client_certificate_of_system_masters_is_refused() -> None:
    """Other signers and other groups are not looked at."""
    words = f"use of {CLIENT_SIGNER} signer with system:masters group is not allowed"
    async with admission() as parts:
        assert await refusal(parts, request("readers", "system:masters", signer=CLIENT_SIGNER)) == words
        assert await refusal(parts, request("readers", signer=CLIENT_SIGNER)) == ""
        assert await refusal(parts, request("system:masters")) == ""


def test_plugin_of_disabled_feature_can_be_enabled() -> None:
    """ClusterTrustBundles are not served, so the plugin that checks them has nothing to do, as in the real server."""
    assert list(plugin_faults(["ClusterTrustBundleAttest"], ["CertificateApproval"])) == []
