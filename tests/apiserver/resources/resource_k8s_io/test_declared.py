"""The hand-written rules of resource.k8s.io beside what Kubernetes declares in its types: both refuse the same.

kube-apiserver compares the two in the same way while the declared rules are alpha, by the place and the kind of an error.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource_k8s_io.allocation import claim_status
from rootspan_apiserver.resources.resource_k8s_io.requests import device_claim
from rootspan_apiserver.resources.resource_k8s_io.slices import slice_spec
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, struct
from rootspan_apiserver.rules.declared import declared
from tests.apiserver.resources.resource_k8s_io.objects import CLAIM, COUNTERS, REMOVE, SLICE, STATUS, changed

REQUESTED = [{"name": "gpu", "exactly": {}}]
TEXTS = ("", "Bad_Value!", "a" * 300)


def places(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the places inside a value, each with its value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        at = f"{place}/{name}" if place else str(name)
        if "/" not in str(name):
            yield at, inner
            yield from places(inner, at)


def damaged(value: JSONObject) -> Iterator[JSONObject]:
    """Yield copies of an object in each of which one thing is missing, empty, too long, out of bounds or doubled."""
    for place, inner in places(value):
        yield changed(value, place, REMOVE)
        match inner:
            case str():
                yield from (changed(value, place, text) for text in TEXTS)
            case int():
                yield changed(value, place, -1)
            case list():
                yield from (changed(value, place, items) for items in ([], inner * 2, inner * 70))
            case dict():
                yield changed(value, place, {})


def errors(rule: Rule, root: JSONObject) -> set[tuple[str, str]]:
    found = rule.check(root, ABSENT, Path(), RuleContext(update=False, root=root))
    return {(error.field, error.reason) for error in found}


@pytest.mark.parametrize(
    ("kind", "good", "rule"),
    [
        ("ResourceClaim", {"spec": {"devices": CLAIM}}, struct(spec=struct(devices=device_claim("spec", "devices")))),
        ("ResourceSlice", {"spec": SLICE}, struct(spec=slice_spec)),
        ("ResourceSlice", {"spec": COUNTERS}, struct(spec=slice_spec)),
        (
            "ResourceClaim",
            {"metadata": {}, "spec": {"devices": {"requests": REQUESTED}}, "status": STATUS},
            struct(status=claim_status),
        ),
    ],
)
def test_what_is_declared_is_refused(kind: str, good: JSONObject, rule: Rule) -> None:
    """Each error of a declared rule is one of the hand-written rules, too."""
    tags = declared(f"resource/v1.{kind}", shadowed=True)
    part = "status" if "status" in good else "spec"
    assert errors(rule, good) == set()
    refused = 0
    for bad in damaged(good[part]):
        root = good | {part: bad}
        by_tags = errors(tags, root)
        refused += bool(by_tags)
        assert by_tags <= errors(rule, root), bad
    assert refused > 3
