"""Hold the hand-written rules of a kind against what Kubernetes declares in its types.

kube-apiserver compares the two in the same way while declared rules are alpha: by the place and the reason of an error.
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules import ABSENT, ROOT, Rule, RuleContext
from rootspan_apiserver.rules.declared import declared
from tests.apiserver.resources.kind_checks import REMOVED, changed

TEXTS = ("", "Bad_Value!", "a" * 300)


def _places(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        if "." not in str(name):
            yield f"{place}.{name}", inner
            yield from _places(inner, f"{place}.{name}")


def _damaged(obj: JSONObject, part: str) -> Iterator[JSONObject]:
    """Yield copies of an object in each of which one thing of a part is missing, empty, too long, out of bounds or doubled."""
    for place, value in _places(obj[part], part):
        yield changed(obj, {place: REMOVED})
        match value:
            case str():
                yield from (changed(obj, {place: text}) for text in TEXTS)
            case bool():
                pass
            case int():
                yield from (changed(obj, {place: number}) for number in (-1, 0))
            case list():
                yield from (changed(obj, {place: items}) for items in ([], value * 2, value * 70))
            case dict():
                yield changed(obj, {place: {}})


def _errors(rule: Rule, obj: JSONObject) -> set[tuple[str, str]]:
    found = rule.check(obj, ABSENT, ROOT, RuleContext(update=False, root=obj))
    return {(error.field, error.reason) for error in found}


def compare(rule: Rule, obj: JSONObject, *, type_name: str, part: str = "spec") -> tuple[int, list[str]]:
    """Damage a part of a valid object in every way, and compare the rule of the whole object with the tags of its type.

    Returns:
        How many of the damaged objects the tags refuse, and the errors of tags that the rule lacks.
    """
    tags = declared(type_name, shadowed=True)
    assert _errors(rule, obj) == _errors(tags, obj) == set()
    refused, missing = 0, set()
    for bad in _damaged(obj, part):
        by_tags = _errors(tags, bad)
        refused += bool(by_tags)
        missing |= {f"{field}: {reason}" for field, reason in by_tags - _errors(rule, bad)}
    return refused, sorted(missing)
