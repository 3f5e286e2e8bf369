"""SelfSubjectRulesReview (authorization.k8s.io/v1): what the requester may do in a namespace.

Upstream: pkg/registry/authorization/selfsubjectrulesreview/rest.go
"""

from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import NOTHING

definition = Definition(
    "authorization.k8s.io/v1",
    "SelfSubjectRulesReview",
    "selfsubjectrulesreviews",
    namespaced=False,
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=NOTHING,
)
