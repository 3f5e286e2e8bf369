"""Checks of authorization.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go, cost.go
"""

from rootspan_apiserver.rules.cel.costs import TRAVERSAL_FACTOR, exactly
from rootspan_apiserver.rules.cel.functions import CallEstimate, CELLibrary, function, member
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, fixed

_NOMINAL = fixed(1)
_CHECK = fixed(350_000)
"""So that an expression may have two."""
_CHARACTERS_PER_REQUIREMENT = 0.5
_REQUIREMENT = 50
_SELECTOR = 10


def _selector(operands: Operands) -> CallEstimate:
    length = operands[1].size
    requirements = length.scaled(_CHARACTERS_PER_REQUIREMENT).scaled(_REQUIREMENT)
    return CallEstimate(exactly(_SELECTOR) + length.scaled(TRAVERSAL_FACTOR) + requirements)


AUTHORIZATION_LIBRARY = CELLibrary(
    "kubernetes.authz",
    (
        function("path", member("authorizer_path", "Authorizer, string -> PathCheck", _NOMINAL)),
        function("group", member("authorizer_group", "Authorizer, string -> GroupCheck", _NOMINAL)),
        function(
            "serviceAccount", member("authorizer_serviceaccount", "Authorizer, string, string -> Authorizer", _NOMINAL)
        ),
        function("resource", member("groupcheck_resource", "GroupCheck, string -> ResourceCheck", _NOMINAL)),
        function(
            "subresource", member("resourcecheck_subresource", "ResourceCheck, string -> ResourceCheck", _NOMINAL)
        ),
        function("namespace", member("resourcecheck_namespace", "ResourceCheck, string -> ResourceCheck", _NOMINAL)),
        function("name", member("resourcecheck_name", "ResourceCheck, string -> ResourceCheck", _NOMINAL)),
        function(
            "check",
            member("pathcheck_check", "PathCheck, string -> Decision", _CHECK),
            member("resourcecheck_check", "ResourceCheck, string -> Decision", _CHECK),
        ),
        function("errored", member("decision_errored", "Decision -> bool", _NOMINAL)),
        function("error", member("decision_error", "Decision -> string", _NOMINAL)),
        function("allowed", member("decision_allowed", "Decision -> bool", _NOMINAL)),
        function("reason", member("decision_reason", "Decision -> string", _NOMINAL)),
        function(
            "fieldSelector", member("authorizer_fieldselector", "ResourceCheck, string -> ResourceCheck", _selector)
        ),
        function(
            "labelSelector", member("authorizer_labelselector", "ResourceCheck, string -> ResourceCheck", _selector)
        ),
    ),
)
