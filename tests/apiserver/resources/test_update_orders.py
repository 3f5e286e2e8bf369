"""What an update is checked for beside its own rules, in the order of each kind's ValidateUpdate."""

from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.replica_set import definition as replica_set
from rootspan_apiserver.resources.apps.stateful_set import definition as stateful_set
from rootspan_apiserver.resources.core.config_map import definition as config_map
from rootspan_apiserver.resources.discovery.endpoint_slice import definition as endpoint_slice
from tests.apiserver.resources.kind_checks import KindCheck

BAD_LABEL: dict[str, Any] = {"metadata.labels": {"a": "b c"}}
SELECTOR = {"matchLabels": {"app": "web"}}
POD = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "containers": [{"name": "c", "image": "i", "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}]
    },
}
SET = KindCheck(stateful_set, {"spec": {"selector": SELECTOR, "template": POD}})
REPLICAS = KindCheck(replica_set, {"spec": {"selector": SELECTOR, "template": POD}})


def fields(errors: list[FieldError]) -> list[str]:
    return [error.field for error in errors]


def test_labels_are_checked_as_often_as_upstream_does() -> None:
    """Once where only the change of the metadata is checked, or only the whole metadata; twice where both are."""
    once = [REPLICAS, KindCheck(endpoint_slice, {"addressType": "IPv4"})]
    assert [fields(check.updated(BAD_LABEL)[1]) for check in once] == [["metadata.labels"]] * 2
    assert fields(KindCheck(config_map, {}).updated(BAD_LABEL)[1]) == ["metadata.labels"] * 2


def test_finalizers_are_those_of_kubernetes_after_update_too() -> None:
    """A finalizer without a domain is refused by both checks of the metadata."""
    errors = KindCheck(config_map, {}).updated({"metadata.finalizers": ["mine"]})[1]
    assert fields(errors) == ["metadata.finalizers[0]"] * 2


def test_type_of_addresses_of_slice_stays() -> None:
    """The rules come first, then the type that cannot change."""
    changes = {"addressType": "IPv6", "ports": [{"name": "A b"}]}
    errors = KindCheck(endpoint_slice, {"addressType": "IPv4"}).updated(changes)[1]
    assert fields(errors) == ["ports[0].name", "addressType"]


def test_stored_claims_and_service_of_stateful_set_are_not_checked_again() -> None:
    """They cannot change, and may be older than the rules for them."""
    old = {"spec.serviceName": "a.b", "spec.volumeClaimTemplates": [{"metadata": {"name": "v"}, "spec": {}}]}
    assert SET.update_refusals({"spec.replicas": 2, **old}, old=old) == []
    errors = SET.updated({"spec.serviceName": "c.d", "spec.replicas": -1})[1]
    assert fields(errors) == ["spec.replicas", "spec"]
