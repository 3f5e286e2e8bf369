"""SelfSubjectReview (authentication.k8s.io/v1): who the requester is.

Upstream: pkg/registry/authentication/selfsubjectreview/rest.go
"""

from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import NOTHING

definition = Definition(
    "authentication.k8s.io/v1",
    "SelfSubjectReview",
    "selfsubjectreviews",
    namespaced=False,
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=NOTHING,
)
