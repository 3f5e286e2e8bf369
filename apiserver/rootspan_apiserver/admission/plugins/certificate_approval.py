"""CertificateApproval: a user approves or denies only the requests of signers for which he has the verb `approve`.

Upstream: plugin/pkg/admission/certificates/approval/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.signers import is_authorized_for_signer_name
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource

SIGNING_REQUESTS = GroupResource("certificates.k8s.io", "certificatesigningrequests")


class CertificateApproval:
    """Checks every update of the subresource `approval`."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the user against the signer of the request as it was before.

        Raises:
            StatusError: 403, the user may not approve for this signer.
        """
        old = attributes.old_object
        if (
            old is None
            or attributes.operation != "UPDATE"
            or attributes.subresource != "approval"
            or attributes.resource.group_resource != SIGNING_REQUESTS
        ):
            return
        signer = old["spec"].get("signerName") or ""
        if not await is_authorized_for_signer_name(self._authorizer, attributes.user, "approve", signer):
            raise new_forbidden(attributes, f"user not permitted to approve requests with signerName {quote(signer)}")
