"""TokenReview (authentication.k8s.io/v1): whose token this is.

Upstream: pkg/registry/authentication/tokenreview/storage.go
"""

from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import NOTHING

definition = Definition(
    "authentication.k8s.io/v1",
    "TokenReview",
    "tokenreviews",
    namespaced=False,
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=NOTHING,
)
