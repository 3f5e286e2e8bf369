"""How much of each resource: quantities by name (`cpu`, `requests.storage`), and the arithmetic of quotas and limits on them.

Upstream: staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go, staging/src/k8s.io/component-helpers/resource/helpers.go
"""

from collections.abc import Collection, Mapping

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import Quantity

Amounts = Mapping[str, Quantity]
ONE = Quantity.of("1")
ZERO = Quantity.of("0")


def amounts_of(written: JSONObject | None) -> dict[str, Quantity]:
    """Return a ResourceList of the API as quantities."""
    return {name: Quantity.of(text) for name, text in (written or {}).items()}


def written(amounts: Amounts) -> JSONObject:
    """Return the amounts as a ResourceList of the API."""
    return {name: str(amounts[name]) for name in sorted(amounts)}


def added(first: Amounts, second: Amounts) -> dict[str, Quantity]:
    """Return the sums."""
    return {**second, **{name: value + second[name] if name in second else value for name, value in first.items()}}


def greatest(first: Amounts, second: Amounts) -> dict[str, Quantity]:
    """Return the greater amount of each resource, of `first` where both are equal."""
    better = {name: value for name, value in second.items() if name not in first or value.value > first[name].value}
    return {**first, **better}


def increase(new: Amounts, old: Amounts) -> dict[str, Quantity]:
    """Return by how much each resource grows from `old` to `new`, 0 where it does not."""
    changes = {name: value - old[name] if name in old else value for name, value in new.items()}
    grown = {name: change if change.value > 0 else ZERO for name, change in changes.items()}
    return {**dict.fromkeys(old, ZERO), **grown}


def masked(amounts: Amounts, names: Collection[str]) -> dict[str, Quantity]:
    """Return the amounts of the resources in `names`."""
    return {name: value for name, value in amounts.items() if name in names}


def without_zeros(amounts: Amounts) -> dict[str, Quantity]:
    """Return the amounts that are not 0."""
    return {name: value for name, value in amounts.items() if value.value}


def same_amounts(first: Amounts, second: Amounts) -> bool:
    """Return whether both have the same resources, and as much of each."""
    return first.keys() == second.keys() and all(value.value == second[name].value for name, value in first.items())
