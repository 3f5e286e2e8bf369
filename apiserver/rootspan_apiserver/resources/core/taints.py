"""Taints: what keeps pods off a node.

Upstream: pkg/apis/core/validation/validation.go (validateNodeTaints)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.tolerations import EFFECTS
from rootspan_apiserver.rules import Path, RuleContext, function
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types


@function("validateNodeTaints")
def taints(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a key, a label value and an effect, and no two have the same key and effect; the errors are at metadata.taints."""
    yield from check_taints((value.get("spec") or {}).get("taints") or [], path / "metadata" / "taints")


def check_taints(found: list[JSONObject], path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with taints at `path`."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(found):
        at = path / index
        key, text, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
        yield from (FieldError.invalid(at / "key", key, reason) for reason in qualified_name(key))
        if reasons := label_value(text):
            yield FieldError.invalid(at / "value", text, ";".join(reasons))
        if not effect:
            yield FieldError.required(at / "effect")
        elif effect not in EFFECTS:
            yield FieldError.not_supported(at / "effect", effect, EFFECTS)
        if (key, effect) in seen:
            shown = internal_form(taint, go_types().struct("core/v1.Taint"))
            yield FieldError.duplicate(at, shown, "taints must be unique by key and effect pair")
        seen.add((key, effect))
