"""LocalSubjectAccessReview (authorization.k8s.io/v1): whether a user may do something in one namespace.

Upstream: pkg/registry/authorization/localsubjectaccessreview/rest.go, pkg/apis/authorization/validation/validation.go
"""

from rootspan_apiserver.resources.authorization.access_reviews import LOCAL
from rootspan_apiserver.resources.definition import Definition

definition = Definition(
    "authorization.k8s.io/v1",
    "LocalSubjectAccessReview",
    "localsubjectaccessreviews",
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=LOCAL,
)
