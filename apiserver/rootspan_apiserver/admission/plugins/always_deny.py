"""AlwaysDeny: refuses every write; deprecated.

Upstream: plugin/pkg/admission/deny/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.kube.meta import JSONObject

_WHY = "admission control is denying all modifications"


class AlwaysDenyAdmission:
    """Refuses in both phases."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Raise StatusError 403."""
        raise new_forbidden(attributes, _WHY)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raise StatusError 403."""
        raise new_forbidden(attributes, _WHY)
