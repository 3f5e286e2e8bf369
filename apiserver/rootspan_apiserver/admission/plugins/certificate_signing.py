"""CertificateSigning: a user issues certificates only for signers for which he has the verb `sign`.

Upstream: plugin/pkg/admission/certificates/signing/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.plugins.certificate_approval import SIGNING_REQUESTS
from rootspan_apiserver.admission.signers import is_authorized_for_signer_name
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.resources.columns import at


class CertificateSigning:
    """Checks the updates of the subresource `status` that change the certificate or the conditions."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the user against the signer of the request as it was before.

        Raises:
            StatusError: 403, the user may not sign for this signer.
        """
        new, old = attributes.object, attributes.old_object
        if (
            new is None
            or old is None
            or attributes.operation != "UPDATE"
            or attributes.subresource != "status"
            or attributes.resource.group_resource != SIGNING_REQUESTS
        ):
            return
        if all(
            (at(new, "status", key) or None) == (at(old, "status", key) or None)
            for key in ("certificate", "conditions")
        ):
            return
        signer = old["spec"].get("signerName") or ""
        if not await is_authorized_for_signer_name(self._authorizer, attributes.user, "sign", signer):
            raise new_forbidden(attributes, f"user not permitted to sign requests with signerName {quote(signer)}")
