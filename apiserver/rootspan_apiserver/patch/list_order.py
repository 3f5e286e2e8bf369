"""The order of lists that a strategic merge patch merges, and the values of their merge keys.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
"""

from collections import deque
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.patch.positions import Positions

DIRECTIVE = "$patch"
ORDER = "$setElementOrder"

GO_TYPES = MappingProxyType(
    {
        bool: "bool",
        int: "int64",
        float: "float64",
        str: "string",
        dict: "map[string]interface {}",
        list: "[]interface {}",
    }
)


def failed(text: str) -> StatusError:
    """Return the error for what does not fit."""
    return StatusError(500, "", text)


def wrong_argument(expected: str, value: Any) -> StatusError:
    """Return the error for a value of another type than the one that is expected."""
    return failed(f"expected a {expected}, but received a {GO_TYPES.get(type(value), '%!s(<nil>)')}")


def _no_merge_key(item: JSONObject, key: str) -> StatusError:
    return failed(f"map: {go_format(item)} does not contain declared merge key: {key}")


def key_value(item: Any, key: str) -> Any:
    """Return the value of an item's merge key. Raises StatusError 500 where there is none."""
    if not isinstance(item, dict):
        raise wrong_argument("map[string]interface {}", item)
    if key not in item:
        raise _no_merge_key(item, key)
    return item[key]


def check_order(patch: Sequence[Any], order: Sequence[Any], key: str) -> None:
    """The items of the patch must be in the order list, in its order; deletions and directives are exempt."""
    if not order or not patch:
        return
    rest = iter(order)
    for item in patch:
        if isinstance(item, dict) and DIRECTIVE in item:
            continue
        wanted = key_value(item, key) if key else item
        if not any((key_value(other, key) if key else other) == wanted for other in rest):
            lists = f"{go_format(list(patch))}\n doesn't match {ORDER} list:\n{go_format(list(order))}\n"
            raise failed(f"The order in patch list:\n{lists}")


def in_order(merged: list[Any], order: Sequence[Any], server_order: Sequence[Any], key: str, maps: bool) -> list[Any]:
    """Return the items in `order`, with those it does not name woven in where the server's order has them."""
    for index, item in enumerate(order if maps else ()):
        if not isinstance(item, dict):
            raise failed(f"value for key {index} is not a map")
    value: Callable[[Any], Any] = (lambda item: key_value(item, key)) if maps else (lambda item: item)
    wanted = Positions([value(item) for item in order])
    before = Positions([value(item) for item in server_order])
    named, others = [], []
    for item in merged:
        place = wanted.find(value(item))
        if place is None:
            of_server = before.find(value(item))
            others.append((len(server_order) if of_server is None else of_server, item))
        else:
            named.append((place, item))
    named.sort(key=_first)
    others.sort(key=_first)
    left, right = deque(others), deque(named)
    out: list[Any] = []
    while left and right:
        of_server = before.find(value(right[0][1]))
        first = left if of_server is not None and left[0][0] < of_server else right
        out.append(first.popleft()[1])
    return out + [item for _, item in (*right, *left)]


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]
