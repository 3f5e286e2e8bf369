"""The bounds of a limit range: at least `min`, at most `max`, limits at most `maxLimitRequestRatio` times as high as requests.

Upstream: plugin/pkg/admission/limitranger/admission.go (PodValidateLimitFunc, PersistentVolumeClaimValidateLimitFunc)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import Amounts, amounts_of
from rootspan_apiserver.resources.core.pod.totals import specified

_MAX_MILLI_VALUE = ((1 << 63) - 1) // 1000
_MILLI = -3
_NOTHING = Quantity.of("0")


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound of one resource: `type` is that of the limit."""

    type: str
    resource: str
    amount: Quantity

    def minimum(self, requests: Amounts, limits: Amounts) -> str:
        """Return how the amounts are below this bound, "" if they are not."""
        what = f"minimum {self.resource} usage per {self.type} is {self.amount}"
        request, limit, least = self._integers(requests, limits)
        if self.resource not in requests:
            return f"{what}.  No request is specified"
        if request < least:
            return f"{what}, but request is {requests[self.resource]}"
        if self.resource in limits and limit < least:
            return f"{what}, but limit is {limits[self.resource]}"
        return ""

    def maximum(self, requests: Amounts, limits: Amounts) -> str:
        """Return how the amounts are above this bound, "" if they are not."""
        what = f"maximum {self.resource} usage per {self.type} is {self.amount}"
        request, limit, most = self._integers(requests, limits)
        if self.resource not in limits:
            return f"{what}.  No limit is specified"
        if limit > most:
            return f"{what}, but limit is {limits[self.resource]}"
        if self.resource in requests and request > most:
            return f"{what}, but request is {requests[self.resource]}"
        return ""

    def maximum_request(self, requests: Amounts) -> str:
        """Return how the requests are above this bound, "" if they are not."""
        what = f"maximum {self.resource} usage per {self.type} is {self.amount}"
        request, _, most = self._integers(requests, {})
        if self.resource not in requests:
            return f"{what}.  No request is specified"
        return f"{what}, but request is {requests[self.resource]}" if request > most else ""

    def ratio(self, requests: Amounts, limits: Amounts) -> str:
        """Return how the limits are too high above the requests, "" if they are not."""
        what = f"{self.resource} max limit to request ratio per {self.type} is {self.amount}"
        request, limit, _ = self._integers(requests, limits)
        if not request:
            return f"{what}, but no request is specified or request is 0"
        if not limit:
            return f"{what}, but no limit is specified or limit is 0"
        found = limit / request
        if self.amount.scaled(0) <= _MAX_MILLI_VALUE:
            exceeds = found * 1000 > float(self.amount.scaled(_MILLI))
        else:
            exceeds = found > float(self.amount.scaled(0))
        return f"{what}, but provided ratio is {found:f}" if exceeds else ""

    def _integers(self, requests: Amounts, limits: Amounts) -> tuple[int, int, int]:
        """Return the request, the limit and the bound in thousandths, in whole numbers if one of them is too large for that."""
        values = (requests.get(self.resource, _NOTHING), limits.get(self.resource, _NOTHING), self.amount)
        exponent = _MILLI if all(value.scaled(0) <= _MAX_MILLI_VALUE for value in values) else 0
        request, limit, bound = (value.scaled(exponent) for value in values)
        return request, limit, bound


def violations(obj: JSONObject, kind: str, limits: Iterable[JSONObject]) -> Iterator[str]:
    """Yield how a Pod or PersistentVolumeClaim is outside the `limits` of one limit range."""
    for limit in limits:
        of = limit.get("type", "")
        if kind == "PersistentVolumeClaim" and of == kind:
            yield from _of_claim(obj, limit)
        elif kind == "Pod" and of == "Container":
            spec = obj["spec"]
            for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
                resources = container.get("resources") or {}
                yield from _of_pod(limit, amounts_of(resources.get("requests")), amounts_of(resources.get("limits")))
        elif kind == "Pod" and of == "Pod":
            yield from _of_pod(limit, specified(obj, "requests"), specified(obj, "limits"))


def _of_pod(limit: JSONObject, requests: Amounts, limits: Amounts) -> Iterator[str]:
    found = [each.minimum(requests, limits) for each in _bounds(limit, "min")]
    found += [each.maximum(requests, limits) for each in _bounds(limit, "max")]
    found += [each.ratio(requests, limits) for each in _bounds(limit, "maxLimitRequestRatio")]
    yield from filter(None, found)


def _of_claim(claim: JSONObject, limit: JSONObject) -> Iterator[str]:
    requests = amounts_of(((claim.get("spec") or {}).get("resources") or {}).get("requests"))
    found = [each.minimum(requests, {}) for each in _bounds(limit, "min")]
    found += [each.maximum_request(requests) for each in _bounds(limit, "max")]
    yield from filter(None, found)


def _bounds(limit: JSONObject, key: str) -> Iterator[Bound]:
    amounts = amounts_of(limit.get(key))
    for name in sorted(amounts):
        yield Bound(limit.get("type", ""), name, amounts[name])
