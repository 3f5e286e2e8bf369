"""Sets of tolerations: which one covers another, their union, and whether a list allows them.

Upstream: pkg/util/tolerations/tolerations.go
"""

from collections.abc import Sequence

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject


def merged(first: Sequence[JSONObject], second: Sequence[JSONObject]) -> list[JSONObject]:
    """Return the tolerations of both, without those that another one covers."""
    everything = [*first, *second]
    kept: list[JSONObject] = []
    for index, each in enumerate(everything):
        if any(covers(other, each) for other in kept):
            continue
        if any(covers(other, each) and not same(other, each) for other in everything[index + 1 :]):
            continue
        kept.append(each)
    return kept


def are_allowed(tolerations: Sequence[JSONObject], allowed: Sequence[JSONObject]) -> bool:
    """Return whether one of `allowed` covers each toleration; nothing allowed allows everything."""
    return not allowed or all(any(covers(other, each) for other in allowed) for each in tolerations)


def covers(wide: JSONObject, narrow: JSONObject) -> bool:
    """Return whether `wide` tolerates everything that `narrow` tolerates."""
    if same(wide, narrow):
        return True
    operator, key, effect = (wide.get(name) or "" for name in ("operator", "key", "effect"))
    if (narrow.get("key") or "") != key and (key or operator != "Exists"):
        return False
    if (narrow.get("effect") or "") != effect and effect:
        return False
    seconds, narrower = wide.get("tolerationSeconds"), narrow.get("tolerationSeconds")
    if effect == "NoExecute" and seconds is not None and (narrower is None or narrower > seconds):
        return False
    if operator in ("", "Equal"):
        return narrow.get("operator") == "Equal" and (narrow.get("value") or "") == (wide.get("value") or "")
    return operator == "Exists"
