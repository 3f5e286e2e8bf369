"""Which users may approve, sign or attest in the name of a signer: the verb on the synthetic resource `signers`.

Upstream: pkg/certauthorization/certauthorization.go
"""

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.kube.users import User


async def is_authorized_for_signer_name(authorizer: Authorizer, user: User, verb: str, signer_name: str) -> bool:
    """Return whether the user may use `verb` on the signer, or on every signer of its domain (`kubernetes.io/*`)."""
    for name in (signer_name, f"{signer_name.partition('/')[0]}/*"):
        attributes = AuthorizationAttributes(
            user=user,
            verb=verb,
            is_resource=True,
            group="certificates.k8s.io",
            version="*",
            resource="signers",
            name=name,
        )
        if (await authorizer.authorize(attributes)).verdict == "allow":
            return True
    return False
