"""AlwaysAdmit: admits everything; deprecated.

Upstream: plugin/pkg/admission/admit/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes


class AlwaysAdmit:
    """Has no objections."""

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Return at once."""
