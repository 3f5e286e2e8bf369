"""SelfSubjectAccessReview (authorization.k8s.io/v1): whether the requester may do something.

Upstream: pkg/registry/authorization/selfsubjectaccessreview/rest.go, pkg/apis/authorization/validation/validation.go
"""

from rootspan_apiserver.resources.authorization.access_reviews import SELF
from rootspan_apiserver.resources.definition import Definition

definition = Definition(
    "authorization.k8s.io/v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    namespaced=False,
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=SELF,
)
