"""What objects of other kinds are refused for, and in which words."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, created, refusals, updated

POD = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}


def of(api_version: str, kind: str, fields: JSONObject) -> list[str]:
    return refusals(an_object(api_version, kind, **fields))


def test_takes_quantities_beyond_all_floats() -> None:
    """A quota of 10^400 pods is an integer."""
    assert of("v1", "ResourceQuota", {"spec": {"hard": {"pods": "1e30", "services": "1e400", "cpu": "1e400"}}}) == []


@pytest.mark.parametrize(
    ("kind", "fields", "change", "why"),
    [
        (
            "v1/Pod",
            {"spec": {**POD, "activeDeadlineSeconds": 5}},
            {"spec": {"activeDeadlineSeconds": 6}},
            "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
        ),
        (
            "v1/Pod",
            {"spec": {**POD, "tolerations": [{"key": "a", "operator": "Exists"}]}},
            {"spec": {"tolerations": [{"key": "b", "operator": "Exists"}]}},
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ),
    ],
)
def test_refuses_a_change(kind: str, fields: JSONObject, change: JSONObject, why: str) -> None:
    """What was decided on creation stays."""
    api_version, _, name = kind.rpartition("/")
    namespace = "default"
    old = created(an_object(api_version, name, namespace=namespace, **fields))
    assert updated(old, {})[1] == []
    assert updated(old, change)[1] == [why]
