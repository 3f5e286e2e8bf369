"""Which requests a policy and its bindings match.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go, generic/policy_matcher.go
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.policies.accessors import MatchResources
from rootspan_apiserver.admission.predicates import (
    Equivalents,
    RuleMatch,
    configures_admission,
    match_rules,
    namespace_matches,
    object_matches,
)
from rootspan_apiserver.resources.resource import Resource

_REVIEWS = frozenset(
    {
        ("authentication.k8s.io", "selfsubjectreviews"),
        ("authentication.k8s.io", "tokenreviews"),
        ("authorization.k8s.io", "localsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
        ("authorization.k8s.io", "subjectaccessreviews"),
    }
)


def excluded(resource: Resource) -> bool:
    """Return whether no policy sees objects of this resource: reviews of identities and rights, and what configures admission."""
    return (resource.kind.group, resource.plural) in _REVIEWS or configures_admission(resource)


class PolicyMatcher:
    """Matches policies, bindings and requests."""

    def __init__(self, namespaces: NamespaceGetter, equivalents: Equivalents) -> None:
        self._namespaces = namespaces
        self._equivalents = equivalents

    async def match(self, criteria: MatchResources, attributes: AdmissionAttributes) -> RuleMatch | None:
        """Return how a request matches, None if it does not.

        Raises:
            StatusError: the namespace could not be read.
        """
        if not object_matches(criteria.object_selector, attributes):
            return None
        equivalents = self._equivalents if criteria.equivalent else None
        if match_rules(criteria.exclude_rules, attributes, equivalents) is not None:
            return None
        found: RuleMatch | None = RuleMatch(attributes.resource, attributes.kind)
        if criteria.rules:
            found = match_rules(criteria.rules, attributes, equivalents)
        if found is None or not await namespace_matches(criteria.namespace_selector, attributes, self._namespaces):
            return None
        return found

    async def namespace_of(self, attributes: AdmissionAttributes) -> Mapping[str, Any] | None:
        """Return the namespace of the object, None for an object without one and for a namespace itself.

        Raises:
            StatusError: 404, it does not exist; 500, it could not be read.
        """
        if not attributes.namespace or attributes.is_namespace:
            return None
        return await self._namespaces.get(attributes.namespace)
