"""The nodes and the other pods that a pod wants to be near to, or far from.

Upstream: pkg/apis/core/validation/validation.go (validateAffinity, validatePodAffinityTerm)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.node_selectors import node_selector_term, ratcheting_node_selector
from rootspan_apiserver.rules import Path, RuleContext, absent_as, between, each, function, named, required, struct
from rootspan_apiserver.rules.label_selectors import ratcheting_label_selector

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NO_SELECTOR = "must not be specified when labelSelector is not set"


@function("validatePodAffinityTerm")
def _namespaces(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Namespaces have valid names; the errors are at `namespace`."""
    for name in value.get("namespaces") or []:
        yield from (FieldError.invalid(path / "namespace", name, reason) for reason in dns_label(name))


@function("validateMatchLabelKeysAndMismatchLabelKeys")
def _label_keys(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Keys whose values are taken from the pod are valid, and not selected in another way too."""
    selector = value.get("labelSelector")
    matching, differing = value.get("matchLabelKeys") or [], value.get("mismatchLabelKeys") or []
    for name, keys in (("matchLabelKeys", matching), ("mismatchLabelKeys", differing)):
        if keys and selector is None:
            yield FieldError.forbidden(path / name, NO_SELECTOR)
            continue
        for index, key in enumerate(keys):
            yield from (FieldError.invalid(path / name / index, key, reason) for reason in qualified_name(key))
    if selector is not None:
        seen = set(selector.get("matchLabels") or {})
        for expression in selector.get("matchExpressions") or []:
            key = expression.get("key") or ""
            if key in matching and key in seen:
                words = "exists in both matchLabelKeys and labelSelector"
                yield FieldError.invalid(path / matching.index(key), key, words)
            seen.add(key)
    for index, key in enumerate(matching):
        if key in differing:
            words = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield FieldError.invalid(path / "matchLabelKeys" / index, key, words)


_POD_TERM = (
    struct(labelSelector=ratcheting_label_selector, namespaceSelector=ratcheting_label_selector)
    & _namespaces
    & _label_keys
    & struct(topologyKey=required("can not be empty"))
    & struct(topologyKey=absent_as("", named(qualified_name)))
)
_WEIGHT = absent_as(0, between(1, 100, words="must be in the range 1-100"))


_WEIGHED = struct(weight=_WEIGHT, podAffinityTerm=absent_as({}, _POD_TERM))
_OF_PODS = struct({REQUIRED: each(_POD_TERM), PREFERRED: each(_WEIGHED)})
_OF_NODES = struct(
    {
        REQUIRED: ratcheting_node_selector,
        # Upstream lets any value pass in a preference: it matters in clusters of one node only.
        PREFERRED: each(struct(weight=_WEIGHT, preference=node_selector_term(any_value=True))),
    }
)
AFFINITY = struct(nodeAffinity=_OF_NODES, podAffinity=_OF_PODS, podAntiAffinity=_OF_PODS)
