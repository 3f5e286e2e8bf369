"""Check one operation against the quotas of its namespace, and count it in them.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go (CheckRequest)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.quota.evaluator import Evaluator, scope_selectors
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.resource_amounts import (
    Amounts,
    added,
    amounts_of,
    increase,
    masked,
    same_amounts,
    without_zeros,
    written,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """A quota: `hard` is what its status allows, `used` what is counted already."""

    document: JSONObject
    hard: Amounts
    used: Amounts

    @classmethod
    def of(cls, document: JSONObject) -> "Quota":
        """Return what a ResourceQuota object says."""
        status = document.get("status") or {}
        return cls(document=document, hard=amounts_of(status.get("hard")), used=amounts_of(status.get("used")))

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    def matches(self, evaluator: Evaluator, obj: JSONObject) -> bool:
        """Return whether the quota counts something of the object: that is in all of its scopes."""
        in_scope = (evaluator.is_in_scope(selector, obj) for selector in scope_selectors(self.document))
        return any(map(evaluator.counts, self.hard)) and all(in_scope)

    def has_same_usage(self, other: "Quota") -> bool:
        """Return whether as much is used as in `other`."""
        return same_amounts(self.used, other.used)

    def as_written(self) -> JSONObject:
        """Return the ResourceQuota object with what is used now."""
        return {**self.document, "status": {**(self.document.get("status") or {}), "used": written(self.used)}}


def check_request(quotas: Sequence[Quota], attributes: AdmissionAttributes, evaluator: Evaluator) -> list[Quota]:
    """Return the quotas with the operation counted in those that it concerns.

    Raises:
        StatusError: 403, a quota is exceeded, or its usage is not known yet, or it needs a request that the object does not make.
    """
    obj = attributes.object or {}
    concerned = [index for index, quota in enumerate(quotas) if quota.matches(evaluator, obj)]
    for index in concerned:
        _check_applicable(quotas[index], attributes, evaluator)
    usage = evaluator.usage(obj)
    if negative := [name for name, amount in usage.items() if amount.value < 0]:
        words = f"quota usage is negative for resource(s): {','.join(sorted(negative))}"
        raise new_forbidden(attributes, words)
    old = attributes.old_object if attributes.operation == "UPDATE" else None
    counted = list(quotas)
    for index in concerned:
        was_counted = old is not None and quotas[index].matches(evaluator, old)
        delta = increase(usage, evaluator.usage(old)) if old is not None and was_counted else usage
        counted[index] = _count(quotas[index], without_zeros(delta), attributes)
    return counted


def _check_applicable(quota: Quota, attributes: AdmissionAttributes, evaluator: Evaluator) -> None:
    restricted = evaluator.matching(quota.hard)
    if missing := evaluator.missing(restricted, attributes.object or {}):
        raise new_forbidden(attributes, f"failed quota: {quota.name}: {missing}")
    if any(name not in quota.used for name in restricted):
        words = f"status unknown for quota: {quota.name}, resources: {','.join(sorted(restricted))}"
        raise new_forbidden(attributes, words)


def _count(quota: Quota, delta: Amounts, attributes: AdmissionAttributes) -> Quota:
    requested = masked(delta, quota.hard)
    if not requested:
        return quota
    used = added(quota.used, requested)
    exceeded = [name for name in requested if used[name].value > quota.hard[name].value]
    # A status reports what has happened already: it is counted, and not rejected.
    if exceeded and attributes.subresource != "status":
        lists = (_listed(amounts, exceeded) for amounts in (requested, quota.used, quota.hard))
        words = "exceeded quota: {}, requested: {}, used: {}, limited: {}".format(quota.name, *lists)
        raise new_forbidden(attributes, words)
    return replace(quota, used=used)


def _listed(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in sorted(names) if name in amounts)
