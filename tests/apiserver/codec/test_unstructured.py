"""What is said of a strategic merge patch whose outcome is no object of the kind."""

from typing import Any

import pytest

from rootspan_apiserver.codec import read_patched
from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


@pytest.mark.parametrize(
    ("patched", "why"),
    [
        ({"metadata": {"labels": "a"}}, "cannot restore map from string"),
        ({"metadata": {"finalizers": {}}}, "cannot restore slice from map"),
        ({"spec": {"template": [1]}}, "cannot restore struct from: slice"),
        ({"spec": {"template": True}}, "cannot restore struct from: bool"),
        ({"spec": {"replicas": "three"}}, "unrecognized type: int32"),
        ({"spec": {"replicas": 1.5}}, "cannot convert float64 to int32"),
        ({"spec": {"paused": "yes"}}, "unrecognized type: bool"),
        ({"spec": {"template": {"spec": {"nodeName": 5}}}}, "cannot convert int64 to string"),
        ({"spec": {"template": {"spec": {"nodeName": False}}}}, "unrecognized type: string"),
    ],
)
def test_value_that_does_not_fit_is_refused_in_the_converters_words(patched: dict[str, Any], why: str) -> None:
    """Go has no JSON at hand there, and says what it cannot convert."""
    with pytest.raises(StatusError) as refused:
        read_patched(patched, DEPLOYMENT, shown=go_format(patched), decoded=False)
    assert refused.value.code == 422
    assert refused.value.message == f' "" is invalid: patch: Invalid value: "{go_format(patched)}": {why}'


def test_value_is_shown_as_go_prints_it() -> None:
    """Keys in order, no quotes, nil for null."""
    assert go_format({"b": [1, "x", None], "a": {"c": True}}) == "map[a:map[c:true] b:[1 x <nil>]]"
