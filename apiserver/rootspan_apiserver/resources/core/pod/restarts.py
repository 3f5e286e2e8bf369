"""Whether a container is started again, apart from the others of its pod.

Upstream: pkg/apis/core/validation/validation.go (validateContainerRestartPolicy)
"""

from rootspan_apiserver.rules import absent_as, each, max_items, not_nil, one_of, struct, when

POLICIES = ("Always", "Never", "OnFailure")
ACTIONS = ("Restart", "RestartAllContainers")
_RULES_LIMIT = 20
_CODES_LIMIT = 255

_RULE = struct(
    action=absent_as("", one_of(*ACTIONS)),
    exitCodes=not_nil("must be specified")
    & struct(operator=absent_as("", one_of("In", "NotIn")), values=max_items(_CODES_LIMIT)),
)
RESTARTS = when(
    lambda value: bool(value.get("restartPolicyRules")),
    struct(restartPolicy=not_nil("must specify restartPolicy when restart rules are used")),
    words="there are restartPolicyRules",
) & struct(restartPolicy=one_of(*POLICIES), restartPolicyRules=max_items(_RULES_LIMIT) & each(_RULE))
