"""References to objects by group, kind and name.

Upstream: pkg/apis/networking/validation/validation.go (validateIngressTypedLocalObjectReference)
"""

from rootspan_apiserver.kube.names import dns_subdomain, path_segment
from rootspan_apiserver.rules import named, required, struct

TYPED_REFERENCE = struct(
    apiGroup=named(dns_subdomain), kind=required & named(path_segment), name=required & named(path_segment)
)
