"""The error of an admission plugin that rejects a request.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/errors.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.kube.status import StatusError, forbidden


def new_forbidden(attributes: AdmissionAttributes, message: str) -> StatusError:
    """Return a 403 Status that names the object and says why it is rejected."""
    return forbidden(attributes.resource.group_resource, attributes.object_name, message)
