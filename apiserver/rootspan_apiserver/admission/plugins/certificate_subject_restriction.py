"""CertificateSubjectRestriction: no client certificate makes its owner a member of `system:masters`.

Upstream: plugin/pkg/admission/certificates/subjectrestriction/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.plugins.certificate_approval import SIGNING_REQUESTS
from rootspan_apiserver.resources.certificates.request import organizations, parse_request

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
FORBIDDEN_ORGANIZATION = "system:masters"


class CertificateSubjectRestriction:
    """Checks the subject of new requests to the signer of client certificates."""

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the organizations in the subject.

        Raises:
            StatusError: 403, one of them is `system:masters`, or the request cannot be read.
        """
        request = attributes.object
        if request is None or attributes.operation != "CREATE" or not attributes.is_of(SIGNING_REQUESTS):
            return
        spec = request["spec"]
        if spec.get("signerName") != CLIENT_SIGNER:
            return
        try:
            asked_for = organizations(parse_request(spec.get("request") or ""))
        except ValueError as exc:
            raise new_forbidden(attributes, f"failed to parse CSR: {exc}") from exc
        if FORBIDDEN_ORGANIZATION in asked_for:
            why = f"use of {CLIENT_SIGNER} signer with {FORBIDDEN_ORGANIZATION} group is not allowed"
            raise new_forbidden(attributes, why)
