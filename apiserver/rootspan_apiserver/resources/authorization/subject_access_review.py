"""SubjectAccessReview (authorization.k8s.io/v1): whether a user may do something.

Upstream: pkg/registry/authorization/subjectaccessreview/rest.go, pkg/apis/authorization/validation/validation.go
"""

from rootspan_apiserver.resources.authorization.access_reviews import ANYBODY
from rootspan_apiserver.resources.definition import Definition

definition = Definition(
    "authorization.k8s.io/v1",
    "SubjectAccessReview",
    "subjectaccessreviews",
    namespaced=False,
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=ANYBODY,
)
