"""Whether the rules that somebody has include others, and which of those are missing.

Upstream: staging/src/k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go, pkg/registry/rbac/validation/policy_compact.go
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rootspan_apiserver.authz.policy_rules import ALL, PolicyRule, url_covers


def missing_rules(present: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> list[PolicyRule]:
    """Return what of `wanted` no rule in `present` includes, in rules of one verb, one group, one resource and one name each."""
    owned = tuple(present)
    parts = (part for rule in wanted for part in _parts(rule))
    return [part for part in parts if not any(_includes(rule, part) for rule in owned)]


def compact(rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """Return rules about the same resource (and name) as one that has all their verbs."""
    simple: dict[PolicyRule, PolicyRule] = {}
    others = []
    for rule in rules:
        if len(rule.api_groups) != 1 or len(rule.resources) != 1 or len(rule.resource_names) > 1:
            others.append(rule)
            continue
        about = replace(rule, verbs=())
        known = simple.get(about)
        simple[about] = rule if known is None else replace(known, verbs=known.verbs + rule.verbs)
    return [*others, *simple.values()]


def _parts(rule: PolicyRule) -> Iterator[PolicyRule]:
    for group in rule.api_groups:
        for resource in rule.resources:
            for verb in rule.verbs:
                part = PolicyRule(verbs=(verb,), api_groups=(group,), resources=(resource,))
                if not rule.resource_names:
                    yield part
                yield from (replace(part, resource_names=(name,)) for name in rule.resource_names)
    for url in rule.non_resource_urls:
        yield from (PolicyRule(verbs=(verb,), non_resource_urls=(url,)) for verb in rule.verbs)


def _includes(owned: PolicyRule, part: PolicyRule) -> bool:
    return (
        _has(owned.verbs, part.verbs)
        and _has(owned.api_groups, part.api_groups)
        and all(_has_resource(owned.resources, resource) for resource in part.resources)
        and all(any(url_covers(pattern, url) for pattern in owned.non_resource_urls) for url in part.non_resource_urls)
        and (not owned.resource_names or (bool(part.resource_names) and part.resource_names[0] in owned.resource_names))
    )


def _has(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return ALL in owned or all(each in owned for each in wanted)


def _has_resource(owned: Sequence[str], resource: str) -> bool:
    if ALL in owned or resource in owned:
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in owned
